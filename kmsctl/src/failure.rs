//! A failure as it is told: what it was, whose fault it is, and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use kms_core::audit::Reason;
use kms_core::{CallerFault, Error, FormatFault, KekFault, PolicyFault};
use kms_providers::audit::LogError;
use kms_providers::files::{FileError, FileFault};
use serde::{Serialize, Serializer};

use crate::exit::Exit;
use crate::jobs::exists;

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

    /// The system failed on `path`.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::of_io(error.kind()).at(path)
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
        let next = match kind {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check owner and mode, or run as the owner",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, then run the command again",
            io::ErrorKind::AlreadyExists => "say --force to overwrite it",
            io::ErrorKind::IsADirectory => "name a file",
            _ => "check the file system, then run the command again",
        };
        Self::new("system.Io", Exit::Failed, Party::Environment, kind.to_string(), next)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        if let Error::Io(kind) = error {
            return Self::of_io(*kind);
        }
        Self {
            code: Reason::from(error).code().to_owned(),
            exit: error.into(),
            party: party(error),
            path: None,
            message: error.to_string(),
            next: next_step(error).to_owned(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        (&error).into()
    }
}

impl From<kms_core::KekError> for Failure {
    fn from(error: kms_core::KekError) -> Self {
        Error::from(error).into()
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let path = error.path().map(Path::to_owned);
        let failure = match error.into_fault() {
            FileFault::Envelope(error) => error.into(),
            FileFault::Io(error) => Self::of_io(error.kind()),
            fault => of_file_fault(&fault),
        };
        match path {
            Some(path) => failure.at(&path),
            None => failure,
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let (code, exit, party, next) = match &error {
            LogError::Io { path, .. } => {
                let next = "check the path, its owner and its mode";
                let failure = Self::new("system.Io", Exit::Failed, Party::Environment, error.to_string(), next);
                return Self {
                    path: Some(path.clone()),
                    ..failure
                };
            }
            LogError::Exists(_) => ("audit.Exists", Exit::Failed, Party::Caller, "it is set up already"),
            LogError::NoLog(_) => ("audit.NoLog", Exit::Failed, Party::Caller, "`kmsctl init` sets one up"),
            LogError::Origin => ("caller.Origin", Exit::Usage, Party::Caller, "give another --log-name"),
            LogError::OutOfRange { .. } => {
                ("audit.OutOfRange", Exit::Usage, Party::Caller, "`kmsctl audit checkpoint` signs what is not signed")
            }
            _ => ("audit.Damaged", Exit::Failed, Party::Environment, "`kmsctl audit verify` shows where"),
        };
        Self::new(code, exit, party, error.to_string(), next)
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

fn of_file_fault(fault: &FileFault) -> Failure {
    use FileFault as F;
    let (code, exit, party, next) = match fault {
        F::Exists => return exists("exists", "say --force to overwrite it"),
        F::SameFile => ("caller.SameFile", Exit::Usage, Party::Caller, "name another output"),
        F::Directory => ("caller.Directory", Exit::Usage, Party::Caller, "name a file, or a folder with --out-dir"),
        F::NotRegular => ("caller.NotRegular", Exit::Usage, Party::Caller, "read it from stdin: `-`"),
        F::Pattern => ("caller.Pattern", Exit::Usage, Party::Caller, "quote or correct the pattern"),
        F::NoHeader => ("format.NoHeader", Exit::DoesNotOpen, Party::Data, "name the header with --header FILE.ksh"),
        F::NoPayload => ("format.NoPayload", Exit::DoesNotOpen, Party::Data, "`kmsctl doctor PATH…` looks for it"),
        F::HardLinks(_) => ("policy.HardLinks", Exit::Refused, Party::Policy, "say --in-place, or copy the file first"),
        F::DoesNotFit => ("caller.DoesNotFit", Exit::Failed, Party::Caller, "leave --in-place away"),
        F::Locked => ("system.Locked", Exit::Unavailable, Party::Environment, "run the command again later"),
        F::Owner => ("system.Owner", Exit::Failed, Party::Environment, "run as the owner of the file"),
        F::StaleJournal => ("system.StaleJournal", Exit::Failed, Party::Environment, "compare both, then move one away"),
        F::ReadBack => ("system.ReadBack", Exit::Failed, Party::Environment, "run the command again"),
        F::RunRecord => ("system.RunRecord", Exit::Failed, Party::Environment, "run the command without --resume"),
        _ => ("system.File", Exit::Failed, Party::Environment, "see `kmsctl doctor`"),
    };
    Failure::new(code, exit, party, fault.to_string(), next)
}

fn party(error: &Error) -> Party {
    match error {
        Error::Format(_) | Error::Limit(_) | Error::DoesNotOpen => Party::Data,
        Error::Policy(_) => Party::Policy,
        Error::Caller(_) => Party::Caller,
        Error::Provider(error) => match error.kind {
            KekFault::NotFound
            | KekFault::AlreadyExists
            | KekFault::BadPassphrase
            | KekFault::WeakMaterial
            | KekFault::Primary => Party::Caller,
            KekFault::Storage | KekFault::StorageFull | KekFault::NotWritable | KekFault::Locked | KekFault::Random => {
                Party::Environment
            }
            _ => Party::Provider,
        },
        _ => Party::Environment,
    }
}

/// What to do next. The messages of the library say it in short; this is the long form, in terms of commands.
fn next_step(error: &Error) -> &'static str {
    match error {
        Error::Format(fault) => next_for_format(*fault),
        Error::Limit(_) => "take the envelope from a trusted source; `kmsctl inspect` shows what it asks for",
        Error::DoesNotOpen => {
            "compare --context with what was given when it was sealed; `kmsctl audit show --failed` has the cause"
        }
        Error::Policy(fault) => next_for_policy(*fault),
        Error::Provider(error) => next_for_provider(error.kind),
        Error::Audit(_) => "see `kmsctl doctor`; nothing is done while the audit trail cannot be written",
        Error::Caller(CallerFault::NoConfiguredKey) => {
            "`kmsctl inspect` names the keys; configure one of them in keystrand.toml, or use the right --home"
        }
        Error::Caller(CallerFault::ContextMissing) => {
            "`kmsctl inspect` names the pairs that are not stored; give each as --context NAME=VALUE"
        }
        Error::Caller(CallerFault::ChangedMeanwhile) => "somebody else changed the file; run the command again",
        Error::Caller(_) => "see the command's --help",
        Error::Random => "the system's random source is broken; do not use this machine for keys",
        _ => "see `kmsctl doctor`",
    }
}

fn next_for_format(fault: FormatFault) -> &'static str {
    match fault {
        FormatFault::Empty | FormatFault::NotKs1 => {
            "give a KS1 envelope; a detached payload needs its header beside it, in FILE.ksh"
        }
        FormatFault::Mangled => "transfer the file again in binary mode",
        FormatFault::Truncated | FormatFault::PayloadLength => "transfer the file again; it is not complete",
        FormatFault::OtherPayload => "find the header that belongs to this payload; names may have been swapped",
        FormatFault::TrailingBytes => "a detached header stands alone in its file; transfer it again",
        _ => "transfer the file again; if that does not help, it was not written by a sound program",
    }
}

fn next_for_policy(fault: PolicyFault) -> &'static str {
    match fault {
        PolicyFault::ContextMismatch => "`kmsctl inspect` shows the stored pairs; give --context as they are",
        PolicyFault::SuiteUnknown => "update kmsctl; a newer version sealed this",
        PolicyFault::PassphraseMixed => "seal with the passphrase alone, or with keys alone",
        PolicyFault::FloorPosture | PolicyFault::FloorQuorum => {
            "choose recipients that hold to the envelope's floor; `kmsctl inspect` shows it"
        }
        PolicyFault::QuorumDomain => "choose members of different clouds, accounts or HSMs",
        PolicyFault::UnknownRecipient => "update kmsctl, or say --drop-unknown",
        _ => "ask who set the policy, or change it in keystrand.toml",
    }
}

