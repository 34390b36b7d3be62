//! Tiles as files, at the paths of C2SP tlog-tiles.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tlog_tiles::{HASH_SIZE, Tile};

use super::bundle;
use super::fault::LogError;
use crate::durable::sync_folder_of;

/// Height of a tile: 256 hashes wide.
pub(super) const HEIGHT: u8 = 8;
/// Hashes of a full tile.
pub(super) const WIDTH: u64 = 1 << HEIGHT;
/// Bytes of a full tile.
pub(super) const FULL: usize = HASH_SIZE << HEIGHT;

/// The tiles of one log.
#[derive(Debug, Clone)]
pub(super) struct TileStore {
    dir: PathBuf,
}

impl TileStore {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Writes a tile and makes it durable.
    pub(super) fn write(&self, tile: Tile, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(tile);
        if let Some(parent) = path.parent() {
            create_dirs(&self.dir, parent)?;
        }
        replace(&self.dir.join(TEMPORARY), &path, bytes)
    }

    /// Removes the partial forms of a tile that is now full, which the specification allows. Best effort: what stays
    /// behind is only more to read.
    pub(super) fn remove_partials(&self, full: Tile) {
        let mut dir = self.path(full).into_os_string();
        dir.push(".p");
        let _ = fs::remove_dir_all(PathBuf::from(dir));
    }

    /// The hashes or entries of `tile`, taken from the full tile where the partial one is gone.
    pub(super) fn read(&self, tile: Tile) -> Result<Vec<u8>, LogError> {
        let path = self.path(tile);
        match fs::read(&path) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_full(tile) => {}
            Err(error) => return Err(LogError::io(&path)(error)),
        }
        let path = self.path(full(tile));
        let bytes = fs::read(&path).map_err(LogError::io(&path))?;
        let width = tile.width() as usize;
        let prefix = if tile.is_data() {
            bundle::prefix(&bytes, width)?
        } else {
            bytes
                .get(..width * HASH_SIZE)
                .ok_or(LogError::Damaged("a tile is cut short"))?
        };
        Ok(prefix.to_vec())
    }

    /// `tile/<L>/<N>[.p/<W>]`, or `tile/entries/<N>[.p/<W>]` for entries.
    pub(super) fn path(&self, tile: Tile) -> PathBuf {
        self.dir.join(relative_path(tile))
    }
}

/// The full tile at the place of `tile`.
pub(super) fn full(tile: Tile) -> Tile {
    Tile::new(HEIGHT, tile.level(), tile.level_index(), 1 << HEIGHT, tile.is_data())
}

/// Whether `tile` is full.
pub(super) fn is_full(tile: Tile) -> bool {
    u64::from(tile.width()) == WIDTH
}

/// The path of `tile` inside a log. The crate writes those of the Go checksum database, which name the height too and
/// say "data" for entries.
pub(super) fn relative_path(tile: Tile) -> String {
    let path = tile.path();
    let inner = path.strip_prefix("tile/8/").expect("every tile here has height 8");
    match inner.strip_prefix("data/") {
        Some(index) => format!("tile/entries/{index}"),
        None => format!("tile/{inner}"),
    }
}

/// Replaces the file at `path` by way of the file `temporary` on the same file system, durably. One writer at a time.
pub(super) fn replace(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    readable_by_group(&mut options);
    let mut file = options.open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary, path)?;
    sync_folder_of(path)
}

/// New files may be read by the owner's group: auditors.
#[cfg(unix)]
pub(super) fn readable_by_group(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o640);
}

/// Windows takes access rights from the folder.
#[cfg(not(unix))]
pub(super) fn readable_by_group(_: &mut OpenOptions) {}

/// Makes `dir` and what is missing between it and `top`, durably.
fn create_dirs(top: &Path, dir: &Path) -> io::Result<()> {
    if dir == top || dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        create_dirs(top, parent)?;
    }
    match fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder_of(dir),
    }
}

/// Name of the temporary file, which a crash may leave behind.
pub(super) const TEMPORARY: &str = "new";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |level, index, width, data| relative_path(Tile::new(HEIGHT, level, index, width, data));
        assert_eq!(path(0, 0, 256, false), "tile/0/000");
        assert_eq!(path(0, 1_234_067, 256, false), "tile/0/x001/x234/067");
        assert_eq!(path(2, 0, 1, false), "tile/2/000.p/1");
        assert_eq!(path(0, 273, 112, true), "tile/entries/273.p/112");
    }
}
