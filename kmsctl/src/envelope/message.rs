//! What the header of an AWS Encryption SDK message says (docs/inspect-json.md).

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

use kms_core::esdk::{Body, Commitment, EncryptedDataKey, Header, MessageVersion};
use serde::Serialize;

use crate::printable::{Printable, count, hex};

/// Everything that can be said of a message without a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageView {
    /// The file.
    pub file: String,
    /// The format: `ESDK`.
    pub format: &'static str,
    /// Version of the message format: 1 or 2.
    pub version: u8,
    /// Name of the suite in AWS's documentation.
    pub suite: &'static str,
    /// Number of the suite, as `0x0578`.
    pub suite_id: String,
    /// Whether the header commits to the key.
    pub commits_to_key: bool,
    /// Whether the message ends with a signature.
    pub signed: bool,
    /// Stored pairs of the encryption context, those of the format included.
    pub context: BTreeMap<String, String>,
    /// The keys that the message is under.
    pub data_keys: Vec<DataKeyView>,
    /// Plaintext bytes of a frame; `null` of a body without frames.
    pub frame_bytes: Option<u32>,
    /// Names the message.
    pub message_id: String,
    /// Bytes of the header.
    pub header_bytes: usize,
}

/// A key that a message is under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataKeyView {
    /// Who keeps it: `aws-kms`, or the namespace of a raw key.
    pub provider: String,
    /// Its name there, or hexadecimal where that is no text.
    pub key: String,
    /// Bytes of the wrapped data key.
    pub wrapped_bytes: usize,
}

/// The keys of a message, for people.
pub struct MessageKeys<'h>(pub &'h Header);

impl MessageView {
    /// What `header` says, found in `path`.
    #[must_use]
    pub fn new(path: &Path, header: &Header) -> Self {
        let pairs = header.context().pairs();
        let suite = header.suite();
        Self {
            file: path.display().to_string(),
            format: "ESDK",
            version: match header.version() {
                MessageVersion::V1 => 1,
                MessageVersion::V2 => 2,
            },
            suite: suite.name(),
            suite_id: format!("{:#06x}", suite.id()),
            commits_to_key: suite.commitment() == Commitment::Key,
            signed: suite.is_signed(),
            context: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            data_keys: header.data_keys().iter().map(DataKeyView::from).collect(),
            frame_bytes: match header.body() {
                Body::Framed(bytes) => Some(bytes),
                Body::Whole => None,
            },
            message_id: hex(header.message_id()),
            header_bytes: header.as_bytes().len(),
        }
    }
}

impl From<&EncryptedDataKey> for DataKeyView {
    fn from(data_key: &EncryptedDataKey) -> Self {
        Self {
            provider: data_key.provider_id.clone(),
            key: data_key.key_name().into_owned(),
            wrapped_bytes: data_key.ciphertext.len(),
        }
    }
}

impl Display for MessageView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = |f: &mut Formatter<'_>, name: &str, value: &dyn Display| writeln!(f, "  {name:<12} {value}");
        writeln!(f, "{}", Printable(&self.file))?;
        let what = format!("AWS Encryption SDK message, version {}", self.version);
        row(f, "what", &what)?;
        row(f, "suite", &format_args!("{} ({})", self.suite, self.suite_id))?;
        if !self.commits_to_key {
            row(
                f,
                "",
                &"it does not commit to its key: [esdk] in keystrand.toml has to allow it",
            )?;
        }
        for (name, value) in &self.context {
            row(f, "context", &format_args!("{}={}", Printable(name), Printable(value)))?;
        }
        for data_key in &self.data_keys {
            row(f, "opens alone", &data_key)?;
        }
        match self.frame_bytes {
            Some(bytes) => row(f, "body", &format_args!("frames of {}", count(bytes, "byte")))?,
            None => row(f, "body", &"one piece")?,
        }
        if self.signed {
            row(f, "signature", &"at the end, by a key made for this message")?;
        }
        row(f, "header", &count(self.header_bytes as u64, "byte"))?;
        row(f, "message id", &self.message_id)
    }
}

impl Display for DataKeyView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Printable(&self.provider), Printable(&self.key))
    }
}

impl Display for MessageKeys<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, data_key) in self.0.data_keys().iter().map(DataKeyView::from).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{data_key}")?;
        }
        Ok(())
    }
}
