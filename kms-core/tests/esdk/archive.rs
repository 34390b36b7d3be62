//! The folder of AWS's vectors, and the archives in it. What is there is found, not listed.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A set of vectors: a folder or an archive with a manifest.
pub(crate) struct Set {
    pub(crate) name: String,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Archive(RefCell<zip::ZipArchive<fs::File>>),
}

/// The folder `esdk-vectors` of the test data.
pub(crate) fn root() -> PathBuf {
    let data = std::env::var_os("KEYSTRAND_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    data.join("esdk-vectors")
}

/// Every set of vectors, by name.
pub(crate) fn sets() -> Vec<Set> {
    let Ok(entries) = fs::read_dir(root()) else {
        return Vec::new();
    };
    let mut sets: Vec<_> = entries.filter_map(|entry| Set::at(&entry.unwrap().path())).collect();
    sets.sort_by(|a, b| a.name.cmp(&b.name));
    sets
}

impl Set {
    fn at(path: &Path) -> Option<Self> {
        let place = if path.is_dir() {
            Place::Folder(path.to_owned())
        } else if path.extension()? == "zip" {
            Place::Archive(RefCell::new(
                zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap(),
            ))
        } else {
            return None;
        };
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(Self { name, place })
    }

    /// Names of the JSON files beside the manifest, which is one of them.
    pub(crate) fn json_names(&self) -> Vec<String> {
        let names: Vec<String> = match &self.place {
            Place::Folder(folder) => fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect(),
            Place::Archive(archive) => archive.borrow().file_names().map(str::to_owned).collect(),
        };
        let mut names: Vec<_> = names.into_iter().filter(|name| name.ends_with(".json")).collect();
        names.sort();
        names
    }

    /// The bytes of `file://…`, or of a name.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let name = name.trim_start_matches("file://");
        match &self.place {
            Place::Folder(folder) => fs::read(folder.join(name)).unwrap(),
            Place::Archive(archive) => {
                let mut bytes = Vec::new();
                archive
                    .borrow_mut()
                    .by_name(name)
                    .unwrap()
                    .read_to_end(&mut bytes)
                    .unwrap();
                bytes
            }
        }
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(name)).unwrap()
    }
}
