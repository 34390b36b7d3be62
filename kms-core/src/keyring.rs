//! The KEKs that a caller is willing to use for opening, in order of preference.

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::CryptoBackend;
use crate::header::{RecipientId, Single};
use crate::kek::{Kek, WrapParams};
use crate::kem::HybridKek;
use crate::schedule::hash;

/// Configured KEKs by key URI. An envelope only selects among them: nothing in it names an endpoint.
#[derive(Clone, Default)]
pub struct Keyring {
    keks: Vec<Arc<dyn Kek>>,
    by_uri: HashMap<String, usize>,
}

impl Keyring {
    /// An empty keyring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This keyring and `kek`, least preferred so far. A second KEK of the same URI replaces the first; a hybrid KEK
    /// is another one than its classical half.
    #[must_use]
    pub fn with(mut self, kek: Arc<dyn Kek>) -> Self {
        self.insert(kek);
        self
    }

    /// Adds `kek`, as [`Keyring::with`].
    pub fn insert(&mut self, kek: Arc<dyn Kek>) {
        let standing = match kek.hybrid() {
            None => self.by_uri.get(kek.uri()).copied(),
            Some(halves) => self.keks.iter().position(|other| {
                let same = |other: &HybridKek| other.pq().uri() == halves.pq().uri();
                other.uri() == kek.uri() && other.hybrid().is_some_and(same)
            }),
        };
        if let Some(at) = standing {
            self.keks[at] = kek;
            return;
        }
        if kek.hybrid().is_none() {
            self.by_uri.insert(kek.uri().to_owned(), self.keks.len());
        }
        self.keks.push(kek);
    }

    /// The KEK of this URI (without version) that is no hybrid.
    #[must_use]
    pub fn kek(&self, uri: &str) -> Option<&Arc<dyn Kek>> {
        self.by_uri.get(uri).map(|&at| &self.keks[at])
    }

    /// The KEKs, most preferred first.
    pub fn keks(&self) -> impl ExactSizeIterator<Item = &Arc<dyn Kek>> {
        self.keks.iter()
    }

    /// The KEK that `single` is under, with its rank. The two halves of a hybrid recipient may stand here each by
    /// itself.
    pub(crate) fn find(
        &self,
        backend: &CryptoBackend,
        single: &Single,
        dek_id: &[u8; 16],
    ) -> Option<(usize, Arc<dyn Kek>)> {
        let WrapParams::Hybrid { id: pq, .. } = &single.wrapped.params else {
            let at = self.position(backend, &single.id, dek_id)?;
            return Some((at, Arc::clone(&self.keks[at])));
        };
        let is_it = |halves: &HybridKek| {
            names(backend, dek_id, &single.id, halves.classical().uri())
                && names(backend, dek_id, pq, halves.pq().uri())
        };
        let whole = self.keks.iter().position(|kek| kek.hybrid().is_some_and(is_it));
        if let Some(at) = whole {
            return Some((at, Arc::clone(&self.keks[at])));
        }
        let at = [&single.id, pq].map(|id| self.position(backend, id, dek_id));
        let [Some(classical), Some(pq)] = at else { return None };
        let key = Arc::clone(self.keks[pq].kem()?);
        let kek = HybridKek::new(backend.clone(), Arc::clone(&self.keks[classical]), key).ok()?;
        Some((classical.max(pq), Arc::new(kek)))
    }

    /// The key URI that `id` stands for, if the key is here.
    pub(crate) fn uri(&self, backend: &CryptoBackend, id: &RecipientId, dek_id: &[u8; 16]) -> Option<&str> {
        let mut uris = self.keks.iter().flat_map(|kek| {
            let pq = kek.hybrid().map(|halves| halves.pq().uri());
            [Some(kek.uri()), pq].into_iter().flatten()
        });
        uris.find(|uri| names(backend, dek_id, id, uri))
    }

    /// The version of a key pair that `id` stands for by its thumbprint, if the key is here and knows.
    pub(crate) fn version_of(
        &self,
        backend: &CryptoBackend,
        id: &RecipientId,
        dek_id: &[u8; 16],
    ) -> Option<(&str, &[u8])> {
        let at = self.position(backend, id, dek_id)?;
        self.keks[at].kem()?.version_of()
    }

    fn position(&self, backend: &CryptoBackend, id: &RecipientId, dek_id: &[u8; 16]) -> Option<usize> {
        match id {
            RecipientId::Kid(kid) => self.by_uri.get(kid).copied(),
            RecipientId::Hint(_) => self
                .keks
                .iter()
                .position(|kek| kek.hybrid().is_none() && names(backend, dek_id, id, kek.uri())),
        }
    }
}

/// Whether `id` stands for the key `uri`.
pub(crate) fn names(backend: &CryptoBackend, dek_id: &[u8; 16], id: &RecipientId, uri: &str) -> bool {
    match id {
        RecipientId::Kid(kid) => kid == uri,
        RecipientId::Hint(wanted) => hint(backend, dek_id, uri) == *wanted,
    }
}

impl FromIterator<Arc<dyn Kek>> for Keyring {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Kek>>>(keks: I) -> Self {
        keks.into_iter().fold(Self::new(), Self::with)
    }
}

/// What stands in place of the key URI of a hidden recipient.
pub(crate) fn hint(backend: &CryptoBackend, dek_id: &[u8; 16], uri: &str) -> [u8; 8] {
    let digest = hash(backend, "hint", &[dek_id, uri.as_bytes()]);
    *digest.first_chunk().expect("a digest has 32 bytes")
}
