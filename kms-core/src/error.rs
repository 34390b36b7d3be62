//! One error type for the crate. Each variant names the party at fault; its reason is data-free, so that
//! nothing read from a file or from the network can reach a log through it.

use std::fmt;

/// What can go wrong in `kms-core`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data is not a well-formed KS1 envelope.
    #[error("not a valid KS1 envelope: {0}")]
    Format(FormatFault),
    /// The data is not a well-formed message of the AWS Encryption SDK.
    #[error("not a valid AWS Encryption SDK message: {0}")]
    Esdk(EsdkFault),
    /// The data asks for more than the caps allow ([`crate::caps`]).
    #[error("over the limit: {0}")]
    Limit(LimitFault),
    /// The caller's policy refuses.
    #[error("refused by policy: {0}")]
    Policy(PolicyFault),
    /// The one flat failure of opening: wrong key, wrong context or altered bytes. Details are in the audit
    /// trail only.
    #[error("does not open: wrong key, wrong context, or altered bytes")]
    DoesNotOpen,
    /// A key-management provider failed.
    #[error("{0}")]
    Provider(#[from] KekError),
    /// Several providers failed, and those that did not were too few. Each is named, those first that may be back later.
    #[error("{}", Listed(.0))]
    Providers(Vec<KekError>),
    /// The audit sink could not record, so the request was refused (fail closed).
    #[error("the audit trail could not be written, so nothing was done: {0}")]
    Audit(AuditFault),
    /// The caller misused the API.
    #[error("{0}")]
    Caller(CallerFault),
    /// Attributes, schemas and grants do not fit together ([`crate::akd`]).
    #[error("{0}")]
    Akd(AkdFault),
    /// The random source failed; nothing was made.
    #[error("the system's random source failed")]
    Random,
    /// Reading or writing a payload failed.
    #[error("input or output failed: {0}")]
    Io(std::io::ErrorKind),
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Every provider that this failure names.
    #[must_use]
    pub fn provider_errors(&self) -> &[KekError] {
        match self {
            Self::Provider(error) => std::slice::from_ref(error),
            Self::Providers(errors) => errors,
            _ => &[],
        }
    }

    /// The failure of these providers; the flat one if there are none.
    pub(crate) fn of_providers(mut errors: Vec<KekError>) -> Self {
        errors.sort_by_key(|error| !error.kind.is_unavailable());
        match errors.len() {
            0 => Self::DoesNotOpen,
            1 => Self::Provider(errors.remove(0)),
            _ => Self::Providers(errors),
        }
    }
}

/// Errors of several providers in one line.
struct Listed<'a>(&'a [KekError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

macro_rules! faults {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $text] $variant,)+
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)+ })
            }
        }

        impl std::error::Error for $name {}
    };
}

faults! {
    /// Why bytes are not a KS1 envelope.
    FormatFault {
        Empty = "the input is empty",
        NotKs1 = "the magic number is missing",
        Mangled = "line ends were changed in transfer (text mode?); transfer the file as binary",
        Truncated = "the header is cut short",
        TrailingBytes = "bytes follow the end of a detached header or ticket",
        Kind = "unknown kind",
        Reserved = "reserved bytes are not zero",
        SuiteForKind = "this suite cannot be used for this kind",
        Cbor = "the CBOR is not in deterministic form (RFC 8949 4.2.1)",
        UnknownKey = "unknown map key",
        MissingKey = "a required map key is missing",
        Type = "a value has the wrong type",
        Length = "a value has the wrong length",
        Value = "a value is outside its range",
        Context = "the encryption context is malformed",
        Recipients = "there is no recipient",
        Quorum = "the quorum is malformed",
        Sequence = "sequence number and previous tag do not fit together",
        Padding = "padding is not zero",
        OtherPayload = "this header belongs to another payload",
        PayloadLength = "the payload length is impossible",
        WrongKind = "this envelope is of another kind than asked for",
        Record = "the record is malformed",
    }
}

faults! {
    /// Why bytes are not a message of the AWS Encryption SDK.
    EsdkFault {
        Truncated = "the message is cut short",
        Version = "the version is unknown, or not that of the suite",
        Type = "the type is unknown",
        Context = "the encryption context is malformed",
        PublicKey = "a public key stands in the context of an unsigned message, or is missing in that of a signed one",
        DataKeys = "there is no data key",
        ProviderId = "a provider id is not UTF-8",
        ContentType = "the content type is unknown",
        Reserved = "reserved bytes are not zero",
        IvLength = "the IV length is not 12",
        FrameLength = "the frame length is impossible",
        FrameSequence = "the frames are not in order",
        TrailingBytes = "bytes follow the end of the message",
    }
}

