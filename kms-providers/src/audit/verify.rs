//! Verification of a whole log: every file against every other, and all against the pinned key.
//!
//! The tree is built anew from the entries, and what was built is compared with what is on disk, byte for byte: full
//! tiles, partial tiles of this and earlier checkpoints, journal lines. Nothing in the folder is left unlooked at.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use tlog_tiles::{HASH_SIZE, Tile};

use super::checkpoint::{self, Head};
use super::edge::Edge;
use super::fault::LogError;
use super::journal::JournalCheck;
use super::log::AuditLog;
use super::report::{Damage, Report};
use super::review::Review;
use super::segment::first_of;
use super::tiles::{HEIGHT, TEMPORARY, full, is_full, relative_path};
use super::{bundle, lock};
use crate::signing::VerifierKey;

impl AuditLog {
    /// Verifies everything that is in the log's folder now, the checkpoint's signature by `verifier`. Each file is read
    /// once; memory is bounded by the number of unfinished uses and of files. Writers need not stop.
    ///
    /// # Errors
    /// [`LogError::Io`] when the folder cannot be read, [`LogError::Checkpoint`] when the checkpoint is malformed. Other
    /// damage is no error: it is in the report.
    pub fn verify(&self, verifier: &VerifierKey) -> Result<Report, LogError> {
        // In this order, a file that a writer adds meanwhile is either not in the list or covered by the entries.
        let files = files_in(&self.dir)?;
        let log = Self::open_read(&self.dir)?;
        let mut check = Check {
            log: &log,
            files,
            edge: Edge::default(),
            journal: JournalCheck::new(&log.segments),
            damage: Vec::new(),
        };
        if let Err(LogError::Checkpoint(what)) = Head::open(&log.note, verifier) {
            check.damage.push(Damage::Checkpoint { what });
        }
        let mut review = Review::default();
        check.entries(&mut review);
        check.rightmost_tiles();
        check.strays();
        Ok(Report {
            origin: log.origin.clone(),
            size: log.head.size,
            root: log.head.root.to_string(),
            unsigned: check.edge.size().saturating_sub(log.head.size),
            archived: log.segments.first().map_or(log.head.size, |segment| segment.first),
            damage: check.damage,
            findings: review.finish(),
        })
    }
}

struct Check<'a> {
    log: &'a AuditLog,
    /// Files that were not looked at yet, as paths in the log.
    files: BTreeSet<String>,
    /// The tree, built anew.
    edge: Edge,
    journal: JournalCheck<'a>,
    damage: Vec<Damage>,
}

