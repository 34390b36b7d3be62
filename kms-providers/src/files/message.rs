//! Opening messages of the AWS Encryption SDK to files and streams.

use std::io::{self, Read, Write};
use std::path::Path;

use kms_core::Error;
use kms_core::esdk::{Header, OpenReader, Opener};
use zeroize::Zeroizing;

use super::destination::Destination;
use super::detect::{open_regular, read_start};
use super::drive::block_on;
use super::ends::{Input, Output};
use super::error::{At, FileError};
use super::open::OpenOptions;
use super::source::Source;
use crate::durable::Sites;

/// A message that was opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedMessage {
    /// Bytes of plaintext.
    pub plaintext_len: u64,
    /// The header that opened, authenticated.
    pub header: Header,
    /// The key that opened it.
    pub opened_by: String,
}

/// Opens the message `input` to `output`. An output file appears under its name only when all of it, and the signature
/// where there is one, was verified; until then it is readable by its owner alone under a temporary name.
///
/// A stream output gets authentic bytes as they come: on an error, what was written is the beginning of a message that
/// may never have been signed. Of `options`, what is about headers beside their payload has no meaning here.
///
/// # Errors
/// [`super::FileFault`]; nothing is left under the output's name that was not there before.
pub fn open_message(
    opener: &Opener,
    input: Input<'_>,
    output: Output<'_>,
    options: &OpenOptions<'_>,
) -> Result<OpenedMessage, FileError> {
    let mut source = Source::open(input)?;
    match output {
        Output::Stream(stream) => {
            let opened = copy(opener, &mut source, &mut *stream, options)?;
            stream.flush().map_err(FileError::stream)?;
            Ok(opened)
        }
        Output::File(path) => {
            let destination = Destination::new(path, options.overwrite, &source)?;
            let pending = destination.begin(true, &Sites::OPENED)?;
            let opened = copy(opener, &mut source, pending.file(), options)?;
            pending.finish(options.syncing.flush(), &Sites::OPENED)?;
            Ok(opened)
        }
    }
}

/// Whether the regular file at `path` may be a message of the AWS Encryption SDK: its first bytes say so.
///
/// # Errors
/// When it cannot be read.
pub fn is_message(path: &Path) -> Result<bool, FileError> {
    let mut start = [0; 4];
    let length = read_start(&open_regular(path)?, &mut start).at(path)?;
    Ok(Header::is_start_of_message(&start[..length]))
}

/// Reads the header of the message at `path`. Needs no key; nothing in it is authenticated.
///
/// # Errors
/// Format and limit errors; what the file system reports.
pub fn read_message_header(path: &Path, max_data_keys: usize) -> Result<Header, FileError> {
    let mut file = io::BufReader::new(open_regular(path)?);
    Header::read(&mut file, max_data_keys).at(path)
}

fn copy(
    opener: &Opener,
    source: &mut Source<'_>,
    out: impl Write,
    options: &OpenOptions<'_>,
) -> Result<OpenedMessage, FileError> {
    let copied = block_on(opener.begin(source.reader())).and_then(|reader| copy_all(reader, out, options));
    match copied {
        Ok(opened) if source.is_unchanged()? => Ok(opened),
        Err(error) if source.is_unchanged()? => source.name(Err(error)),
        _ => source.changed(),
    }
}

fn copy_all(
    mut reader: OpenReader<impl Read>,
    mut out: impl Write,
    options: &OpenOptions<'_>,
) -> Result<OpenedMessage, Error> {
    let mut buffer = Zeroizing::new(vec![0; BUFFER]);
    let mut plaintext_len = 0;
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        out.write_all(&buffer[..count])?;
        plaintext_len += count as u64;
        options.progress.iter().for_each(|hear| hear(plaintext_len));
    }
    Ok(OpenedMessage {
        plaintext_len,
        header: reader.header().clone(),
        opened_by: reader.opened_by().to_owned(),
    })
}

const BUFFER: usize = 64 << 10;
