//! Reports as files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::App;
use crate::failure::{Failure, Result};

/// A report that is to be written.
pub(super) struct ReportFile {
    path: PathBuf,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Cbom,
    Html,
}

/// A report is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    kind: &'static str,
    report: What,
    file: String,
}

impl ReportFile {
    pub(super) fn cbom(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            what: What::Cbom,
        }
    }

    pub(super) fn html(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            what: What::Html,
        }
    }

    pub(super) fn is_html(&self) -> bool {
        self.what == What::Html
    }

    pub(super) fn is_stdout(&self) -> bool {
        self.path == Path::new("-")
    }

    /// Whether it may be written.
    pub(super) fn check(&self, force: bool) -> Result<()> {
        if self.is_stdout() || force || !self.path.exists() {
            return Ok(());
        }
        let next = "name another file, or say --force to overwrite it";
        Err(Failure::exists("the report exists", next).at(&self.path))
    }

    /// Writes it beside its place and renames it, so that whoever serves the page never serves half of it.
    pub(super) fn write(&self, app: &App, content: &str) -> Result<()> {
        if self.is_stdout() {
            let written = std::io::stdout().write_all(content.as_bytes());
            return written.map_err(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Failure::closed_pipe(),
                _ => Failure::io(&self.path, &error),
            });
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = self.path.with_file_name(name);
        let renamed = fs::write(&beside, content).and_then(|()| fs::rename(&beside, &self.path));
        if let Err(error) = renamed {
            let _ = fs::remove_file(&beside);
            return Err(Failure::io(&self.path, &error));
        }
        app.out.say(&Written {
            kind: "report",
            report: self.what,
            file: self.path.display().to_string(),
        });
        Ok(())
    }
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.report {
            What::Cbom => "bill of materials",
            What::Html => "page",
        };
        write!(f, "{what}: {}", self.file)
    }
}
