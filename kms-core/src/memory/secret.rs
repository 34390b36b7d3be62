use std::convert::Infallible;

use subtle::ConstantTimeEq;

use super::pages::SLOT;
use super::pool::{self, Lease};

/// `N` secret bytes, at most 64, in a protected slot. Wiped when dropped.
///
/// A secret is filled in place, so that no copy of it is left behind:
///
/// ```
/// use kms_core::memory::Secret;
///
/// let key = Secret::<32>::init_with(|bytes| bytes.fill(7));
/// assert_eq!(key.expose()[31], 7);
/// ```
///
/// It cannot be printed:
/// ```compile_fail,E0277
/// let key = kms_core::memory::Secret::<32>::init_with(|_| ());
/// println!("{key:?}");
/// ```
/// nor copied:
/// ```compile_fail,E0599
/// let key = kms_core::memory::Secret::<32>::init_with(|_| ());
/// let _ = key.clone();
/// ```
/// nor compared in variable time:
/// ```compile_fail,E0369
/// let key = kms_core::memory::Secret::<32>::init_with(|_| ());
/// let _ = key == key;
/// ```
/// nor written out by serde:
/// ```compile_fail,E0277
/// fn serializable<T: serde::Serialize>() {}
/// serializable::<kms_core::memory::Secret<32>>();
/// ```
/// nor be longer than a slot:
/// ```compile_fail,E0080
/// let _ = kms_core::memory::Secret::<65>::init_with(|_| ());
/// ```
pub struct Secret<const N: usize>(Lease);

impl<const N: usize> Secret<N> {
    /// Makes a secret by filling its final place, which is all zero before.
    pub fn init_with(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let filled = Self::try_init_with(|place| {
            fill(place);
            Ok::<_, Infallible>(())
        });
        match filled {
            Ok(secret) => secret,
            Err(never) => match never {},
        }
    }

    /// Makes a secret by filling its final place, which is all zero before. When `fill` fails, what it had written is
    /// wiped.
    ///
    /// # Errors
    /// The error of `fill`.
    pub fn try_init_with<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        const { assert!(N <= SLOT, "a Secret holds at most 64 bytes; use SecretBytes") }
        let mut secret = Self(pool::take());
        let place = secret.0.bytes_mut().first_chunk_mut().expect("N is at most SLOT");
        fill(place)?;
        Ok(secret)
    }

    /// The bytes. Named so that a search finds every exposure.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        self.0.bytes().first_chunk().expect("N is at most SLOT")
    }

    /// Whether both hold the same bytes; takes the same time whatever they are.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}
