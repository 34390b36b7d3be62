//! Setting up a log.

use std::fs;
use std::io;
use std::path::Path;

use super::checkpoint::{self, Head};
use super::fault::LogError;
use super::key::LogKey;
use super::segment::Segment;
use super::tiles::{TEMPORARY, replace};

/// Sets up an empty log in `dir`.
pub(super) fn create(dir: &Path, key: &LogKey) -> Result<(), LogError> {
    make_dir(dir).map_err(LogError::io(dir))?;
    let path = dir.join(checkpoint::FILE);
    let segments = Segment::list(dir).map_err(LogError::io(dir))?;
    if path.exists() || segments.iter().any(|segment| segment.first > 0) {
        return Err(LogError::Exists(dir.to_owned()));
    }
    match Segment::new(dir, 0).create() {
        // What an earlier attempt left behind has no checkpoint, so nothing was ever recorded in it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => drop(made.map_err(LogError::io(dir))?),
    }
    let head = Head {
        size: 0,
        root: tlog_tiles::EMPTY_HASH,
    };
    replace(&dir.join(TEMPORARY), &path, &head.sign(key)?).map_err(LogError::io(&path))
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(dir)
}
