//! Verification of the journal files: each line is the entry at its place.

use std::fs::{self, File};
use std::io::BufReader;

use super::log::Entry;
use super::report::Damage;
use super::segment::{Line, Segment, next_line};

/// Walks the journal files beside the entries.
pub(super) struct JournalCheck<'a> {
    segments: &'a [Segment],
    current: Option<BufReader<File>>,
    line: Vec<u8>,
    /// Differences so far in this file: a line that was taken out makes all that follow differ.
    different: usize,
}

impl<'a> JournalCheck<'a> {
    pub(super) fn new(segments: &'a [Segment]) -> Self {
        Self {
            segments,
            current: None,
            line: Vec::new(),
            different: 0,
        }
    }

    pub(super) fn compare(&mut self, entry: &Entry, damage: &mut Vec<Damage>) {
        if let [next, rest @ ..] = self.segments
            && next.first == entry.seq
        {
            self.no_more_lines(entry.seq, damage);
            self.current = File::open(&next.path).ok().map(BufReader::new);
            self.segments = rest;
            self.different = 0;
        }
        let Some(journal) = &mut self.current else {
            return;
        };
        let same = matches!(next_line(journal, &mut self.line), Ok(Line::Entry)) && self.line == entry.line;
        if !same {
            damage.push(Damage::Journal { seq: entry.seq });
            self.different += 1;
        }
        if self.different == REPORTED_PER_FILE {
            self.current = None;
        }
    }

    /// At the end of the entries: no file is left over. (A line that a writer adds to the last one meanwhile is none of
    /// this check's.)
    pub(super) fn finish(&mut self, size: u64, damage: &mut Vec<Damage>) {
        let empty = |segment: &Segment| fs::metadata(&segment.path).is_ok_and(|metadata| metadata.len() == 0);
        for segment in self.segments {
            if segment.first != size || !empty(segment) {
                damage.push(Damage::Journal { seq: segment.first });
            }
        }
    }

    fn no_more_lines(&mut self, seq: u64, damage: &mut Vec<Damage>) {
        if let Some(journal) = &mut self.current {
            let end = next_line(journal, &mut self.line);
            if self.different == 0 && !matches!(end, Ok(Line::End | Line::Torn)) {
                damage.push(Damage::Journal { seq });
            }
        }
    }
}

/// Differing lines of one journal file that are listed.
const REPORTED_PER_FILE: usize = 16;
