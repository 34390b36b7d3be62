//! One value a line. An empty line stays empty; line ends stay as they are.

use std::io::{BufRead, Write};
use std::path::Path;

use kms_core::fpe::TokenColumn;

use super::job::{Job, Values, failure};
use super::run::Tally;
use super::sink::{Sink, written};
use crate::App;
use crate::failure::{Failure, Result};

pub(super) fn run(app: &App, job: &Job, input: &Path, mut source: Box<dyn BufRead>, sink: &mut Sink) -> Result<Tally> {
    let (mut tally, mut values, mut out) = (Tally::default(), Values::default(), TokenColumn::new());
    let (mut line, mut ends) = (Vec::new(), Vec::new());
    loop {
        values.clear();
        ends.clear();
        while ends.len() < BATCH {
            line.clear();
            let read = source
                .read_until(b'\n', &mut line)
                .map_err(|error| Failure::io(input, &error))?;
            if read == 0 {
                break;
            }
            let value = line
                .strip_suffix(b"\n")
                .map_or(&*line, |value| value.strip_suffix(b"\r").unwrap_or(value));
            ends.push(match line.len() - value.len() {
                0 => "",
                1 => "\n",
                _ => "\r\n",
            });
            values.push(value);
        }
        if values.is_empty() {
            return Ok(tally);
        }
        let first = tally.rows + 1;
        job.run(&values, None, &mut out)
            .map_err(|error| failure(&error, first, "line"))?;
        for (row, end) in ends.iter().enumerate() {
            let text = out.as_column().value(row).unwrap_or_default();
            sink.write_all(text)
                .and_then(|()| sink.write_all(end.as_bytes()))
                .map_err(|error| written(&error))?;
        }
        for fault in out.faults() {
            app.out.warn(&format!("line {}: {}", first + fault.row, fault.fault));
        }
        tally.add(&out);
    }
}

const BATCH: usize = 8192;
