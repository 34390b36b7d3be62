//! Reading a log. No lock is taken: full tiles never change, the checkpoint is replaced as a whole, and a line that is
//! just being written has no line end yet.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use kms_core::audit::AuditEvent;
use tlog_tiles::Tile;

use super::bundle;
use super::checkpoint::{self, Head};
use super::edge::tile_at;
use super::fault::LogError;
use super::segment::{Line, Segment, next_line};
use super::tiles::{HEIGHT, TileStore, WIDTH};

/// A log as it stood when it was opened for reading.
#[derive(Debug)]
pub struct AuditLog {
    pub(super) dir: PathBuf,
    pub(super) tiles: TileStore,
    pub(super) segments: Vec<Segment>,
    pub(super) note: Vec<u8>,
    pub(super) origin: String,
    pub(super) head: Head,
}

impl AuditLog {
    /// Opens the log in `dir`. The checkpoint's signature is checked by [`AuditLog::verify`] only.
    ///
    /// # Errors
    /// [`LogError::NoLog`], [`LogError::Io`]; [`LogError::Checkpoint`] when the checkpoint is malformed.
    pub fn open_read(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join(checkpoint::FILE);
        let note = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LogError::NoLog(dir.to_owned()),
            _ => LogError::io(&path)(error),
        })?;
        let (origin, head) = Head::claimed(&note)?;
        Ok(Self {
            dir: dir.to_owned(),
            tiles: TileStore::new(dir),
            segments: Segment::list(dir).map_err(LogError::io(dir))?,
            note,
            origin,
            head,
        })
    }

    /// The log's name, as its checkpoint claims.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The tree that the checkpoint claims.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The checkpoint: a signed note, to be kept elsewhere.
    #[must_use]
    pub fn checkpoint(&self) -> &[u8] {
        &self.note
    }

    /// The entries from sequence number `from` on: first those under the checkpoint, then those after it.
    #[must_use]
    pub fn entries(&self, from: u64) -> Entries<'_> {
        Entries {
            log: self,
            next: from,
            bundle: Vec::new().into_iter(),
            journal: None,
            ended: false,
        }
    }

    /// The entry with sequence number `seq`.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] when there is none; otherwise as the log can be read.
    pub fn entry(&self, seq: u64) -> Result<Entry, LogError> {
        let out_of_range = LogError::OutOfRange {
            asked: seq,
            size: self.head.size,
        };
        self.entries(seq).next().ok_or(out_of_range)?
    }

    /// Everything about `id`, in order: each entry in which a text value begins with `id` (correlation id, message id,
    /// data-key id, event id, key URI, a provider's request id), and all of the uses that these belong to. `id` has at
    /// least 8 characters.
    ///
    /// # Errors
    /// [`LogError::Damaged`] and [`LogError::Io`]; a shorter `id` finds nothing.
    pub fn trace(&self, id: &str) -> Result<Vec<Entry>, LogError> {
        let quoted = serde_json::to_string(id).unwrap_or_default();
        let needle = quoted.trim_end_matches('"').as_bytes();
        if id.len() < TRACE_MIN {
            return Ok(Vec::new());
        }
        let names_id = |entry: &Entry| entry.line.windows(needle.len()).any(|text| text == needle);

        let mut uses = HashSet::new();
        for entry in self.entries(0) {
            let entry = entry?;
            if names_id(&entry) {
                uses.extend(entry.event().and_then(|event| event.use_id));
            }
        }
        let of_these = |entry: &Entry| {
            entry
                .event()
                .and_then(|event| event.use_id)
                .is_some_and(|id| uses.contains(&id))
        };
        self.entries(0)
            .filter(|entry| entry.as_ref().map_or(true, |entry| names_id(entry) || of_these(entry)))
            .collect()
    }

    /// The bundle that holds entry `seq`, under the checkpoint.
    pub(super) fn bundle_of(&self, seq: u64) -> Tile {
        let index = seq >> HEIGHT;
        match tile_at(0, self.head.size) {
            Some(mut tile) if tile.level_index() == index => {
                tile.set_is_data();
                tile
            }
            _ => Tile::new(HEIGHT, 0, index, 1 << HEIGHT, true),
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place: 0 is the first.
    pub seq: u64,
    /// Its bytes: one line of JSON. The leaf hash of the tree is over these.
    pub line: Vec<u8>,
    /// Whether the checkpoint covers it.
    pub signed: bool,
}

impl Entry {
    /// The event; `None` when this version does not understand it.
    #[must_use]
    pub fn event(&self) -> Option<AuditEvent> {
        serde_json::from_slice(&self.line).ok()
    }
}

/// Iterator over entries; ends after the first error.
#[derive(Debug)]
pub struct Entries<'a> {
    log: &'a AuditLog,
    next: u64,
    bundle: std::vec::IntoIter<Vec<u8>>,
    journal: Option<Journal>,
    ended: bool,
}

