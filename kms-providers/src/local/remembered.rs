//! A passphrase whose derivation is paid for once.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{Binding, Generated, Kek, KekError, KekInfo, Posture, Scheme, Unwrapped, WrapParams, WrappedKey};

/// A passphrase KEK that remembers the last secret it derived and uses it again, salt and all.
///
/// In scheme 5, `W` depends on passphrase, salt and cost alone, and what it seals is keyed by `W` *and* the binding,
/// in which each envelope has a data-key id of its own. So one `W` may serve every write of a keystore, and a process
/// that reads another's write need not derive again. Another passphrase brings another salt.
pub(super) struct Remembered {
    inner: Arc<dyn Kek>,
    last: RwLock<Option<Derived>>,
}

struct Derived {
    params: WrapParams,
    secret: Secret<32>,
    /// Whether an envelope opened under it. Until then salt and cost are somebody's claim, and nothing is sealed
    /// under them.
    confirmed: bool,
}

impl Remembered {
    pub(super) fn new(inner: Arc<dyn Kek>) -> Self {
        Self {
            inner,
            last: RwLock::new(None),
        }
    }

    /// Tells that the envelope with these parameters has opened.
    pub(super) fn confirm(&self, params: &WrapParams) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(derived) = last.as_mut().filter(|derived| derived.params == *params) {
            derived.confirmed = true;
        }
    }

    fn recall(&self, wanted: impl Fn(&Derived) -> bool) -> Option<(WrapParams, Secret<32>)> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        let derived = last.as_ref().filter(|derived| wanted(derived))?;
        Some((derived.params.clone(), copy(&derived.secret)))
    }

    fn remember(&self, params: &WrapParams, secret: &Secret<32>, confirmed: bool) {
        let derived = Derived {
            params: params.clone(),
            secret: copy(secret),
            confirmed,
        };
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(derived);
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
        if let Some((params, secret)) = self.recall(|derived| derived.confirmed) {
            let wrapped = WrappedKey {
                version: None,
                w: Vec::new(),
                params,
            };
            return Ok(Generated {
                secret,
                wrapped,
                request_id: None,
            });
        }
        let generated = self.inner.generate(binding).await?;
        self.remember(&generated.wrapped.params, &generated.secret, true);
        Ok(generated)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        if let Some((_, secret)) = self.recall(|derived| derived.params == wrapped.params) {
            return Ok(Unwrapped {
                secret,
                request_id: None,
            });
        }
        let unwrapped = self.inner.unwrap(wrapped, binding).await?;
        self.remember(&wrapped.params, &unwrapped.secret, false);
        Ok(unwrapped)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.inner.describe().await
    }
}

fn copy(secret: &Secret<32>) -> Secret<32> {
    Secret::init_with(|place| place.copy_from_slice(secret.expose()))
}
