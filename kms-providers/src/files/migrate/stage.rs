//! One file, sealed anew: under the lock, beside the old one, then in its place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use kms_core::payload::{open_stream, seal_stream};
use kms_core::{CallerFault, Header, Labels, MessageOptions, Opener, Sealer, caps};

use super::Migrator;
use super::source::{New, Opened, stream};
use crate::durable::{Access, Flush, Sites, Staged as Temporary, failpoint};
use crate::files::attributes;
use crate::files::campaign::{Stage, Taken};
use crate::files::detect::{Layout, header_of_stream, own_layout};
use crate::files::drive::block_on;
use crate::files::error::{At, FileError, FileFault};
use crate::files::journal;
use crate::files::lock::LockedFile;
use crate::files::pin::Pin;
use crate::files::recovery;

/// A locked file and its new content under a temporary name.
pub(in crate::files) struct Staged {
    lock: LockedFile,
    pin: Pin,
    temporary: Temporary,
    /// The header, where the new content has one: a message does not.
    header: Option<Header>,
    /// Of a detached envelope, the payload; what is locked is the header's file.
    payload: Option<Payload>,
}

/// The payload's file of a detached envelope, and its new content.
struct Payload {
    path: PathBuf,
    pin: Pin,
    temporary: Temporary,
}

impl Stage for Staged {
    fn path(&self) -> &Path {
        &self.lock.path
    }

    fn bytes(&self) -> u64 {
        self.pin.length + self.payload.as_ref().map_or(0, |payload| payload.pin.length)
    }

    fn header(&self) -> Result<Option<Header>, FileError> {
        Ok(self.header.clone())
    }
}

/// Locks the file, brings it out of what a crash left, and seals it anew under a temporary name.
pub(super) fn stage(migrator: &Migrator, path: &Path, patience: Duration) -> Result<Taken<Staged>, FileError> {
    // Of a pair, a crash may have put the payload in place and left the header under its temporary name.
    let named = name_sidecar(path, patience)?;
    let lock = LockedFile::acquire(path, patience)?;
    let recovered = journal::settle(&lock)?.is_some() || named;
    if let Some(header) = migrator.source.current(&lock.file, &lock.path)? {
        return Ok(Taken::Current {
            path: lock.path,
            header: Box::new(header),
            recovered,
        });
    }
    let staged = seal_anew(migrator, lock)?;
    Ok(Taken::Staged {
        staged: Box::new(staged),
        recovered,
    })
}

fn name_sidecar(path: &Path, patience: Duration) -> Result<bool, FileError> {
    let until = Instant::now() + patience;
    loop {
        match recovery::name_sidecar(path) {
            // Another worker of this run puts it right, or makes it.
            Err(FileFault::Locked) if Instant::now() < until => thread::sleep(PAUSE),
            outcome => return outcome.at(path),
        }
    }
}

fn seal_anew(migrator: &Migrator, lock: LockedFile) -> Result<Staged, FileError> {
    let path = lock.path.clone();
    match own_layout(&lock.file, &path)? {
        Layout::Sidecar { of } => seal_pair(migrator, lock, of),
        _ => seal_one(migrator, lock),
    }
    .at(&path)
}

fn seal_one(migrator: &Migrator, lock: LockedFile) -> Result<Staged, FileFault> {
    let pin = pinned(&lock.file)?;
    let (temporary, header) = write_one(migrator, &lock)?;
    Ok(Staged {
        lock,
        pin,
        temporary,
        header,
        payload: None,
    })
}

fn write_one(migrator: &Migrator, lock: &LockedFile) -> Result<(Temporary, Option<Header>), FileFault> {
    let mut file = &lock.file;
    file.seek(SeekFrom::Start(0))?;
    let Opened { plaintext, length, new } = migrator.source.open(file, &migrator.opener)?;
    let temporary = beside(&lock.path, &lock.file)?;
    let mut file = temporary.file();
    let header = match new {
        New::Envelope { sealer, labels } => {
            let detached = false;
            let new = Envelope {
                sealer,
                labels,
                detached,
            };
            let (header, length) = new.write(plaintext, length, file, file)?;
            failpoint::pass(Sites::MIGRATED.after_temp_write)?;
            if migrator.verify {
                file.seek(SeekFrom::Start(0))?;
                read_back(&migrator.opener, file, file, length)?;
            }
            Some(header)
        }
        #[cfg(feature = "esdk")]
        New::Message(new) => {
            let length = new.write(plaintext, file)?;
            failpoint::pass(Sites::MIGRATED.after_temp_write)?;
            if migrator.verify {
                new.read_back(file, length)?;
            }
            None
        }
    };
    Ok((temporary, header))
}

fn seal_pair(migrator: &Migrator, lock: LockedFile, of: PathBuf) -> Result<Staged, FileFault> {
    let (pin, old) = (pinned(&lock.file)?, File::open(&of)?);
    let old_pin = pinned(&old)?;
    let (temporary, payload, header) = write_pair(migrator, &lock, &of, &old)?;
    let payload = Payload {
        path: of,
        pin: old_pin,
        temporary: payload,
    };
    Ok(Staged {
        lock,
        pin,
        temporary,
        header: Some(header),
        payload: Some(payload),
    })
}

