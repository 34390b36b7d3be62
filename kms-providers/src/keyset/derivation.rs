//! A root of a keyset: attribute keys are derived from it, and it never leaves.

use async_trait::async_trait;
use kms_core::akd::{TreeId, Usage, usage_key};
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};

use super::{Host, Purpose, create};
use crate::provider::DerivationKeys;
use crate::uri::{KeyName, KeyUri};

#[async_trait]
impl<H: Host> DerivationKeys for H {
    async fn create_derivation_key(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        create(self, name, Purpose::Derive).await
    }

    async fn usage_key(&self, root: &KeyUri, tree: TreeId, usage: Usage) -> Result<Secret<32>, KekError> {
        let material = async {
            let named = self.named(root)?;
            // Which root it is must not depend on when it is asked for: after a rotation all keys would be others.
            let version = named.version().ok_or(KekFault::Unsupported)?;
            let keys = self.look().await?;
            let key = keys.key(named.name())?;
            match key.purpose {
                Purpose::Derive => key.usable(version),
                _ => Err(KekFault::Unsupported),
            }
        };
        match material.await {
            Ok(material) => Ok(usage_key(self.backend(), &material, tree, usage)),
            Err(fault) => Err(KekError::new(root.to_string(), KekOperation::Derive, fault)),
        }
    }
}
