//! The one place that changes a log's files, each time within this process's turn.
//!
//! What is durable when: an entry, by the sync of its journal file, before it is acknowledged; tiles, before the
//! checkpoint that needs them; the checkpoint, before a journal file is closed. Hence after any crash the journal files
//! from the last checkpoint on hold every acknowledged entry, and all before them follows from the tiles.

use std::fs;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use kms_core::AuditFault;

use super::checkpoint::{self, Head};
use super::edge::Edge;
use super::fault::{LogError, of_io};
use super::key::LogKey;
use super::lock::LogLock;
use super::options::TlogOptions;
use super::segment::{Line, Segment, next_line};
use super::tiles::{TEMPORARY, TileStore, replace};
use super::tree::Tree;
use crate::signing::VerifierKey;

pub(super) struct Writer {
    dir: PathBuf,
    key: LogKey,
    verifier: VerifierKey,
    options: TlogOptions,
    lock: LogLock,
    tiles: TileStore,
    /// The current journal file, and how far it is in `edge`.
    segment: Segment,
    file: fs::File,
    read: u64,
    edge: Edge,
    /// The last checkpoint, as bytes and as what they say.
    note: Vec<u8>,
    head: Head,
    published: Instant,
    /// Bytes of unfinished writes that were cut off.
    cut: u64,
    /// Set when a sync failed: the system may have dropped what it could not write, so nothing may build on it.
    failed: Option<AuditFault>,
}

impl Writer {
    /// Opens the log, checks the current journal file against the checkpoint line by line, and cuts off a write that
    /// did not finish.
    pub(super) fn open(dir: &Path, key: LogKey, options: TlogOptions) -> Result<Self, AuditFault> {
        let lock = LogLock::open(dir, options.lock_patience)?;
        let _turn = lock.turn()?;
        let verifier = key.verifier();
        let note = fs::read(dir.join(checkpoint::FILE)).map_err(|error| broken_if_missing(&error))?;
        let head = Head::open(&note, &verifier).map_err(broken)?;
        let tiles = TileStore::new(dir);
        let segment = Segment::list(dir).map_err(|error| of_io(&error))?.pop();
        let segment = segment.ok_or(AuditFault::Broken)?;
        if segment.first > head.size {
            return Err(AuditFault::Broken);
        }
        let mut writer = Self {
            file: segment.open().map_err(|error| of_io(&error))?,
            edge: Edge::load(&tiles, segment.first).map_err(broken)?,
            dir: dir.to_owned(),
            read: 0,
            published: Instant::now(),
            cut: 0,
            failed: None,
            lock,
            key,
            verifier,
            options,
            tiles,
            segment,
            note,
            head,
        };
        writer.read_segment()?;
        writer.follow_rotation()?;
        writer.check_anchor()?;
        Ok(writer)
    }

