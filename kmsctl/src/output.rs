//! What is told, and where: results on stdout, failures and warnings on stderr, each for people or as JSON lines.
//!
//! A reader that closes the pipe has seen enough: the command goes on with its work and says no more.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};

/// The voice of the command.
pub struct Output {
    format: Format,
    quiet: bool,
    results: Mutex<Results>,
    /// The bar that is drawn: it makes way for every line.
    bar: Mutex<Option<ProgressBar>>,
}

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// People.
    Text,
    /// Programs: one JSON object a line.
    Json,
}

/// Where results go, and what became of it.
struct Results {
    /// Whether stdout carries the data of an envelope, so that results must stand on stderr.
    data_on_stdout: bool,
    closed: bool,
    fault: Option<io::Error>,
}

impl Output {
    /// A voice that says results in `format`, and no text at all if it is `quiet`.
    #[must_use]
    pub fn new(format: Format, quiet: bool) -> Self {
        Self {
            format,
            quiet,
            results: Mutex::new(Results {
                data_on_stdout: false,
                closed: false,
                fault: None,
            }),
            bar: Mutex::new(None),
        }
    }

    /// Whether results are for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether a progress bar may be drawn.
    #[must_use]
    pub fn may_draw(&self) -> bool {
        !self.is_json() && !self.quiet && io::stderr().is_terminal()
    }

    /// Lets `bar` make way for what is said from here on.
    pub(crate) fn draws(&self, bar: Option<ProgressBar>) {
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    /// From here on stdout carries data; results stand on stderr.
    pub fn reserve_stdout(&self) {
        self.results().data_on_stdout = true;
    }

    /// Says a result: its JSON, or its text unless quiet.
    pub fn say(&self, result: &(impl Serialize + Display)) {
        match self.format {
            Format::Json => self.line(&to_json(result)),
            // Beside the data itself, people need no word about it.
            Format::Text if self.quiet || self.results().data_on_stdout => {}
            Format::Text => self.line(&result.to_string()),
        }
    }

    /// Says what was asked for by name: even when quiet.
    pub fn answer(&self, result: &(impl Serialize + Display)) {
        match self.format {
            Format::Json => self.line(&to_json(result)),
            Format::Text => self.line(&result.to_string()),
        }
    }

    /// Writes bytes to stdout as they are: completions, pages.
    pub fn bytes(&self, bytes: &[u8]) {
        self.results().write(bytes);
    }

    /// Warns on stderr.
    pub fn warn(&self, message: &str) {
        self.aside(|| match self.format {
            Format::Json => complain(&json!({ "warning": message }).to_string()),
            Format::Text => complain(&format!("kmsctl: warning: {message}")),
        });
    }

    /// Says a failure on stderr.
    pub fn fail(&self, failure: &Failure) {
        self.aside(|| match self.format {
            _ if failure.is_silent() => {}
            Format::Json => complain(&json!({ "error": failure }).to_string()),
            Format::Text => complain(&format!("kmsctl: {failure}")),
        });
    }

    /// Says the failure of one file of several, and gives its exit.
    pub fn fail_one(&self, failure: &Failure) -> Exit {
        self.fail(failure);
        failure.exit
    }

    /// Whether everything that was said has arrived, or was not wanted any more.
    ///
    /// # Errors
    /// When stdout could not be written: a full disk must not pass for success.
    pub fn finish(&self) -> Result<()> {
        let mut results = self.results();
        results.flush();
        match results.fault.take() {
            None => Ok(()),
            Some(error) => Err(Failure::new(
                "system.Io",
                Exit::Failed,
                Party::Environment,
                format!("the result could not be written: {}", error.kind()),
                "make room where stdout goes; what was done stays done",
            )),
        }
    }

    fn line(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.aside(|| self.results().write(format!("{text}{end}").as_bytes()));
    }

    fn aside(&self, say: impl FnOnce()) {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match &*bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn results(&self) -> MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Results {
    fn write(&mut self, bytes: &[u8]) {
        if self.data_on_stdout {
            let _ = io::stderr().write_all(bytes);
        } else if !self.closed {
            let written = io::stdout().write_all(bytes);
            self.note(written);
        }
    }

    fn flush(&mut self) {
        if !self.closed && !self.data_on_stdout {
            let flushed = io::stdout().flush();
            self.note(flushed);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.fault = Some(error);
            }
        }
    }
}

/// Nobody can be told that stderr cannot be written.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("results have text keys and no fallible values")
}
