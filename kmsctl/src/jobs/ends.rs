//! The ends of a job: files, stdin, stdout.

use std::fs;
use std::io;

use kms_providers::files::{FileError, FileFault, Input, Output};

use super::{Job, Place};
use crate::failure::{Failure, Result};

impl Job {
    /// Gives `work` the ends of this job. In a mirrored tree the folder of the output is made.
    ///
    /// # Errors
    /// That of `work`. A reader of stdout that has gone away is no failure to speak of.
    pub(super) fn with_ends<T>(
        &self,
        mirrored: bool,
        work: impl FnOnce(Input<'_>, Output<'_>) -> Result<T, FileError>,
    ) -> Result<T> {
        let (mut stdin, mut stdout) = (io::stdin(), io::stdout());
        let input = match &self.input {
            Place::Stream => Input::Stream(&mut stdin),
            Place::File(path) => Input::File(path),
        };
        let output = match &self.output {
            Place::Stream => Output::Stream(&mut stdout),
            Place::File(path) => {
                if let Some(folder) = path.parent().filter(|_| mirrored) {
                    fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
                }
                Output::File(path)
            }
        };
        work(input, output).map_err(|error| match error.fault() {
            fault if self.output == Place::Stream && is_closed_pipe(fault) => Failure::closed_pipe(),
            _ => error.into(),
        })
    }
}

fn is_closed_pipe(fault: &FileFault) -> bool {
    let kind = match fault {
        FileFault::Io(error) => error.kind(),
        FileFault::Envelope(kms_core::Error::Io(kind)) => *kind,
        _ => return false,
    };
    kind == io::ErrorKind::BrokenPipe
}
