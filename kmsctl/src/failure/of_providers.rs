//! Failures of configuration, keystore, files and audit log.

use std::path::Path;

use kms_providers::audit::LogError;
use kms_providers::config::ConfigError;
use kms_providers::esdk::MessageKeyError;
use kms_providers::files::{FileError, FileFault};
use kms_providers::local::{KeyFileError, KeystoreError};
use kms_providers::uri::UriError;
use kms_providers::{Error, ResolveError};

use super::{Failure, Party};
use crate::exit::Exit;

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let path = error.path().map(Path::to_owned);
        let failure = Self::from(error.into_fault());
        match path {
            Some(path) => failure.at(&path),
            None => failure,
        }
    }
}

impl From<FileFault> for Failure {
    fn from(fault: FileFault) -> Self {
        match fault {
            FileFault::Envelope(error) => error.into(),
            FileFault::Io(error) => Self::of_io(error.kind()),
            fault => of_file_fault(&fault),
        }
    }
}

impl From<MessageKeyError> for Failure {
    fn from(error: MessageKeyError) -> Self {
        let message = error.to_string();
        let next = match error {
            MessageKeyError::Unknown { .. } => {
                return Self::usage(message, "`[esdk.key]` in keystrand.toml names them");
            }
            MessageKeyError::Service { error, .. } => {
                let failure = Self::from(*error);
                return Self { message, ..failure };
            }
            MessageKeyError::Exposed { .. } => {
                "`chmod 600` on it; if others may have read it, it is no secret any more"
            }
            MessageKeyError::Key { .. } => "compare [esdk.key] in keystrand.toml with the file",
            _ => "check the path in [esdk.key] in keystrand.toml",
        };
        let (exit, party) = (Exit::Failed, Party::Environment);
        Self::new("system.RawKey", exit, party, message, next)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let (code, exit, party, next) = match &error {
            LogError::Io { path, kind } => {
                let failure = Self::of_io(*kind).at(path);
                return match kind {
                    std::io::ErrorKind::PermissionDenied => {
                        failure.advise("it is its owner's alone: `chmod 600` on it")
                    }
                    _ => failure,
                };
            }
            LogError::Exists(_) => ("audit.Exists", Exit::Failed, Party::Caller, "it is set up already"),
            LogError::NoLog(_) => ("audit.NoLog", Exit::Failed, Party::Caller, "`kmsctl init` sets one up"),
            LogError::Origin => ("caller.Origin", Exit::Usage, Party::Caller, "give another --log-name"),
            LogError::OutOfRange { .. } => (
                "audit.OutOfRange",
                Exit::Usage,
                Party::Caller,
                "`kmsctl audit checkpoint` signs what is not signed",
            ),
            _ => (
                "audit.Damaged",
                Exit::Failed,
                Party::Environment,
                "`kmsctl audit verify` shows where",
            ),
        };
        Self::new(code, exit, party, error.to_string(), next)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Uri(error) => error.into(),
            Error::Config(error) => error.into(),
            Error::Resolve(error) => error.into(),
            Error::Keystore(error) => error.into(),
            Error::KeyFile(error) => error.into(),
            Error::Kek(error) => error.into(),
            #[cfg(feature = "aws")]
            Error::Aws(kms_providers::aws::AwsError::Config(error)) => error.into(),
            #[cfg(feature = "aws")]
            Error::Aws(error) => Self::usage(error.to_string(), "correct it under [provider.NAME] of keystrand.toml"),
            #[cfg(feature = "azure")]
            Error::Azure(kms_providers::azure::AzureError::Config(error)) => error.into(),
            #[cfg(feature = "azure")]
            Error::Azure(error) => Self::usage(error.to_string(), "correct it under [provider.NAME] of keystrand.toml"),
            #[cfg(feature = "gcp")]
            Error::Gcp(kms_providers::gcp::GcpError::Config(error)) => error.into(),
            #[cfg(feature = "gcp")]
            Error::Gcp(error) => Self::usage(error.to_string(), "correct it under [provider.NAME] of keystrand.toml"),
            other => Self::usage(other.to_string(), "name a file that holds it with --passphrase-file"),
        }
    }
}

