use subtle::ConstantTimeEq;

use super::heap::HeapBytes;
use super::pages::{Pages, SLOT};
use super::pool::{self, Lease};

/// Secret bytes of any length: passphrases, private keys. Wiped when dropped.
///
/// Up to 64 bytes take a slot as [`super::Secret`] does; more take pages of their own, which costs microseconds and at
/// least 4 KiB.
///
/// They cannot be printed, copied, compared in variable time or written out by serde:
/// ```compile_fail,E0277
/// let secret = kms_core::memory::SecretBytes::copy_of(b"x");
/// println!("{secret:?}");
/// ```
/// ```compile_fail,E0599
/// let secret = kms_core::memory::SecretBytes::copy_of(b"x");
/// let _ = secret.clone();
/// ```
/// ```compile_fail,E0369
/// let secret = kms_core::memory::SecretBytes::copy_of(b"x");
/// let _ = secret == secret;
/// ```
/// ```compile_fail,E0277
/// fn serializable<T: serde::Serialize>() {}
/// serializable::<kms_core::memory::SecretBytes>();
/// ```
pub struct SecretBytes {
    place: Place,
    length: usize,
}

enum Place {
    Slot(Lease),
    Pages(Pages),
    Heap(HeapBytes),
}

impl SecretBytes {
    /// Makes `length` secret bytes by filling their final place, which is all zero before. When `fill` fails, what it
    /// had written is wiped.
    ///
    /// # Errors
    /// The error of `fill`.
    pub fn try_init_with<E>(length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self {
            place: Place::with_room_for(length),
            length,
        };
        fill(secret.bytes_mut())?;
        Ok(secret)
    }

    /// A protected copy. The caller wipes the original.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut secret = Self {
            place: Place::with_room_for(bytes.len()),
            length: bytes.len(),
        };
        secret.bytes_mut().copy_from_slice(bytes);
        secret
    }

    /// The bytes. Named so that a search finds every exposure.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        let room = match &self.place {
            Place::Slot(lease) => lease.bytes(),
            Place::Pages(pages) => pages.bytes(),
            Place::Heap(heap) => heap.bytes(),
        };
        &room[..self.length]
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether both hold the same bytes. The time tells whether the lengths differ, nothing else.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let room = match &mut self.place {
            Place::Slot(lease) => lease.bytes_mut(),
            Place::Pages(pages) => pages.bytes_mut(),
            Place::Heap(heap) => heap.bytes_mut(),
        };
        &mut room[..self.length]
    }
}

impl Place {
    fn with_room_for(length: usize) -> Self {
        if length <= SLOT {
            return Self::Slot(pool::take());
        }
        match Pages::map(length) {
            Some(pages) => Self::Pages(pages),
            None => Self::Heap(HeapBytes::zeroed(length)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_any_length() {
        for length in [0, 1, 64, 65, 4095, 4096, 4097, 20_000] {
            let bytes: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let secret = SecretBytes::copy_of(&bytes);
            assert_eq!((secret.len(), secret.is_empty()), (length, length == 0));
            assert_eq!(secret.expose(), bytes);
            assert!(secret.ct_eq(&SecretBytes::copy_of(&bytes)));
            assert!(!secret.ct_eq(&SecretBytes::copy_of(&vec![0xff; length + 1])));
        }
    }

    #[test]
    fn starts_zeroed_and_passes_the_error_on() {
        let seen = SecretBytes::try_init_with(300, |place| {
            assert!(place.iter().all(|&byte| byte == 0));
            place.fill(9);
            Err("no")
        });
        assert_eq!(seen.err(), Some("no"));
    }
}