fn next_for_provider(fault: KekFault) -> &'static str {
    match fault {
        KekFault::NotFound => "see `kmsctl key list`",
        KekFault::AlreadyExists => "choose another name; names of destroyed keys are not used again",
        KekFault::Disabled => "`kmsctl key enable KEY` allows its use again",
        KekFault::PendingDestruction => "`kmsctl key cancel-destroy KEY` saves it",
        KekFault::Destroyed => "only another recipient of the envelope can open it",
        KekFault::StillNeeded => "run `kmsctl rotate KEY --rewrap PATH…` first",
        KekFault::Primary => "`kmsctl rotate KEY` first, or name the key without a version",
        KekFault::Denied => "check the credentials and grants of this provider",
        KekFault::Locked => "run the command again when the other process has finished",
        KekFault::BadPassphrase => "give the passphrase or key file that this keystore was made with",
        KekFault::Corrupt => "restore the keystore from a backup",
        KekFault::TooNew => "update kmsctl",
        KekFault::Unsupported => "use the provider's own tool for this",
        KekFault::StorageFull => "make room, then run the command again",
        KekFault::NotWritable | KekFault::Storage => "check owner and mode of the home; see `kmsctl doctor`",
        KekFault::Random => "the system's random source is broken; do not use this machine for keys",
        _ => "run the command again later; `kmsctl doctor` shows which providers answer",
    }
}