faults! {
    /// Which cap was exceeded.
    LimitFault {
        Header = "header over 1 MiB",
        Imm = "immutable region over 32 KiB",
        Context = "encryption context over 64 pairs or 8192 bytes",
        Labels = "labels over 64 pairs or 8192 bytes",
        Recipients = "too many recipients",
        WrappedKey = "wrapped key over 8192 bytes",
        Depth = "nesting too deep",
        PasswordCost = "password hashing cost outside the allowed bounds",
        Plaintext = "plaintext over the maximum",
        Chunks = "more than 2^38 chunks",
        Record = "record over 1 MiB",
        DataKeys = "more encrypted data keys than allowed",
        Frame = "a frame, or a body without frames, over the maximum",
        Frames = "more than 2^32 - 1 frames",
        ProviderCalls = "more provider calls than allowed for one open",
    }
}

faults! {
    /// What the policy refused.
    PolicyFault {
        SuiteUnknown = "the suite is not known to this version",
        SuiteForbidden = "the suite is not allowed",
        SuiteDecryptOnly = "the suite is retired: it opens what it sealed and seals nothing new",
        Posture = "a recipient is below the posture that the policy asks for",
        FloorPosture = "a recipient is below the posture floor of the envelope",
        FloorQuorum = "a recipient bypasses the quorum floor of the envelope",
        PassphraseMixed = "a passphrase may not stand beside other recipients",
        ContextMismatch = "the encryption context is not the required one",
        QuorumDomain = "one trust domain would hold enough shares to open alone",
        RecipientCount = "the policy does not allow this number of recipients",
        UnknownRecipient = "a recipient of an unknown scheme would be dropped; say drop-unknown to allow it",
        Commitment = "the message does not commit to its key; allow it for messages whose writer you trust",
        KeyUse = "the key may not be used for this",
    }
}

faults! {
    /// How the caller misused the API.
    CallerFault {
        NoRecipients = "no recipient was given",
        Context = "the encryption context is malformed: keys and values are non-empty UTF-8 without NUL, keys do not start with ks1- or aws:",
        ContextMissing = "the envelope needs context pairs that are not stored in it; supply them (`kmsctl inspect` names them)",
        NoConfiguredKey = "none of the envelope's keys is configured here; `kmsctl inspect` names them",
        RecipientNotConfigured = "a recipient's key is not configured here, so the recipient could not be kept; `kmsctl inspect` names the keys",
        MessageLevel = "a data key for many messages cannot have recipients for one message only",
        EsdkContext = "keys of an AWS Encryption SDK context are unique and do not start with aws-crypto-",
        EsdkName = "a namespace and a key name have 1 to 1024 bytes, and a namespace does not start with aws-kms",
        EsdkKey = "not a usable key: AES takes 16, 24 or 32 bytes, RSA 2048 to 8192 bits and curves their own, in PEM as PKCS#8 or SubjectPublicKeyInfo",
        Labels = "labels are malformed",
        KeyName = "a logical key name is 1 to 64 characters of a-z 0-9 . _ -",
        Quorum = "a quorum has 2 to 16 members and a threshold from 2 to their number",
        AtLeast = "of recipients any of which opens, at least one and at most all have to be wrapped for",
        KeyUri = "a key URI is 1 to 512 characters without control characters",
        SuiteForKind = "this suite cannot be used for this kind",
        Level = "a member that holds only the message secret cannot write recipients of the data key",
        Finished = "the stream was already finished",
        WriterExhausted = "the record writer is used up; make a new one",
        AmbiguousTicket = "two tickets have the same id; supply only one of them",
        UnknownTicket = "no ticket with this id was supplied",
        RecordMode = "column and row do not fit the ticket's record mode",
        RowRequired = "this ticket binds rows; supply a row id",
        RecordPlace = "a column id is 1 to 65535 bytes, a row id at most 4294967295",
        Batch = "a batch's offsets must ascend inside its bytes and fit their type, and its columns be of one length",
        BufferLength = "an output buffer has the wrong length",
        Range = "the range is outside the plaintext",
        ChangedMeanwhile = "the object changed meanwhile",
        Rolledback = "the header is older than the pinned sequence number",
        Reserve = "the header does not fit its reserved space",
        PasswordCost = "password hashing cost outside the allowed bounds",
        HybridHalf = "a hybrid recipient is a KEK or P-256 key, and a post-quantum key of another kind than DHKEM",
    }
}

