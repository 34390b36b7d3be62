//! A failure as it is told: what it was, whose fault it is, and what to do next.

mod of_core;
mod of_providers;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::exit::Exit;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// Whoever typed the command.
    Caller,
    /// The file, or whoever wrote or altered it.
    Data,
    /// A key-management service.
    Provider,
    /// A policy, or who set it.
    Policy,
    /// The machine: files, permissions, space, memory.
    Environment,
}

/// A failure. Its JSON form is part of the interface (docs/kmsctl.md, "Errors").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Stable name of the cause: `area.Cause`.
    pub code: String,
    /// How the command ends.
    #[serde(serialize_with = "exit_number")]
    pub exit: Exit,
    /// Who has to act.
    pub party: Party,
    /// The file it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// What went wrong.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// Shorthand for results of this crate.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure with a code of this crate's own.
    #[must_use]
    pub fn new(code: &str, exit: Exit, party: Party, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            exit,
            party,
            path: None,
            message: message.into(),
            next: next.into(),
        }
    }

    /// The command line was wrong in a way that its grammar does not tell.
    #[must_use]
    pub fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new("caller.Usage", Exit::Usage, Party::Caller, message, next)
    }

    /// Something stands where something new was to be.
    #[must_use]
    pub fn exists(message: &str, next: impl Into<String>) -> Self {
        Self::new("caller.Exists", Exit::Failed, Party::Caller, message, next)
    }

    /// The system failed on `path`.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::of_io(error.kind()).at(path)
    }

    /// The reader of stdout has closed it. It knows why, so nothing is said.
    #[must_use]
    pub fn closed_pipe() -> Self {
        let message = "the reader of stdout closed it";
        Self::new(CLOSED_PIPE, Exit::Failed, Party::Caller, message, "read to the end")
    }

    /// Whether this is to be said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.code == CLOSED_PIPE
    }

    /// The same failure, about `path`.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The same failure with other advice.
    #[must_use]
    pub fn advise(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    fn of_io(kind: io::ErrorKind) -> Self {
        use io::ErrorKind as Kind;
        let known = match kind {
            Kind::NotFound => Some(("no such file or folder", "check the path")),
            Kind::PermissionDenied => Some(("permission denied", "check owner and mode, or run as the owner")),
            Kind::StorageFull => Some(("the disk is full", "make room, then run the command again")),
            Kind::QuotaExceeded => Some(("the quota is used up", "make room, then run the command again")),
            Kind::AlreadyExists => Some(("it exists", "say --force to overwrite it")),
            Kind::IsADirectory => Some(("this is a folder", "name a file")),
            _ => None,
        };
        let (message, next) = match known {
            Some((message, next)) => (message.to_owned(), next),
            None => (kind.to_string(), "check the file system, then run the command again"),
        };
        Self::new("system.Io", Exit::Failed, Party::Environment, message, next)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        write!(f, "{}\n  next: {}", self.message, self.next)
    }
}

impl std::error::Error for Failure {}

fn exit_number<S: Serializer>(exit: &Exit, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}

const CLOSED_PIPE: &str = "system.ClosedPipe";
