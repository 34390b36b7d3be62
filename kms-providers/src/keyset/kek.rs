//! A key of a keyset, as the envelope uses it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Kem, Posture, Scheme, Unwrapped, WrapMechanism,
    WrapParams, WrappedKey,
};

use super::host::random_secret;
use super::{Host, Key, Keyset, Purpose, WrapStyle};
use crate::uri::{KeyName, KeyUri, VersionNumber, version_number};

/// A handle to a key; all handles and all threads share one keyset.
pub(crate) struct KeysetKek<H> {
    uri: String,
    name: KeyName,
    pinned: Option<VersionNumber>,
    host: Arc<H>,
}

/// The handle to the key that `uri` names.
pub(crate) fn kek<H: Host>(host: &Arc<H>, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
    let text = uri.without_version().to_string();
    let named = host.named(uri);
    let key = named.map_err(|fault| KekError::new(text.clone(), KekOperation::Describe, fault))?;
    if let Some(kem) = kem_of(&**host, key.name()) {
        return Ok(super::kem::pair(host, text, key, kem));
    }
    Ok(Arc::new(KeysetKek {
        uri: text,
        name: key.name().clone(),
        pinned: key.version(),
        host: Arc::clone(host),
    }))
}

/// The mechanism of a key pair. Handles are given out without waiting: what another process made since the last look
/// is looked for only as far as that takes no waiting, and a handle of the wrong kind then refuses.
fn kem_of<H: Host>(host: &H, name: &KeyName) -> Option<Kem> {
    let kem_in = |keys: Arc<Keyset>| keys.key(name).map(|key| key.purpose.kem()).ok();
    let looked = || host.look().now_or_never().and_then(Result::ok);
    kem_in(host.last_seen()).or_else(|| kem_in(looked()?)).flatten()
}

#[async_trait]
impl<H: Host> Kek for KeysetKek<H> {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        match self.host.style() {
            WrapStyle::Derive => Scheme::WrapBound,
            WrapStyle::KeyWrap => Scheme::Wrap,
        }
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let made = self
            .look_up(|key| key.wrapping(self.pinned))
            .await
            .and_then(|(version, kek)| {
                let (secret, w, params) = self.protect(&kek, binding)?;
                let version = Some(version.to_string().into_bytes());
                Ok(Generated {
                    secret,
                    wrapped: WrappedKey { version, w, params },
                    request_id: None,
                })
            });
        made.map_err(|fault| self.error(KekOperation::Wrap, fault))
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let recovered = match parse_version(wrapped) {
            None => Err(KekFault::DoesNotUnwrap),
            Some(version) => {
                let kek = self.look_up(|key| key.usable(version)).await;
                kek.and_then(|kek| self.recover(&kek, wrapped, binding))
            }
        };
        recovered
            .map(|secret| Unwrapped {
                secret,
                request_id: None,
            })
            .map_err(|fault| self.error(KekOperation::Unwrap, fault))
    }

    /// Of signature keys, roots and keys of tokens too: they wrap nothing, and rotate as all keys do.
    async fn describe(&self) -> Result<KekInfo, KekError> {
        let read = |key: &Key| match key.purpose {
            Purpose::Pair(_) => Err(KekFault::Unsupported),
            purpose => Ok((purpose, self.pinned.unwrap_or(key.primary))),
        };
        let read = current_or_looked_up(&*self.host, &self.name, read).await;
        let (purpose, version) = read.map_err(|fault| self.error(KekOperation::Describe, fault))?;
        let (algorithm, posture) = match (purpose, self.host.style()) {
            (Purpose::Sign(scheme), _) => (scheme.name(), scheme.posture()),
            (Purpose::Derive, _) => (
                "HMAC-SHA-512 derivation of attribute keys, 256-bit key",
                Posture::Hedged,
            ),
            (Purpose::Fpe, _) => ("FF1 with AES-256", Posture::Hedged),
            (_, WrapStyle::Derive) => ("HKDF-SHA-512 derivation, 256-bit key", Posture::Hedged),
            (_, WrapStyle::KeyWrap) => ("AES-256-KWP", Posture::Hedged),
        };
        let version = Some(version.to_string().into_bytes());
        let mut info = KekInfo::new(algorithm, version, "software", posture, self.host.trust_domain());
        info.region = self.host.region();
        Ok(info)
    }
}