faults! {
    /// Why attributes lead to no key, or a grant is not accepted.
    AkdFault {
        Schema = "a schema has 1 to 16 dimensions with different names of 1 to 64 bytes, and one of them is the epoch, called so",
        UnknownAttribute = "the schema has no such attribute",
        Repeated = "an attribute or value is named twice",
        Gap = "an attribute is missing: they are given in the order of the schema, and only the last ones may be left out",
        ValueKind = "a value does not fit its dimension: a text, a number, a path, or a number of so many bits",
        ValueLength = "a text value is 1 to 256 bytes without NUL",
        PathComponent = "a component of a path is 1 to 256 bytes without NUL; none may be empty",
        PathLength = "a path has 1 to 32 components",
        NotNormalized = "a text is not in Unicode normalization form C; normalize it where it enters",
        InnerNode = "a part of an interval can only stand last",
        Interval = "an interval runs from a number to the same or a higher one, in an epoch or a range",
        NoValues = "no value is given",
        TooManyNodes = "more than 4096 nodes; grant fewer values, fewer epochs, or all that is below",
        AboveEpoch = "a grant above the epoch would reach into every epoch to come; name an interval of epochs",
        TooManyEpochs = "a grant reaches over at most 4096 epochs",
        Terms = "issuer and grantee are lines of 1 to 256 bytes, the times are in order, and the epochs are those of the nodes",
        Usage = "the key is of another usage",
        NotGranted = "no key for this usage and these attributes was granted",
        OtherTree = "the keys are of another tree than the schema",
        SchemaChanged = "the schema is not the one that the data or the grant was made with, nor that one with dimensions added behind",
        Expired = "the grant has expired; ask its issuer for a new one",
    }
}

faults! {
    /// Why a key-encapsulation mechanism refused.
    KemFault {
        PublicKeyLength = "a public key of this mechanism has another length",
        PublicKey = "the public key is not valid: it is not reduced, not on the curve, or of low order",
        PrivateKeyLength = "a private key of this mechanism has another length",
        PrivateKey = "the private key is outside its range",
        CiphertextLength = "a ciphertext of this mechanism has another length",
        Ciphertext = "the ciphertext has a point that is not on the curve or of low order",
        SharedSecretLength = "a shared secret of this mechanism has another length",
        NotAuthenticating = "only two keys of one Diffie-Hellman group authenticate a sender",
        Random = "the random source failed; nothing was made",
    }
}

faults! {
    /// Why a signature was not made, or does not hold.
    SignatureFault {
        PublicKeyLength = "a public key of this scheme has another length",
        PublicKey = "the public key is not valid: it is not canonical, not on the curve, or of low order",
        PrivateKeyLength = "a private key of this scheme has another length",
        Context = "the context of a signature is at most 255 bytes",
        DoesNotVerify = "the signature does not verify: wrong key, wrong context, or altered bytes",
        Random = "the random source failed; nothing was signed",
    }
}

faults! {
    /// Why the audit trail could not be written.
    AuditFault {
        Full = "no space is left",
        NotWritable = "the log is not writable",
        Deadline = "the sink did not answer before its deadline",
        Broken = "the log is damaged; run `kmsctl audit verify`",
        TooLong = "the event is over 64 KiB; name fewer keys",
        Failed = "the sink failed",
    }
}

/// A provider's failure: which key, which operation, and what kind of failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{uri}: {operation}: {kind}")]
pub struct KekError {
    /// The key URI as configured (never taken from an envelope).
    pub uri: String,
    /// The operation that failed.
    pub operation: KekOperation,
    /// What went wrong.
    pub kind: KekFault,
    /// The provider's own id of the request that failed, where it told one that looks like an id.
    pub request_id: Option<String>,
}

/// The operations of a [`crate::Kek`] and of its life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KekOperation {
    /// Make and wrap a fresh secret.
    Wrap,
    /// Recover a wrapped secret.
    Unwrap,
    /// Read a key's attributes.
    Describe,
    /// Make, rotate, enable, disable or destroy a key.
    Lifecycle,
    /// Sign with a signature key, which is no KEK.
    Sign,
    /// Derive from a root or a key of tokens, which are no KEKs.
    Derive,
}

impl fmt::Display for KekOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::Describe => "describe",
            Self::Lifecycle => "key life cycle",
            Self::Sign => "sign",
            Self::Derive => "derive",
        })
    }
}

