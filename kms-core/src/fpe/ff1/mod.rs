//! FF1 (SP 800-38G, with the domain floor of Rev. 1, second public draft): exact integers, no floating point.
//!
//! ```text
//! shape     what depends on radix and length alone; what of a tweak is the same in all rounds
//! narrow    halves up to 64 bits, many values at once: every card number, phone number and UUID
//! wide      longer halves, one value after the other
//! walk      numbers below any size
//! modulus   remainders by a number that stays
//! aes       the block cipher, as wide as the processor has it
//! ```

mod aes;
mod modulus;
mod narrow;
mod shape;
mod walk;
mod wide;

use std::fmt;

pub(super) use aes::Aes;
use modulus::Radix;
use narrow::{Lanes, Narrow};
pub(super) use shape::{Prefixes, Shape, power};
pub(super) use walk::Walk;
use wide::Wide;

/// Fewest values of a domain (SP 800-38G Rev. 1 2pd, 5.1).
pub const DOMAIN_FLOOR: u64 = 1_000_000;
/// Most numerals of a value. The standard allows `2^32`; the work grows with the square.
pub const MAX_LENGTH: usize = 4096;

/// FF1 over numerals below a radix.
///
/// This is the cipher itself, for interoperation and for what has no [`Template`](super::Template). A value is a
/// slice of numerals, changed in place.
///
/// ```
/// use kms_core::fpe::Ff1;
///
/// let ff1 = Ff1::new(&[7; 32], 10)?;
/// let mut card = [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
/// ff1.encrypt(b"cards|pan|row 17", &mut card)?;
/// assert_ne!(card, [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
/// ff1.decrypt(b"cards|pan|row 17", &mut card)?;
/// assert_eq!(card, [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
/// # Ok::<(), kms_core::fpe::Ff1Error>(())
/// ```
pub struct Ff1 {
    cipher: Aes,
    radix: u32,
    floor: u64,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From plaintext to token.
    Encrypt,
    /// From token to plaintext.
    Decrypt,
}

/// The tweaks of a batch.
#[derive(Clone, Copy)]
pub enum EachTweak<'a> {
    /// One for all values.
    Same(&'a [u8]),
    /// One for each value.
    Own(&'a [&'a [u8]]),
}

/// Why FF1 refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ff1Error {
    /// Not a key of AES.
    #[error("an AES key has 16, 24 or 32 bytes")]
    KeyLength,
    /// Not a radix of FF1.
    #[error("a radix is 2 to 65536")]
    Radix,
    /// Fewer values than the floor.
    #[error("the domain has fewer than 1000000 values; take longer values or a larger radix")]
    Domain,
    /// Too many numerals.
    #[error("a value has at most 4096 numerals; split it")]
    Length,
    /// A numeral that is not below the radix.
    #[error("a numeral is not below the radix")]
    Numeral,
    /// A tweak over `2^32 - 1` bytes.
    #[error("a tweak has at most 4294967295 bytes")]
    Tweak,
    /// The values of a batch are not of one length, or have another number of tweaks.
    #[error("a batch has whole values of one length, and one tweak for all or one for each")]
    Batch,
}

impl Ff1 {
    /// FF1 with an AES key of 16, 24 or 32 bytes, over a radix of 2 to 65 536.
    ///
    /// # Errors
    /// [`Ff1Error::KeyLength`], [`Ff1Error::Radix`].
    pub fn new(key: &[u8], radix: u32) -> Result<Self, Ff1Error> {
        if !(2..=65_536).contains(&radix) {
            return Err(Ff1Error::Radix);
        }
        Ok(Self {
            cipher: Aes::new(key)?,
            radix,
            floor: DOMAIN_FLOOR,
        })
    }

    /// The same with the domain floor of the first edition of SP 800-38G: 100 values. Only to read what was written
    /// elsewhere; such a domain can be recovered from its tokens (docs/fpe.md).
    #[must_use]
    pub fn dangerously_allowing_small_domains(self) -> Self {
        Self { floor: 100, ..self }
    }

    /// Encrypts a value in place.
    ///
    /// # Errors
    /// [`Ff1Error`]; then nothing was changed.
    pub fn encrypt(&self, tweak: &[u8], value: &mut [u16]) -> Result<(), Ff1Error> {
        self.one(Direction::Encrypt, tweak, value)
    }

    /// Decrypts a value in place. Any token decrypts to something: FF1 tells no right key from a wrong one.
    ///
    /// # Errors
    /// [`Ff1Error`]; then nothing was changed.
    pub fn decrypt(&self, tweak: &[u8], value: &mut [u16]) -> Result<(), Ff1Error> {
        self.one(Direction::Decrypt, tweak, value)
    }