/// Header and payload, each under a temporary name.
fn write_pair(
    migrator: &Migrator,
    lock: &LockedFile,
    of: &Path,
    old: &File,
) -> Result<(Temporary, Temporary, Header), FileFault> {
    let Opened { plaintext, length, new } = migrator.source.open_pair(&lock.file, old, &migrator.opener)?;
    let detached = true;
    let new = match new {
        New::Envelope { sealer, labels } => Envelope {
            sealer,
            labels,
            detached,
        },
        #[cfg(feature = "esdk")]
        New::Message(_) => return Err(FileFault::Detached),
    };
    let (temporary, payload) = (beside(&lock.path, &lock.file)?, beside(of, old)?);
    let (mut start, mut file) = (temporary.file(), payload.file());
    let (header, length) = new.write(plaintext, length, start, file)?;
    failpoint::pass(Sites::MIGRATED.after_temp_write)?;
    if migrator.verify {
        start.seek(SeekFrom::Start(0))?;
        file.seek(SeekFrom::Start(0))?;
        read_back(&migrator.opener, start, file, length)?;
    }
    Ok((temporary, payload, header))
}

fn pinned(file: &File) -> Result<Pin, FileFault> {
    let pin = Pin::of(file)?;
    if pin.links > 1 {
        return Err(FileFault::HardLinks(pin.links));
    }
    Ok(pin)
}

/// A temporary file that may take the place of `old`.
fn beside(path: &Path, old: &File) -> Result<Temporary, FileFault> {
    failpoint::pass(Sites::MIGRATED.before_temp)?;
    let temporary = Temporary::create(path, Access::Owner)?;
    attributes::keep(old, temporary.file())?;
    Ok(temporary)
}

/// An envelope in the making.
struct Envelope {
    sealer: Sealer,
    labels: Labels,
    detached: bool,
}

impl Envelope {
    /// Writes header and payload, which of an attached envelope go to one file; returns the header and the plaintext's
    /// length.
    fn write(
        self,
        plaintext: impl Read + Send,
        claimed: Option<u64>,
        mut header: &File,
        payload: &File,
    ) -> Result<(Header, u64), FileFault> {
        let options = MessageOptions {
            labels: self.labels,
            plaintext_len: claimed,
            detached: self.detached,
            ..MessageOptions::default()
        };
        let message = block_on(self.sealer.begin(options))?;
        header.write_all(message.header())?;
        let keys = message.keys().payload()?;
        let length = seal_stream(&keys, plaintext, payload, &stream(), |_| ())?;
        if claimed.is_some_and(|claimed| claimed != length) {
            return Err(CallerFault::ChangedMeanwhile.into());
        }
        Ok((Header::parse_prefix(message.header(), caps::RECIPIENTS_HARD)?, length))
    }
}

/// Opens what was written, with the keys that are here, to its end.
fn read_back(opener: &Opener, mut header: impl Read, payload: &File, wanted: u64) -> Result<(), FileFault> {
    let header = header_of_stream(&mut header, caps::RECIPIENTS_HARD)?;
    let opened = block_on(opener.open_header(header))?;
    let keys = opened.keys().payload()?;
    let found = open_stream(&keys, payload, io::sink(), &stream(), |_| ())?;
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
    let on_disk = flush.files(staged.iter().flat_map(Staged::files));
    let mut placed: Vec<_> = match on_disk {
        Ok(()) => staged.iter().map(Staged::put_payload_in_place).collect(),
        Err(error) => staged.iter().map(|_| Err(again(&error).into())).collect(),
    };
    // A header never names a payload that is not there.
    let payloads = staged.iter().filter_map(|staged| staged.payload.as_ref());
    let payloads_named = flush.folders(payloads.map(|payload| payload.path.as_path()));
    for (staged, placed) in staged.iter().zip(&mut placed).filter(|(_, placed)| placed.is_ok()) {
        *placed = match &payloads_named {
            Err(error) if staged.payload.is_some() => Err(again(error).into()),
            _ => staged.put_in_place(),
        };
    }
    let done = staged.iter().zip(&placed).filter(|(_, placed)| placed.is_ok());
    let named = flush
        .folders(done.map(|(staged, _)| staged.path()))
        .and_then(|()| failpoint::pass(Sites::MIGRATED.after_dir_sync));
    staged
        .into_iter()
        .zip(placed)
        .map(|(staged, placed)| {
            let settled = placed.and_then(|()| named.as_ref().map_err(|error| again(error).into()).map(|()| 0));
            let settled = settled.at(staged.path());
            staged.give_up_if_half_done();
            settled
        })
        .collect()
}

impl Staged {
    fn files(&self) -> impl Iterator<Item = &File> {
        let payload = self.payload.as_ref().map(|payload| payload.temporary.file());
        payload.into_iter().chain([self.temporary.file()])
    }

    /// The first half of a pair; nothing of one file. Before it nothing has happened, so it is here that is looked
    /// whether anybody touched the files meanwhile.
    fn put_payload_in_place(&self) -> Result<(), FileFault> {
        failpoint::pass(Sites::MIGRATED.after_temp_sync)?;
        let payload_holds = match &self.payload {
            Some(payload) => payload.pin.holds_at(&payload.path)?,
            None => true,
        };
        if !payload_holds || !self.pin.holds_at(&self.lock.path)? {
            return Err(CallerFault::ChangedMeanwhile.into());
        }
        if let Some(payload) = &self.payload {
            payload.temporary.replace()?;
            failpoint::pass("migrated_pair::payload_placed")?;
        }
        Ok(())
    }

    /// Renames the new file over the old one.
    fn put_in_place(&self) -> Result<(), FileFault> {
        self.temporary.replace()?;
        Ok(failpoint::pass(Sites::MIGRATED.after_rename)?)
    }

    /// A new payload whose header could not follow: the header waits under its temporary name, where recovery finds it.
    fn give_up_if_half_done(self) {
        let payload_placed = self
            .payload
            .as_ref()
            .is_some_and(|payload| payload.temporary.is_placed());
        if payload_placed && !self.temporary.is_placed() {
            self.temporary.leave();
        }
    }
}

/// The same failure once more, for another file.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => error.kind().into(),
    }
}

const PAUSE: Duration = Duration::from_millis(5);
