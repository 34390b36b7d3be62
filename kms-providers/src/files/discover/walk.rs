//! Regular files below paths, one at a time.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata, ReadDir};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::DiscoverOptions;
use super::pattern::{Only, Root};
use crate::files::error::{At, FileError};

/// Regular files below paths and patterns, depth first.
pub(in crate::files) struct Walk {
    options: DiscoverOptions,
    roots: VecDeque<Result<Root, FileError>>,
    /// The folders from a root down to where the walk stands.
    folders: Vec<Folder>,
    /// What the root that the walk is below was given as.
    only: Option<Only>,
}

/// A folder that is being walked.
struct Folder {
    path: PathBuf,
    names: Names,
    device: u64,
    inode: u64,
}

/// The names in a folder: in order, where they are not too many.
struct Names {
    known: std::vec::IntoIter<OsString>,
    rest: Option<ReadDir>,
}

impl Walk {
    pub(in crate::files) fn new<P: AsRef<Path>>(
        patterns: impl IntoIterator<Item = P>,
        options: &DiscoverOptions,
    ) -> Self {
        Self {
            options: options.clone(),
            roots: patterns.into_iter().map(|pattern| Root::of(pattern.as_ref())).collect(),
            folders: Vec::new(),
            only: None,
        }
    }

    /// Begins the next root. A root that is a file is given out at once.
    fn enter_root(&mut self) -> Option<Result<PathBuf, FileError>> {
        let root = match self.roots.pop_front()? {
            Ok(root) => root,
            Err(error) => return Some(Err(error)),
        };
        self.only = root.only;
        match fs::metadata(&root.path).at(&root.path) {
            Err(error) => Some(Err(error)),
            Ok(metadata) if metadata.is_dir() => {
                self.enter(root.path, &metadata).err().map(Err).or_else(|| self.next())
            }
            Ok(metadata) => self.wanted(root.path, &metadata).map(Ok).or_else(|| self.next()),
        }
    }

    fn enter(&mut self, path: PathBuf, metadata: &Metadata) -> Result<(), FileError> {
        let names = Names::of(&path).at(&path)?;
        self.folders.push(Folder {
            path,
            names,
            device: metadata.dev(),
            inode: metadata.ino(),
        });
        Ok(())
    }

    /// Looks at one entry of the innermost folder: enters it, gives it out or passes it over.
    fn look(&mut self, path: PathBuf) -> Result<Option<PathBuf>, FileError> {
        let seen = if self.options.follow_links {
            fs::metadata(&path)
        } else {
            fs::symlink_metadata(&path)
        };
        let metadata = match seen {
            // Files come and go below a walk, and links may lead nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata.at(&path)?,
        };
        if metadata.is_dir() {
            if self.may_enter(&metadata) {
                self.enter(path, &metadata)?;
            }
            return Ok(None);
        }
        Ok(self.wanted(path, &metadata))
    }

    /// Links may lead in circles, and mounts elsewhere.
    fn may_enter(&self, metadata: &Metadata) -> bool {
        let (device, inode) = (metadata.dev(), metadata.ino());
        let is_above = self
            .folders
            .iter()
            .any(|folder| (folder.device, folder.inode) == (device, inode));
        let is_deep = self.only.as_ref().is_some_and(|only| !only.reaches(self.folders.len()));
        let is_elsewhere = self.folders.last().is_some_and(|folder| folder.device != device);
        !(is_above || is_deep || self.options.one_file_system && is_elsewhere)
    }

    fn wanted(&self, path: PathBuf, metadata: &Metadata) -> Option<PathBuf> {
        let fits = self.only.as_ref().is_none_or(|only| only.fits(&path));
        (metadata.is_file() && fits).then_some(path)
    }
}

impl Iterator for Walk {
    type Item = Result<PathBuf, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(folder) = self.folders.last_mut() else {
                return self.enter_root();
            };
            let entry = match folder.names.next() {
                None => {
                    self.folders.pop();
                    continue;
                }
                Some(name) => name.map(|name| folder.path.join(name)).at(&folder.path),
            };
            match entry.and_then(|path| self.look(path)) {
                Ok(None) => {}
                Ok(Some(path)) => return Some(Ok(path)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Names {
    fn of(folder: &Path) -> io::Result<Self> {
        let mut rest = fs::read_dir(folder)?;
        let mut known = Vec::new();
        for entry in rest.by_ref().take(SORTED) {
            known.push(entry?.file_name());
        }
        let all = known.len() < SORTED;
        if all {
            known.sort_unstable();
        }
        Ok(Self {
            known: known.into_iter(),
            rest: (!all).then_some(rest),
        })
    }
}

impl Iterator for Names {
    type Item = io::Result<OsString>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(name) = self.known.next() {
            return Some(Ok(name));
        }
        let entry = self.rest.as_mut()?.next()?;
        Some(entry.map(|entry| entry.file_name()))
    }
}

/// Names of one folder that are kept in memory, and so put in order.
const SORTED: usize = 65_536;
