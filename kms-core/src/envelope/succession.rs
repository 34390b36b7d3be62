//! Keys that go by the thumbprint of a public key. Such a name is one version for ever; who holds the key pair knows
//! which, and brings what is sealed to it under the pair's current one.

use std::sync::Arc;

use super::opener::Opener;
use super::recipients::Member;
use super::trail;
use crate::error::Result;
use crate::header::{Header, RecipientId};
use crate::kek::{Kek, WrapParams};
use crate::kem::{HpkeKek, HybridKek, KemRecipient};

impl Opener {
    /// The keys that recipients and shares of `header` are under, by URI, each with its version where the envelope
    /// tells. Hidden recipients are named if this opener has their keys, and left out otherwise.
    #[must_use]
    pub fn key_versions(&self, header: &Header) -> Vec<(String, Option<Vec<u8>>)> {
        let dek_id = &header.immutable().dek_id;
        let mut keys = Vec::new();
        for (id, version) in ids(header) {
            let uri = match id {
                RecipientId::Kid(kid) => Some(kid.as_str()),
                RecipientId::Hint(_) => self.keyring.uri(&self.backend, id, dek_id),
            };
            keys.extend(uri.map(|uri| (uri.to_owned(), version.clone())));
        }
        keys
    }

    /// The same, and of each key that goes by its thumbprint the version of a key pair that it is, where this opener
    /// has the pair: all that must not be destroyed while the envelope is to open.
    #[must_use]
    pub fn needed_keys(&self, header: &Header) -> Vec<(String, Option<Vec<u8>>)> {
        let mut keys = self.key_versions(header);
        let dek_id = &header.immutable().dek_id;
        for (id, _) in ids(header) {
            let pair = self.keyring.version_of(&self.backend, id, dek_id);
            keys.extend(pair.map(|(uri, version)| (uri.to_owned(), Some(version.to_vec()))));
        }
        keys
    }

    /// `member` as it is to be wrapped for from now on.
    pub(super) async fn successor(&self, member: Member) -> Result<Member> {
        let kek = match (member.kek.hybrid(), member.kek.kem()) {
            (Some(halves), _) => self.successor_of_halves(halves).await?,
            (None, Some(key)) => self.successor_of(&**key).await?,
            (None, None) => None,
        };
        Ok(Member {
            kek: kek.unwrap_or(member.kek),
            ..member
        })
    }

    async fn successor_of_halves(&self, halves: &HybridKek) -> Result<Option<Arc<dyn Kek>>> {
        let classical = match halves.classical().kem() {
            Some(key) => self.successor_of(&**key).await?,
            None => None,
        };
        let pq = self.successor_of(&**halves.pq()).await?;
        if classical.is_none() && pq.is_none() {
            return Ok(None);
        }
        let classical = classical.unwrap_or_else(|| Arc::clone(halves.classical()));
        let pq = pq.as_ref().and_then(|kek| kek.kem()).unwrap_or_else(|| halves.pq());
        let hybrid = HybridKek::new(self.backend.clone(), classical, Arc::clone(pq))?;
        Ok(Some(Arc::new(hybrid)))
    }

    /// The current public key of the pair that `key` is an older version of. The pair is asked by its own name, so that
    /// what is pinned for it holds.
    async fn successor_of(&self, key: &dyn KemRecipient) -> Result<Option<Arc<dyn Kek>>> {
        let Some((of, version)) = key.version_of() else {
            return Ok(None);
        };
        let Some(pair) = self.keyring.kek(of).and_then(|kek| kek.kem()) else {
            return Ok(None);
        };
        let current = pair.public_key(None).await?;
        if current.version.as_deref() == Some(version) {
            return Ok(None);
        }
        let published = self.keyring.kek(&current.key.uri()).cloned();
        let public = || Arc::new(HpkeKek::public(self.backend.clone(), current.key)) as Arc<dyn Kek>;
        Ok(Some(published.unwrap_or_else(public)))
    }
}

/// The key of each recipient and share, of a hybrid both, with its version.
fn ids(header: &Header) -> impl Iterator<Item = (&RecipientId, &Option<Vec<u8>>)> {
    trail::singles(header).flat_map(|single| {
        let second = match &single.wrapped.params {
            WrapParams::Hybrid { id, version, .. } => Some((id, version)),
            _ => None,
        };
        std::iter::once((&single.id, &single.wrapped.version)).chain(second)
    })
}
