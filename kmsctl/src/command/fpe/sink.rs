//! Where results go: stdout, or a file that has its name when it is complete.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use kms_providers::durable::{NewFile, Sites};

use crate::App;
use crate::failure::{Failure, Result};

pub(super) enum Sink {
    Stdout(BufWriter<io::StdoutLock<'static>>),
    File(PathBuf, BufWriter<NewFile>),
}

impl Sink {
    /// `-` is stdout; then nothing else is said there.
    pub(super) fn open(app: &App, path: &Path, force: bool) -> Result<Self> {
        if path == Path::new("-") {
            app.out.reserve_stdout();
            return Ok(Self::Stdout(BufWriter::new(io::stdout().lock())));
        }
        let file = NewFile::create(path, force, &Sites::OPENED).map_err(|error| Failure::io(path, &error))?;
        Ok(Self::File(path.to_owned(), BufWriter::new(file)))
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush().map_err(|error| written(&error)),
            Self::File(path, out) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error);
                file.and_then(NewFile::finish)
                    .map_err(|error| Failure::io(&path, &error))
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(_, out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(_, out) => out.flush(),
        }
    }
}

/// The failure of a result that could not be written.
pub(super) fn written(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::closed_pipe(),
        _ => Failure::io(Path::new("-"), error),
    }
}

/// `-` is stdin.
pub(super) fn source(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| Failure::io(path, &error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}
