//! Paths and glob patterns.

use std::fs;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::files::error::{At, FileError, FileFault};

/// Where a walk begins, and which of the files below it are meant.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) path: PathBuf,
    pub(super) only: Option<Only>,
}

/// A pattern that files have to fit.
#[derive(Debug)]
pub(super) struct Only {
    pattern: Pattern,
    /// Folders below which nothing fits.
    depth: usize,
}

impl Root {
    /// A path that exists, or a pattern.
    ///
    /// # Errors
    /// [`FileFault::Pattern`].
    pub(super) fn of(path: &Path) -> Result<Self, FileError> {
        let text = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        let Some(text) = text.filter(|_| !path.exists()) else {
            return Ok(Self {
                path: path.to_owned(),
                only: None,
            });
        };
        let pattern = Pattern::new(text).map_err(|_| FileFault::Pattern).at(path)?;
        let root = fixed_part(path);
        let rest = path.components().count() - root.components().count();
        let depth = if text.contains("**") { usize::MAX } else { rest.max(1) };
        let only = Some(Only { pattern, depth });
        let path = if root.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            root
        };
        Ok(Self { path, only })
    }
}

/// Whether a walk of `path` has where to begin.
///
/// # Errors
/// [`FileFault::Pattern`]; when the path, or the fixed part of the pattern, does not exist or may not be seen.
pub(in crate::files) fn check_root(path: &Path) -> Result<(), FileError> {
    let root = Root::of(path)?.path;
    fs::symlink_metadata(&root).map(drop).at(&root)
}

impl Only {
    pub(super) fn fits(&self, path: &Path) -> bool {
        // The current folder is walked as `.`, which a pattern may leave out.
        let short = path.strip_prefix(".").unwrap_or(path);
        let fits = |path| self.pattern.matches_path_with(path, MATCHING);
        fits(path) || fits(short)
    }

    /// Whether anything below so many folders can fit.
    pub(super) fn reaches(&self, folders: usize) -> bool {
        folders < self.depth
    }
}

/// The components before the first that is not literal.
fn fixed_part(pattern: &Path) -> PathBuf {
    let literal = |component: &Component<'_>| !component.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    pattern.components().take_while(literal).collect()
}

/// As shells match, hidden names included: an envelope that is passed over keeps its old key.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};
