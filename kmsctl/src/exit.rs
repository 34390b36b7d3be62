//! How `kmsctl` ends: the exit codes, and the one table from errors to codes.

use std::process::ExitCode;

use kms_core::{AkdFault, CallerFault, Error, KekFault, KekOperation, PolicyFault};

/// How a command ended. The numbers are a promise to scripts (docs/kmsctl.md, "Exit codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done.
    Done = 0,
    /// It failed: file system, keystore or audit trail.
    Failed = 1,
    /// The command line was wrong; nothing was done.
    Usage = 2,
    /// An envelope, or the keystore, does not open with what was given here.
    DoesNotOpen = 3,
    /// A provider is not available now; the same command may succeed later.
    Unavailable = 4,
    /// A policy or the state of a key stands against it.
    Refused = 5,
    /// Some of several files are done; `--resume` or the same command goes on.
    Partly = 6,
}

impl Exit {
    /// Every way to end, in order of its number.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::DoesNotOpen,
        Self::Unavailable,
        Self::Refused,
        Self::Partly,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The end of a job over several files: partly done if any of them succeeded.
    #[must_use]
    pub fn of_many(done: usize, failures: impl IntoIterator<Item = Self>) -> Self {
        let mut failures = failures.into_iter();
        match (failures.next(), done) {
            (None, _) => Self::Done,
            (Some(_), 1..) => Self::Partly,
            (Some(first), 0) => {
                if failures.all(|other| other == first) {
                    first
                } else {
                    Self::Failed
                }
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table. The rule behind it: 3 is said of an envelope that does not open with the keys, the context and the bytes
/// at hand, whatever stands in the way; 5 where somebody decided against it; 4 where trying later may help.
impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Format(_) | Error::Esdk(_) | Error::Limit(_) | Error::DoesNotOpen => Self::DoesNotOpen,
            Error::Policy(PolicyFault::ContextMismatch) => Self::DoesNotOpen,
            Error::Policy(_) => Self::Refused,
            // Asked of a key that is not here, or not any more, an open has the same answer as with no key at all.
            Error::Provider(error)
                if error.operation == KekOperation::Unwrap
                    && matches!(error.kind, KekFault::NotFound | KekFault::Destroyed) =>
            {
                Self::DoesNotOpen
            }
            Error::Provider(error) => error.kind.into(),
            // Those that may be back come first.
            Error::Providers(errors) => match errors.first() {
                Some(first) => (&Error::Provider(first.clone())).into(),
                None => Self::Unavailable,
            },
            Error::Caller(CallerFault::ContextMissing | CallerFault::NoConfiguredKey | CallerFault::Rolledback) => {
                Self::DoesNotOpen
            }
            Error::Caller(CallerFault::ChangedMeanwhile | CallerFault::Reserve | CallerFault::Finished) => Self::Failed,
            Error::Caller(CallerFault::Level | CallerFault::RecipientNotConfigured) => Self::Refused,
            Error::Caller(_) => Self::Usage,
            Error::Akd(AkdFault::Expired | AkdFault::NotGranted) => Self::Refused,
            Error::Akd(AkdFault::OtherTree | AkdFault::SchemaChanged) => Self::DoesNotOpen,
            Error::Akd(_) => Self::Usage,
            _ => Self::Failed,
        }
    }
}

impl From<KekFault> for Exit {
    fn from(fault: KekFault) -> Self {
        use KekFault as F;
        match fault {
            F::DoesNotUnwrap | F::BadPassphrase | F::PublicOnly => Self::DoesNotOpen,
            F::Unavailable | F::Timeout | F::Throttled | F::Locked | F::BadReply => Self::Unavailable,
            F::Disabled
            | F::Destroyed
            | F::PendingDestruction
            | F::StillNeeded
            | F::Denied
            | F::Residency
            | F::Transport
            | F::Primary
            | F::WeakKey
            | F::NotPinned => Self::Refused,
            F::NotFound | F::AlreadyExists | F::WeakMaterial => Self::Usage,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use kms_core::{AuditFault, EsdkFault, FormatFault, KekError, LimitFault};

    use super::*;

    #[test]
    fn the_table_is_as_documented() {
        let of = |operation, kind| Error::Provider(KekError::new("local://k", operation, kind));
        let provider = |kind| of(KekOperation::Unwrap, kind);
        let several = |kinds: [KekFault; 2]| {
            let of = |kind| KekError::new("local://k", KekOperation::Unwrap, kind);
            Error::Providers(kinds.map(of).into())
        };
        let table = [
            (Error::Format(FormatFault::Truncated), 3),
            (Error::Limit(LimitFault::Header), 3),
            (Error::DoesNotOpen, 3),
            (Error::Esdk(EsdkFault::Truncated), 3),
            (Error::Policy(PolicyFault::Commitment), 5),
            (Error::Caller(CallerFault::RecipientNotConfigured), 5),
            (Error::Policy(PolicyFault::ContextMismatch), 3),
            (Error::Policy(PolicyFault::FloorPosture), 5),
            (Error::Policy(PolicyFault::UnknownRecipient), 5),
            (Error::Caller(CallerFault::NoConfiguredKey), 3),
            (Error::Caller(CallerFault::ContextMissing), 3),
            (Error::Caller(CallerFault::Rolledback), 3),
            (Error::Caller(CallerFault::Level), 5),
            (Error::Caller(CallerFault::Labels), 2),
            (Error::Caller(CallerFault::ChangedMeanwhile), 1),
            (provider(KekFault::BadPassphrase), 3),
            (provider(KekFault::DoesNotUnwrap), 3),
            (provider(KekFault::Unavailable), 4),
            (provider(KekFault::Locked), 4),
            (provider(KekFault::Disabled), 5),
            (provider(KekFault::StillNeeded), 5),
            (provider(KekFault::NotFound), 3),
            (provider(KekFault::Destroyed), 3),
            (of(KekOperation::Lifecycle, KekFault::NotFound), 2),
            (of(KekOperation::Lifecycle, KekFault::Destroyed), 5),
            (provider(KekFault::PublicOnly), 3),
            (of(KekOperation::Wrap, KekFault::NotPinned), 5),
            (provider(KekFault::Corrupt), 1),
            (provider(KekFault::Residency), 5),
            (of(KekOperation::Wrap, KekFault::Transport), 5),
            (several([KekFault::Timeout, KekFault::Disabled]), 4),
            (several([KekFault::Disabled, KekFault::Residency]), 5),
            (Error::Audit(AuditFault::Full), 1),
            (Error::Akd(AkdFault::Expired), 5),
            (Error::Akd(AkdFault::SchemaChanged), 3),
            (Error::Akd(AkdFault::UnknownAttribute), 2),
            (Error::Random, 1),
            (Error::Io(std::io::ErrorKind::NotFound), 1),
        ];
        for (error, code) in table {
            assert_eq!(Exit::from(&error).code(), code, "{error}");
        }
    }

    #[test]
    fn many_files_end_partly_if_some_are_done() {
        assert_eq!(Exit::of_many(0, []), Exit::Done);
        assert_eq!(Exit::of_many(2, []), Exit::Done);
        assert_eq!(Exit::of_many(1, [Exit::DoesNotOpen]), Exit::Partly);
        assert_eq!(
            Exit::of_many(0, [Exit::DoesNotOpen, Exit::DoesNotOpen]),
            Exit::DoesNotOpen
        );
        assert_eq!(Exit::of_many(0, [Exit::DoesNotOpen, Exit::Refused]), Exit::Failed);
    }

    #[test]
    fn the_numbers_are_in_order() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 6]);
    }
}
