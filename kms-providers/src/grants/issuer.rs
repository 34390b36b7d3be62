//! Issuing grants: sealing and signing.

use kms_core::akd::Grant;
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, Header, Sealer};

use super::error::GrantError;
use super::lines::hex;
use super::revocation::Revocations;
use super::statement::Statement;
use crate::provider::SigningKeys;
use crate::signing::VerifierKey;
use crate::uri::KeyUri;

/// Who signs grants and revocations.
pub struct Issuer<'a> {
    keys: &'a dyn SigningKeys,
    key: KeyUri,
    verifier: VerifierKey,
}

/// A grant, sealed and signed.
pub struct IssuedGrant {
    /// The envelope.
    pub envelope: Vec<u8>,
    /// The note beside it.
    pub note: Vec<u8>,
    /// What the note says.
    pub statement: Statement,
}

impl<'a> Issuer<'a> {
    /// The issuer with this signature key.
    ///
    /// # Errors
    /// [`GrantError::IssuerKey`] unless it signs by Ed25519 and ML-DSA-65; [`GrantError::Core`] for a key that is no
    /// signature key, or cannot be used.
    pub async fn new(keys: &'a dyn SigningKeys, key: KeyUri) -> Result<Self, GrantError> {
        let verifier = keys.verifier(&key).await?;
        check_issuer(&verifier)?;
        Ok(Self { keys, key, verifier })
    }

    /// Its name, which stands in grants.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// What readers pin.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Seals `grant` for the recipients of `sealer`, and signs it.
    ///
    /// # Errors
    /// Those of sealing and signing; nothing was issued.
    pub async fn issue(
        &self,
        backend: &CryptoBackend,
        sealer: Sealer,
        grant: &Grant,
    ) -> Result<IssuedGrant, GrantError> {
        let content = grant.encode();
        let context = context(grant.schema().tree(), &grant.terms().id)?;
        let envelope = sealer.sealed_secret().context(context).seal(content.expose()).await?;
        let header = Header::parse_prefix(&envelope, kms_core::caps::RECIPIENTS_HARD)?;
        let statement = Statement::new(backend, grant, &header, &envelope[header.len()..]);
        let note = self.sign(&statement.to_text()).await?;
        Ok(IssuedGrant {
            envelope,
            note,
            statement,
        })
    }

    /// Signs a list of revocations.
    ///
    /// # Errors
    /// Those of signing.
    pub async fn sign_list(&self, list: &Revocations) -> Result<Vec<u8>, GrantError> {
        self.sign(&list.to_text()).await
    }

    /// Signs, and looks at the result with the public key that readers pin: a rotation may have come in between.
    async fn sign(&self, text: &str) -> Result<Vec<u8>, GrantError> {
        let note = self.keys.sign_note(&self.key, text.as_bytes()).await?;
        self.verifier.open(&note)?;
        Ok(note)
    }
}

/// Whether a key signs by both schemes: grants last longer than confidence in either.
pub(super) fn check_issuer(key: &VerifierKey) -> Result<(), GrantError> {
    match key.is_post_quantum() && key.ed25519().is_some() {
        true => Ok(()),
        false => Err(GrantError::IssuerKey),
    }
}

/// What keeps any other sealed secret under the same keys from being put in a grant's place.
pub(super) fn context(tree: kms_core::akd::TreeId, id: &[u8; 16]) -> Result<EncryptionContext, GrantError> {
    let (tree, id) = (tree.to_string(), hex(id));
    let pairs = [("purpose", "keystrand-grant"), ("tree", &tree), ("grant", &id)];
    Ok(EncryptionContext::from_pairs(pairs)?)
}
