//! A column of CSV (RFC 4180) with a header. An empty field stays empty.

use std::io::BufRead;
use std::path::Path;

use csv::ByteRecord;
use kms_core::fpe::{OnFault, TokenColumn};

use super::job::{Job, Values, failure};
use super::run::Tally;
use super::sink::{Sink, written};
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};

/// Which columns of the table.
pub(super) struct Columns<'a> {
    pub(super) values: &'a str,
    pub(super) ids: Option<&'a str>,
    pub(super) delimiter: u8,
}

pub(super) fn run(
    job: &Job,
    columns: &Columns<'_>,
    input: &Path,
    source: Box<dyn BufRead>,
    sink: &mut Sink,
) -> Result<Tally> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(columns.delimiter)
        .from_reader(source);
    let mut writer = csv::WriterBuilder::new().delimiter(columns.delimiter).from_writer(sink);
    let mut header = reader
        .byte_headers()
        .map_err(|error| unreadable(input, &error))?
        .clone();
    let at = place(&header, columns.values)?;
    let id_at = columns.ids.map(|name| place(&header, name)).transpose()?;
    let reports = job.on_fault == OnFault::Report;
    if reports {
        header.push_field(format!("{}_error", columns.values).as_bytes());
    }
    writer.write_byte_record(&header).map_err(|error| unwritten(&error))?;
    let (mut tally, mut out) = (Tally::default(), TokenColumn::new());
    let (mut values, mut ids) = (Values::default(), Values::default());
    let mut records = vec![ByteRecord::new(); BATCH];
    loop {
        let read = fill(&mut reader, &mut records).map_err(|error| unreadable(input, &error))?;
        if read == 0 {
            writer.flush().map_err(|error| written(&error))?;
            return Ok(tally);
        }
        values.clear();
        ids.clear();
        for record in &records[..read] {
            values.push(&record[at]);
            ids.push(id_at.map_or(b"", |at| &record[at]));
        }
        let done = job.run(&values, id_at.map(|_| &ids), &mut out);
        done.map_err(|error| failure(&error, tally.rows + 1, "row"))?;
        let mut faults = out.faults().iter().peekable();
        for (row, record) in records[..read].iter().enumerate() {
            let token = out.as_column().value(row).unwrap_or_default();
            let fields = record
                .iter()
                .enumerate()
                .map(|(index, field)| if index == at { token } else { field });
            let fault = faults
                .next_if(|fault| fault.row == row)
                .map(|fault| fault.fault.to_string());
            let error = reports.then(|| fault.unwrap_or_default());
            let fields = fields.chain(error.as_ref().map(String::as_bytes));
            writer.write_record(fields).map_err(|error| unwritten(&error))?;
        }
        tally.add(&out);
    }
}

fn fill(reader: &mut csv::Reader<Box<dyn BufRead>>, records: &mut [ByteRecord]) -> csv::Result<usize> {
    for (index, record) in records.iter_mut().enumerate() {
        if !reader.read_byte_record(record)? {
            return Ok(index);
        }
    }
    Ok(records.len())
}

fn place(header: &ByteRecord, name: &str) -> Result<usize> {
    let mut places = header
        .iter()
        .enumerate()
        .filter(|(_, field)| *field == name.as_bytes())
        .map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(Failure::usage(
            format!("the header has no column `{name}`"),
            "name a column of the first line, or another --delimiter",
        )),
        (Some(_), Some(_)) => Err(Failure::usage(
            format!("the header has two columns `{name}`"),
            "rename one of them",
        )),
    }
}

/// Where the table is broken, and nothing of what stands there.
fn unreadable(input: &Path, error: &csv::Error) -> Failure {
    if let csv::ErrorKind::Io(error) = error.kind() {
        return Failure::io(input, error);
    }
    let line = error.position().map_or(0, csv::Position::line);
    let message = format!("line {line} has another number of fields than the header, or is not CSV");
    let next = "correct the line; fields with the delimiter or a line end in them are quoted";
    Failure::new("data.Csv", Exit::Failed, Party::Data, message, next)
}

fn unwritten(error: &csv::Error) -> Failure {
    match error.kind() {
        csv::ErrorKind::Io(error) => written(error),
        _ => Failure::closed_pipe(),
    }
}

const BATCH: usize = 4096;