impl Check<'_> {
    fn entries(&mut self, review: &mut Review) {
        self.at_checkpoint();
        for entry in self.log.entries(0) {
            let Ok(entry) = entry else {
                self.damage.push(self.unreadable());
                break;
            };
            self.journal.compare(&entry, &mut self.damage);
            review.entry(&entry);
            if self.edge.push(&entry.line).is_err() {
                break;
            }
            self.filled_tiles();
            self.at_checkpoint();
        }
        if self.edge.size() < self.log.head.size {
            self.damage.push(Damage::Root);
        }
        self.journal.finish(self.edge.size(), &mut self.damage);
    }

    /// What hinders reading the next entry.
    fn unreadable(&self) -> Damage {
        let seq = self.edge.size();
        if seq < self.log.head.size {
            let path = relative_path(self.log.bundle_of(seq));
            Damage::Tile { path }
        } else {
            Damage::Journal { seq }
        }
    }

    /// Compares root and rightmost tiles where the entries so far are those of the checkpoint.
    fn at_checkpoint(&mut self) {
        if self.edge.size() != self.log.head.size {
            return;
        }
        if self.edge.root() != Ok(self.log.head.root) {
            self.damage.push(Damage::Root);
        }
        for (tile, bytes) in self.rightmost() {
            self.tile(tile, &bytes, true);
        }
    }

    /// Compares the tiles that the last entry filled.
    fn filled_tiles(&mut self) {
        let filled = self.edge.full().to_vec();
        self.edge.forget_full();
        for (tile, bytes) in filled {
            let end = (tile.level_index() + 1) << (HEIGHT * (tile.level() + 1));
            self.tile(tile, &bytes, end <= self.log.head.size);
            self.earlier_forms(tile, &bytes);
        }
    }

    /// Compares what there is of the tiles that no entry filled.
    fn rightmost_tiles(&mut self) {
        for (tile, bytes) in self.rightmost() {
            self.earlier_forms(tile, &bytes);
        }
    }

    fn rightmost(&self) -> Vec<(Tile, Vec<u8>)> {
        self.edge
            .partial()
            .map(|(tile, bytes)| (tile, bytes.to_vec()))
            .collect()
    }

    /// Compares what earlier checkpoints needed of `tile`: each a prefix of it.
    fn earlier_forms(&mut self, tile: Tile, bytes: &[u8]) {
        let folder = format!("{}.p/", relative_path(full(tile)));
        let after = format!("{}.p0", relative_path(full(tile)));
        let names: Vec<_> = self.files.range(folder.clone()..after).cloned().collect();
        for name in names {
            let width = name[folder.len()..].parse().ok();
            let Some(width) = width.filter(|width| (1..=tile.width()).contains(width)) else {
                continue; // a stray file
            };
            let form = Tile::new(HEIGHT, tile.level(), tile.level_index(), width, tile.is_data());
            let prefix = if tile.is_data() {
                bundle::prefix(bytes, width as usize).unwrap_or_default()
            } else {
                &bytes[..width as usize * HASH_SIZE]
            };
            if name == relative_path(form) {
                self.tile(form, prefix, false);
            }
        }
    }

    /// Compares the file of `tile` with the bytes that the entries give.
    fn tile(&mut self, tile: Tile, expected: &[u8], required: bool) {
        let path = relative_path(tile);
        if !self.files.remove(&path) && !required {
            return;
        }
        // A writer removes a partial tile when it has written the full one, which is compared in its turn.
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        match fs::read(self.log.tiles.path(tile)) {
            Ok(found) if found == expected => {}
            Ok(found) => self.different(tile, &found, expected),
            Err(error) if gone(&error) && !is_full(tile) && self.log.tiles.path(full(tile)).exists() => {}
            Err(_) => self.damage.push(Damage::Tile { path }),
        }
    }

    fn different(&mut self, tile: Tile, found: &[u8], expected: &[u8]) {
        if tile.level() == 0 && !tile.is_data() {
            let mut leaves = found.chunks(HASH_SIZE).zip(expected.chunks(HASH_SIZE));
            if let Some(place) = leaves.position(|(found, expected)| found != expected) {
                let seq = (tile.level_index() << HEIGHT) + place as u64;
                self.damage.push(Damage::Entry { seq });
            }
        }
        let path = relative_path(tile);
        self.damage.push(Damage::Tile { path });
    }

    fn strays(&mut self) {
        let is_part =
            |name: &str| [checkpoint::FILE, lock::FILE, TEMPORARY].contains(&name) || first_of(name).is_some();
        let strays = self.files.iter().filter(|name| !is_part(name));
        self.damage
            .extend(strays.map(|name| Damage::Stray { path: name.clone() }));
    }
}

/// All files in the folder of a log, as paths in it.
fn files_in(dir: &Path) -> Result<BTreeSet<String>, LogError> {
    let mut files = BTreeSet::new();
    let mut folders = vec![(dir.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let read = match fs::read_dir(&folder) {
            // Removed meanwhile: the folder of a partial tile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !prefix.is_empty() => continue,
            read => read.map_err(LogError::io(&folder))?,
        };
        for file in read {
            let file = file.map_err(LogError::io(&folder))?;
            let name = format!("{prefix}{}", file.file_name().to_string_lossy());
            if file.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push((file.path(), name + "/"));
            } else {
                files.insert(name);
            }
        }
    }
    Ok(files)
}
