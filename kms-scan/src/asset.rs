//! What was read: facts that depend on no date and no policy.

use std::path::{Path, PathBuf};

use kms_core::Posture;
use serde::{Serialize, Serializer};

use crate::algorithm::{self, Algorithm, Weakness};
use crate::limits;
use crate::time::Time;

/// Something that cryptography protects, or that protects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What it is.
    pub kind: AssetKind,
    /// What it calls itself: a subject, a comment, a key name. Somebody else wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What it is used for.
    pub purpose: Purpose,
    /// The algorithms, each with its part.
    pub algorithms: Vec<Used>,
    /// Who can open it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// How its weakest way withstands a quantum computer; `None` where an algorithm is not known.
    #[serde(serialize_with = "algorithm::posture")]
    pub posture: Option<Posture>,
    /// NIST's category of its weakest way; 0 is none.
    pub quantum_level: Option<u8>,
    /// The least posture that its maker promised for ever.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "algorithm::posture")]
    pub floor: Option<Posture>,
    /// When it was made, or from when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// Until when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// When its file was last written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Time>,
    /// Why it is weak whatever its algorithms.
    #[serde(skip)]
    pub weaknesses: Vec<Weakness>,
    /// Further facts, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it could not be read, where it only looks like what `kind` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Whether it is a private or secret key that no passphrase protects.
    pub in_clear: bool,
}

/// Where an asset is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// In a file.
    File {
        /// The file.
        #[serde(serialize_with = "path_text")]
        path: PathBuf,
        /// The line where it begins, counted from 1, in a text that may hold several.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
    /// At a key provider, or in the configuration.
    Key {
        /// The key.
        key: String,
    },
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AssetKind {
    /// A KS1 message: header and payload, or a header beside its payload.
    Envelope,
    /// A KS1 ticket, whose records stand anywhere.
    Ticket,
    /// A KS1 sealed secret: a grant.
    SealedSecret,
    /// A keystore of Keystrand.
    Keystore,
    /// A message of the AWS Encryption SDK.
    EsdkMessage,
    /// An X.509 certificate.
    Certificate,
    /// A request for one (PKCS #10).
    CertificateRequest,
    /// A private key.
    PrivateKey,
    /// A public key.
    PublicKey,
    /// A public key of SSH: of a user, or of a host that a user knows.
    SshKey,
    /// A certificate of OpenSSH.
    SshCertificate,
    /// A Parquet file with encrypted columns.
    ParquetFile,
    /// A file of age.
    AgeFile,
    /// An identity or a recipient of age.
    AgeKey,
    /// A JSON Web Encryption object.
    Jwe,
    /// A JSON Web Key.
    JsonWebKey,
    /// A signed note: a detached signature, a checkpoint of a log.
    SignedNote,
    /// A key that verifies signed notes.
    VerifierKey,
    /// Something encrypted, or a store of keys, that this version does not look into.
    Container,
    /// A key of a provider.
    ProviderKey,
}

/// What an asset is used for, as far as that can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Purpose {
    /// Keeping secrets: what is recorded today can be opened when its algorithm falls.
    Confidentiality,
    /// Proving origin: safe until the day its algorithm falls.
    Signature,
    /// Either; it does not say.
    Either,
    /// Not known.
    Unknown,
}

/// An algorithm and its part in an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Its part.
    pub role: Role,
    /// The algorithm.
    #[serde(flatten)]
    pub algorithm: Algorithm,
}

/// The part of an algorithm in an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// The asset is a key of it.
    Key,
    /// It protects the content's key for a recipient.
    Recipient,
    /// It protects the content.
    Content,
    /// It signs the asset.
    Signature,
    /// It protects the asset where it is stored.
    AtRest,
}

/// Who can open something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// Key URI, key id or type: what the file says of it.
    pub id: String,
    /// How the content's key is protected for it.
    pub scheme: String,
    /// Its key version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How that withstands a quantum computer.
    #[serde(serialize_with = "algorithm::posture")]
    pub posture: Option<Posture>,
}

impl Asset {
    /// Something in the file at `path`.
    #[must_use]
    pub fn in_file(path: &Path, kind: AssetKind, purpose: Purpose) -> Self {
        let path = path.to_owned();
        Self::at(Place::File { path, line: None }, kind, purpose)
    }

