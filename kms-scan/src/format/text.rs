//! What may stand anywhere in a text, and in one text several of them.

use std::io;

use super::sample::Sample;
use super::{age, container, jose, note, pem, ssh};
use crate::asset::Asset;
use crate::limits;

/// Everything in a text, in the order of lines.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Vec<Asset>> {
    let text = sample.start(limits::TEXT)?;
    if let Some(asset) = container::read_text(sample, &text) {
        return Ok(vec![asset]);
    }
    if let Some(asset) = note::read(sample, &text) {
        return Ok(vec![asset]);
    }
    let mut assets = pem::read(sample, &text);
    assets.extend(ssh::lines(sample, &text));
    assets.extend(ssh::armoured(sample, &text));
    assets.extend(age::keys(sample, &text));
    assets.extend(jose::read(sample, &text));
    assets.extend(note::keys(sample, &text));
    assets.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(assets)
}

/// Counts lines on the way through a text.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The number of the line at `offset`, which is no less than the one before.
    pub(super) fn number(&mut self, offset: usize) -> usize {
        let passed = self.text.get(self.at..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.at = self.at.max(offset);
        self.line
    }
}

/// Whether nothing but an indent stands before `at` on its line. Looks at no more than that, so that a text of one long
/// line takes no longer than another.
pub(super) fn begins_line(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(INDENT)..at];
    let blank = before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    match before.len() - blank {
        0 => at == blank,
        other => before[other - 1] == b'\n',
    }
}

/// Whether nothing but blanks stands behind `at` on its line.
pub(super) fn ends_line(text: &[u8], at: usize) -> bool {
    let behind = &text[at..text.len().min(at + INDENT)];
    let blank = behind
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
        .count();
    behind
        .get(blank)
        .map_or(at + blank == text.len(), |byte| *byte == b'\n')
}

/// The line around `offset`, and where it begins.
pub(super) fn line_around(text: &[u8], offset: usize) -> (usize, &[u8]) {
    let start = memchr::memrchr(b'\n', &text[..offset]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &text[offset..]).map_or(text.len(), |length| offset + length);
    (start, text[start..end].trim_ascii())
}

/// Blanks that an indent may have.
const INDENT: usize = 128;
