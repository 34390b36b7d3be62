//! A key of tokens. What is given out is derived from a version's material, which stays here.

use async_trait::async_trait;
use kms_core::fpe::FpeKey;
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};

use super::{Host, Purpose, create};
use crate::provider::FpeKeys;
use crate::uri::{KeyName, KeyUri};

#[async_trait]
impl<H: Host> FpeKeys for H {
    async fn create_fpe_key(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        create(self, name, Purpose::Fpe).await
    }

    async fn fpe_key(&self, key: &KeyUri) -> Result<FpeKey, KekError> {
        let derived = derive(self, key).await;
        derived.map_err(|fault| KekError::new(key.to_string(), KekOperation::Derive, fault))
    }
}

async fn derive<H: Host>(host: &H, uri: &KeyUri) -> Result<FpeKey, KekFault> {
    let named = host.named(uri)?;
    let keys = host.look().await?;
    let key = keys.key(named.name())?;
    if key.purpose != Purpose::Fpe {
        return Err(KekFault::Unsupported);
    }
    let number = named.version().unwrap_or(key.primary);
    let material = key.usable(number)?;
    let backend = host.backend();
    let secret = Secret::init_with(|out| backend.hash.expand(material.expose(), &[LABEL], out));
    let version = number.to_string().parse().map_err(|_| KekFault::Unsupported)?;
    Ok(FpeKey::new(backend, secret, named.name().as_str(), version))
}

const LABEL: &[u8] = b"keystrand keystore fpe 1";
