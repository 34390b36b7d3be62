//! Files below paths, read side by side.

use std::fs::{File, Metadata};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use kms_providers::files::{DiscoverOptions, FileError, RegularFiles, regular_files};

use crate::algorithm::Weakness;
use crate::asset::{Asset, AssetKind};
use crate::format::recognise;
use crate::report::Tally;
use crate::time::Time;

/// How [`scan`] walks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScanOptions {
    /// Links and file systems, as when envelopes are looked for.
    pub discover: DiscoverOptions,
    /// Files read at once; each takes 8 MiB at most.
    pub workers: NonZeroUsize,
}

/// What a scan gave.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Scanned {
    /// What was found, in the order of places.
    pub assets: Vec<Asset>,
    /// How much was looked at.
    pub tally: Tally,
    /// Files and folders that could not be read.
    pub failures: Vec<FileError>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            discover: DiscoverOptions::default(),
            workers: cores.min(const { NonZeroUsize::new(8).expect("eight is not zero") }),
        }
    }
}

/// Looks at every regular file below `paths`: files, folders or patterns, by the rules of
/// [`discover`](kms_providers::files::discover). What cannot be read is told, and the walk goes on. `progress` hears the
/// number of files, from any thread.
pub fn scan<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    options: &ScanOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Scanned {
    let walk = Mutex::new(regular_files(paths, &options.discover));
    let whole = Mutex::new(Scanned::default());
    thread::scope(|scope| {
        for _ in 1..options.workers.get() {
            scope.spawn(|| work(&walk, &whole, progress));
        }
        work(&walk, &whole, progress);
    });
    let mut scanned = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    scanned.assets.sort_by(|a, b| a.place.cmp(&b.place));
    scanned.failures.sort_by(|a, b| a.path().cmp(&b.path()));
    scanned
}

fn work(walk: &Mutex<RegularFiles>, whole: &Mutex<Scanned>, progress: &(dyn Fn(u64) + Sync)) {
    loop {
        // Walking is short beside reading; the lock is held for one step.
        let next = walk.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(next) = next else { return };
        let read = next.and_then(|path| read(&path).map_err(|error| FileError::new(&path, error)));
        let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(None) => {}
            Ok(Some((bytes, assets))) => {
                whole.tally.files += 1;
                whole.tally.bytes += bytes;
                whole.assets.extend(assets);
                let files = whole.tally.files;
                drop(whole);
                progress(files);
            }
            Err(failure) => whole.failures.push(failure),
        }
    }
}

/// What is in a file, and its size; `None` for one that has gone.
fn read(path: &Path) -> io::Result<Option<(u64, Vec<Asset>)>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let metadata = file.metadata()?;
    let assets = match recognise(path, &file) {
        // It became shorter while it was read: whoever writes it will be found the next time.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Vec::new(),
        assets => assets?,
    };
    let placed = assets.into_iter().map(|asset| of_file(asset, &metadata)).collect();
    Ok(Some((metadata.len(), placed)))
}

/// Adds what the file system knows.
fn of_file(mut asset: Asset, metadata: &Metadata) -> Asset {
    asset.modified = metadata.modified().ok().and_then(Time::of);
    let is_secret = asset.in_clear
        && matches!(
            asset.kind,
            AssetKind::PrivateKey | AssetKind::AgeKey | AssetKind::JsonWebKey
        );
    if is_secret && metadata.permissions().mode() & OTHERS_READ != 0 {
        asset.weaknesses.push(Weakness::ReadableByOthers);
    }
    asset
}

/// Readable by everybody. Groups are left alone: `root:ssl-cert` is a common and sound way to share a key.
const OTHERS_READ: u32 = 0o004;
