//! ML-DSA-65 lines (FIPS 204). signed-note assigns them no number, so they have its type 0xff with a longer name.

use kms_core::crypto::CryptoBackend;
use kms_core::crypto::signature::{SignatureScheme, SigningKey, VerifyingKey};
use kms_core::memory::Secret;
use signed_note::{Signer, Verifier, key_id};

/// Signature type, signed-note "Signature types".
pub(super) const TYPE: &[u8] = b"\xffkeystrand/ml-dsa-65";

/// The context of FIPS 204 5.2 is empty, as every tool has it: a key of a note signs nothing else.
const CONTEXT: &[u8] = b"";

const SCHEME: SignatureScheme = SignatureScheme::MlDsa65;

pub(super) struct MlDsaSigner {
    name: String,
    id: u32,
    backend: CryptoBackend,
    key: Box<dyn SigningKey>,
}

impl MlDsaSigner {
    pub(super) fn new(name: &str, seed: &Secret<32>) -> Self {
        let backend = CryptoBackend::default();
        let key = backend.signatures.derive_key(SCHEME, seed);
        Self {
            name: name.to_owned(),
            id: key_id(name, &public_key(key.public())),
            backend,
            key,
        }
    }

    pub(super) fn public(&self) -> Vec<u8> {
        public_key(self.key.public())
    }
}

impl Signer for MlDsaSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        let signed = self.key.sign(CONTEXT, message, &*self.backend.random);
        signed.map_err(|_| ed25519_dalek::SignatureError::new())
    }
}

#[derive(Clone)]
pub(super) struct MlDsaVerifier {
    name: String,
    id: u32,
    key: std::sync::Arc<dyn VerifyingKey>,
}

impl MlDsaVerifier {
    /// `None` for bytes that are no such key.
    pub(super) fn new(name: &str, typed: &[u8]) -> Option<Self> {
        let signatures = CryptoBackend::default().signatures;
        let key = signatures.public_key(SCHEME, typed.strip_prefix(TYPE)?).ok()?;
        Some(Self {
            name: name.to_owned(),
            id: key_id(name, typed),
            key: key.into(),
        })
    }
}

impl Verifier for MlDsaVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(CONTEXT, message, signature).is_ok()
    }
}

fn public_key(public: &[u8]) -> Vec<u8> {
    [TYPE, public].concat()
}
