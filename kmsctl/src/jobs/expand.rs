//! From paths, folders and patterns to files.

use std::fs;
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

/// The files that `inputs` mean, in order.
pub(super) fn expand(inputs: &[PathBuf], direction: Direction) -> Result<Vec<Origin>> {
    let mut origins = Vec::new();
    for input in inputs {
        if is_stream(input) {
            return Err(Failure::usage(
                "`-` stands alone",
                "seal or open stdin in a command of its own",
            ));
        }
        for path in matches(input)? {
            if path.is_dir() {
                below(&path, direction, &mut origins)?;
            } else {
                origins.push(Origin {
                    relative: path.file_name().map_or_else(|| path.clone(), PathBuf::from),
                    path: payload_of(path, direction),
                });
            }
        }
    }
    Ok(origins)
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

fn below(folder: &Path, direction: Direction, origins: &mut Vec<Origin>) -> Result<()> {
    let root = folder.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    match direction {
        Direction::Seal => plain_files(folder, &mut files)?,
        Direction::Open => envelopes(folder, &mut files)?,
    }
    origins.extend(files.into_iter().map(|path| Origin {
        relative: path.strip_prefix(root).map_or_else(|_| path.clone(), Path::to_owned),
        path,
    }));
    Ok(())
}

/// Regular files that are no envelopes, nor parts of one. Links are left alone: they may lead out of the tree.
fn plain_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error: std::io::Error| Failure::io(folder, &error);
    let mut entries = fs::read_dir(folder)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() {
            plain_files(&path, files)?;
        } else if kind.is_file() && !is_part_of_an_envelope(&path) {
            files.push(path);
        }
    }
    Ok(())
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

fn envelopes(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for found in discover([folder], &DiscoverOptions::default()) {
        match found.map_err(Failure::from)? {
            Found::Envelope {
                layout: Layout::Sidecar { of },
                ..
            } => files.push(of),
            Found::Envelope {
                layout: Layout::Attached { .. },
                path,
            } => files.push(path),
            // A ticket has no payload, and leftovers are for `kmsctl doctor`.
            _ => {}
        }
    }
    Ok(())
}
