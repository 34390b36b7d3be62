//! Full, read-only and sharing file systems. They are mounted for the test, which needs root.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use kms_core::{Error, Target};
use kms_providers::files::{
    Campaign, CampaignOptions, FileError, FileFault, FileOutcome, Input, Method, OpenOptions, Output, Placement, Plan,
    RewrapOptions, SealOptions, open_file, rewrap_file, seal_file,
};

use crate::support::{Folder, Keys, bytes, detached, names, skipped, version};

/// A file system that goes with the test.
struct Mount(Folder);

impl Mount {
    /// `None`, and SKIPPED, where mounting is not allowed.
    fn new(test: &str, arguments: &[&str]) -> Option<Self> {
        let folder = Folder::new();
        let mounted = Command::new("mount").args(arguments).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skipped(test, "needs root and this file system");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", options]).arg(self.path()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn is_full<T: std::fmt::Debug>(outcome: Result<T, FileError>) {
    let fault = outcome.unwrap_err().into_fault();
    let full = io::ErrorKind::StorageFull;
    let told = matches!(&fault, FileFault::Io(error) if error.kind() == full)
        || matches!(&fault, FileFault::Envelope(Error::Io(kind)) if *kind == full);
    assert!(told, "{fault:?}");
}

#[test]
fn a_full_disk_keeps_what_was_there() {
    let tmpfs = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
    let Some(disk) = Mount::new("a_full_disk_keeps_what_was_there", &tmpfs) else {
        return;
    };
    let (keys, folder) = (Keys::new(), Folder::new());
    let (old, small) = (disk.path().join("old"), disk.path().join("small"));
    keys.seal_known(&old, &bytes(700_000), &SealOptions::default());
    keys.seal_known(&small, b"small", &SealOptions::default());
    let before = names(disk.path());

    let (plain, out) = (folder.file("p"), disk.path().join("out"));
    fs::write(&plain, bytes(600_000)).unwrap();
    for options in [SealOptions::default(), detached()] {
        is_full(seal_file(&keys.sealer(), Input::File(&plain), Output::File(&out), &options).map(|_| ()));
        assert_eq!(names(disk.path()), before);
    }
    let overwrite = SealOptions {
        overwrite: true,
        ..SealOptions::default()
    };
    is_full(seal_file(&keys.sealer(), Input::File(&plain), Output::File(&old), &overwrite).map(|_| ()));
    let open = OpenOptions::default();
    is_full(open_file(&keys.opener(), Input::File(&old), Output::File(&out), &open).map(|_| ()));
    assert_eq!(names(disk.path()), before);

    keys.rotate();
    let beside = RewrapOptions {
        placement: Placement::Beside,
        ..RewrapOptions::default()
    };
    is_full(rewrap_file(&keys.rewrapper(), &old, &Target::Current, &beside));
    assert_eq!(version(&old), "1");
    assert_eq!(names(disk.path()), before);
    assert_eq!(keys.open(&old).unwrap(), bytes(700_000));
    let auto = RewrapOptions::default();
    rewrap_file(&keys.rewrapper(), &old, &Target::Current, &auto).unwrap();
    assert_eq!(
        keys.open(&old).unwrap(),
        bytes(700_000),
        "in place needs room for the journal alone"
    );
}

#[test]
fn a_read_only_disk_is_read_and_left_alone() {
    let tmpfs = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"];
    let Some(disk) = Mount::new("a_read_only_disk_is_read_and_left_alone", &tmpfs) else {
        return;
    };
    let (keys, home) = (Keys::new(), Folder::new());
    let path = disk.path().join("f");
    keys.seal_known(&path, b"x", &SealOptions::default());
    disk.remount("remount,ro");
    let current = rewrap_file(&keys.rewrapper(), &path, &Target::Current, &RewrapOptions::default());
    assert_eq!(current.unwrap(), FileOutcome::AlreadyCurrent);
    keys.rotate();
    let refused = rewrap_file(&keys.rewrapper(), &path, &Target::Current, &RewrapOptions::default()).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::Io(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem));
    assert_eq!(keys.open(&path).unwrap(), b"x");
    let plan = Plan {
        operation: "rotate".into(),
        keys: vec![],
        version: None,
        paths: vec![disk.path().to_owned()],
    };
    let campaign = Campaign::begin(home.path(), plan).unwrap();
    let report = campaign
        .run(&keys.rewrapper(), &Target::Current, &CampaignOptions::default())
        .unwrap();
    assert_eq!((report.counts.failed, report.counts.rewrapped), (1, 0));
}

/// A folder that only its owner may write in, seen by another user: without root this is what "read-only" means.
#[test]
fn a_folder_without_write_permission() {
    use std::os::unix::fs::PermissionsExt;
    let (keys, folder) = (Keys::new(), Folder::new());
    keys.seal_known(&folder.file("f"), &bytes(300_000), &SealOptions::default());
    keys.rotate();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let outcome = rewrap_file(
        &keys.rewrapper(),
        &folder.file("f"),
        &Target::Current,
        &RewrapOptions::default(),
    );
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    match outcome {
        Ok(_) => skipped("a_folder_without_write_permission", "root writes everywhere"),
        Err(error) => {
            assert!(matches!(error.fault(), FileFault::Io(error) if error.kind() == io::ErrorKind::PermissionDenied));
            assert_eq!(version(&folder.file("f")), "1");
        }
    }
}

#[test]
fn a_file_system_that_shares_blocks() {
    let test = "a_file_system_that_shares_blocks";
    let image = Folder::new();
    let file = image.file("image");
    let made = fs::File::create(&file)
        .and_then(|image| image.set_len(400 << 20))
        .is_ok()
        && Command::new("mkfs.xfs")
            .arg("-q")
            .arg(&file)
            .output()
            .is_ok_and(|output| output.status.success());
    if !made {
        return skipped(test, "no mkfs.xfs");
    }
    let Some(disk) = Mount::new(test, &["-o", "loop", file.to_str().unwrap()]) else {
        return;
    };
    let keys = Keys::new();
    let path = disk.path().join("f");
    keys.seal_known(&path, &bytes(5_000_000), &SealOptions::default());
    keys.rotate();
    let outcome = rewrap_file(&keys.rewrapper(), &path, &Target::Current, &RewrapOptions::default()).unwrap();
    assert!(matches!(outcome, FileOutcome::Rewrapped(done) if done.method == Method::Reflinked));
    assert_eq!(keys.open(&path).unwrap(), bytes(5_000_000));
    assert_eq!(names(disk.path()), ["f"]);
}
