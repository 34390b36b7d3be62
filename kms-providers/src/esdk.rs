//! Keys of the configuration, as wrapping keys of AWS Encryption SDK messages. What is not in it is asked nothing: a
//! message selects among configured keys, as an envelope does.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{
    CommitmentPolicy, EcdhCurve, Keyring, Opener, RawAesKeyring, RawEcdhKeyring, RawRsaKeyring, RsaPadding, Sealer,
};
use zeroize::Zeroizing;

use crate::config::{
    CurveName, EsdkConfig, KeyEncoding, KmsKeyConfig, MessageKeyConfig, Padding, RawKeyConfig, RawKeyKind,
};
use crate::resolver::{ResolveError, Resolver};
use crate::uri::KeyName;

/// A configured key of messages cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageKeyError {
    /// No key of this name is configured.
    #[error(
        "no key of AWS Encryption SDK messages is named `{name}`; [esdk.key.{name}] in keystrand.toml would make one"
    )]
    Unknown {
        /// The name.
        name: String,
    },
    /// It is a service's, and leads to no provider.
    #[error("[esdk.key.{name}]: {error}")]
    Service {
        /// Its name here.
        name: KeyName,
        /// Why.
        error: Box<ResolveError>,
    },
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

/// An opener with every configured key.
///
/// # Errors
/// [`MessageKeyError`], when one of them cannot be used.
pub fn opener(config: &EsdkConfig, resolver: &Resolver, backend: &CryptoBackend) -> Result<Opener, MessageKeyError> {
    let commitment = if config.allow_uncommitted {
        CommitmentPolicy::RequireEncryptAllowDecrypt
    } else {
        CommitmentPolicy::RequireEncryptRequireDecrypt
    };
    let opener = Opener::new()
        .commitment(commitment)
        .max_data_keys(config.max_data_keys)
        .max_frame(config.max_frame);
    config.keys.iter().try_fold(opener, |opener, (name, key)| {
        Ok(opener.keyring(keyring(name, key, resolver, backend)?))
    })
}

/// A sealer of messages for the configured keys of these names, the first of which generates the data keys.
///
/// # Errors
/// [`MessageKeyError`], when one of them is not configured or cannot be used.
pub fn sealer<'n>(
    config: &EsdkConfig,
    names: impl IntoIterator<Item = &'n str>,
    resolver: &Resolver,
    backend: &CryptoBackend,
) -> Result<Sealer, MessageKeyError> {
    let sealer = Sealer::new(backend.clone());
    names.into_iter().try_fold(sealer, |sealer, wanted| {
        let found = config.keys.iter().find(|(name, _)| name.as_str() == wanted);
        let (name, key) = found.ok_or_else(|| MessageKeyError::Unknown {
            name: wanted.to_owned(),
        })?;
        Ok(sealer.keyring(keyring(name, key, resolver, backend)?))
    })
}

fn keyring(
    name: &KeyName,
    config: &MessageKeyConfig,
    resolver: &Resolver,
    backend: &CryptoBackend,
) -> Result<Arc<dyn Keyring>, MessageKeyError> {
    match config {
        MessageKeyConfig::Raw(raw) => raw_keyring(raw, backend),
        MessageKeyConfig::Kms(kms) => kms_keyring(kms, resolver).map_err(|error| {
            let (name, error) = (name.clone(), Box::new(error));
            MessageKeyError::Service { name, error }
        }),
    }
}

fn kms_keyring(config: &KmsKeyConfig, resolver: &Resolver) -> Result<Arc<dyn Keyring>, ResolveError> {
    let not_served = || ResolveError::NotServed {
        uri: config.key.clone(),
    };
    let provider = match &config.provider {
        None => resolver.provider(&config.key)?,
        Some(wanted) => {
            let found = resolver.providers().find(|(name, _)| *name == wanted);
            let not_open = || ResolveError::NotOpen { name: wanted.clone() };
            found.ok_or_else(not_open)?.1
        }
    };
    Ok(provider
        .message_keys()
        .ok_or_else(not_served)?
        .message_key(&config.key)?)
}

fn raw_keyring(config: &RawKeyConfig, backend: &CryptoBackend) -> Result<Arc<dyn Keyring>, MessageKeyError> {
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
    made.map_err(|error| MessageKeyError::Key {
        path: config.file.clone(),
        error,
    })
}

/// The bytes of a file that is its owner's alone.
fn secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, MessageKeyError> {
    let file = File::open(path).map_err(|error| at(path, error))?;
    // Of the open file, not of the path: nothing can be exchanged in between.
    let metadata = file.metadata().map_err(|error| at(path, error))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(MessageKeyError::Exposed { path, mode });
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

fn at(path: &Path, error: io::Error) -> MessageKeyError {
    MessageKeyError::Io {
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
