//! Signed texts of lines `name value`: read in a fixed order, so that one statement has one text.

use data_encoding::HEXLOWER;

/// What is left to read.
pub(super) struct Lines<'a>(std::str::Lines<'a>);

impl<'a> Lines<'a> {
    /// The lines below `title`.
    pub(super) fn below(title: &str, text: &'a [u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(text).ok()?.lines();
        (lines.next()? == title).then_some(Self(lines))
    }

    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        self.0.next()?.strip_prefix(name)?.strip_prefix(' ')
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn bytes<const N: usize>(&mut self, name: &str) -> Option<[u8; N]> {
        bytes(self.text(name)?)
    }

    pub(super) fn rest(self) -> impl Iterator<Item = &'a str> {
        self.0
    }
}

pub(super) fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(digits.as_bytes()).ok()?.try_into().ok()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
