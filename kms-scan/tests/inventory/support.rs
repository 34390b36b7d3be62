//! Files, tools, and what is asked of findings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kms_core::Posture;
use kms_scan::{Asset, AssetKind, Finding, Judge, Role, ScanOptions, Scanned, Time, Weakness, recognise, scan};
use tempfile::TempDir;

/// A folder of files to be found.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs a command line in the folder.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output();
        let output = output.unwrap();
        assert!(
            output.status.success(),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(crate) fn scan(&self) -> Scanned {
        scan([self.path()], &ScanOptions::default(), &|_| {})
    }

    /// The findings, as of a day.
    pub(crate) fn findings(&self, day: &str) -> Vec<Finding> {
        let judge = Judge::at(at(day));
        self.scan()
            .assets
            .into_iter()
            .map(|asset| judge.finding(asset))
            .collect()
    }

    /// What is in one file, alone.
    #[track_caller]
    pub(crate) fn only(&self, name: &str) -> Asset {
        let mut found: Vec<_> = self.all(name);
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        found.remove(0)
    }

    pub(crate) fn all(&self, name: &str) -> Vec<Asset> {
        let path = self.path().join(name);
        recognise(&path, &fs::File::open(&path).unwrap()).unwrap()
    }
}

/// What an asset has to be.
#[track_caller]
pub(crate) fn is(asset: &Asset, kind: AssetKind, algorithm: &str, posture: Option<Posture>) {
    assert_eq!(asset.fault, None, "{asset:#?}");
    let name = asset.deciding().map_or("-", |algorithm| &algorithm.name);
    assert_eq!(
        (asset.kind, name, asset.posture),
        (kind, algorithm, posture),
        "{asset:#?}"
    );
}

/// The weaknesses that its algorithms have.
pub(crate) fn weaknesses(asset: &Asset) -> Vec<Weakness> {
    asset
        .algorithms
        .iter()
        .filter_map(|used| used.algorithm.weakness)
        .collect()
}

pub(crate) fn signed_by(asset: &Asset) -> &str {
    asset
        .algorithm(Role::Signature)
        .map_or("-", |algorithm| &algorithm.name)
}

pub(crate) fn in_memory(name: &str, bytes: impl AsRef<[u8]>) -> Vec<Asset> {
    recognise(Path::new(name), &bytes.as_ref().to_vec()).unwrap()
}

pub(crate) fn at(day: &str) -> Time {
    day.parse().unwrap()
}

/// Whether a program is here; says so where it is not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    let found = found.unwrap().success();
    if !found {
        println!("SKIPPED 1: {program} is not installed");
    }
    found
}

/// Python with these modules: that of `make test`, or the system's.
pub(crate) fn python(modules: &str) -> Option<PathBuf> {
    let candidates = [repository(".venv/bin/python"), "python3".into()];
    let found = candidates.into_iter().find(|python| {
        let import = Command::new(python)
            .args(["-c", &format!("import {modules}")])
            .stderr(Stdio::null())
            .status();
        import.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        println!("SKIPPED 1: no Python with {modules} (tests/oracle/requirements.txt)");
    }
    found
}

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A file beside these tests.
pub(crate) fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// Test data outside of the repository.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("KEYSTRAND_TEST_DATA").map_or_else(|| repository("../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED 1: no {}", path.display());
    None
}
