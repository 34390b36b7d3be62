//! One file, sealed anew: under the lock, beside the old one, then in its place.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use kms_core::payload::{StreamOptions, open_stream, seal_stream};
use kms_core::{CallerFault, Header, MessageOptions, Opener, caps};

use super::Migrator;
use super::source::Opened;
use crate::durable::{Access, Flush, Sites, Staged as Temporary, failpoint};
use crate::files::attributes;
use crate::files::campaign::{Stage, Taken};
use crate::files::detect::header_of_stream;
use crate::files::drive::block_on;
use crate::files::error::{At, FileError, FileFault};
use crate::files::journal;
use crate::files::lock::LockedFile;
use crate::files::pin::Pin;

/// A locked file and its new content under a temporary name.
pub(in crate::files) struct Staged {
    lock: LockedFile,
    pin: Pin,
    temporary: Temporary,
    header: Header,
}

impl Stage for Staged {
    fn path(&self) -> &Path {
        &self.lock.path
    }

    fn bytes(&self) -> u64 {
        self.pin.length
    }

    fn header(&self) -> Result<Header, FileError> {
        Ok(self.header.clone())
    }
}

/// Locks the file, brings it out of what a crash left, and seals it anew under a temporary name.
pub(super) fn stage(migrator: &Migrator, path: &Path, patience: Duration) -> Result<Taken<Staged>, FileError> {
    let lock = LockedFile::acquire(path, patience)?;
    let recovered = journal::settle(&lock)?.is_some();
    if let Some(header) = migrator.source.current(&lock.file, &lock.path)? {
        return Ok(Taken::Current {
            path: lock.path,
            header: Box::new(header),
            recovered,
        });
    }
    let (temporary, header, pin) = seal_anew(migrator, &lock).at(&lock.path)?;
    let staged = Staged {
        lock,
        pin,
        temporary,
        header,
    };
    Ok(Taken::Staged {
        staged: Box::new(staged),
        recovered,
    })
}

fn seal_anew(migrator: &Migrator, lock: &LockedFile) -> Result<(Temporary, Header, Pin), FileFault> {
    let pin = Pin::of(&lock.file)?;
    if pin.links > 1 {
        return Err(FileFault::HardLinks(pin.links));
    }
    let mut file = &lock.file;
    file.seek(SeekFrom::Start(0))?;
    let opened = migrator.source.open(file, &migrator.opener)?;
    failpoint::pass(Sites::MIGRATED.before_temp)?;
    let temporary = Temporary::create(&lock.path, Access::Owner)?;
    attributes::keep(&lock.file, temporary.file())?;
    let (header, length) = write(opened, temporary.file())?;
    failpoint::pass(Sites::MIGRATED.after_temp_write)?;
    if migrator.verify {
        read_back(&migrator.opener, temporary.file(), length)?;
    }
    Ok((temporary, header, pin))
}

/// Writes the new envelope; returns its header and the plaintext's length.
fn write(opened: Opened<'_>, mut file: &File) -> Result<(Header, u64), FileFault> {
    let options = MessageOptions {
        labels: opened.labels,
        plaintext_len: opened.length,
        ..MessageOptions::default()
    };
    let message = block_on(opened.sealer.begin(options))?;
    file.write_all(message.header())?;
    let keys = message.keys().payload()?;
    let length = seal_stream(&keys, opened.plaintext, file, &stream(), |_| ())?;
    if opened.length.is_some_and(|claimed| claimed != length) {
        return Err(CallerFault::ChangedMeanwhile.into());
    }
    let header = Header::parse_prefix(message.header(), caps::RECIPIENTS_HARD)?;
    Ok((header, length))
}

/// Opens what was written, with the keys that are here, to its end.
fn read_back(opener: &Opener, mut file: &File, wanted: u64) -> Result<(), FileFault> {
    file.seek(SeekFrom::Start(0))?;
    let header = header_of_stream(&mut file, caps::RECIPIENTS_HARD)?;
    let opened = block_on(opener.open_header(header))?;
    let keys = opened.keys().payload()?;
    let found = open_stream(&keys, file, io::sink(), &stream(), |_| ())?;
    if found == wanted {
        Ok(())
    } else {
        Err(FileFault::ReadBack)
    }
}

/// Makes new contents real and unlocks their files.
pub(super) fn commit(staged: Vec<Staged>, flush: Flush) -> Vec<Result<u64, FileError>> {
    if staged.is_empty() {
        return Vec::new();
    }
    let on_disk = flush.files(staged.iter().map(|staged| staged.temporary.file()));
    let placed: Vec<_> = match on_disk {
        Ok(()) => staged.iter().map(Staged::put_in_place).collect(),
        Err(error) => staged.iter().map(|_| Err(again(&error).into())).collect(),
    };
    let done = staged.iter().zip(&placed).filter(|(_, placed)| placed.is_ok());
    let named = flush
        .folders(done.map(|(staged, _)| staged.path()))
        .and_then(|()| failpoint::pass(Sites::MIGRATED.after_dir_sync));
    staged
        .into_iter()
        .zip(placed)
        .map(|(staged, placed)| {
            let settled = placed.and_then(|()| named.as_ref().map_err(|error| again(error).into()).map(|()| 0));
            settled.at(staged.path())
        })
        .collect()
}

impl Staged {
    /// Renames the new file over the old one, if nobody touched that meanwhile.
    fn put_in_place(&self) -> Result<(), FileFault> {
        failpoint::pass(Sites::MIGRATED.after_temp_sync)?;
        if !self.pin.holds_at(&self.lock.path)? {
            return Err(CallerFault::ChangedMeanwhile.into());
        }
        self.temporary.replace()?;
        Ok(failpoint::pass(Sites::MIGRATED.after_rename)?)
    }
}

/// The run works on several files at once, so one worker a file.
fn stream() -> StreamOptions {
    StreamOptions {
        threads: NonZeroUsize::MIN,
        buffer: 1 << 20,
        ..StreamOptions::default()
    }
}

/// The same failure once more, for another file.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => error.kind().into(),
    }
}
