//! Binary dimensions: each number is a leaf of a binary tree, most significant bit first, and a prefix of its bits stands
//! for the numbers that begin with them.

/// The numbers of `width` bits whose first `len` bits are those of `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bits {
    width: u8,
    len: u8,
    value: u32,
}

impl Bits {
    /// A prefix of 1 to `width` bits, of at most 32; `None` outside of that, or where `value` has more than `len` bits.
    #[must_use]
    pub fn prefix(width: u8, len: u8, value: u32) -> Option<Self> {
        let fits = (1..=32).contains(&width) && (1..=width).contains(&len) && value <= all_ones(len);
        fits.then_some(Self { width, len, value })
    }

    /// One number; `None` where it has more than `width` bits.
    #[must_use]
    pub fn exact(width: u8, number: u32) -> Option<Self> {
        Self::prefix(width, width, number)
    }

    /// The least number of prefixes that together stand for `from` to `to` and nothing else, in order: at most
    /// `2 * width - 2`, but where they are all numbers there are. `None` where the bounds are no interval of this width.
    #[must_use]
    pub fn cover(width: u8, from: u32, to: u32) -> Option<Vec<Self>> {
        if !(1..=32).contains(&width) || from > to || to > all_ones(width) {
            return None;
        }
        let (mut next, end, mut cover) = (u64::from(from), u64::from(to) + 1, Vec::new());
        while next < end {
            // The largest aligned block that starts here and does not go too far; never the whole tree, which no prefix
            // of one bit or more can say.
            let aligned = next.trailing_zeros().min(u32::from(width) - 1);
            let size = (0..=aligned).rev().find(|size| next + (1 << size) <= end);
            let size = size.expect("a block of one number always fits");
            let len = width - u8::try_from(size).expect("below the width, which is at most 32");
            let value = u32::try_from(next >> size).expect("no larger than the largest number of the width");
            cover.push(Self { width, len, value });
            next += 1 << size;
        }
        Some(cover)
    }

    /// Bits of a whole number.
    #[must_use]
    pub fn width(self) -> u8 {
        self.width
    }

    /// Bits of the prefix.
    #[must_use]
    pub fn len(self) -> u8 {
        self.len
    }

    /// Never: a prefix has at least one bit.
    #[must_use]
    pub fn is_empty(self) -> bool {
        false
    }

    /// The bits of the prefix, as a number.
    #[must_use]
    pub fn value(self) -> u32 {
        self.value
    }

    /// The lowest number that it stands for.
    #[must_use]
    pub fn first(self) -> u32 {
        self.value << (self.width - self.len)
    }

    /// The highest number that it stands for.
    #[must_use]
    pub fn last(self) -> u32 {
        self.first() | all_ones(self.width - self.len)
    }

    /// Whether it stands for one number only.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.len == self.width
    }

    /// Whether `other` begins with this prefix.
    pub(super) fn reaches(self, other: Self) -> bool {
        self.width == other.width && self.len <= other.len && other.value >> (other.len - self.len) == self.value
    }

    /// The edges that lead to it, from above.
    pub(super) fn edges(self) -> impl Iterator<Item = bool> {
        (0..self.len).rev().map(move |place| self.value >> place & 1 == 1)
    }
}

fn all_ones(len: u8) -> u32 {
    u32::try_from((1u64 << len) - 1).expect("at most 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exhaustive at 6 bits: the numbers of a cover are those of the interval, each once, and no shorter cover exists.
    #[test]
    fn a_cover_is_its_interval_and_no_smaller_one_is() {
        const WIDTH: u8 = 6;
        for from in 0..64 {
            for to in from..64 {
                let cover = Bits::cover(WIDTH, from, to).unwrap();
                let numbers: Vec<u32> = cover.iter().flat_map(|bits| bits.first()..=bits.last()).collect();
                assert_eq!(numbers, (from..=to).collect::<Vec<_>>());
                assert!(cover.len() <= 2 * usize::from(WIDTH) - 2);
                // Two halves of one parent in a cover could be said shorter.
                let siblings = cover
                    .windows(2)
                    .any(|pair| pair[0].len == pair[1].len && pair[0].value ^ pair[1].value == 1 && pair[0].len > 1);
                assert!(!siblings, "{from}..={to}: {cover:?}");
            }
        }
    }

    #[test]
    fn an_interval_of_epochs_is_at_most_thirty_nodes() {
        assert_eq!(Bits::cover(16, 1, 65_534).unwrap().len(), 30);
        assert_eq!(
            Bits::cover(16, 0, 65_535).unwrap().len(),
            2,
            "never the whole tree as one node"
        );
        assert_eq!(Bits::cover(16, 3, 17).unwrap().len(), 4);
        assert_eq!(Bits::cover(32, 0, u32::MAX).unwrap().len(), 2);
        assert_eq!(Bits::cover(1, 0, 1).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for (width, len, value) in [
            (0, 0, 0),
            (33, 1, 0),
            (16, 0, 0),
            (16, 17, 0),
            (16, 3, 8),
            (32, 31, u32::MAX),
        ] {
            assert_eq!(Bits::prefix(width, len, value), None);
        }
        assert_eq!(Bits::exact(16, 65_536), None);
        assert_eq!(Bits::cover(16, 4, 3), None);
        assert_eq!(Bits::cover(16, 0, 65_536), None);
        let prefix = Bits::prefix(16, 3, 5).unwrap();
        assert_eq!((prefix.first(), prefix.last()), (0xa000, 0xbfff));
        assert_eq!(prefix.edges().collect::<Vec<_>>(), [true, false, true]);
    }
}