impl<H: Host> KeysetKek<H> {
    /// Reads from the key. The seed of a key pair, or of a signature key, is never used as a KEK.
    async fn look_up<T>(&self, read: impl Fn(&Key) -> Result<T, KekFault>) -> Result<T, KekFault> {
        let read = |key: &Key| match key.purpose {
            Purpose::Wrap => read(key),
            _ => Err(KekFault::Unsupported),
        };
        current_or_looked_up(&*self.host, &self.name, read).await
    }

    fn protect(&self, kek: &Secret<32>, binding: &Binding<'_>) -> Result<(Secret<32>, Vec<u8>, WrapParams), KekFault> {
        let backend = self.host.backend();
        match self.host.style() {
            WrapStyle::Derive => {
                let salt = random_salt(backend)?;
                let secret = binding.domain.derive_local(backend, kek, &salt, binding.digest);
                Ok((secret, salt.to_vec(), WrapParams::None))
            }
            WrapStyle::KeyWrap => {
                let secret = random_secret(backend)?;
                let w = backend.key_wrap.wrap_padded(kek.expose(), secret.expose());
                let w = w.map_err(|_| KekFault::Unsupported)?;
                Ok((secret, w, WrapParams::Mechanism(WrapMechanism::AesKwp)))
            }
        }
    }

    fn recover(&self, kek: &Secret<32>, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Secret<32>, KekFault> {
        let backend = self.host.backend();
        match (self.host.style(), &wrapped.params) {
            (WrapStyle::Derive, WrapParams::None) => {
                let salt = wrapped.w.as_slice().try_into().map_err(|_| KekFault::DoesNotUnwrap)?;
                Ok(binding.domain.derive_local(backend, kek, salt, binding.digest))
            }
            (WrapStyle::KeyWrap, WrapParams::Mechanism(WrapMechanism::AesKwp)) => {
                let secret = backend.key_wrap.unwrap_padded(kek.expose(), &wrapped.w);
                let secret = secret.map_err(|_| KekFault::DoesNotUnwrap)?;
                let secret: &[u8; 32] = secret.as_slice().try_into().map_err(|_| KekFault::DoesNotUnwrap)?;
                Ok(Secret::init_with(|place| place.copy_from_slice(secret)))
            }
            _ => Err(KekFault::DoesNotUnwrap),
        }
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(self.uri.clone(), operation, fault)
    }
}

/// Reads from a key. What is not there may have been made by another process since the last look.
pub(super) async fn current_or_looked_up<H: Host, T>(
    host: &H,
    name: &KeyName,
    read: impl Fn(&Key) -> Result<T, KekFault>,
) -> Result<T, KekFault> {
    let read = |keys: Arc<Keyset>| keys.key(name).and_then(&read);
    if let Some(keys) = host.current() {
        match read(keys) {
            Err(KekFault::NotFound) => {}
            found => return found,
        }
    }
    read(host.look().await?)
}

/// The salt of a derivation: 32 bytes, so that 2^64 wraps under one key repeat none but by a chance of 2^-128.
pub(crate) fn random_salt(backend: &CryptoBackend) -> Result<[u8; 32], KekFault> {
    let mut salt = [0; 32];
    backend.random.fill(&mut salt).map_err(|_| KekFault::Random)?;
    Ok(salt)
}

fn parse_version(wrapped: &WrappedKey) -> Option<VersionNumber> {
    version_in(wrapped.version.as_deref()?)
}

/// A version as it stands in an envelope.
pub(super) fn version_in(version: &[u8]) -> Option<VersionNumber> {
    version_number(std::str::from_utf8(version).ok()?).ok()
}
