//! Where a new header goes, and its writing under a temporary name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use kms_core::CallerFault;

use super::prepare::Change;
use super::{Method, Placement};
use crate::durable::{Access, Sites, Staged, failpoint, keep_mode_and_owner};
use crate::files::attributes;
use crate::files::detect::Layout;
use crate::files::error::{FileError, FileFault};
use crate::files::journal::{Journal, journal_of};

/// A change whose bytes are written under a temporary name. Dropping it takes it back.
pub(in crate::files) struct Staging {
    pub(in crate::files) change: Change,
    pub(super) written: Written,
    /// Whether the new file or the journal has its name.
    pub(super) placed: bool,
}

/// What stands under the temporary name.
pub(super) struct Written {
    pub(super) staged: Staged,
    pub(super) method: Method,
    /// What is to be written in place when the staged journal has its name.
    pub(super) journal: Option<Journal>,
}

impl Staging {
    /// Chooses a method and writes the new file or the journal.
    ///
    /// # Errors
    /// [`FileFault::HardLinks`], [`FileFault::DoesNotFit`], [`FileFault::Owner`], [`FileFault::Locked`];
    /// [`CallerFault::ChangedMeanwhile`]; what the file system reports.
    pub(in crate::files) fn of(change: Change, placement: Placement) -> Result<Self, FileError> {
        match Written::choose(&change, placement) {
            Ok(written) => Ok(Self {
                change,
                written,
                placed: false,
            }),
            Err(fault) => Err(change.abandon(fault)),
        }
    }

    /// Bytes that were written, for whoever bounds them.
    pub(in crate::files) fn bytes(&self) -> u64 {
        match self.written.method {
            Method::Copied => self.change.pin.length,
            _ => self.change.rewrapped().header.len() as u64,
        }
    }
}

impl Written {
    fn choose(change: &Change, placement: Placement) -> Result<Self, FileFault> {
        let keeps_length = change.rewrapped().header.len() == change.old.len();
        if placement == Placement::InPlace {
            return if keeps_length {
                Self::in_place(change)
            } else {
                Err(FileFault::DoesNotFit)
            };
        }
        if change.pin.links > 1 {
            return Err(FileFault::HardLinks(change.pin.links));
        }
        let Layout::Attached { header_len } = change.layout else {
            return Self::beside(change, Method::Replaced, |_, _| Ok(()));
        };
        let is_large = change.pin.length - header_len > CHEAP_TO_COPY;
        if is_large && keeps_length {
            if let Some(reflinked) = Self::reflinked(change)? {
                return Ok(reflinked);
            }
            if placement == Placement::Auto {
                return Self::in_place(change);
            }
        }
        Self::beside(change, Method::Copied, copy_payload)
    }

    /// A clone of the whole file shares all its blocks; the header's own are then written anew. `None` where the
    /// file system does not share.
    fn reflinked(change: &Change) -> Result<Option<Self>, FileFault> {
        let staged = make_beside(change)?;
        if !clone_blocks(&change.lock.file, staged.file())? {
            return Ok(None);
        }
        staged.file().write_all_at(&change.rewrapped().header, 0)?;
        failpoint::pass(Sites::REWRAPPED.after_temp_write)?;
        Ok(Some(Self {
            staged,
            method: Method::Reflinked,
            journal: None,
        }))
    }

    fn beside(
        change: &Change,
        method: Method,
        payload: impl FnOnce(&Change, &mut &File) -> Result<(), FileFault>,
    ) -> Result<Self, FileFault> {
        let staged = make_beside(change)?;
        let mut file = staged.file();
        file.write_all(&change.rewrapped().header)?;
        payload(change, &mut file)?;
        failpoint::pass(Sites::REWRAPPED.after_temp_write)?;
        Ok(Self {
            staged,
            method,
            journal: None,
        })
    }

    fn in_place(change: &Change) -> Result<Self, FileFault> {
        let journal = Journal {
            message_id: change.old.immutable().message_id,
            file_len: change.pin.length,
            old_tag: *change.old.tag(),
            header: change.rewrapped().header.clone(),
        };
        failpoint::pass(Sites::REWRAP_JOURNAL.before_temp)?;
        let staged = Staged::create(&journal_of(&change.lock.path), Access::Owner)?;
        staged.file().write_all(&journal.encode())?;
        keep_mode_and_owner(&change.lock.path, staged.file())?;
        failpoint::pass(Sites::REWRAP_JOURNAL.after_temp_write)?;
        Ok(Self {
            staged,
            method: Method::InPlace,
            journal: Some(journal),
        })
    }
}

fn make_beside(change: &Change) -> Result<Staged, FileFault> {
    failpoint::pass(Sites::REWRAPPED.before_temp)?;
    let staged = Staged::create(&change.lock.path, Access::Owner)?;
    attributes::keep(&change.lock.file, staged.file())?;
    Ok(staged)
}

fn copy_payload(change: &Change, out: &mut &File) -> Result<(), FileFault> {
    let start = change.old.len() as u64;
    let length = change.pin.length - start;
    let mut file = &change.lock.file;
    file.seek(SeekFrom::Start(start))?;
    // On Linux this is copy_file_range, which shares blocks where it can.
    let copied = io::copy(&mut file.take(length), out)?;
    if copied == length {
        Ok(())
    } else {
        Err(CallerFault::ChangedMeanwhile.into())
    }
}

/// Whether the file system let both files share their blocks.
#[cfg(target_os = "linux")]
fn clone_blocks(from: &File, to: &File) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::ioctl_ficlone(to, from) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn clone_blocks(_from: &File, _to: &File) -> io::Result<bool> {
    Ok(false)
}

/// A copy of so much takes no longer than the further syncs of the other methods.
const CHEAP_TO_COPY: u64 = 256 << 10;
