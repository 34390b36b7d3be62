//! Scheme 3: a key pair as a recipient, by HPKE (docs/format.md 6.3).

use std::sync::Arc;

use async_trait::async_trait;

use super::held::HeldKey;
use super::{KemPublicKey, KemRecipient};
use crate::crypto::kem::{Kem, SharedSecret};
use crate::crypto::{CryptoBackend, Posture};
use crate::error::{KekError, KekFault, KekOperation, KemFault};
use crate::kek::{Binding, Generated, Kek, KekInfo, Scheme, Unwrapped, WrapParams, WrappedKey};
use crate::memory::Secret;

/// A key pair as a KEK. What it makes and recovers is the KEM's shared secret; the envelope runs HPKE's key schedule
/// over it.
///
/// ```
/// use std::sync::Arc;
/// use kms_core::{HpkeKek, Kem, KemPublicKey, Keyring, Opener, Sealer};
/// use kms_core::crypto::CryptoBackend;
/// use kms_core::memory::Secret;
///
/// # futures::executor::block_on(async {
/// let backend = CryptoBackend::default();
/// let seed = Secret::try_init_with(|seed| backend.random.fill(seed)).unwrap();
/// let owner = HpkeKek::from_seed(backend.clone(), Kem::XWing, &seed)?;
/// let published = owner.public_key().await?.to_string();
///
/// let recipient = HpkeKek::public(backend.clone(), KemPublicKey::from_text(&backend, &published)?);
/// let envelope = Sealer::new(backend.clone()).recipient(Arc::new(recipient)).seal(b"attack at dawn").await?;
///
/// let opener = Opener::new(backend, Keyring::new().with(Arc::new(owner)));
/// assert_eq!(opener.open(&envelope).await?, b"attack at dawn");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct HpkeKek {
    backend: CryptoBackend,
    key: Arc<dyn KemRecipient>,
}

impl HpkeKek {
    /// The key pair of some provider.
    #[must_use]
    pub fn new(backend: CryptoBackend, key: Arc<dyn KemRecipient>) -> Self {
        Self { backend, key }
    }

    /// A public key alone: it seals and does not open.
    #[must_use]
    pub fn public(backend: CryptoBackend, key: KemPublicKey) -> Self {
        Self::new(backend, Arc::new(HeldKey::new(key, None)))
    }

    /// The key pair that a 32-byte seed stands for. Envelopes name it by the thumbprint of its public key.
    ///
    /// # Errors
    /// [`KemFault::PrivateKey`] with a probability below 2^-128.
    pub fn from_seed(backend: CryptoBackend, kem: Kem, seed: &Secret<32>) -> Result<Self, KemFault> {
        let private = backend.kems.derive_key(kem, seed)?;
        let public = KemPublicKey::new(&backend, kem, private.public())?;
        let held = HeldKey::new(public, Some(private.into()));
        Ok(Self::new(backend, Arc::new(held)))
    }

    /// The public key that new wraps use.
    ///
    /// # Errors
    /// As [`KemRecipient::public_key`].
    pub async fn public_key(&self) -> Result<KemPublicKey, KekError> {
        Ok(self.key.public_key(None).await?.key)
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(self.key.uri(), operation, fault)
    }
}

#[async_trait]
impl Kek for HpkeKek {
    fn uri(&self) -> &str {
        self.key.uri()
    }

    fn scheme(&self) -> Scheme {
        Scheme::Hpke
    }

    fn posture(&self) -> Posture {
        self.key.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        self.key.settled_posture().await
    }

    fn opens(&self) -> bool {
        self.key.opens() && self.key.kem().is_recipient()
    }

    fn kem(&self) -> Option<&Arc<dyn KemRecipient>> {
        Some(&self.key)
    }

    async fn generate(&self, _: &Binding<'_>) -> Result<Generated, KekError> {
        let made = encapsulate(&self.backend, &*self.key).await?;
        Ok(Generated {
            secret: made.secret,
            wrapped: WrappedKey {
                version: made.version,
                w: made.ciphertext,
                params: WrapParams::Hpke { kem: self.key.kem() },
            },
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, _: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let kem = self.key.kem();
        if wrapped.params != (WrapParams::Hpke { kem }) {
            return Err(self.error(KekOperation::Unwrap, KekFault::DoesNotUnwrap));
        }
        decapsulate(&*self.key, &wrapped.w, wrapped.version.as_deref()).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.key.describe().await
    }
}

impl Kem {
    /// Whether envelopes have recipients of this KEM: the combiner and the seal are made for shared secrets of 32
    /// bytes, which leaves out P-384 alone.
    #[must_use]
    pub fn is_recipient(self) -> bool {
        self.secret_len() == 32
    }
}

/// A fresh shared secret for the owner of `key`.
pub(super) struct Made {
    pub(super) secret: Secret<32>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) version: Option<Vec<u8>>,
    pub(super) public: KemPublicKey,
}

pub(super) async fn encapsulate(backend: &CryptoBackend, key: &dyn KemRecipient) -> Result<Made, KekError> {
    let failed = |fault| KekError::new(key.uri(), KekOperation::Wrap, fault);
    if !key.kem().is_recipient() {
        return Err(failed(KekFault::Unsupported));
    }
    let public = key.public_key(None).await?;
    if public.key.kem() != key.kem() {
        return Err(failed(KekFault::BadReply));
    }
    let made = public.key.encapsulate(backend).map_err(|_| failed(KekFault::Random))?;
    Ok(Made {
        secret: fixed(&made.shared_secret).ok_or_else(|| failed(KekFault::BadReply))?,
        ciphertext: made.ciphertext,
        version: public.version,
        public: public.key,
    })
}

/// The shared secret of `ciphertext`. A length that is wrong never reaches a provider: the parser refused it, and who
/// builds an entry by hand is held here.
pub(super) async fn decapsulate(
    key: &dyn KemRecipient,
    ciphertext: &[u8],
    version: Option<&[u8]>,
) -> Result<Unwrapped, KekError> {
    let failed = |fault| KekError::new(key.uri(), KekOperation::Unwrap, fault);
    if ciphertext.len() != key.kem().ciphertext_len() || !key.kem().is_recipient() {
        return Err(failed(KekFault::DoesNotUnwrap));
    }
    let found = key.decapsulate(ciphertext, version).await?;
    if found.shared_secret.kem() != key.kem() {
        return Err(failed(KekFault::BadReply));
    }
    Ok(Unwrapped {
        secret: fixed(&found.shared_secret).ok_or_else(|| failed(KekFault::BadReply))?,
        request_id: found.request_id,
    })
}

fn fixed(shared_secret: &SharedSecret) -> Option<Secret<32>> {
    let bytes: &[u8; 32] = shared_secret.expose().try_into().ok()?;
    Some(Secret::init_with(|place| place.copy_from_slice(bytes)))
}