    /// Appends `entries` and makes them durable.
    pub(super) fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), AuditFault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        let turn = self.lock.turn()?;
        self.catch_up()?;
        if self.is_due() {
            self.publish_now()?;
        }
        if self.read >= self.options.segment_bytes.max(1) {
            self.rotate()?;
        }
        self.write(entries)?;
        // Others may append while this process syncs: their sync covers these entries too.
        drop(turn);
        self.sync()
    }

    /// Writes the tiles and signs the tree over all entries.
    pub(super) fn publish(&mut self) -> Result<(), AuditFault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        let _turn = self.lock.turn()?;
        self.catch_up()?;
        self.publish_now()
    }

    pub(super) fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn size(&self) -> u64 {
        self.edge.size()
    }

    pub(super) fn cut(&self) -> u64 {
        self.cut
    }

    fn is_due(&self) -> bool {
        let waiting = self.edge.size() - self.head.size;
        waiting >= self.options.publish_entries || waiting > 0 && self.published.elapsed() >= self.options.publish_after
    }

    fn write(&mut self, entries: &[Vec<u8>]) -> Result<(), AuditFault> {
        let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 1).sum());
        for entry in entries {
            bytes.extend_from_slice(entry);
            bytes.push(b'\n');
        }
        if let Err(error) = self.write_at_end(&bytes) {
            // Cut back what was written of it. Should that fail too, the next writer's turn begins with cutting.
            let _ = self.file.set_len(self.read);
            return Err(of_io(&error));
        }
        self.read += bytes.len() as u64;
        entries
            .iter()
            .try_for_each(|entry| self.edge.push(entry))
            .map_err(broken)
    }

    fn write_at_end(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> Result<(), AuditFault> {
        self.file.sync_data().map_err(|error| {
            let fault = of_io(&error);
            self.failed = Some(fault);
            fault
        })
    }

    /// Takes over what other processes appended and published since this one's last turn.
    fn catch_up(&mut self) -> Result<(), AuditFault> {
        self.check_not_moved()?;
        let note = fs::read(self.dir.join(checkpoint::FILE)).map_err(|error| broken_if_missing(&error))?;
        if note != self.note {
            let head = Head::open(&note, &self.verifier).map_err(broken)?;
            // Whoever publishes has caught up before, so no later checkpoint is smaller than what was read here.
            if head.size < self.edge.size() {
                return Err(AuditFault::Broken);
            }
            (self.note, self.head) = (note, head);
            self.published = Instant::now();
        }
        let length = self.file.metadata().map_err(|error| of_io(&error))?.len();
        if length < self.read {
            return Err(AuditFault::Broken);
        }
        if length > self.read || self.edge.size() <= self.head.size {
            self.read_segment()?;
        }
        self.follow_rotation()
    }

    /// A journal file that was moved or replaced while in use (by a log-rotation tool, say) would take entries with it.
    #[cfg(unix)]
    fn check_not_moved(&self) -> Result<(), AuditFault> {
        use std::os::unix::fs::MetadataExt;
        let id = |metadata: io::Result<fs::Metadata>| metadata.map(|metadata| (metadata.dev(), metadata.ino()));
        let named = id(fs::metadata(&self.segment.path)).map_err(|error| broken_if_missing(&error))?;
        let held = id(self.file.metadata()).map_err(|error| of_io(&error))?;
        if named == held { Ok(()) } else { Err(AuditFault::Broken) }
    }

    #[cfg(not(unix))]
    fn check_not_moved(&self) -> Result<(), AuditFault> {
        Ok(())
    }

    /// Reads the journal file from where reading stopped to its end, and compares the tree with the checkpoint's when
    /// it has that size.
    fn read_segment(&mut self) -> Result<(), AuditFault> {
        self.file
            .seek(SeekFrom::Start(self.read))
            .map_err(|error| of_io(&error))?;
        let mut journal = BufReader::with_capacity(1 << 16, &self.file);
        let mut line = Vec::new();
        loop {
            if self.edge.size() == self.head.size {
                if self.edge.root().map_err(broken)? != self.head.root {
                    return Err(AuditFault::Broken);
                }
                self.edge.forget_full();
            }
            match next_line(&mut journal, &mut line).map_err(|error| of_io(&error))? {
                Line::Entry => self.edge.push(&line).map_err(broken)?,
                Line::End => break,
                Line::Foreign => return Err(AuditFault::Broken),
                Line::Torn if self.edge.size() < self.head.size => return Err(AuditFault::Broken),
                Line::Torn => {
                    drop(journal);
                    return self.cut_off();
                }
            }
            self.read += line.len() as u64 + 1;
        }
        Ok(())
    }

    /// Cuts off a write that did not finish. This process has the turn, so nobody is still at it.
    fn cut_off(&mut self) -> Result<(), AuditFault> {
        let length = self.file.metadata().map_err(|error| of_io(&error))?.len();
        self.file.set_len(self.read).map_err(|error| of_io(&error))?;
        self.cut += length - self.read;
        self.sync()
    }

    /// Goes on to the next journal file where another process has begun it.
    fn follow_rotation(&mut self) -> Result<(), AuditFault> {
        let next = Segment::new(&self.dir, self.edge.size());
        if next != self.segment && next.path.exists() {
            self.file = next.open().map_err(|error| of_io(&error))?;
            self.segment = next;
            self.read = 0;
            self.read_segment()?;
            return self.follow_rotation();
        }
        if self.edge.size() < self.head.size {
            return Err(AuditFault::Broken);
        }
        Ok(())
    }

    /// Closes the current journal file, whose entries all stand under a checkpoint then, and begins the next.
    fn rotate(&mut self) -> Result<(), AuditFault> {
        self.publish_now()?;
        let next = Segment::new(&self.dir, self.edge.size());
        self.file = next.create().map_err(|error| of_io(&error))?;
        self.segment = next;
        self.read = 0;
        Ok(())
    }

    fn publish_now(&mut self) -> Result<(), AuditFault> {
        if self.edge.size() == self.head.size {
            return Ok(());
        }
        self.sync()?;
        let head = Head {
            size: self.edge.size(),
            root: self.edge.root().map_err(broken)?,
        };
        let note = head.sign(&self.key).map_err(broken)?;
        self.write_tiles(&note).map_err(|error| of_io(&error))?;
        self.edge.forget_full();
        (self.note, self.head) = (note, head);
        self.published = Instant::now();
        Ok(())
    }

    fn write_tiles(&self, note: &[u8]) -> io::Result<()> {
        for (tile, bytes) in self.edge.full() {
            self.tiles.write(*tile, bytes)?;
        }
        for (tile, bytes) in self.edge.partial() {
            self.tiles.write(tile, bytes)?;
        }
        replace(&self.dir.join(TEMPORARY), &self.dir.join(checkpoint::FILE), note)?;
        if let Some(anchor) = &self.options.anchor {
            replace(&anchor.with_extension("head-new"), anchor, note)?;
        }
        for (tile, _) in self.edge.full() {
            self.tiles.remove_partials(*tile);
        }
        Ok(())
    }

    /// Refuses a log that was set back behind what its key signed.
    fn check_anchor(&self) -> Result<(), AuditFault> {
        let Some(anchor) = &self.options.anchor else {
            return Ok(());
        };
        let signed = match fs::read(anchor) {
            Ok(note) => Head::open(&note, &self.verifier).map_err(broken)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(of_io(&error)),
        };
        if signed.size > self.head.size {
            return Err(AuditFault::Broken);
        }
        if signed.size == 0 {
            return Ok(());
        }
        let tree = Tree::new(&self.tiles, self.head);
        tree.check_root_at(signed.size, signed.root).map_err(broken)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn broken(error: LogError) -> AuditFault {
    match error {
        LogError::Io { kind, .. } if kind != io::ErrorKind::NotFound => of_io(&kind.into()),
        _ => AuditFault::Broken,
    }
}

fn broken_if_missing(error: &io::Error) -> AuditFault {
    match error.kind() {
        io::ErrorKind::NotFound => AuditFault::Broken,
        _ => of_io(error),
    }
}