impl From<UriError> for Failure {
    fn from(error: UriError) -> Self {
        Self::new(
            "caller.KeyUri",
            Exit::Usage,
            Party::Caller,
            error.to_string(),
            "see `kmsctl key list`",
        )
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let next = "correct keystrand.toml, or name another home with --home";
        Self::new("caller.Config", Exit::Failed, Party::Caller, error.to_string(), next)
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let next = match &error {
            ResolveError::Residency { .. } => {
                let next = "use a key in these regions, or change `residency` in keystrand.toml";
                return Self::new(
                    "policy.Residency",
                    Exit::Refused,
                    Party::Policy,
                    error.to_string(),
                    next,
                );
            }
            ResolveError::Kek(error) => return error.clone().into(),
            ResolveError::Uri(error) => return (*error).into(),
            ResolveError::UnknownName { .. } => "make it with `kmsctl key create`, or name another",
            ResolveError::NotSupplied { .. } => {
                "give a public key with --public-key, or name it with `kmsctl key create NAME --public-key FILE`"
            }
            _ => "correct keystrand.toml",
        };
        Self::new("caller.UnknownKey", Exit::Usage, Party::Caller, error.to_string(), next)
    }
}

impl From<KeystoreError> for Failure {
    fn from(error: KeystoreError) -> Self {
        let uri = error.path.display().to_string();
        let operation = kms_core::KekOperation::Describe;
        let fault = Self::from(kms_core::KekError::new(uri, operation, error.fault));
        Self {
            message: error.fault.to_string(),
            ..fault
        }
        .at(&error.path)
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let next = match &error {
            KeyFileError::Exposed { .. } => "`chmod 600` on it; if others may have read it, make a new one",
            KeyFileError::Exists { .. } => "a key file is never overwritten; choose another home",
            _ => "restore the key file from a backup",
        };
        Self::new(
            "system.KeyFile",
            Exit::Failed,
            Party::Environment,
            error.to_string(),
            next,
        )
    }
}

fn of_file_fault(fault: &FileFault) -> Failure {
    use FileFault as F;
    let (code, exit, party, next) = match fault {
        F::Exists => return Failure::exists("the output exists", "say --force to overwrite it"),
        F::SameFile => ("caller.SameFile", Exit::Usage, Party::Caller, "name another output"),
        F::Directory => (
            "caller.Directory",
            Exit::Usage,
            Party::Caller,
            "name a file, or a folder with --out-dir",
        ),
        F::NotRegular => (
            "caller.NotRegular",
            Exit::Usage,
            Party::Caller,
            "read it from stdin: `-`",
        ),
        F::Pattern => (
            "caller.Pattern",
            Exit::Usage,
            Party::Caller,
            "quote or correct the pattern",
        ),
        F::NoHeader => (
            "format.NoHeader",
            Exit::DoesNotOpen,
            Party::Data,
            "name the header with --header FILE.ksh",
        ),
        F::NoPayload => (
            "format.NoPayload",
            Exit::DoesNotOpen,
            Party::Data,
            "`kmsctl doctor PATH…` looks for it",
        ),
        F::HardLinks(_) => (
            "policy.HardLinks",
            Exit::Refused,
            Party::Policy,
            "say --in-place, or copy the file first",
        ),
        F::Detached => (
            "policy.Detached",
            Exit::Refused,
            Party::Policy,
            "`kmsctl decrypt` it and `kmsctl encrypt` it attached, then run the command again",
        ),
        F::Labels => (
            "policy.Labels",
            Exit::Refused,
            Party::Policy,
            "`kmsctl inspect` shows them; `kmsctl decrypt` it and `kmsctl encrypt` it without",
        ),
        F::Ticket => (
            "policy.Ticket",
            Exit::Refused,
            Party::Policy,
            "leave it out: it goes on opening its records, and `kmsctl rewrap` brings it under other keys",
        ),
        F::EsdkMessage => (
            "policy.EsdkMessage",
            Exit::Refused,
            Party::Policy,
            "`kmsctl migrate --from esdk --key KEY PATH…` opens it and seals it anew as KS1",
        ),
        F::DoesNotFit => (
            "caller.DoesNotFit",
            Exit::Failed,
            Party::Caller,
            "leave --in-place away",
        ),
        F::Locked => (
            "system.Locked",
            Exit::Unavailable,
            Party::Environment,
            "run the command again later",
        ),
        F::Owner => (
            "system.Owner",
            Exit::Failed,
            Party::Environment,
            "run as the owner of the file",
        ),
        F::StaleJournal => (
            "system.StaleJournal",
            Exit::Failed,
            Party::Environment,
            "compare both, then move one away",
        ),
        F::ReadBack => (
            "system.ReadBack",
            Exit::Failed,
            Party::Environment,
            "run the command again",
        ),
        F::RunRecord => (
            "system.RunRecord",
            Exit::Failed,
            Party::Environment,
            "run the command without --resume",
        ),
        _ => ("system.File", Exit::Failed, Party::Environment, "see `kmsctl doctor`"),
    };
    Failure::new(code, exit, party, fault.to_string(), next)
}
