//! A KEK that has to live somewhere.

use std::sync::Arc;

use async_trait::async_trait;
use futures::lock::Mutex;
use kms_core::crypto::CryptoBackend;
use kms_core::{
    Binding, Decapsulated, Generated, HpkeKek, HybridKek, Kek, KekError, KekFault, KekInfo, KekOperation, Kem,
    KemRecipient, Posture, Scheme, Unwrapped, VersionedPublicKey, WrappedKey,
};

use crate::config::Residency;

/// `kek`, used only while it is where every one of `residencies` allows it. Where that is not known before, its provider
/// is asked once.
pub(crate) fn resident(backend: &CryptoBackend, kek: Arc<dyn Kek>, place: Place) -> Arc<dyn Kek> {
    match kek.kem().cloned() {
        Some(key) => Arc::new(HpkeKek::new(backend.clone(), Arc::new(ResidentPair { key, place }))),
        None => Arc::new(Resident { kek, place }),
    }
}

/// Where a key may be, and where it is.
pub(crate) struct Place {
    residencies: Vec<Residency>,
    is_permitted: Mutex<Option<bool>>,
}

impl Place {
    /// `regions` are those that may be asked for the key; none where only its provider tells.
    pub(crate) fn new(residencies: Vec<Residency>, regions: &[String]) -> Self {
        let known = (!regions.is_empty()).then(|| regions.iter().all(|region| permits(&residencies, region)));
        Self {
            residencies,
            is_permitted: Mutex::new(known),
        }
    }

    /// Whether nothing has to be asked and nothing stands against it.
    pub(crate) fn is_fine(&mut self) -> bool {
        self.residencies.iter().all(Residency::is_anywhere) || *self.is_permitted.get_mut() == Some(true)
    }

    /// Whether it is known not to be asked.
    async fn is_outside(&self) -> bool {
        *self.is_permitted.lock().await == Some(false)
    }

    async fn check(
        &self,
        uri: &str,
        operation: KekOperation,
        describe: impl Future<Output = Result<KekInfo, KekError>> + Send,
    ) -> Result<(), KekError> {
        let mut known = self.is_permitted.lock().await;
        let is_permitted = match *known {
            Some(is_permitted) => is_permitted,
            None => {
                let region = describe.await?.region;
                *known.insert(region.is_some_and(|region| permits(&self.residencies, &region)))
            }
        };
        match is_permitted {
            true => Ok(()),
            false => Err(KekError::new(uri, operation, KekFault::Residency)),
        }
    }
}

fn permits(residencies: &[Residency], region: &str) -> bool {
    residencies.iter().all(|residency| residency.permits(region))
}

struct Resident {
    kek: Arc<dyn Kek>,
    place: Place,
}

#[async_trait]
impl Kek for Resident {
    fn uri(&self) -> &str {
        self.kek.uri()
    }

    fn scheme(&self) -> Scheme {
        self.kek.scheme()
    }

    fn posture(&self) -> Posture {
        self.kek.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        match self.place.is_outside().await {
            true => Ok(self.posture()),
            false => self.kek.settled_posture().await,
        }
    }

    fn exposes(&self) -> &[String] {
        self.kek.exposes()
    }

    fn opens(&self) -> bool {
        self.kek.opens()
    }

    fn hybrid(&self) -> Option<&HybridKek> {
        self.kek.hybrid()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.place
            .check(self.uri(), KekOperation::Wrap, self.kek.describe())
            .await?;
        self.kek.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.place
            .check(self.uri(), KekOperation::Unwrap, self.kek.describe())
            .await?;
        self.kek.unwrap(wrapped, binding).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.kek.describe().await
    }
}

struct ResidentPair {
    key: Arc<dyn KemRecipient>,
    place: Place,
}

#[async_trait]
impl KemRecipient for ResidentPair {
    fn uri(&self) -> &str {
        self.key.uri()
    }

    fn kem(&self) -> Kem {
        self.key.kem()
    }

    fn posture(&self) -> Posture {
        self.key.posture()
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        match self.place.is_outside().await {
            true => Ok(self.posture()),
            false => self.key.settled_posture().await,
        }
    }

    fn opens(&self) -> bool {
        self.key.opens()
    }

    fn version_of(&self) -> Option<(&str, &[u8])> {
        self.key.version_of()
    }

    /// What is sealed to a key elsewhere could only be opened elsewhere.
    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        if version.is_none() {
            self.place
                .check(self.uri(), KekOperation::Wrap, self.key.describe())
                .await?;
        }
        self.key.public_key(version).await
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        self.place
            .check(self.uri(), KekOperation::Unwrap, self.key.describe())
            .await?;
        self.key.decapsulate(ciphertext, version).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.key.describe().await
    }
}
