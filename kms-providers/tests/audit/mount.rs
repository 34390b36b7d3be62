//! Small file systems of their own, for tests of full, read-only and failing disks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; unmounted at the end.
pub(crate) struct Mount(pub(crate) PathBuf);

impl Mount {
    /// One in memory. `None`, said loudly, where this process may not mount.
    pub(crate) fn tmpfs(at: &Path, size: &str) -> Option<Self> {
        Self::new(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], at)
    }

    /// The one in the file `image`. `None`, said loudly, where this process may not mount.
    pub(crate) fn image(image: &Path, at: &Path) -> Option<Self> {
        Self::new(&["-o", "loop", image.to_str()?], at)
    }

    pub(crate) fn remount(&self, how: &str) {
        assert!(run("mount", &["-o", &format!("remount,{how}"), "tmpfs"], &self.0));
    }

    fn new(arguments: &[&str], at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = run("mount", arguments, at);
        if !mounted {
            println!("SKIPPED: needs the right to mount a file system");
        }
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[], &self.0);
    }
}

/// Runs a command on a file; whether it did what it should.
pub(crate) fn run(command: &str, arguments: &[&str], file: &Path) -> bool {
    let output = Command::new(command).args(arguments).arg(file).output();
    output.is_ok_and(|output| output.status.success())
}
