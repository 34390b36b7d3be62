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
    steps.together(|all| flush.files(all.map(|staging| staging.staged.file())));
    steps.each(Staging::put_in_place);
    steps.together(|all| flush.folders(all.map(|staging| staging.change.lock.path.as_path())));
    steps.each(Staging::write_in_place);
    steps.together(|all| flush.files(all.filter_map(Staging::written_in_place)));
    steps.each(Staging::verify);
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

    fn each(&mut self, step: impl Fn(&Staging) -> Result<(), FileFault>) {
        for (staging, outcome) in self.items.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
            *outcome = step(staging);
        }
    }

    /// A step that succeeds or fails for all.
    fn together(&mut self, step: impl FnOnce(&mut dyn Iterator<Item = &Staging>) -> io::Result<()>) {
        let mut sound = self
            .items
            .iter()
            .filter(|(_, outcome)| outcome.is_ok())
            .map(|(staging, _)| staging);
        let Err(error) = step(&mut sound) else { return };
        for (_, outcome) in self.items.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
            *outcome = Err(again(&error).into());
        }
    }

    fn outcomes(self) -> Vec<Result<FileRewrapped, FileError>> {
        let settled = |(staging, outcome): (Staging, Result<(), FileFault>)| {
            outcome.at(&staging.change.lock.path)?;
            Ok(FileRewrapped {
                method: staging.method,
                sequence: staging.change.new.sequence,
                wrapped: staging.change.new.wrapped,
                dropped: staging.change.new.dropped,
            })
        };
        self.items.into_iter().map(settled).collect()
    }
}

impl Staging {
    /// Renames the new file over the old one, or the journal to its name, if nobody touched the file meanwhile.
    fn put_in_place(&self) -> Result<(), FileFault> {
        let sites = self.sites();
        failpoint::pass(sites.after_temp_sync)?;
        let change = &self.change;
        let unchanged = change.pin.holds_at(&change.lock.path)?
            && header_bytes(&change.lock.file, &change.layout)? == change.old.as_bytes();
        if !unchanged {
            return Err(CallerFault::ChangedMeanwhile.into());
        }
        self.staged.replace()?;
        Ok(failpoint::pass(sites.after_rename)?)
    }

    fn write_in_place(&self) -> Result<(), FileFault> {
        failpoint::pass(self.sites().after_dir_sync)?;
        match &self.journal {
            Some(journal) => Ok(journal.write_header(&self.change.lock.file)?),
            None => Ok(()),
        }
    }

    fn written_in_place(&self) -> Option<&File> {
        self.journal.as_ref().map(|_| &self.change.lock.file)
    }

    /// Reads the header back; in place, the journal goes then.
    fn verify(&self) -> Result<(), FileFault> {
        if let Some(journal) = &self.journal {
            failpoint::pass("in_place::synced")?;
            return journal::finish(journal, &self.change.lock);
        }
        let written = header_bytes(self.staged.file(), &self.change.layout)?;
        if written == self.change.new.header {
            Ok(())
        } else {
            Err(FileFault::ReadBack)
        }
    }

    fn removed_journal(&self) -> Option<&Path> {
        self.journal.as_ref().map(|_| self.change.lock.path.as_path())
    }

    fn sites(&self) -> &'static Sites {
        match self.method {
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
