//! Progress bars: on a terminal only, and never in machine output.

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// A bar, or nothing.
pub struct Progress<'a> {
    bar: Option<ProgressBar>,
    out: &'a Output,
}

impl<'a> Progress<'a> {
    /// Counts bytes, of `total` where that is known.
    #[must_use]
    pub fn bytes(out: &'a Output, total: Option<u64>) -> Self {
        Self::with(
            out,
            total,
            "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec}, {eta}",
            "{bytes} {bytes_per_sec}",
        )
    }

    /// Counts files, of `total` where that is known.
    #[must_use]
    pub fn files(out: &'a Output, total: Option<u64>) -> Self {
        Self::with(
            out,
            total,
            "{pos}/{len} files {wide_bar} {eta}",
            "{pos} files {spinner}",
        )
    }

    /// So much is done.
    pub fn at(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    /// The total became known, or grew.
    pub fn of(&self, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }

    /// One more is done.
    pub fn one_more(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn with(out: &'a Output, total: Option<u64>, known: &str, unknown: &str) -> Self {
        if !out.may_draw() {
            return Self { bar: None, out };
        }
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), known),
            None => (ProgressBar::new_spinner(), unknown),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bar.with_style(style);
        out.draws(Some(bar.clone()));
        Self { bar: Some(bar), out }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            self.out.draws(None);
            bar.finish_and_clear();
        }
    }
}
