//! The KEKs that a caller is willing to use for opening, in order of preference.

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::CryptoBackend;
use crate::header::RecipientId;
use crate::kek::Kek;
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

    /// This keyring and `kek`, least preferred so far. A second KEK of the same URI replaces the first.
    #[must_use]
    pub fn with(mut self, kek: Arc<dyn Kek>) -> Self {
        self.insert(kek);
        self
    }

    /// Adds `kek`, as [`Keyring::with`].
    pub fn insert(&mut self, kek: Arc<dyn Kek>) {
        if let Some(&at) = self.by_uri.get(kek.uri()) {
            self.keks[at] = kek;
            return;
        }
        self.by_uri.insert(kek.uri().to_owned(), self.keks.len());
        self.keks.push(kek);
    }

    /// The KEK of this URI (without version).
    #[must_use]
    pub fn kek(&self, uri: &str) -> Option<&Arc<dyn Kek>> {
        self.by_uri.get(uri).map(|&at| &self.keks[at])
    }

    /// The KEKs, most preferred first.
    pub fn keks(&self) -> impl ExactSizeIterator<Item = &Arc<dyn Kek>> {
        self.keks.iter()
    }

    /// The KEK that `id` names, with its rank.
    pub(crate) fn find(
        &self,
        backend: &CryptoBackend,
        id: &RecipientId,
        dek_id: &[u8; 16],
    ) -> Option<(usize, &Arc<dyn Kek>)> {
        let at = match id {
            RecipientId::Kid(kid) => *self.by_uri.get(kid)?,
            RecipientId::Hint(wanted) => self
                .keks
                .iter()
                .position(|kek| hint(backend, dek_id, kek.uri()) == *wanted)?,
        };
        Some((at, &self.keks[at]))
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
