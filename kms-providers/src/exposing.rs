//! A KEK and the names of context pairs that its logical key exposes.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::{
    Binding, Generated, HybridKek, Kek, KekError, KekInfo, KemRecipient, Posture, Scheme, Unwrapped, WrappedKey,
};

/// The KEK behind it in everything, but that its provider is shown these pairs.
pub(crate) struct Exposing {
    pub(crate) kek: Arc<dyn Kek>,
    pub(crate) names: Vec<String>,
}

#[async_trait]
impl Kek for Exposing {
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
        self.kek.settled_posture().await
    }

    fn exposes(&self) -> &[String] {
        &self.names
    }

    fn opens(&self) -> bool {
        self.kek.opens()
    }

    fn kem(&self) -> Option<&Arc<dyn KemRecipient>> {
        self.kek.kem()
    }

    fn hybrid(&self) -> Option<&HybridKek> {
        self.kek.hybrid()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.kek.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.kek.unwrap(wrapped, binding).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.kek.describe().await
    }
}
