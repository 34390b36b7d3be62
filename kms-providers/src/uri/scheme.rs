//! The schemes and their forms: the one table that parser, errors and configuration share.

/// The scheme of a key URI, which is also the kind of provider that serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UriScheme {
    /// The embedded keystore.
    Local,
    /// Keys that live as long as the process.
    Memory,
    /// AWS KMS.
    AwsKms,
    /// Google Cloud KMS.
    GcpKms,
    /// Azure Key Vault and Managed HSM.
    AzureKv,
    /// PKCS#11 tokens.
    Pkcs11,
    /// KMIP servers.
    Kmip,
    /// Public keys.
    Hpke,
    /// Passphrases.
    Passphrase,
    /// Key files.
    KeyFile,
}

impl UriScheme {
    /// All schemes.
    pub const ALL: [Self; 10] = [
        Self::Local,
        Self::Memory,
        Self::AwsKms,
        Self::GcpKms,
        Self::AzureKv,
        Self::Pkcs11,
        Self::Kmip,
        Self::Hpke,
        Self::Passphrase,
        Self::KeyFile,
    ];

    /// What a URI of this scheme looks like, for messages.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::Local => "local://NAME[/VERSION]",
            Self::Memory => "memory://NAME[/VERSION]",
            Self::AwsKms => "aws-kms://arn:PARTITION:kms:REGION:ACCOUNT:key/KEY-ID",
            Self::GcpKms => "gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/cryptoKeyVersions/VERSION]",
            Self::AzureKv => "azure-kv://HOST[:PORT]/keys/NAME[/VERSION]",
            Self::Pkcs11 => "pkcs11:token=LABEL;object=NAME (RFC 7512)",
            Self::Kmip => "kmip://HOST[:PORT]/UNIQUE-IDENTIFIER",
            Self::Hpke => "hpke:THUMBPRINT (43 characters of base64url)",
            Self::Passphrase => "passphrase:[LABEL]",
            Self::KeyFile => "keyfile:[LABEL]",
        }
    }

    /// The scheme as text, without punctuation.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.prefix().trim_end_matches("://").trim_end_matches(':')
    }

    /// The scheme of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// Whether keys of this scheme come from whoever calls (a passphrase entered, a file opened) and not from a
    /// configured provider.
    #[must_use]
    pub fn is_supplied_by_caller(self) -> bool {
        matches!(self, Self::Hpke | Self::Passphrase | Self::KeyFile)
    }

    /// What every URI of this scheme begins with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Local => "local://",
            Self::Memory => "memory://",
            Self::AwsKms => "aws-kms://",
            Self::GcpKms => "gcp-kms://",
            Self::AzureKv => "azure-kv://",
            Self::Pkcs11 => "pkcs11:",
            Self::Kmip => "kmip://",
            Self::Hpke => "hpke:",
            Self::Passphrase => "passphrase:",
            Self::KeyFile => "keyfile:",
        }
    }

    /// The scheme that `text` begins with, and the text after it.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        Self::ALL
            .into_iter()
            .find_map(|scheme| Some((scheme, text.strip_prefix(scheme.prefix())?)))
    }
}