    /// Something at `place`.
    #[must_use]
    pub fn at(place: Place, kind: AssetKind, purpose: Purpose) -> Self {
        Self {
            place,
            kind,
            name: None,
            issuer: None,
            purpose,
            algorithms: Vec::new(),
            recipients: Vec::new(),
            posture: None,
            quantum_level: None,
            floor: None,
            created: None,
            expires: None,
            modified: None,
            weaknesses: Vec::new(),
            notes: Vec::new(),
            fault: None,
            in_clear: false,
        }
    }

    /// Something that looks like `kind` and cannot be read.
    #[must_use]
    pub fn unreadable(path: &Path, kind: AssetKind, why: impl Into<String>) -> Self {
        Self {
            fault: Some(why.into()),
            ..Self::in_file(path, kind, Purpose::Unknown)
        }
    }

    /// The same with a further algorithm. Posture and category are those of the weakest part so far.
    #[must_use]
    pub fn with(mut self, role: Role, algorithm: Algorithm) -> Self {
        // What protects a key at rest, and what signs, is no way to what the key protects.
        if matches!(role, Role::Key | Role::Recipient | Role::Content) {
            let is_first = !self.algorithms.iter().any(|used| used.role <= Role::Content);
            self.posture = match is_first {
                true => algorithm.posture,
                false => weakest(self.posture, algorithm.posture),
            };
            self.quantum_level = match (is_first, self.quantum_level, algorithm.quantum_level) {
                (true, _, level) => level,
                (false, Some(one), Some(other)) => Some(one.min(other)),
                (false, ..) => None,
            };
        }
        let used = Used { role, algorithm };
        if !self.algorithms.contains(&used) {
            self.algorithms.push(used);
        }
        self
    }

    /// The same with a name, cut where it is too long.
    #[must_use]
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        let name = name.as_ref().trim();
        self.name = (!name.is_empty()).then(|| cut(name));
        self
    }

    /// The same at a line of its file.
    #[must_use]
    pub fn at_line(mut self, number: usize) -> Self {
        if let Place::File { line, .. } = &mut self.place {
            line.get_or_insert(number);
        }
        self
    }

    /// The same with a further fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The first algorithm of a role.
    #[must_use]
    pub fn algorithm(&self, role: Role) -> Option<&Algorithm> {
        let mut used = self.algorithms.iter();
        used.find(|used| used.role == role).map(|used| &used.algorithm)
    }

    /// The algorithm that decides: of the key, of the weakest recipient, of the content.
    #[must_use]
    pub fn deciding(&self) -> Option<&Algorithm> {
        let ways = self.algorithms.iter().filter(|used| used.role <= Role::Recipient);
        let weakest = ways.min_by_key(|used| (used.algorithm.posture, used.algorithm.quantum_level));
        let content = || self.algorithms.iter().find(|used| used.role == Role::Content);
        weakest.or_else(content).map(|used| &used.algorithm)
    }
}

impl Place {
    /// The file; `None` for a key of a provider.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Key { .. } => None,
        }
    }

    /// The place as people write it: `FILE`, `FILE:LINE` or a key URI.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::File { path, line: None } => path.display().to_string(),
            Self::File { path, line: Some(line) } => format!("{}:{line}", path.display()),
            Self::Key { key } => key.clone(),
        }
    }
}

impl AssetKind {
    /// Its name for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Ticket => "ticket",
            Self::SealedSecret => "sealed secret",
            Self::Keystore => "keystore",
            Self::EsdkMessage => "AWS Encryption SDK message",
            Self::Certificate => "certificate",
            Self::CertificateRequest => "certificate request",
            Self::PrivateKey => "private key",
            Self::PublicKey => "public key",
            Self::SshKey => "SSH key",
            Self::SshCertificate => "SSH certificate",
            Self::ParquetFile => "Parquet file",
            Self::AgeFile => "age file",
            Self::AgeKey => "age key",
            Self::Jwe => "JWE",
            Self::JsonWebKey => "JSON Web Key",
            Self::SignedNote => "signed note",
            Self::VerifierKey => "verifier key",
            Self::Container => "container",
            Self::ProviderKey => "key",
        }
    }
}

/// Text that somebody else wrote, no longer than [`limits::NAME`] characters.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(limits::NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A way of unknown strength is only covered by one that is known to fall.
fn weakest(one: Option<Posture>, other: Option<Posture>) -> Option<Posture> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (Some(Posture::Classical), None) | (None, Some(Posture::Classical)) => Some(Posture::Classical),
        _ => None,
    }
}

fn path_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}
