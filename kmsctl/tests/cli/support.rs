//! A home in a temporary folder, and the binary run against it.

use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const KMSCTL: &str = env!("CARGO_BIN_EXE_kmsctl");

/// A home with a key file, and a folder for data.
pub(crate) struct Home {
    folder: TempDir,
}

/// What a run of the binary gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Home {
    /// No home yet.
    pub(crate) fn none() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A new home whose keystore is sealed under a key file.
    pub(crate) fn new() -> Self {
        let home = Self::none();
        home.ok(&["init", "--key-file"]);
        home
    }

    /// A new home with these keys.
    pub(crate) fn with_keys(names: &[&str]) -> Self {
        let home = Self::new();
        for name in names {
            home.ok(&["key", "create", name]);
        }
        home
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path in the folder for data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let data = self.folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        data.join(name)
    }

    /// A file in the folder for data.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names in the folder for data, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The binary, in the folder for data, with nothing of the tester's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(KMSCTL);
        command
            .current_dir(self.path(""))
            .env_clear()
            .env("KEYSTRAND_HOME", self.dir())
            .timeout(Duration::from_secs(300));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command().args(arguments).output().unwrap().into()
    }

    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        self.command()
            .args(arguments)
            .write_stdin(stdin)
            .output()
            .unwrap()
            .into()
    }

    /// Runs the binary as a user who may not read everything: a tester who is root steps down.
    pub(crate) fn as_somebody(&self) -> impl Fn(&[&str]) -> Ran {
        let probe = self.file("probe", "");
        fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).unwrap();
        let is_root = fs::read(&probe).is_ok();
        fs::remove_file(probe).unwrap();
        if is_root {
            for folder in [self.path(""), self.folder.path().to_owned()] {
                chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        move |arguments| {
            let mut command = std::process::Command::new(KMSCTL);
            command
                .args(arguments)
                .current_dir(self.path(""))
                .env("KEYSTRAND_HOME", self.dir());
            if is_root {
                // The data of the test belongs to whoever runs it; only the binary steps down.
                for entry in walk(&self.path("")) {
                    chown(entry, Some(NOBODY), Some(NOBODY)).unwrap();
                }
                command.uid(NOBODY).gid(NOBODY);
            }
            command.output().unwrap().into()
        }
    }

    /// Runs and demands success.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok()
    }

    /// Runs with `--json` and demands success.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        lines(self.ok(&[&["--json"], arguments].concat()).as_bytes())
    }

    /// Runs with `--json` and demands this failure: exit code, cause and party. Gives the last error.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], code: i32, cause: &str, party: &str) -> Value {
        let ran = self.run(&[&["--json"], arguments].concat());
        assert_eq!(ran.code, code, "{ran:?}");
        let errors = lines(ran.stderr.as_bytes());
        let error = errors
            .iter()
            .rev()
            .find_map(|line| line.get("error"))
            .unwrap_or_else(|| panic!("{ran:?}"));
        assert_eq!(error["code"], cause, "{error}");
        assert_eq!(error["party"], party, "{error}");
        assert_eq!(error["exit"], code, "{error}");
        for field in ["message", "next"] {
            assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
        error.clone()
    }

    /// The header of an envelope, as `inspect` shows it.
    #[track_caller]
    pub(crate) fn inspect(&self, name: &str) -> Value {
        self.json(&["inspect", name]).remove(0)
    }

    /// Bytes of the header of an envelope.
    #[track_caller]
    pub(crate) fn header_len(&self, name: &str) -> usize {
        self.inspect(name)["header"]["bytes"]
            .as_u64()
            .unwrap()
            .try_into()
            .unwrap()
    }

    /// Demands that the audit log is intact.
    #[track_caller]
    pub(crate) fn audit_is_intact(&self) {
        let verdict = self.json(&["audit", "verify"]).remove(0);
        assert_eq!(verdict["intact"], true, "{verdict}");
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        String::from_utf8(self.stdout).unwrap()
    }
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit {}\nstdout: {:.2000}\n",
            self.code,
            String::from_utf8_lossy(&self.stdout)
        )?;
        write!(f, "stderr: {:.2000}", self.stderr)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// JSON lines.
#[track_caller]
pub(crate) fn lines(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

/// Bytes without a pattern that a mistake could follow.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Everything below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        }
        found.push(path);
    }
    found
}

const NOBODY: u32 = 65_534;

/// A folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
