//! Verifying and opening grants, in the order of docs/akd.md 4.

use std::sync::Arc;

use kms_core::akd::Grant;
use kms_core::audit::{Clock, SystemClock};
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::payload::plaintext_len;
use kms_core::{AkdFault, Error, FormatFault, Header, Kind, LimitFault, Opener};
use sha2::{Digest as _, Sha512};

use super::error::GrantError;
use super::issuer::{check_issuer, context};
use super::revocation::Revocations;
use super::statement::Statement;
use crate::seconds::unix_seconds;
use crate::signing::VerifierKey;

/// Accepts the grants of one issuer.
pub struct GrantReader {
    backend: CryptoBackend,
    issuer: VerifierKey,
    revocations: Vec<Revocations>,
    clock: Arc<dyn Clock>,
}

impl GrantReader {
    /// A reader that believes this issuer, and no other.
    ///
    /// # Errors
    /// [`GrantError::IssuerKey`] unless both schemes are pinned.
    pub fn new(backend: CryptoBackend, issuer: VerifierKey) -> Result<Self, GrantError> {
        check_issuer(&issuer)?;
        Ok(Self {
            backend,
            issuer,
            revocations: Vec::new(),
            clock: Arc::new(SystemClock),
        })
    }

    /// Heeds this list. It is to be one that [`Revocations::open`] accepted.
    #[must_use]
    pub fn heed(mut self, list: Revocations) -> Self {
        self.revocations.push(list);
        self
    }

    /// Lets expiry follow this clock.
    #[must_use]
    pub fn by_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What can be said without a key: the issuer signed this envelope, and stands by it.
    ///
    /// # Errors
    /// [`GrantError::Note`] for a foreign grant, [`GrantError::OtherGrant`], [`GrantError::Revoked`],
    /// [`AkdFault::Expired`], and what is wrong with the envelope.
    pub fn verify(&self, envelope: &[u8], note: &[u8]) -> Result<Statement, GrantError> {
        let statement = Statement::parse(&self.issuer.open(note)?)?;
        let (header, payload) = split(envelope)?;
        let payload: [u8; 64] = Sha512::digest(payload).into();
        if (statement.immutable, statement.payload) != (header.immutable_hash(&self.backend), payload) {
            return Err(GrantError::OtherGrant);
        }
        if self
            .revocations
            .iter()
            .any(|list| list.has(statement.tree, &statement.id))
        {
            return Err(GrantError::Revoked);
        }
        if unix_seconds(self.clock.now()) > statement.not_after {
            return Err(AkdFault::Expired.into());
        }
        Ok(statement)
    }

    /// Opens a grant with the keys of `opener`.
    ///
    /// # Errors
    /// As [`GrantReader::verify`]; those of opening; [`GrantError::Contradiction`] where the content is not what was
    /// signed; what is wrong with the content.
    pub async fn open(&self, opener: &Opener, envelope: &[u8], note: &[u8]) -> Result<Grant, GrantError> {
        let statement = self.verify(envelope, note)?;
        let (header, payload) = split(envelope)?;
        header.check_payload_start(payload).map_err(Error::from)?;
        let length = plaintext_len(payload.len() as u64).map_err(|_| Error::DoesNotOpen)?;
        let length = usize::try_from(length).map_err(|_| Error::from(LimitFault::Plaintext))?;
        let opener = opener.clone().require(context(statement.tree, &statement.id)?);
        let opened = opener.open_header(header).await?;
        let keys = opened.keys().payload()?;
        let content = SecretBytes::try_init_with(length, |place| keys.open_into(payload, place))?;
        let grant = Grant::decode(content.expose()).map_err(GrantError::Content)?;
        let said = Statement::new(&self.backend, &grant, opened.header(), payload);
        if said != statement || grant.terms().issuer != self.issuer.name() {
            return Err(GrantError::Contradiction);
        }
        Ok(grant)
    }
}

fn split(envelope: &[u8]) -> Result<(Header, &[u8]), GrantError> {
    let header = Header::parse_prefix(envelope, kms_core::caps::RECIPIENTS_HARD)?;
    if header.domain().kind != Kind::SealedSecret {
        return Err(Error::from(FormatFault::WrongKind).into());
    }
    let payload = &envelope[header.len()..];
    Ok((header, payload))
}