faults! {
    /// What kind of failure a provider had.
    KekFault {
        NotFound = "no such key or key version; check the name and `kmsctl key list`",
        AlreadyExists = "a key of that name exists",
        Disabled = "the key is disabled; `kmsctl key enable` allows its use again",
        Destroyed = "the key version is destroyed; what only it wrapped cannot be opened",
        PendingDestruction = "the key is waiting for destruction; `kmsctl key enable` restores it",
        StillNeeded = "envelopes in the journal still need this key version; rewrap them first",
        Primary = "new envelopes use this key version; rotate the key first, or name the key without a version",
        WeakMaterial = "the key material to import is all zero; import random bytes",
        WeakKey = "the key's attributes allow more than a KEK may do (it can leave the token, or decrypts what it wraps); `kmsctl doctor` names them",
        Random = "the system's random source failed; nothing was made",
        Denied = "access was denied; check the credentials and grants of this provider",
        Unavailable = "the provider is not reachable; try again later",
        Timeout = "the provider did not answer in time",
        Throttled = "the provider is throttling; try again later",
        BadReply = "the provider's answer breaks its contract (other key, other version or wrong length)",
        DoesNotUnwrap = "the wrapped key does not unwrap",
        NotPinned = "the public key is not one that the configuration pins; find out who changed it before pinning another",
        PublicOnly = "only the public key is here; what is sealed to it opens where its private key is",
        Residency = "the key is outside of the regions that the configuration allows (residency), so it was not asked",
        Transport = "its secret would cross a connection that a quantum computer can read later, and the policy asks for more",
        Unsupported = "the provider cannot do this",
        Locked = "the keystore is in use by another process; try again when it has finished",
        BadPassphrase = "wrong passphrase or key file, or a damaged keystore",
        Quota = "a limit of the provider's account or of this key is reached; raise it, or make another key",
        OtherSeal = "the keystore is sealed in another way; check whether it takes a passphrase or a key file",
        Corrupt = "the keystore is damaged; restore it from a backup",
        RolledBack = "an older keystore was put in the place of a newer one; restart this program if that was meant",
        TooNew = "a newer version wrote the keystore; update this program",
        Storage = "the keystore could not be read or written",
        StorageFull = "no space is left where the keystore is; make room and try again",
        Unaudited = "the audit log cannot be written, so the keystore was not opened; see `kmsctl doctor`",
        NotWritable = "the keystore or its folder may not be written; check its owner and mode",
    }
}

impl KekError {
    /// A failure of `operation` on the key `uri`.
    #[must_use]
    pub fn new(uri: impl Into<String>, operation: KekOperation, kind: KekFault) -> Self {
        Self {
            uri: uri.into(),
            operation,
            kind,
            request_id: None,
        }
    }

    /// The same failure with the provider's own id of the request.
    #[must_use]
    pub fn of_request(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }
}

impl KekFault {
    /// Whether trying again, or another recipient, may help: the provider and not the data is at fault.
    #[must_use]
    pub fn is_unavailable(self) -> bool {
        matches!(
            self,
            Self::Unavailable | Self::Timeout | Self::Throttled | Self::Locked | Self::Storage
        )
    }

    /// Whether the key itself stands against its use: this says nothing of the envelope, so a reader may be told.
    #[must_use]
    pub fn is_key_state(self) -> bool {
        matches!(
            self,
            Self::Disabled | Self::PendingDestruction | Self::Destroyed | Self::NotFound | Self::Denied
        )
    }

    /// Whether the configuration here forbade to ask.
    #[must_use]
    pub fn is_refused_here(self) -> bool {
        matches!(self, Self::Residency | Self::Transport)
    }

    /// Whether a reader may be told: it says something of the provider or of the configuration, and nothing of the
    /// envelope.
    pub(crate) fn may_be_told(self) -> bool {
        self.is_unavailable() || self.is_key_state() || self.is_refused_here()
    }

    /// Whether a recipient may be left out for it where others suffice. Not where a provider lies, nor where the fault
    /// is ours.
    pub(crate) fn may_be_missing(self) -> bool {
        self.is_unavailable() || self.is_key_state() || self == Self::Quota
    }
}

impl From<FormatFault> for Error {
    fn from(fault: FormatFault) -> Self {
        Self::Format(fault)
    }
}

impl From<EsdkFault> for Error {
    fn from(fault: EsdkFault) -> Self {
        Self::Esdk(fault)
    }
}

impl From<LimitFault> for Error {
    fn from(fault: LimitFault) -> Self {
        Self::Limit(fault)
    }
}

impl From<PolicyFault> for Error {
    fn from(fault: PolicyFault) -> Self {
        Self::Policy(fault)
    }
}

impl From<CallerFault> for Error {
    fn from(fault: CallerFault) -> Self {
        Self::Caller(fault)
    }
}

impl From<AkdFault> for Error {
    fn from(fault: AkdFault) -> Self {
        Self::Akd(fault)
    }
}

impl From<AuditFault> for Error {
    fn from(fault: AuditFault) -> Self {
        Self::Audit(fault)
    }
}

impl From<crate::crypto::RandomFailed> for Error {
    fn from(_: crate::crypto::RandomFailed) -> Self {
        Self::Random
    }
}

impl From<std::io::Error> for Error {
    /// An error of this crate that travelled through a `Read` or `Write` comes out as it went in.
    fn from(error: std::io::Error) -> Self {
        let kind = error.kind();
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(_) => Self::Io(kind),
        }
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(kind) => kind.into(),
            other => Self::new(std::io::ErrorKind::InvalidData, other),
        }
    }
}
