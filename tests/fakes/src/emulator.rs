//! Emulators that others wrote.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running emulator. It stops when this is dropped, and when this process dies.
#[derive(Debug)]
pub struct Emulator {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    child: Child,
    /// What holds it alive.
    input: Option<ChildStdin>,
}

impl Emulator {
    /// Starts `moto` or `ministack`. `None`, with the reason as a line for the test's output, where their packages are
    /// not installed.
    ///
    /// # Errors
    /// The line to print: it begins with SKIPPED.
    pub fn start(kind: &str) -> Result<Self, String> {
        let python = python().ok_or_else(|| format!("SKIPPED  {kind} is not installed; `make test` installs it"))?;
        let mut child = Command::new(python)
            .arg(root().join("tests/clouds/emulator.py"))
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.strip_prefix("PORT ").expect("the emulator did not start").trim();
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            input: child.stdin.take(),
            child,
        })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.input.take());
        self.child.wait().unwrap();
    }
}

/// The Python that has the emulators and the vendors' clients.
#[must_use]
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("KEYSTRAND_CLOUD_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root().join(".venv-clouds/bin/python"));
    python.exists().then_some(python)
}

/// The repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .parent()
        .unwrap()
}
