//! A signature key of a keyset. Its versions sign notes, each under a name of its own.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};

use super::{Host, Key, Purpose, create};
use crate::provider::SigningKeys;
use crate::signing::{NoteError, NoteKey, VerifierKey};
use crate::uri::{KeyName, KeyUri, NamedKey, VersionNumber};

#[async_trait]
impl<H: Host> SigningKeys for H {
    async fn create_signing_key(&self, name: &KeyName, scheme: SignatureScheme) -> Result<KeyUri, KekError> {
        create(self, name, Purpose::Sign(scheme)).await
    }

    async fn sign_note(&self, key: &KeyUri, text: &[u8]) -> Result<Vec<u8>, KekError> {
        let usable = |key: &Key, number| key.usable(number);
        let signed = with_key(self, key, usable, |key| key.sign(text)).await;
        let signed = signed.and_then(|note| {
            note.map_err(|error| match error {
                NoteError::Random => KekFault::Random,
                _ => KekFault::Unsupported,
            })
        });
        signed.map_err(|fault| KekError::new(key.to_string(), KekOperation::Sign, fault))
    }

    /// That of a disabled version too: what it signed stands.
    async fn verifier(&self, key: &KeyUri) -> Result<VerifierKey, KekError> {
        let kept = |key: &Key, number| key.version(number)?.material.clone().ok_or(KekFault::Destroyed);
        let verifier = with_key(self, key, kept, NoteKey::verifier).await;
        verifier.map_err(|fault| KekError::new(key.to_string(), KekOperation::Describe, fault))
    }
}

async fn with_key<H: Host, T>(
    host: &H,
    uri: &KeyUri,
    seed_of: impl FnOnce(&Key, VersionNumber) -> Result<Arc<Secret<32>>, KekFault> + Send,
    work: impl FnOnce(&NoteKey) -> T + Send,
) -> Result<T, KekFault> {
    let named = host.named(uri)?;
    let keys = host.look().await?;
    let key = keys.key(named.name())?;
    let scheme = key.purpose.signature().ok_or(KekFault::Unsupported)?;
    let number = named.version().unwrap_or(key.primary);
    let seed = seed_of(key, number)?;
    note_key(host, named, number, scheme, &seed).map(|key| work(&key))
}

/// The halves have seeds of their own, so that neither says anything of the other.
fn note_key<H: Host>(
    host: &H,
    named: &NamedKey,
    number: VersionNumber,
    scheme: SignatureScheme,
    seed: &Secret<32>,
) -> Result<NoteKey, KekFault> {
    let half = |info: &[u8]| Secret::init_with(|out| host.backend().hash.expand(seed.expose(), &[info], out));
    let seeds = [half(b"keystrand note ed25519"), half(b"keystrand note ml-dsa-65")];
    let name = format!("{}/{}/{number}", host.trust_domain(), named.name());
    NoteKey::new(&name, scheme, &seeds).map_err(|_| KekFault::Unsupported)
}
