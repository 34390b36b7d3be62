//! Secrets in memory (docs/threat-model.md, "Memory"). Placeholder until the page pool lands.

use zeroize::Zeroizing;

/// `N` secret bytes.
pub struct Secret<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> Secret<N> {
    /// Makes a secret by filling its final place.
    pub fn init_with(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut place = Box::new(Zeroizing::new([0; N]));
        fill(&mut place);
        Self(place)
    }

    /// The bytes. Named so that a search finds every exposure.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}
