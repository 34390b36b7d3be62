//! Where a keyset lives.

use std::sync::Arc;
use std::time::SystemTime;

use kms_core::KekFault;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;

use super::{Keyset, Moment};
use crate::seconds::unix_seconds;
use crate::uri::{KeyUri, NamedKey, UriScheme};

/// How a keyset's keys protect a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrapStyle {
    /// Scheme 1: the secret is derived, nothing is encrypted.
    Derive,
    /// Scheme 2 with AES-KWP.
    KeyWrap,
}

/// A place that keeps a keyset.
pub(crate) trait Host: Send + Sync + 'static {
    fn scheme(&self) -> UriScheme;
    fn backend(&self) -> &CryptoBackend;
    fn style(&self) -> WrapStyle;
    fn trust_domain(&self) -> String;
    fn region(&self) -> Option<String>;
    fn time(&self) -> SystemTime;

    /// The keyset as it was last seen: for what never changes about a key.
    fn last_seen(&self) -> Arc<Keyset>;

    /// The keyset, where it is known to be current: the way that every wrap and unwrap takes.
    fn current(&self) -> Option<Arc<Keyset>>;

    /// The keyset, after a look at its place.
    fn look(&self) -> impl Future<Output = Result<Arc<Keyset>, KekFault>> + Send;

    /// Changes the keyset. When this returns `Ok`, the change is as durable as the place is; on any error nothing
    /// has changed.
    fn change<T: Send>(
        &self,
        change: impl FnOnce(&mut Keyset) -> Result<T, KekFault> + Send,
    ) -> impl Future<Output = Result<T, KekFault>> + Send;

    fn now(&self) -> Moment {
        unix_seconds(self.time())
    }

    fn uri(&self, key: NamedKey) -> KeyUri {
        match self.scheme() {
            UriScheme::Memory => KeyUri::Memory(key),
            _ => KeyUri::Local(key),
        }
    }

    /// What `uri` names here.
    fn named<'a>(&self, uri: &'a KeyUri) -> Result<&'a NamedKey, KekFault> {
        match uri {
            KeyUri::Local(key) | KeyUri::Memory(key) if uri.scheme() == self.scheme() => Ok(key),
            _ => Err(KekFault::Unsupported),
        }
    }

    /// Fresh key material.
    fn material(&self) -> Result<Secret<32>, KekFault> {
        random_secret(self.backend())
    }
}

/// 32 random bytes in their final place.
pub(crate) fn random_secret(backend: &CryptoBackend) -> Result<Secret<32>, KekFault> {
    let mut drawn = Ok(());
    let secret = Secret::init_with(|place| drawn = backend.random.fill(place));
    drawn.map(|()| secret).map_err(|_| KekFault::Random)
}

/// A random identifier.
pub(crate) fn random_id(backend: &CryptoBackend) -> Result<[u8; 16], KekFault> {
    let mut id = [0; 16];
    backend.random.fill(&mut id).map_err(|_| KekFault::Random)?;
    Ok(id)
}
