//! What of FF1 depends on radix and length alone (SP 800-38G, algorithm 7, steps 1 to 5).

use super::Ff1Error;
use super::aes::Aes;

/// Radix, length, and what follows from them.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(super) radix: u32,
    /// Numerals of a value.
    pub(crate) length: usize,
    /// Numerals of the first half: `u`.
    pub(crate) first: usize,
    /// Numerals of the second half: `v`.
    pub(crate) second: usize,
    /// Bits of `radix^v - 1`.
    pub(super) bits: u32,
    /// Bytes of the number of a half: `b`.
    pub(super) number_len: usize,
    /// Bytes of the number that a round adds: `d`.
    pub(super) round_len: usize,
}

impl Shape {
    /// # Errors
    /// [`Ff1Error::Domain`] when there are fewer than `floor` values; [`Ff1Error::Length`].
    pub(crate) fn new(radix: u32, length: usize, floor: u64) -> Result<Self, Ff1Error> {
        if length > super::MAX_LENGTH {
            return Err(Ff1Error::Length);
        }
        if length < 2 || power(radix, length).is_some_and(|values| values < u128::from(floor)) {
            return Err(Ff1Error::Domain);
        }
        let (first, second) = (length / 2, length - length / 2);
        let bits = bits(radix, second);
        let number_len = usize::try_from(bits.div_ceil(8)).map_err(|_| Ff1Error::Length)?;
        Ok(Self {
            radix,
            length,
            first,
            second,
            bits,
            number_len,
            round_len: 4 * number_len.div_ceil(4) + 4,
        })
    }

    /// Whether both halves fit 64 bits.
    pub(crate) fn is_narrow(&self) -> bool {
        self.bits <= 64
    }

    /// The block `P` (step 5).
    fn first_block(&self, tweak_len: usize) -> Result<u128, Ff1Error> {
        let tweak_len = u32::try_from(tweak_len).map_err(|_| Ff1Error::Tweak)?;
        let length = u32::try_from(self.length).map_err(|_| Ff1Error::Length)?;
        let [_, radix @ ..] = self.radix.to_be_bytes();
        let mut block = [0; 16];
        block[..3].copy_from_slice(&[1, 2, 1]);
        block[3..6].copy_from_slice(&radix);
        block[6] = 10;
        block[7] = self.first.to_le_bytes()[0];
        block[8..12].copy_from_slice(&length.to_be_bytes());
        block[12..].copy_from_slice(&tweak_len.to_be_bytes());
        Ok(u128::from_be_bytes(block))
    }
}

/// What the pseudorandom function has taken in before the part of `Q` that changes from round to round, with the tweak's
/// own part of the first block that does.
///
/// `P` and all of the tweak that fills whole blocks are encrypted once and not in every round; a column's derived tweak
/// begins with 16 bytes that all rows share, so that a row costs no block of its own.
pub(crate) struct Prefixes<'a> {
    cipher: &'a Aes,
    shape: Shape,
    last: Option<Seen>,
}

struct Seen {
    tweak_len: usize,
    head: [u8; 16],
    after_first_block: u128,
    after_head: u128,
}

impl<'a> Prefixes<'a> {
    pub(crate) fn new(cipher: &'a Aes, shape: Shape) -> Self {
        Self {
            cipher,
            shape,
            last: None,
        }
    }

    /// The state of the chain, exclusive-ored with what of the tweak stands in the next block.
    ///
    /// # Errors
    /// [`Ff1Error::Tweak`].
    pub(crate) fn of(&mut self, tweak: &[u8]) -> Result<u128, Ff1Error> {
        let blocks = self.shape.fixed_blocks(tweak.len());
        let seen = self.seen(tweak)?;
        let (mut state, done) = if blocks == 0 {
            (seen.after_first_block, 0)
        } else {
            (seen.after_head, 1)
        };
        for index in done..blocks {
            state = self.cipher.encrypt(state ^ u128::from_be_bytes(block_of(tweak, index)));
        }
        Ok(state ^ u128::from_be_bytes(block_of(tweak, blocks)))
    }

    fn seen(&mut self, tweak: &[u8]) -> Result<&Seen, Ff1Error> {
        let head = block_of(tweak, 0);
        let known = self.last.as_ref().filter(|seen| seen.tweak_len == tweak.len());
        let is_seen = known.is_some_and(|seen| self.shape.fixed_blocks(tweak.len()) == 0 || seen.head == head);
        if !is_seen {
            let after_first_block = match known {
                Some(seen) => seen.after_first_block,
                None => self.cipher.encrypt(self.shape.first_block(tweak.len())?),
            };
            self.last = Some(Seen {
                tweak_len: tweak.len(),
                head,
                after_first_block,
                after_head: self.cipher.encrypt(after_first_block ^ u128::from_be_bytes(head)),
            });
        }
        Ok(self.last.as_ref().expect("just set"))
    }
}

impl Shape {
    /// Blocks of `Q` that are the same in every round: all before round number and half, which stand at its end.
    pub(super) fn fixed_blocks(&self, tweak_len: usize) -> usize {
        let changing = self.number_len + 1;
        ((tweak_len + changing).next_multiple_of(16) - changing) / 16
    }
}

/// Block `index` of the tweak with zeros after it.
fn block_of(tweak: &[u8], index: usize) -> [u8; 16] {
    let mut block = [0; 16];
    let rest = tweak.get(16 * index..).unwrap_or_default();
    let len = rest.len().min(16);
    block[..len].copy_from_slice(&rest[..len]);
    block
}

/// `radix^length` where it fits.
pub(crate) fn power(radix: u32, length: usize) -> Option<u128> {
    u128::from(radix).checked_pow(u32::try_from(length).ok()?)
}

/// Bits of `radix^length - 1`, exactly: no logarithm of floating point decides a length.
fn bits(radix: u32, length: usize) -> u32 {
    if radix.is_power_of_two() {
        return radix.trailing_zeros() * u32::try_from(length).unwrap_or(u32::MAX / 16);
    }
    match power(radix, length) {
        Some(power) => 128 - (power - 1).leading_zeros(),
        None => super::wide::bits_of_power(radix, length),
    }
}
