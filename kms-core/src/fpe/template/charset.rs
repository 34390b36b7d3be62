//! Sets of characters, as the classes of a pattern name them.

/// Ranges of scalar values, ascending, none touching the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CharSet {
    ranges: Vec<(u32, u32)>,
    ascii: u128,
}

impl CharSet {
    pub(super) fn new(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ranges {
            match merged.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        let in_ascii = |code: &u32| merged.iter().any(|(from, to)| (from..=to).contains(&code));
        let ascii = (0..128).filter(in_ascii).fold(0, |bits, code| bits | 1 << code);
        Self { ranges: merged, ascii }
    }

    pub(super) fn of(symbols: &str) -> Self {
        Self::new(symbols.chars().map(|c| (u32::from(c), u32::from(c))).collect())
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Every scalar value that is not in it.
    pub(super) fn inverted(&self) -> Self {
        let (mut next, mut ranges) = (0, Vec::new());
        for (from, to) in &self.ranges {
            if *from > next {
                ranges.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self::new(ranges)
    }

    #[inline]
    pub(super) fn has(&self, symbol: char) -> bool {
        let code = u32::from(symbol);
        if code < 128 {
            return self.ascii >> code & 1 == 1;
        }
        let at = self.ranges.partition_point(|(_, to)| *to < code);
        self.ranges.get(at).is_some_and(|(from, _)| *from <= code)
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let touches = |a: &(u32, u32)| other.ranges.iter().any(|b| a.0 <= b.1 && b.0 <= a.1);
        self.ranges.iter().any(touches)
    }

    /// The characters in order of their code points, where there are at most `most`.
    pub(super) fn symbols(&self, most: usize) -> Option<String> {
        let count: u32 = self.ranges.iter().map(|(from, to)| to - from + 1).sum();
        if usize::try_from(count).ok()? > most {
            return None;
        }
        Some(
            self.ranges
                .iter()
                .flat_map(|(from, to)| *from..=*to)
                .filter_map(char::from_u32)
                .collect(),
        )
    }
}

const LAST: u32 = 0x10_FFFF;
