//! What a run does to each file: rewrap it, or seal it anew. The engine finds files, batches them, records what became
//! of them and tells the index; everything else is here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kms_core::{Header, Opener, Rewrapper, Target, caps};

use crate::durable::Flush;
use crate::files::discover::{Found, Leftover, classify};
use crate::files::error::{At, FileError};
use crate::files::rewrap::{Placement, Prepared, Staging, commit, prepare};

/// What a run does to each file.
pub(in crate::files) trait Work: Sync {
    /// A file's new content under a temporary name. Dropping it takes it back.
    type Staged: Stage;

    /// Whose keys the index is told of.
    fn opener(&self) -> &Opener;

    /// What the regular file at `path` is to this run; `None` for what is none of its business.
    fn sort(&self, path: PathBuf) -> Result<Option<Sorted>, FileError>;

    /// Makes the new content of a file, or finds that there is nothing to do.
    fn stage(&self, path: &Path, patience: Duration) -> Result<Taken<Self::Staged>, FileError>;

    /// Puts new contents in place. One that fails does not stop the others. Gives the sequence number of each header.
    fn commit(&self, staged: Vec<Self::Staged>, flush: Flush) -> Vec<Result<u64, FileError>>;
}

/// New content that waits for its place.
pub(in crate::files) trait Stage {
    /// The file that it is to replace.
    fn path(&self) -> &Path;

    /// Bytes that were written.
    fn bytes(&self) -> u64;

    /// The new header; none where the file is no envelope any more.
    fn header(&self) -> Result<Option<Header>, FileError>;
}

/// A file of the walk.
pub(in crate::files) enum Sorted {
    /// To be worked on.
    Mine(PathBuf),
    /// A crash left something beside this file.
    Recover(PathBuf),
}

/// What became of a file.
pub(in crate::files) enum Taken<S> {
    /// It is as wanted.
    Current {
        path: PathBuf,
        header: Box<Header>,
        recovered: bool,
    },
    /// New content waits for its place.
    Staged { staged: Box<S>, recovered: bool },
}

/// New headers: payloads are not touched.
pub(super) struct Rewrap<'r> {
    pub(super) rewrapper: &'r Rewrapper,
    pub(super) target: &'r Target,
    pub(super) placement: Placement,
}

impl Work for Rewrap<'_> {
    type Staged = Staging;

    fn opener(&self) -> &Opener {
        self.rewrapper.opener()
    }

    fn sort(&self, path: PathBuf) -> Result<Option<Sorted>, FileError> {
        Ok(classify(path)?.map(sorted))
    }

    fn stage(&self, path: &Path, patience: Duration) -> Result<Taken<Staging>, FileError> {
        Ok(match prepare(self.rewrapper, path, self.target, patience)? {
            Prepared::AlreadyCurrent {
                path,
                header,
                recovered,
            } => Taken::Current {
                path,
                header,
                recovered,
            },
            Prepared::Change(change) => Taken::Staged {
                recovered: change.recovered,
                staged: Box::new(Staging::of(*change, self.placement)?),
            },
        })
    }

    fn commit(&self, staged: Vec<Staging>, flush: Flush) -> Vec<Result<u64, FileError>> {
        let outcomes = commit(staged, flush).into_iter();
        outcomes.map(|outcome| Ok(outcome?.sequence)).collect()
    }
}

impl Stage for Staging {
    fn path(&self) -> &Path {
        &self.change.lock.path
    }

    fn bytes(&self) -> u64 {
        Staging::bytes(self)
    }

    fn header(&self) -> Result<Option<Header>, FileError> {
        let header = Header::parse_prefix(&self.change.rewrapped().header, caps::RECIPIENTS_HARD);
        header.map(Some).at(self.path())
    }
}

/// What a found file is to a run over envelopes.
pub(in crate::files) fn sorted(found: Found) -> Sorted {
    match found {
        // A sidecar without its payload needs its key all the same.
        Found::Envelope { path, .. }
        | Found::Leftover {
            path,
            what: Leftover::OrphanSidecar { .. },
        } => Sorted::Mine(path),
        Found::Leftover {
            what: Leftover::Journal { of } | Leftover::Temporary { of },
            ..
        } => Sorted::Recover(of),
    }
}