#[derive(Debug)]
struct Journal {
    segment: Segment,
    file: BufReader<File>,
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let signed = self.next < self.log.head.size;
        let line = if signed {
            self.signed_line().map(Some)
        } else {
            self.tail_line()
        };
        self.ended = !matches!(line, Ok(Some(_)));
        let entry = line.transpose()?.map(|line| Entry {
            seq: self.next,
            line,
            signed,
        });
        self.next += 1;
        Some(entry)
    }
}

impl Entries<'_> {
    fn signed_line(&mut self) -> Result<Vec<u8>, LogError> {
        if let Some(line) = self.bundle.next() {
            return Ok(line);
        }
        let bytes = self.log.tiles.read(self.log.bundle_of(self.next))?;
        let lines = bundle::entries(&bytes).map(|line| line.map(<[u8]>::to_vec));
        self.bundle = lines.collect::<Result<Vec<_>, _>>()?.into_iter();
        let within = usize::try_from(self.next % WIDTH).unwrap_or(usize::MAX);
        self.bundle
            .nth(within)
            .ok_or(LogError::Damaged("an entry bundle has too few entries"))
    }

    /// The next line after the checkpoint, from the journal; `None` at its end.
    fn tail_line(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        let mut line = Vec::new();
        loop {
            let Some(journal) = &mut self.journal else {
                match self.open_journal()? {
                    Some(journal) => self.journal = Some(journal),
                    None => return Ok(None),
                }
                continue;
            };
            match next_line(&mut journal.file, &mut line).map_err(LogError::io(&journal.segment.path))? {
                Line::Entry => return Ok(Some(line)),
                Line::Foreign => return Err(LogError::Damaged("a journal line was not written by the log")),
                Line::End | Line::Torn if journal.segment.first == self.next => return Ok(None),
                Line::End | Line::Torn => match self.log.segments.iter().find(|s| s.first == self.next) {
                    Some(next) => self.journal = Some(Journal::open(next)?),
                    None => return Ok(None),
                },
            }
        }
    }

    /// The journal file that holds entry `next`, at that entry.
    fn open_journal(&self) -> Result<Option<Journal>, LogError> {
        let Some(segment) = self.log.segments.iter().rfind(|segment| segment.first <= self.next) else {
            return Ok(None);
        };
        let mut journal = Journal::open(segment)?;
        let mut line = Vec::new();
        for _ in segment.first..self.next {
            match next_line(&mut journal.file, &mut line).map_err(LogError::io(&segment.path))? {
                Line::Entry => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(journal))
    }
}

impl Journal {
    fn open(segment: &Segment) -> Result<Self, LogError> {
        let file = File::open(&segment.path).map_err(LogError::io(&segment.path))?;
        Ok(Self {
            segment: segment.clone(),
            file: BufReader::with_capacity(1 << 16, file),
        })
    }
}

/// Shorter ids would find too much.
const TRACE_MIN: usize = 8;
