//! Test data that is not in the repository, under `KEYSTRAND_TEST_DATA` (default `../shared` beside the repository).

use std::path::{Path, PathBuf};

pub(crate) fn folder(name: &str) -> PathBuf {
    let root = std::env::var_os("KEYSTRAND_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    root.join(name)
}

/// Every file with this ending below a folder, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
