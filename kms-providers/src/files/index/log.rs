//! The file of the index: facts in order, a JSON line each, compacted when most are void.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::durable::{Access, Flush, Staged, is_same};
use crate::files::path_text;

/// A fact about one envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::files) enum Line {
    /// Besides what it had, it may need these: a rewrap is under way.
    Needs {
        #[serde(with = "path_text")]
        path: PathBuf,
        keys: Vec<KeyVersion>,
    },
    /// It needs exactly these.
    Has {
        #[serde(with = "path_text")]
        path: PathBuf,
        keys: Vec<KeyVersion>,
    },
    /// Nobody asks for it any more.
    Forgotten {
        #[serde(with = "path_text")]
        path: PathBuf,
    },
}

/// An envelope and its keys, before and after the header that has them stands.
#[derive(Debug, Clone)]
pub(in crate::files) struct Fact {
    path: PathBuf,
    keys: Vec<KeyVersion>,
}

/// A key of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::files) struct KeyVersion {
    pub(super) uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
}

/// A set of paths by their hashes: 32 bytes of memory each, whatever their length.
#[derive(Default)]
pub(super) struct Seen(HashSet<u128>);

/// The file.
pub(super) struct Log {
    path: PathBuf,
}

impl Fact {
    pub(in crate::files) fn new(path: &Path, keys: &[(String, Option<Vec<u8>>)]) -> Self {
        Self {
            path: settled(path),
            keys: key_versions(keys),
        }
    }

    /// It may soon need these.
    pub(in crate::files) fn needs(&self) -> Line {
        let Self { path, keys } = self.clone();
        Line::Needs { path, keys }
    }

    /// It has these and no others.
    pub(in crate::files) fn has(self) -> Line {
        let Self { path, keys } = self;
        Line::Has { path, keys }
    }
}

impl Line {
    pub(super) fn forgotten(path: PathBuf) -> Self {
        Self::Forgotten { path }
    }

    pub(super) fn path(&self) -> &Path {
        let (Self::Needs { path, .. } | Self::Has { path, .. } | Self::Forgotten { path }) = self;
        path
    }
}

impl Seen {
    pub(super) fn insert(&mut self, path: &Path) -> bool {
        self.0.insert(hash(path))
    }

    pub(super) fn remove(&mut self, path: &Path) -> bool {
        self.0.remove(&hash(path))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Log {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds lines in one write. The newline in front ends what a crash may have cut.
    pub(super) fn append(&self, lines: &[Line], durable: bool) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = vec![b'\n'];
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let (mut file, is_new) = self.locked()?;
        file.write_all(&text)?;
        if durable {
            file.sync_data()?;
            if is_new {
                Flush::Now.folders([self.path.as_path()])?;
            }
        }
        Ok(())
    }

    /// Reads all facts in order. A line that a crash has cut was never relied on, and is passed over.
    pub(super) fn each(&self, mut hear: impl FnMut(&Line)) -> io::Result<()> {
        self.each_at(|_, line| {
            hear(&line);
            Ok(())
        })
    }

    /// Compacts when the file is more than twice what the last compaction left.
    pub(super) fn compact_when_large(&self) -> io::Result<()> {
        let Ok(metadata) = fs::metadata(&self.path) else {
            return Ok(());
        };
        if metadata.len() > 2 * self.compacted_size()?.max(SMALL) {
            return self.compact();
        }
        Ok(())
    }

    fn compact(&self) -> io::Result<()> {
        let file = open(&self.path)?;
        file.lock()?;
        if !is_same(&self.path, &file) {
            return Ok(());
        }
        let mut lines = 0_u64;
        self.each(|_| lines += 1)?;
        let staged = Staged::create(&self.path, Access::Owner)?;
        let mut out = BufWriter::new(staged.file());
        // The size stands in the first line, which has room for any number.
        writeln!(out, "{:>WIDTH$}", 0)?;
        let parts = u128::from(lines / LINES_AT_ONCE + 1);
        for part in 0..parts {
            self.compact_part(&mut out, |path| hash(path) % parts == part)?;
        }
        out.flush()?;
        drop(out);
        let size = staged.file().metadata()?.len();
        std::os::unix::fs::FileExt::write_all_at(staged.file(), format!("{size:>WIDTH$}").as_bytes(), 0)?;
        Flush::Now.files([staged.file()])?;
        staged.replace()?;
        Flush::Now.folders([self.path.as_path()])
    }

    /// Copies, of the paths of one part, what was said since each was last settled.
    fn compact_part(&self, out: &mut impl Write, is_of_part: impl Fn(&Path) -> bool) -> io::Result<()> {
        let mut settled = HashMap::<u128, u64>::new();
        self.each_at(|at, line| {
            if !matches!(line, Line::Needs { .. }) && is_of_part(line.path()) {
                settled.insert(hash(line.path()), at);
            }
            Ok(())
        })?;
        self.each_at(|at, line| {
            let since = settled.get(&hash(line.path())).copied().unwrap_or(0);
            if at < since || matches!(line, Line::Forgotten { .. }) || !is_of_part(line.path()) {
                return Ok(());
            }
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")
        })
    }

    fn each_at(&self, mut hear: impl FnMut(u64, Line) -> io::Result<()>) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let (mut at, mut text) = (0, Vec::new());
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text)?;
            if length == 0 {
                return Ok(());
            }
            if let Ok(line) = serde_json::from_slice(&text) {
                hear(at, line)?;
            }
            at += length as u64;
        }
    }

    fn compacted_size(&self) -> io::Result<u64> {
        let mut first = String::new();
        let file = BufReader::new(File::open(&self.path)?);
        io::Read::take(file, WIDTH as u64).read_line(&mut first)?;
        Ok(first.trim().parse().unwrap_or(0))
    }

    /// The file, locked against compaction, and whether it was made now.
    fn locked(&self) -> io::Result<(File, bool)> {
        loop {
            let is_new = !self.path.exists();
            let file = open(&self.path)?;
            file.lock_shared()?;
            if is_same(&self.path, &file) {
                return Ok((file, is_new));
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// The one name of a file: envelopes are recorded from many places.
pub(super) fn settled(path: &Path) -> PathBuf {
    let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    fs::canonicalize(path).unwrap_or_else(|_| absolute())
}

fn key_versions(keys: &[(String, Option<Vec<u8>>)]) -> Vec<KeyVersion> {
    let mut versions: Vec<_> = keys
        .iter()
        .map(|(uri, version)| KeyVersion::new(uri, version.as_deref()))
        .collect();
    versions.dedup();
    versions
}

impl KeyVersion {
    /// Versions are bytes as the provider gave them; those that are no text count as unknown, so for every version.
    fn new(uri: &str, version: Option<&[u8]>) -> Self {
        let text = version.and_then(|bytes| std::str::from_utf8(bytes).ok());
        Self {
            uri: uri.to_owned(),
            version: text.map(str::to_owned),
        }
    }
}

fn hash(path: &Path) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, path.as_os_str()).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// Below this nothing is gained.
const SMALL: u64 = 4 << 20;
/// About 200 MiB of memory.
const LINES_AT_ONCE: u64 = 4_000_000;
/// Digits of a u64.
const WIDTH: usize = 20;
