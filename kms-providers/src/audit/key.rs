//! The log's key pair: Ed25519, in the text forms of C2SP signed-note.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use data_encoding::BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use kms_core::crypto::CryptoBackend;
use signed_note::{Signer, StandardVerifier, is_key_name_valid, key_id, new_ed25519_verifier_key};
use zeroize::Zeroizing;

use super::fault::LogError;
use crate::durable::sync_folder_of;

/// The log's private key. Whoever holds it can sign a forked log: keep checkpoints elsewhere (docs/audit.md).
pub struct LogKey {
    origin: String,
    id: u32,
    key: SigningKey,
    path: PathBuf,
}

impl LogKey {
    /// Makes a key for the log named `origin` in a new file that only its owner reads.
    ///
    /// # Errors
    /// [`LogError::Origin`]; [`LogError::Io`] when the file exists or cannot be written, or the random source fails.
    pub fn create(path: &Path, origin: &str) -> Result<Self, LogError> {
        let mut seed = Zeroizing::new([0; 32]);
        let random = CryptoBackend::default().random;
        random
            .fill(&mut *seed)
            .map_err(|_| LogError::Key("the system's random source failed"))?;
        let made = Self::new(origin, SigningKey::from_bytes(&seed), path)?;
        made.write().map_err(LogError::io(path))?;
        Ok(made)
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// [`LogError::Io`]; [`LogError::Key`] when it is not a key, or others than its owner may read it.
    pub fn load(path: &Path) -> Result<Self, LogError> {
        let file = fs::File::open(path).map_err(LogError::io(path))?;
        refuse_shared(&file).map_err(LogError::io(path))?;
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_MAX));
        file.take(KEY_FILE_MAX as u64)
            .read_to_string(&mut text)
            .map_err(LogError::io(path))?;
        Self::parse(text.trim_end_matches('\n'), path)
    }

    /// The public half, for auditors to pin.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        let text = new_ed25519_verifier_key(&self.origin, &self.key.verifying_key());
        text.parse().expect("a key made from a valid name and point")
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The usual place of [`super::TlogOptions::anchor`]: beside the key file.
    #[must_use]
    pub fn anchor(&self) -> PathBuf {
        self.path.with_extension("head")
    }

    fn new(origin: &str, key: SigningKey, path: &Path) -> Result<Self, LogError> {
        let fits = is_key_name_valid(origin) && origin.len() <= 255 && !origin.contains(char::is_control);
        if !fits {
            return Err(LogError::Origin);
        }
        let public = [&[ED25519], key.verifying_key().as_bytes().as_slice()].concat();
        Ok(Self {
            origin: origin.to_owned(),
            id: key_id(origin, &public),
            key,
            path: path.to_owned(),
        })
    }

    /// `PRIVATE+KEY+<name>+<id>+<type and seed>`: the form that golang.org/x/mod/sumdb/note reads.
    fn parse(text: &str, path: &Path) -> Result<Self, LogError> {
        let malformed = LogError::Key("a key file reads PRIVATE+KEY+name+id+base64");
        let fields: Vec<_> = text.splitn(5, '+').collect();
        let ["PRIVATE", "KEY", origin, id, encoded] = fields[..] else {
            return Err(malformed);
        };
        let bytes = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| malformed.clone())?);
        let (&ED25519, seed) = bytes.split_first().ok_or(malformed.clone())? else {
            return Err(LogError::Key("the key is not of type Ed25519"));
        };
        let seed = seed.try_into().map_err(|_| malformed)?;
        let made = Self::new(origin, SigningKey::from_bytes(seed), path)?;
        if format!("{:08x}", made.id) != id {
            return Err(LogError::Key("the key's id does not belong to it"));
        }
        Ok(made)
    }

    fn write(&self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        let secret = Zeroizing::new([&[ED25519], self.key.as_bytes().as_slice()].concat());
        let encoded = Zeroizing::new(BASE64.encode(&secret));
        let line = Zeroizing::new(format!("PRIVATE+KEY+{}+{:08x}+{}\n", self.origin, self.id, *encoded));
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        sync_folder_of(&self.path)
    }
}

impl Signer for LogKey {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

/// A log's public key, `<name>+<id>+<key>`: what an auditor pins.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    pub(super) verifier: StandardVerifier,
}

impl VerifierKey {
    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        signed_note::Verifier::name(&self.verifier)
    }
}

impl FromStr for VerifierKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let verifier = StandardVerifier::new(text).map_err(|_| LogError::Key("a verifier key reads name+id+base64"))?;
        Ok(Self {
            text: text.to_owned(),
            verifier,
        })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(unix)]
fn refuse_shared(file: &fs::File) -> std::io::Result<()> {
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata()?);
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(std::io::ErrorKind::PermissionDenied.into())
    }
}

#[cfg(not(unix))]
fn refuse_shared(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Signature type of signed-note, "Signature types".
const ED25519: u8 = 1;
const KEY_FILE_MAX: usize = 1024;
