//! What of a value is encrypted: where it stands, and which symbol it is.

use crate::fpe::Alphabet;

/// The encrypted symbols of one value or of several, in order.
#[derive(Default)]
pub(in crate::fpe) struct Slots {
    pub(in crate::fpe) numerals: Vec<u16>,
    pub(in crate::fpe) places: Vec<Place>,
}

/// Where a symbol stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fpe) struct Place {
    /// Byte of the value.
    pub(in crate::fpe) at: u32,
    /// Which of the template's alphabets it is from.
    pub(in crate::fpe) class: u16,
}

impl Slots {
    pub(in crate::fpe) fn clear(&mut self) {
        self.numerals.clear();
        self.places.clear();
    }

    pub(in crate::fpe) fn truncate(&mut self, len: usize) {
        self.numerals.truncate(len);
        self.places.truncate(len);
    }

    pub(in crate::fpe) fn len(&self) -> usize {
        self.numerals.len()
    }

    #[inline]
    pub(super) fn push(&mut self, at: usize, class: u16, numeral: u16) {
        // A value is bounded by caps::FPE_VALUE, far below.
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.numerals.push(numeral);
        self.places.push(Place { at, class });
    }
}

impl Slots {
    /// Symbols of one byte, side by side; `None`, and nothing to be relied on, where one is no numeral.
    #[allow(clippy::cast_possible_truncation, reason = "what is cut off is looked at")]
    #[inline]
    pub(super) fn push_run(
        &mut self,
        at: usize,
        class: u16,
        numerals: impl ExactSizeIterator<Item = u32>,
    ) -> Option<()> {
        let at = u32::try_from(at).ok()?;
        let end = at.checked_add(u32::try_from(numerals.len()).ok()?)?;
        let mut all = 0;
        self.numerals.extend(numerals.map(|numeral| {
            all |= numeral;
            numeral as u16
        }));
        self.places.extend((at..end).map(|at| Place { at, class }));
        (all <= u32::from(u16::MAX)).then_some(())
    }
}

/// The place of these symbols among all that could stand there, and how many those are: numbers of mixed radix, the
/// last symbol counting ones.
pub(in crate::fpe) fn rank(classes: &[Alphabet], places: &[Place], numerals: &[u16]) -> Option<(u128, u128)> {
    let (mut rank, mut size) = (0u128, 1u128);
    for (place, numeral) in places.iter().zip(numerals) {
        let radix = u128::from(classes[usize::from(place.class)].radix());
        size = size.checked_mul(radix)?;
        rank = rank * radix + u128::from(*numeral);
    }
    Some((rank, size))
}

/// The inverse of [`rank`].
#[allow(clippy::cast_possible_truncation, reason = "a remainder by at most 65536")]
pub(in crate::fpe) fn unrank(classes: &[Alphabet], places: &[Place], mut rank: u128, numerals: &mut [u16]) {
    for (place, numeral) in places.iter().zip(numerals).rev() {
        let radix = u128::from(classes[usize::from(place.class)].radix());
        *numeral = (rank % radix) as u16;
        rank /= radix;
    }
}
