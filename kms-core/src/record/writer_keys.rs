//! The keys of writers, and the ones that an opener keeps.

use std::collections::HashMap;

use super::layout::KeyId;
use crate::crypto::{Aead, AeadKey, KEY_LEN, NONCE_LEN};

/// The key of one writer, scheduled, and its base nonce.
pub(super) struct WriterKey {
    pub(super) aead: Box<dyn AeadKey>,
    base_nonce: [u8; NONCE_LEN],
}

impl WriterKey {
    /// From `WK(32) || base(12)`.
    pub(super) fn new(aead: &dyn Aead, derived: &[u8; KEY_LEN + NONCE_LEN]) -> Self {
        let (key, base_nonce) = derived.split_first_chunk().expect("32 of 44 bytes");
        Self {
            aead: aead.key(key),
            base_nonce: *base_nonce.first_chunk().expect("the other 12 bytes"),
        }
    }

    /// The base nonce XOR the counter as a big-endian integer of the nonce's width.
    pub(super) fn nonce(&self, counter: [u8; 4]) -> [u8; NONCE_LEN] {
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce[NONCE_LEN - 4..].iter_mut().zip(counter) {
            *byte ^= counter;
        }
        nonce
    }
}

/// Writers' keys, at most `capacity`. When it is full, the next one is dropped that was not used again since the hand
/// passed it ("second chance"): keys in use stay, and many writers of one record each only replace each other.
pub(super) struct WriterKeys {
    slots: Vec<Slot>,
    index: HashMap<KeyId, usize>,
    capacity: usize,
    hand: usize,
    /// The slot used last: records mostly come in runs of one writer.
    last: usize,
}

struct Slot {
    id: KeyId,
    key: WriterKey,
    used: bool,
}

impl WriterKeys {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            slots: Vec::new(),
            index: HashMap::new(),
            capacity,
            hand: 0,
            last: 0,
        }
    }

    pub(super) fn find(&mut self, id: &KeyId) -> Option<&WriterKey> {
        if self.slots.get(self.last).is_none_or(|slot| slot.id != *id) {
            self.last = *self.index.get(id)?;
        }
        let slot = &mut self.slots[self.last];
        slot.used = true;
        Some(&slot.key)
    }

    /// Keeps a key that is not kept yet.
    pub(super) fn keep(&mut self, id: KeyId, key: WriterKey) {
        let slot = Slot { id, key, used: false };
        if self.slots.len() < self.capacity {
            self.last = self.slots.len();
            self.slots.push(slot);
        } else {
            self.last = self.victim();
            self.index.remove(&self.slots[self.last].id);
            self.slots[self.last] = slot;
        }
        self.index.insert(id, self.last);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    fn victim(&mut self) -> usize {
        loop {
            let at = self.hand;
            self.hand = (at + 1) % self.slots.len();
            if !std::mem::take(&mut self.slots[at].used) {
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::CryptoBackend;

    fn key() -> WriterKey {
        WriterKey::new(CryptoBackend::default().aes_gcm, &[7; 44])
    }

    #[test]
    fn the_capacity_is_kept_and_what_is_in_use_stays() {
        let mut keys = WriterKeys::new(4);
        for n in 0..4 {
            keys.keep([n; 16], key());
        }
        keys.keep([4; 16], key());
        assert!(keys.find(&[0; 16]).is_none(), "the first was the first to go");
        for n in 5..50 {
            assert!(keys.find(&[4; 16]).is_some(), "the key in use was dropped for {n}");
            keys.keep([n; 16], key());
            assert!(keys.slots.len() == 4 && keys.index.len() == 4);
        }
        for (id, at) in &keys.index {
            assert_eq!(keys.slots[*at].id, *id);
        }
    }

    #[test]
    fn the_counter_enters_the_last_four_bytes() {
        assert_eq!(key().nonce([0, 0, 1, 255]), [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 248]);
    }
}
