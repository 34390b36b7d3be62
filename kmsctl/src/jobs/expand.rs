//! From paths, folders and patterns to files.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use kms_providers::files::{DiscoverOptions, Found, Layout, discover};

use super::name::starts_an_envelope;
use super::{Direction, is_stream};
use crate::failure::{Failure, Result};

/// An input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The file.
    pub(super) path: PathBuf,
    /// Its place in a mirrored tree.
    pub(super) relative: PathBuf,
}

/// What inputs mean.
#[derive(Default)]
pub(super) struct Expansion {
    /// The files, in order.
    pub(super) origins: Vec<Origin>,
    /// Folders that could not be read.
    pub(super) failures: Vec<Failure>,
}

impl Expansion {
    /// What `inputs` mean.
    pub(super) fn of(inputs: &[PathBuf], direction: Direction) -> Result<Self> {
        let mut expansion = Self::default();
        for input in inputs {
            if is_stream(input) {
                return Err(Failure::usage(
                    "`-` stands alone",
                    "seal or open stdin in a command of its own",
                ));
            }
            for path in matches(input)? {
                if path.is_dir() {
                    expansion.below(&path, direction);
                } else {
                    expansion.origins.push(Origin {
                        relative: path.file_name().map_or_else(|| path.clone(), PathBuf::from),
                        path: payload_of(path, direction),
                    });
                }
            }
        }
        Ok(expansion)
    }

    fn below(&mut self, folder: &Path, direction: Direction) {
        let root = folder.parent().unwrap_or(Path::new(""));
        let mut files = Vec::new();
        match direction {
            Direction::Seal => self.plain_files(folder, &mut files),
            Direction::Open => self.envelopes(folder, &mut files),
        }
        self.origins.extend(files.into_iter().map(|path| Origin {
            relative: path.strip_prefix(root).map_or_else(|_| path.clone(), Path::to_owned),
            path,
        }));
    }

    /// Regular files that are no envelopes, nor parts of one. Links are left alone: they may lead out of the tree.
    fn plain_files(&mut self, folder: &Path, files: &mut Vec<PathBuf>) {
        let entries = match sorted_entries(folder) {
            Ok(entries) => entries,
            Err(error) => return self.failures.push(Failure::io(folder, &error)),
        };
        for (path, kind) in entries {
            if kind.is_dir() {
                self.plain_files(&path, files);
            } else if kind.is_file() && !is_part_of_an_envelope(&path) {
                files.push(path);
            }
        }
    }

    fn envelopes(&mut self, folder: &Path, files: &mut Vec<PathBuf>) {
        for found in discover([folder], &DiscoverOptions::default()) {
            match found {
                Err(error) => self.failures.push(error.into()),
                Ok(Found::Envelope {
                    layout: Layout::Sidecar { of },
                    ..
                }) => files.push(of),
                Ok(Found::Envelope {
                    layout: Layout::Attached { .. },
                    path,
                }) => files.push(path),
                // A ticket has no payload, and leftovers are for `kmsctl doctor`.
                Ok(_) => {}
            }
        }
    }
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.path(), entry.file_type()?));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

/// A header names its payload: `FILE.ksh` means `FILE`.
fn payload_of(path: PathBuf, direction: Direction) -> PathBuf {
    let is_sidecar = path.extension().is_some_and(|extension| extension == "ksh");
    match direction {
        Direction::Open if is_sidecar => path.with_extension(""),
        _ => path,
    }
}

/// What exists is itself; anything else may be a pattern. (A shell expands patterns before this is asked, but not one
/// in quotes, and not every shell.)
fn matches(input: &Path) -> Result<Vec<PathBuf>> {
    let pattern = match input.to_str() {
        Some(text) if !input.exists() && text.contains(['*', '?', '[']) => text,
        _ => return Ok(vec![input.to_owned()]),
    };
    let found =
        glob::glob(pattern).map_err(|error| Failure::usage(error.msg, "quote or correct the pattern").at(input))?;
    let found: Vec<_> = found.filter_map(std::result::Result::ok).collect();
    if found.is_empty() {
        return Err(Failure::usage("nothing matches this pattern", "check the pattern").at(input));
    }
    Ok(found)
}

fn is_part_of_an_envelope(path: &Path) -> bool {
    let beside = |extension: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(extension);
        Path::new(&name).exists()
    };
    let extension = path.extension().unwrap_or_default();
    extension == "ksj" || beside(".ksh") || starts_an_envelope(path)
}
