//! Raw keys of the configuration, as wrapping keys of AWS Encryption SDK messages.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{
    CommitmentPolicy, EcdhCurve, Keyring, Opener, RawAesKeyring, RawEcdhKeyring, RawRsaKeyring, RsaPadding,
};
use zeroize::Zeroizing;

use crate::config::{CurveName, EsdkConfig, KeyEncoding, Padding, RawKeyConfig, RawKeyKind};

/// A configured raw key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RawKeyError {
    /// Others than the owner can read or write it.
    #[error("{}: others can read or write this key (mode {mode:04o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold what the configuration says.
    #[error("{}: {error}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        error: kms_core::Error,
    },
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// An opener with every configured raw key.
///
/// # Errors
/// [`RawKeyError`], when one of them cannot be used.
pub fn opener(config: &EsdkConfig, backend: &CryptoBackend) -> Result<Opener, RawKeyError> {
    let commitment = if config.allow_uncommitted {
        CommitmentPolicy::RequireEncryptAllowDecrypt
    } else {
        CommitmentPolicy::RequireEncryptRequireDecrypt
    };
    let opener = Opener::new()
        .commitment(commitment)
        .max_data_keys(config.max_data_keys)
        .max_frame(config.max_frame);
    config
        .keys
        .values()
        .try_fold(opener, |opener, key| Ok(opener.keyring(keyring(key, backend)?)))
}

fn keyring(config: &RawKeyConfig, backend: &CryptoBackend) -> Result<Arc<dyn Keyring>, RawKeyError> {
    let bytes = secret_file(&config.file)?;
    let backend = backend.clone();
    let (namespace, name) = (&*config.namespace, &*config.name);
    let made: kms_core::Result<Arc<dyn Keyring>> = match &config.kind {
        RawKeyKind::Aes { encoding } => decoded(&bytes, *encoding)
            .and_then(|key| Ok(Arc::new(RawAesKeyring::new(backend, namespace, name, &key)?) as _)),
        RawKeyKind::Rsa { padding } => {
            RawRsaKeyring::private(namespace, name, (*padding).into(), &bytes).map(|key| Arc::new(key) as _)
        }
        RawKeyKind::Ecdh { curve, peer: None } => {
            RawEcdhKeyring::of(backend, (*curve).into(), &bytes).map(|key| Arc::new(key) as _)
        }
        RawKeyKind::Ecdh {
            curve,
            peer: Some(peer),
        } => {
            let public = std::fs::read(peer).map_err(|error| at(peer, error))?;
            RawEcdhKeyring::between(backend, (*curve).into(), &bytes, &public).map(|key| Arc::new(key) as _)
        }
    };
    made.map_err(|error| RawKeyError::Key {
        path: config.file.clone(),
        error,
    })
}

/// The bytes of a file that is its owner's alone.
fn secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, RawKeyError> {
    let file = File::open(path).map_err(|error| at(path, error))?;
    // Of the open file, not of the path: nothing can be exchanged in between.
    let metadata = file.metadata().map_err(|error| at(path, error))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(RawKeyError::Exposed { path, mode });
        }
    }
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(at(path, io::ErrorKind::InvalidData.into()));
    }
    // With room for all of it, so that growing leaves no copy.
    let room = usize::try_from(LONGEST).expect("64 KiB");
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| at(path, error))?;
    Ok(bytes)
}

fn decoded(bytes: &[u8], encoding: KeyEncoding) -> kms_core::Result<Zeroizing<Vec<u8>>> {
    let text = bytes.trim_ascii();
    let decoded = match encoding {
        KeyEncoding::Raw => Ok(bytes.to_vec()),
        KeyEncoding::Hex => HEXLOWER_PERMISSIVE.decode(text),
        KeyEncoding::Base64 => BASE64.decode(text),
    };
    Ok(Zeroizing::new(decoded.map_err(|_| kms_core::CallerFault::EsdkKey)?))
}

fn at(path: &Path, error: io::Error) -> RawKeyError {
    RawKeyError::Io {
        path: path.to_owned(),
        error,
    }
}

impl From<Padding> for RsaPadding {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Pkcs1 => Self::Pkcs1,
            Padding::OaepSha1 => Self::OaepSha1,
            Padding::OaepSha256 => Self::OaepSha256,
            Padding::OaepSha384 => Self::OaepSha384,
            Padding::OaepSha512 => Self::OaepSha512,
        }
    }
}

impl From<CurveName> for EcdhCurve {
    fn from(curve: CurveName) -> Self {
        match curve {
            CurveName::P256 => Self::P256,
            CurveName::P384 => Self::P384,
            CurveName::P521 => Self::P521,
        }
    }
}

/// The longest RSA key in PEM is far shorter.
const LONGEST: u64 = 64 << 10;
