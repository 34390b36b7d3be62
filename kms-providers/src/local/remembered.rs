//! A passphrase whose derivation is paid for once.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekInfo, Posture, Scheme, Unwrapped, WrapParams, WrappedKey,
};

/// A passphrase KEK that remembers the last secret it derived and uses it again, salt and all.
///
/// In scheme 5, `W` depends on passphrase, salt and cost alone, and what it seals is keyed by `W` *and* the binding,
/// in which each envelope has a data-key id of its own. So one `W` may serve every write of a keystore, and a process
/// that reads another's write need not derive again. Another passphrase brings another salt.
pub(super) struct Remembered {
    inner: Arc<dyn Kek>,
    last: RwLock<Option<(WrapParams, Secret<32>)>>,
}

impl Remembered {
    pub(super) fn new(inner: Arc<dyn Kek>) -> Self {
        Self {
            inner,
            last: RwLock::new(None),
        }
    }

    /// The remembered secret, where `wanted` agrees to its parameters.
    fn recall(&self, wanted: impl Fn(&WrapParams) -> bool) -> Option<(WrapParams, Secret<32>)> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .filter(|(params, _)| wanted(params))
            .map(|(params, secret)| (params.clone(), copy(secret)))
    }

    fn remember(&self, params: &WrapParams, secret: &Secret<32>) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        *last = Some((params.clone(), copy(secret)));
    }
}

#[async_trait]
impl Kek for Remembered {
    fn uri(&self) -> &str {
        self.inner.uri()
    }

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    fn posture(&self) -> Posture {
        self.inner.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        if let Some((params, secret)) = self.recall(|_| true) {
            let wrapped = WrappedKey { version: None, w: Vec::new(), params };
            return Ok(Generated { secret, wrapped, request_id: None });
        }
        let generated = self.inner.generate(binding).await?;
        self.remember(&generated.wrapped.params, &generated.secret);
        Ok(generated)
    }

    /// A wrong passphrase derives a wrong secret, which must not be remembered for a later write: only what was
    /// asked for twice with one outcome is used, because [`super::seal::Seal`] opens before it ever seals.
    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        if let Some((_, secret)) = self.recall(|params| *params == wrapped.params) {
            return Ok(Unwrapped { secret, request_id: None });
        }
        let unwrapped = self.inner.unwrap(wrapped, binding).await?;
        self.remember(&wrapped.params, &unwrapped.secret);
        Ok(unwrapped)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.inner.describe().await
    }
}

fn copy(secret: &Secret<32>) -> Secret<32> {
    Secret::init_with(|place| place.copy_from_slice(secret.expose()))
}
