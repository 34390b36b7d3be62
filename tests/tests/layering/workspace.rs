//! What Cargo says of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::Source;

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    /// The workspace's crates that it names, in tests and build scripts too.
    pub(crate) uses: Vec<String>,
}

impl Member {
    /// Its manifest.
    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.manifest).unwrap()
    }
}

/// The crates of the workspace.
pub(crate) fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

fn member(package: &serde_json::Value) -> Member {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    let local = dependencies.filter(|dependency| dependency.get("path").is_some());
    Member {
        name: package["name"].as_str().unwrap().to_owned(),
        manifest: package["manifest_path"].as_str().unwrap().into(),
        uses: local
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect(),
    }
}

/// Names of all crates that `name` brings on this platform with its default features, or those of `features`.
pub(crate) fn default_tree(name: &str, features: &[&str]) -> Vec<String> {
    let tree = [
        "tree",
        "--package",
        name,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--offline",
    ];
    let tree = cargo(&[&tree, features].concat());
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// The Rust files under `folders` of the repository, in order; those that do not exist are left out.
pub(crate) fn rust_files(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && path.file_name() != Some("target".as_ref()) {
            collect(&path, files);
        } else if path.extension() == Some("rs".as_ref()) {
            files.push(path);
        }
    }
}

fn read(file: &Path) -> Source {
    let path = file.strip_prefix(root()).unwrap().to_str().unwrap();
    Source::new(path, &std::fs::read_to_string(file).unwrap())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
