//! The KEK of a key file: 32 random bytes that only their owner can read. For services, which have nobody to type a
//! passphrase.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapParams,
    WrappedKey,
};

use crate::durable::{self, FileLock, Sites};
use crate::keyset::{random_salt, random_secret};
use crate::uri::{KeyUri, Label, UriScheme};

/// The KEK of a key file.
pub struct KeyFileKek {
    backend: CryptoBackend,
    uri: String,
    key: Secret<32>,
}

/// A key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Others than the owner can read or write it.
    #[error("{}: others can read or write this key file (mode {mode:04o}); run `chmod 600` on it, and if others may have read it, make a new one", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is a folder, a pipe or a device.
    #[error("{}: this is not a regular file", path.display())]
    NotAFile {
        /// The key file.
        path: PathBuf,
    },
    /// It is not 32 bytes long.
    #[error("{}: a key file has exactly 32 bytes; restore it, or make one with `kmsctl init`", path.display())]
    Length {
        /// The key file.
        path: PathBuf,
    },
    /// A file of this name exists and was not touched.
    #[error("{}: the file exists; a key file is never overwritten", path.display())]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// The system's random source failed.
    #[error("the system's random source failed; no key file was made")]
    Random,
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl KeyFileKek {
    /// The KEK of an existing key file.
    ///
    /// # Errors
    /// [`KeyFileError`]: exposed to others, of the wrong length, or not readable.
    pub fn open(path: &Path, backend: CryptoBackend) -> Result<Self, KeyFileError> {
        let io = |error| KeyFileError::Io {
            path: path.to_owned(),
            error,
        };
        let mut file = File::open(path).map_err(io)?;
        // Of the open file, not of the path: nothing can be exchanged in between.
        check(path, &file.metadata().map_err(io)?)?;
        let key = Secret::try_init_with(|place| file.read_exact(place)).map_err(io)?;
        Ok(Self::new(backend, key))
    }

    /// Makes a key file with fresh random bytes, readable by its owner alone.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`], [`KeyFileError::Random`], [`KeyFileError::Io`].
    pub fn create(path: &Path, backend: CryptoBackend) -> Result<Self, KeyFileError> {
        let key = random_secret(&backend).map_err(|_| KeyFileError::Random)?;
        match write_new(path, &key) {
            Ok(()) => Ok(Self::new(backend, key)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Exists { path: path.to_owned() })
            }
            Err(error) => Err(KeyFileError::Io {
                path: path.to_owned(),
                error,
            }),
        }
    }

    /// Names the key file in envelopes, where one reader has several.
    #[must_use]
    pub fn labelled(mut self, label: &Label) -> Self {
        self.uri = KeyUri::KeyFile(label.clone()).to_string();
        self
    }

    fn new(backend: CryptoBackend, key: Secret<32>) -> Self {
        Self {
            backend,
            uri: KeyUri::KeyFile(Label::default()).to_string(),
            key,
        }
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(self.uri.clone(), operation, fault)
    }
}

#[async_trait]
impl Kek for KeyFileKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::WrapBound
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let salt = random_salt(&self.backend).map_err(|fault| self.error(KekOperation::Wrap, fault))?;
        let wrapped = WrappedKey {
            version: None,
            w: salt.to_vec(),
            params: WrapParams::None,
        };
        Ok(Generated {
            secret: binding
                .domain
                .derive_local(&self.backend, &self.key, &salt, binding.digest),
            wrapped,
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let salt: Option<&[u8; 32]> = wrapped.w.as_slice().try_into().ok();
        match (salt, &wrapped.params, &wrapped.version) {
            (Some(salt), WrapParams::None, None) => Ok(Unwrapped {
                secret: binding
                    .domain
                    .derive_local(&self.backend, &self.key, salt, binding.digest),
                request_id: None,
            }),
            _ => Err(self.error(KekOperation::Unwrap, KekFault::DoesNotUnwrap)),
        }
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let domain = UriScheme::KeyFile.name();
        Ok(KekInfo::new(
            "HKDF-SHA-512 derivation, 256-bit key",
            None,
            "file",
            Posture::Hedged,
            domain,
        ))
    }
}

fn write_new(path: &Path, key: &Secret<32>) -> io::Result<()> {
    let lock = FileLock::try_acquire(&FileLock::beside(path))?;
    let _lock = lock.ok_or(io::ErrorKind::ResourceBusy)?;
    durable::create(path, key.expose(), &Sites::KEY_FILE)
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), KeyFileError> {
    let path = || path.to_owned();
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile { path: path() });
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & OTHERS != 0 {
            return Err(KeyFileError::Exposed { path: path(), mode });
        }
    }
    if metadata.len() != KEY_FILE_LEN {
        return Err(KeyFileError::Length { path: path() });
    }
    Ok(())
}

/// Everything that group and others may be allowed.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
const KEY_FILE_LEN: u64 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keystore.key");
        let made = KeyFileKek::create(&path, CryptoBackend::default()).unwrap();
        let opened = KeyFileKek::open(&path, CryptoBackend::default()).unwrap();
        assert_eq!(made.key.expose(), opened.key.expose());
        assert_eq!(std::fs::read(&path).unwrap(), made.key.expose());

        let again = KeyFileKek::create(&path, CryptoBackend::default());
        assert!(matches!(again, Err(KeyFileError::Exists { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), made.key.expose());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            2,
            "the key file and its lock"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keystore.key");
        KeyFileKek::create(&path, CryptoBackend::default()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o4677] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = KeyFileKek::open(&path, CryptoBackend::default()).err().unwrap();
            assert!(matches!(error, KeyFileError::Exposed { .. }), "{mode:o}: {error}");
            assert!(error.to_string().contains("chmod 600"));
        }
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(KeyFileKek::open(&path, CryptoBackend::default()).is_ok());
        }
    }

    #[cfg(unix)]
    #[test]
    fn other_lengths_and_other_things_are_refused() {
        use std::os::unix::fs::OpenOptionsExt;
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 31, 33, 64] {
            let path = folder.path().join(length.to_string());
            let mut options = File::options();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
            io::Write::write_all(&mut file, &vec![7; length]).unwrap();
            let error = KeyFileKek::open(&path, CryptoBackend::default()).err().unwrap();
            assert!(matches!(error, KeyFileError::Length { .. }), "{length}: {error}");
        }
        let error = KeyFileKek::open(folder.path(), CryptoBackend::default()).err().unwrap();
        assert!(matches!(error, KeyFileError::NotAFile { .. }), "{error}");
        let error = KeyFileKek::open(&folder.path().join("none"), CryptoBackend::default())
            .err()
            .unwrap();
        assert!(matches!(error, KeyFileError::Io { .. }), "{error}");
    }
}
