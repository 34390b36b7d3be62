//! Putting staged changes in place: one or a batch, in the same steps, each step done for all before the next.
//!
//! A new file must be on disk before it takes the old one's name, and so must a journal before the header is written
//! over. In a batch these syncs are shared ([`crate::durable::Flush`]).

use std::fs::File;
use std::io;
use std::path::Path;

use kms_core::CallerFault;

use super::stage::Staging;
use super::{FileRewrapped, Method};
use crate::durable::{Flush, Sites, failpoint};
use crate::files::detect::header_bytes;
use crate::files::error::{At, FileError, FileFault};
use crate::files::journal;

/// Makes staged changes real and unlocks their files. One that fails does not stop the others.
pub(in crate::files) fn commit(stagings: Vec<Staging>, flush: Flush) -> Vec<Result<FileRewrapped, FileError>> {
    let mut steps = Steps::new(stagings);
    steps.together(|all| flush.files(all.map(|staging| staging.written.staged.file())));
    steps.each(Staging::put_in_place);
    steps.together(|all| flush.folders(all.map(|staging| staging.change.lock.path.as_path())));
    steps.each(|staging| staging.write_in_place());
    steps.together(|all| flush.files(all.filter_map(Staging::written_in_place)));
    steps.each(|staging| staging.verify());
    steps.together(|all| flush.folders(all.filter_map(Staging::removed_journal)));
    steps.outcomes()
}

/// Changes on their way, each with its failure if it had one.
struct Steps {
    items: Vec<(Staging, Result<(), FileFault>)>,
}

impl Steps {
    fn new(stagings: Vec<Staging>) -> Self {
        let items = stagings.into_iter().map(|staging| (staging, Ok(()))).collect();
        Self { items }
    }

    fn each(&mut self, step: impl Fn(&mut Staging) -> Result<(), FileFault>) {
        for (staging, outcome) in self.items.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
            *outcome = step(staging);
        }
    }

    /// A step that succeeds or fails for all.
    fn together(&mut self, step: impl FnOnce(&mut dyn Iterator<Item = &Staging>) -> io::Result<()>) {
        let sound = self.items.iter().filter(|(_, outcome)| outcome.is_ok());
        let Err(error) = step(&mut sound.map(|(staging, _)| staging)) else {
            return;
        };
        for (_, outcome) in self.items.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
            *outcome = Err(again(&error).into());
        }
    }

    fn outcomes(self) -> Vec<Result<FileRewrapped, FileError>> {
        let items = self.items.into_iter();
        items.map(|(staging, outcome)| staging.settle(outcome)).collect()
    }
}

impl Staging {
    /// Renames the new file over the old one, or the journal to its name, if nobody touched the file meanwhile.
    fn put_in_place(&mut self) -> Result<(), FileFault> {
        let sites = self.sites();
        failpoint::pass(sites.after_temp_sync)?;
        let change = &self.change;
        let unchanged = change.pin.holds_at(&change.lock.path)?
            && header_bytes(&change.lock.file, &change.layout)? == change.old.as_bytes();
        if !unchanged {
            return Err(CallerFault::ChangedMeanwhile.into());
        }
        self.written.staged.replace()?;
        self.placed = true;
        Ok(failpoint::pass(sites.after_rename)?)
    }

    fn write_in_place(&self) -> Result<(), FileFault> {
        failpoint::pass(self.sites().after_dir_sync)?;
        match &self.written.journal {
            Some(journal) => Ok(journal.write_header(&self.change.lock.file)?),
            None => Ok(()),
        }
    }

    fn written_in_place(&self) -> Option<&File> {
        self.written.journal.as_ref().map(|_| &self.change.lock.file)
    }

    /// Reads the header back; in place, the journal goes then.
    fn verify(&self) -> Result<(), FileFault> {
        if let Some(journal) = &self.written.journal {
            failpoint::pass("in_place::synced")?;
            return journal::finish(journal, &self.change.lock);
        }
        let written = header_bytes(self.written.staged.file(), &self.change.layout)?;
        if written == self.change.rewrapped().header {
            Ok(())
        } else {
            Err(FileFault::ReadBack)
        }
    }

    fn removed_journal(&self) -> Option<&Path> {
        self.written.journal.as_ref().map(|_| self.change.lock.path.as_path())
    }

    /// Unlocks the file and records how it ended. What failed on its way into place may stand all the same, or come
    /// to stand by recovery: that is left open in the trail, as after a crash.
    fn settle(self, outcome: Result<(), FileFault>) -> Result<FileRewrapped, FileError> {
        let Self {
            change,
            written,
            placed,
        } = self;
        match outcome {
            Ok(()) => {
                let done = change.unsettled.settle().at(&change.lock.path)?;
                Ok(FileRewrapped {
                    method: written.method,
                    sequence: done.sequence,
                    wrapped: done.wrapped,
                    dropped: done.dropped,
                })
            }
            Err(fault) if placed => Err(fault).at(&change.lock.path),
            Err(fault) => Err(change.abandon(fault)),
        }
    }

    fn sites(&self) -> &'static Sites {
        match self.written.method {
            Method::InPlace => &Sites::REWRAP_JOURNAL,
            _ => &Sites::REWRAPPED,
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
