//! The settings of `kind = "local"`.

use std::path::PathBuf;

use serde::Deserialize;

/// What `[provider.NAME]` says of an embedded keystore.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LocalSettings {
    /// The keystore file.
    pub keystore: PathBuf,
    /// What seals it.
    pub seal: SealKind,
    /// The key file, where that seals it.
    pub key_file: PathBuf,
    /// Where the keystore is kept, for logical keys that may not live everywhere.
    pub region: Option<String>,
}

/// What seals a keystore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SealKind {
    /// A passphrase that somebody enters.
    #[default]
    Passphrase,
    /// A file that only its owner can read.
    KeyFile,
}

impl Default for LocalSettings {
    fn default() -> Self {
        Self {
            keystore: "keystore.ks1".into(),
            seal: SealKind::default(),
            key_file: "keystore.key".into(),
            region: None,
        }
    }
}
