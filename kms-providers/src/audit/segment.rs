//! Journal files: one entry a line. `journal-<sequence number of its first entry>.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use super::ENTRY_MAX;
use super::tiles::readable_by_group;
use crate::durable::sync_folder_of;

/// A journal file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Sequence number of the first entry.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    pub(super) fn new(dir: &Path, first: u64) -> Self {
        let path = dir.join(format!("{PREFIX}{first:012}{SUFFIX}"));
        Self { first, path }
    }

    /// The journal files in `dir`, oldest first.
    pub(super) fn list(dir: &Path) -> io::Result<Vec<Self>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(dir)? {
            let name = entry?.file_name();
            if let Some(first) = name.to_str().and_then(first_of) {
                segments.push(Self::new(dir, first));
            }
        }
        segments.sort_by_key(|segment| segment.first);
        Ok(segments)
    }

    /// Makes the file, which must not exist, durably.
    pub(super) fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        readable_by_group(&mut options);
        let file = options.open(&self.path)?;
        sync_folder_of(&self.path)?;
        Ok(file)
    }

    pub(super) fn open(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path)
    }
}

/// What the next line of a journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// An entry.
    Entry,
    /// There is none.
    End,
    /// A write that did not finish: no line end, or blocks that never reached the disk and read as zeros. Nothing
    /// from here on was acknowledged, because an acknowledged write was synced as a whole and in order.
    Torn,
    /// Not written by a log.
    Foreign,
}

/// Reads the next line into `line`, without its line end.
pub(super) fn next_line(journal: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let longest = ENTRY_MAX as u64 + 1;
    journal.by_ref().take(longest).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(Line::End);
    }
    if line.contains(&0) {
        return Ok(Line::Torn);
    }
    match line.pop() {
        Some(b'\n') if line.starts_with(b"{") && line.ends_with(b"}") => Ok(Line::Entry),
        Some(b'\n') => Ok(Line::Foreign),
        _ if line.len() as u64 + 1 == longest => Ok(Line::Foreign),
        _ => Ok(Line::Torn),
    }
}

/// The sequence number in the name of a journal file, where it is one.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let first = digits.parse().ok()?;
    (format!("{first:012}") == digits).then_some(first)
}

const PREFIX: &str = "journal-";
const SUFFIX: &str = ".jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut journal: &[u8]) -> Vec<Line> {
        let mut line = Vec::new();
        let mut found = Vec::new();
        loop {
            found.push(next_line(&mut journal, &mut line).unwrap());
            if found.last() != Some(&Line::Entry) {
                return found;
            }
        }
    }

    #[test]
    fn torn_and_foreign_lines_are_told_apart() {
        use Line::{End, Entry, Foreign, Torn};
        assert_eq!(lines(b""), [End]);
        assert_eq!(lines(b"{}\n{\"a\":1}\n"), [Entry, Entry, End]);
        assert_eq!(lines(b"{}\n{\"a\""), [Entry, Torn]);
        assert_eq!(lines(b"{}\n{}"), [Entry, Torn]);
        assert_eq!(lines(b"{}\n\0\0\0\n{}\n"), [Entry, Torn]);
        assert_eq!(lines(b"{}\nhello\n"), [Entry, Foreign]);
        assert_eq!(lines(b"\n"), [Foreign]);
    }

    #[test]
    fn the_longest_line_is_64_kib() {
        let longest = [b"{", &vec![b'x'; ENTRY_MAX - 2][..], b"}\n"].concat();
        assert_eq!(lines(&longest), [Line::Entry, Line::End]);
        let longer = [b"{", &vec![b'x'; ENTRY_MAX - 1][..], b"}\n"].concat();
        assert_eq!(lines(&longer), [Line::Foreign]);
    }

    #[test]
    fn names_sort_and_parse() {
        assert_eq!(first_of("journal-000000000256.jsonl"), Some(256));
        assert_eq!(first_of("journal-1234567890123.jsonl"), Some(1_234_567_890_123));
        for wrong in [
            "journal-256.jsonl",
            "journal-.jsonl",
            "journal-000000000256.jsonl.gz",
            "journal--1.jsonl",
        ] {
            assert_eq!(first_of(wrong), None, "{wrong}");
        }
    }
}
