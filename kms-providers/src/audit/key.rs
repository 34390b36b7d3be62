//! The log's key pair, in a file.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use kms_core::crypto::CryptoBackend;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::Secret;
use zeroize::Zeroizing;

use super::fault::LogError;
use crate::durable::sync_folder_of;
use crate::signing::{NoteKey, VerifierKey};

/// The log's private key. Whoever holds it can sign a forked log: keep checkpoints elsewhere (docs/audit.md).
pub struct LogKey {
    pub(super) note: NoteKey,
    path: PathBuf,
}

impl LogKey {
    /// Makes a key for the log named `origin`, Ed25519 and ML-DSA-65, in a new file that only its owner reads.
    ///
    /// # Errors
    /// [`LogError::Origin`]; [`LogError::Io`] when the file exists or cannot be written, or the random source fails.
    pub fn create(path: &Path, origin: &str) -> Result<Self, LogError> {
        Self::create_as(path, origin, SignatureScheme::MlDsa65Ed25519)
    }

    /// [`LogKey::create`], of this scheme.
    ///
    /// # Errors
    /// As [`LogKey::create`].
    pub fn create_as(path: &Path, origin: &str, scheme: SignatureScheme) -> Result<Self, LogError> {
        let note = NoteKey::new(origin, scheme, &[random_seed()?, random_seed()?]).map_err(|_| LogError::Origin)?;
        let made = Self {
            note,
            path: path.to_owned(),
        };
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
        Ok(Self {
            note: NoteKey::parse(text.trim_end_matches('\n'))?,
            path: path.to_owned(),
        })
    }

    /// The public half, for auditors to pin.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.note.verifier()
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.note.name()
    }

    /// The usual place of [`super::TlogOptions::anchor`]: beside the key file.
    #[must_use]
    pub fn anchor(&self) -> PathBuf {
        self.path.with_extension("head")
    }

    fn write(&self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.write_all(self.note.to_text().expose())?;
        file.sync_all()?;
        sync_folder_of(&self.path)
    }
}

fn random_seed() -> Result<Secret<32>, LogError> {
    let random = CryptoBackend::default().random;
    Secret::try_init_with(|seed| random.fill(seed)).map_err(|_| LogError::Random)
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

const KEY_FILE_MAX: usize = 1024;
