//! Failures of the library: whose fault, and what to do next.

use kms_core::audit::Reason;
use kms_core::{
    AkdFault, AuditFault, CallerFault, Error, EsdkFault, FormatFault, KekError, KekFault, LimitFault, PolicyFault,
};

use super::{Failure, Party};

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

impl From<KekError> for Failure {
    fn from(error: KekError) -> Self {
        Error::from(error).into()
    }
}

impl From<AuditFault> for Failure {
    fn from(fault: AuditFault) -> Self {
        Error::from(fault).into()
    }
}

fn party(error: &Error) -> Party {
    match error {
        Error::Format(_) | Error::Esdk(_) | Error::Limit(_) | Error::DoesNotOpen => Party::Data,
        Error::Policy(_) => Party::Policy,
        Error::Caller(_) => Party::Caller,
        Error::Akd(AkdFault::Expired | AkdFault::NotGranted) => Party::Policy,
        Error::Akd(AkdFault::OtherTree | AkdFault::SchemaChanged) => Party::Data,
        Error::Akd(_) => Party::Caller,
        Error::Providers(errors) => errors.first().map_or(Party::Provider, |first| party_of(first.kind)),
        Error::Provider(error) => party_of(error.kind),
        _ => Party::Environment,
    }
}

fn party_of(fault: KekFault) -> Party {
    match fault {
        KekFault::NotFound
        | KekFault::AlreadyExists
        | KekFault::BadPassphrase
        | KekFault::WeakMaterial
        | KekFault::PublicOnly
        | KekFault::Primary => Party::Caller,
        KekFault::NotPinned | KekFault::WeakKey | KekFault::Residency | KekFault::Transport => Party::Policy,
        KekFault::Storage
        | KekFault::StorageFull
        | KekFault::NotWritable
        | KekFault::Locked
        | KekFault::Random
        | KekFault::Unaudited => Party::Environment,
        _ => Party::Provider,
    }
}

/// What to do next. The messages of the library say it in short; this is the long form, in terms of commands.
fn next_step(error: &Error) -> &'static str {
    match error {
        Error::Format(fault) => next_for_format(*fault),
        Error::Esdk(EsdkFault::Truncated) => "transfer the message again; it is not complete",
        Error::Esdk(_) => "transfer the message again; if that does not help, it was not written by a sound program",
        Error::Limit(LimitFault::DataKeys | LimitFault::Frame) => {
            "take the message from a trusted source, or allow more in [esdk] in keystrand.toml"
        }
        Error::Limit(_) => "take the envelope from a trusted source; `kmsctl inspect` shows what it asks for",
        Error::DoesNotOpen => {
            "compare --context with what was given when it was sealed; `kmsctl audit show --failed` has the cause"
        }
        Error::Policy(fault) => next_for_policy(*fault),
        Error::Provider(error) => next_for_provider(error.kind),
        Error::Providers(errors) => errors
            .first()
            .map_or("see `kmsctl doctor`", |first| next_for_provider(first.kind)),
        Error::Audit(_) => "see `kmsctl doctor`; nothing is done while the audit trail cannot be written",
        Error::Caller(CallerFault::NoConfiguredKey) => {
            "`kmsctl inspect` names the keys; configure one of them in keystrand.toml, or use the right --home"
        }
        Error::Caller(CallerFault::ContextMissing) => {
            "`kmsctl inspect` names the pairs that are not stored; give each as --context NAME=VALUE"
        }
        Error::Caller(CallerFault::RecipientNotConfigured) => {
            "configure the keys that `kmsctl inspect` names, or decrypt it and encrypt it for other keys"
        }
        Error::Caller(CallerFault::ChangedMeanwhile) => "somebody else changed the file; run the command again",
        Error::Caller(_) => "see the command's --help",
        Error::Akd(fault) => next_for_attributes(*fault),
        Error::Random => "the system's random source is broken; do not use this machine for keys",
        _ => "see `kmsctl doctor`",
    }
}

fn next_for_attributes(fault: AkdFault) -> &'static str {
    match fault {
        AkdFault::Expired | AkdFault::NotGranted => {
            "ask the issuer for a grant; `kmsctl grant show` tells what this one is"
        }
        AkdFault::OtherTree => "use the schema and the grant of the same tree",
        AkdFault::SchemaChanged => "use the schema that was there before; only add dimensions at its end",
        AkdFault::UnknownAttribute | AkdFault::Gap => "name the attributes as the schema file does",
        AkdFault::NoValues => "list `values` of the dimension in the schema file, or name them one by one",
        AkdFault::AboveEpoch => "say --epochs FIRST..LAST",
        _ => "see docs/akd.md and the schema file",
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
        PolicyFault::Posture => "choose stronger recipients, or change `posture` of [policy] in keystrand.toml",
        PolicyFault::SuiteDecryptOnly => "seal with a suite that [policy] in keystrand.toml prefers or allows",
        PolicyFault::QuorumDomain => "choose members of different clouds, accounts or HSMs",
        PolicyFault::Commitment => {
            "say commitment = \"allow\" in [esdk] in keystrand.toml, if you trust whoever wrote the message"
        }
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
        KekFault::NotPinned => "ask the owner of the key; then put its thumbprint into keystrand.toml",
        KekFault::Residency => "use a key in the regions that `residency` in keystrand.toml allows, or change it",
        KekFault::Transport => {
            "see `kmsctl doctor` for the key exchange; seal to a hybrid, or change `posture` of [policy] in keystrand.toml"
        }
        KekFault::PublicOnly => "open the envelope where the private key is",
        KekFault::Quota => "have the limit raised, or make another key",
        KekFault::Unsupported => "use the provider's own tool for this",
        KekFault::StorageFull => "make room, then run the command again",
        KekFault::NotWritable | KekFault::Storage => "check owner and mode of the home; see `kmsctl doctor`",
        KekFault::Unaudited => "make room for the audit log, or mend its folder; see `kmsctl doctor`",
        KekFault::Random => "the system's random source is broken; do not use this machine for keys",
        _ => "run the command again later; `kmsctl doctor` shows which providers answer",
    }
}