    /// Takes many values of `length` numerals, one after the other in `values`, in place: as many at once as the
    /// processor encrypts blocks at once.
    ///
    /// # Errors
    /// [`Ff1Error`]; then nothing was changed.
    pub fn batch(
        &self,
        direction: Direction,
        tweaks: EachTweak<'_>,
        length: usize,
        values: &mut [u16],
    ) -> Result<(), Ff1Error> {
        let shape = Shape::new(self.radix, length, self.floor)?;
        let count = values.len() / length;
        let tweaks_fit = match tweaks {
            EachTweak::Same(_) => true,
            EachTweak::Own(own) => own.len() == count,
        };
        if values.len() % length != 0 || !tweaks_fit {
            return Err(Ff1Error::Batch);
        }
        self.check(values)?;
        let mut prefixes = Prefixes::new(&self.cipher, shape);
        let mut engine = Engine::new(shape);
        let mut chunk_prefixes = match tweaks {
            EachTweak::Same(tweak) => [prefixes.of(tweak)?; CHUNK],
            EachTweak::Own(_) => [0; CHUNK],
        };
        for (chunk, values) in values.chunks_mut(CHUNK * length).enumerate() {
            let prefix_of = &mut chunk_prefixes[..values.len() / length];
            if let EachTweak::Own(own) = tweaks {
                for (prefix, tweak) in prefix_of.iter_mut().zip(&own[chunk * CHUNK..]) {
                    *prefix = prefixes.of(tweak)?;
                }
            }
            engine.run(&self.cipher, direction, prefix_of, values)?;
        }
        Ok(())
    }

    fn one(&self, direction: Direction, tweak: &[u8], value: &mut [u16]) -> Result<(), Ff1Error> {
        let shape = Shape::new(self.radix, value.len(), self.floor)?;
        self.check(value)?;
        let prefix = Prefixes::new(&self.cipher, shape).of(tweak)?;
        Engine::new(shape).run(&self.cipher, direction, &[prefix], value)
    }

    fn check(&self, values: &[u16]) -> Result<(), Ff1Error> {
        let is_over = values
            .iter()
            .fold(false, |is_over, numeral| is_over | (u32::from(*numeral) >= self.radix));
        if is_over { Err(Ff1Error::Numeral) } else { Ok(()) }
    }
}

/// Values of one shape through the rounds.
pub(super) struct Engine {
    shape: Shape,
    kind: Kind,
}

enum Kind {
    Narrow(Narrow),
    Wide(Box<Wide>),
}

impl Engine {
    pub(super) fn new(shape: Shape) -> Self {
        let kind = match Narrow::new(&shape) {
            Some(narrow) => Kind::Narrow(narrow),
            None => Kind::Wide(Box::new(Wide::new(shape))),
        };
        Self { shape, kind }
    }

    /// Takes up to [`CHUNK`] values that lie side by side, each with its prefix.
    pub(super) fn run(
        &mut self,
        cipher: &Aes,
        direction: Direction,
        prefixes: &[u128],
        values: &mut [u16],
    ) -> Result<(), Ff1Error> {
        let Shape { length, first, .. } = self.shape;
        let radix = Radix::new(self.shape.radix);
        let narrow = match &mut self.kind {
            Kind::Narrow(narrow) => narrow,
            Kind::Wide(wide) => {
                let mut both = values.chunks_exact_mut(length).zip(prefixes);
                return both.try_for_each(|(value, prefix)| wide.run(cipher, direction, *prefix, value));
            }
        };
        let (mut a, mut b) = ([0; CHUNK], [0; CHUNK]);
        let (a, b) = (&mut a[..prefixes.len()], &mut b[..prefixes.len()]);
        for ((value, a), b) in values.chunks_exact(length).zip(a.iter_mut()).zip(b.iter_mut()) {
            *a = radix.number(&value[..first]);
            *b = radix.number(&value[first..]);
        }
        let lanes = Lanes {
            first: a,
            second: b,
            prefixes,
        };
        narrow.run(cipher, direction, lanes);
        for ((value, a), b) in values.chunks_exact_mut(length).zip(a).zip(b) {
            let (first, second) = value.split_at_mut(first);
            radix.numerals(*a, first);
            radix.numerals(*b, second);
        }
        Ok(())
    }
}

impl fmt::Debug for Ff1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ff1 {{ radix: {} }}", self.radix)
    }
}

/// Values that are taken at once: a multiple of the blocks that any processor encrypts at once.
pub(super) const CHUNK: usize = 256;
const ROUNDS: u8 = 10;
