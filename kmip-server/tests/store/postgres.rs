//! A PostgreSQL server of our own, on a socket in a folder, that stops with its handle.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
}

impl Postgres {
    /// `None` where it is not installed.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let server = Self {
            programs: programs()?,
            folder: folder.into(),
        };
        if is_root() {
            chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        server.run(
            "initdb",
            &["--auth=trust", "--username=keystrand", "--no-sync", "--pgdata=data"],
        );
        let options = format!("-c listen_addresses='' -c fsync=off -k {}", folder.display());
        server.run(
            "pg_ctl",
            &["start", "--wait", "--pgdata=data", "--log=log", "-o", &options],
        );
        Some(server)
    }

    /// The address of a new database.
    pub(crate) fn fresh(&self, name: &str) -> String {
        self.run(
            "createdb",
            &[
                &format!("--host={}", self.folder.display()),
                "--username=keystrand",
                name,
            ],
        );
        let folder = self.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgres://keystrand@{folder}/{name}")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.folder).env("LC_ALL", "C");
        // Without a pipe: the server would hold it open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        assert!(
            command.status().unwrap().success(),
            "{program} failed in {}",
            self.folder.display()
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--pgdata=data"]);
    }
}

/// PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Debian keeps the servers' programs off the path, by version.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().collect();
    versions.sort_by_key(std::fs::DirEntry::path);
    versions.pop().map(|version| version.path().join("bin"))
}
