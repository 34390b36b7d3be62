//! Running jobs side by side.

use std::fs;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kms_core::payload::StreamOptions;
use kms_providers::files::{FileError, Input, Output as Sink};

use super::{Job, Jobs, Place};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;

/// What one job may use.
pub struct Worker<'a> {
    /// How its payload is worked on.
    pub stream: StreamOptions,
    mirrored: bool,
    bar: &'a Bar<'a>,
}

/// Bytes of a single job, or the number of several.
enum Bar<'a> {
    Bytes(Progress<'a>),
    Files(Progress<'a>),
}

/// How the jobs ended.
struct Ends {
    succeeded: usize,
    failures: Vec<Exit>,
}

impl Jobs {
    /// Runs `work` for each job, several at once, and tells each failure as it comes. Gives the end of the command.
    pub fn run(&self, out: &Output, work: impl Fn(&Job, &Worker<'_>) -> Result<()> + Sync) -> Exit {
        let tell = |failure: &Failure| out.fail_one(failure);
        let ends = Mutex::new(Ends {
            succeeded: 0,
            failures: self.failures.iter().map(tell).collect(),
        });
        let bar = Bar::of(&self.list, out);
        let worker = self.worker(&bar);
        let next = AtomicUsize::new(0);
        let serve = || {
            while let Some(job) = self.list.get(next.fetch_add(1, Ordering::Relaxed)) {
                let result = work(job, &worker).map_err(|failure| tell(&failure.at(job.input.path())));
                bar.one_more();
                let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
                match result {
                    Ok(()) => ends.succeeded += 1,
                    Err(exit) => ends.failures.push(exit),
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..cores().get().min(MOST_WORKERS).min(self.list.len()) {
                scope.spawn(serve);
            }
            serve();
        });
        let ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
        Exit::of_many(ends.succeeded, ends.failures)
    }

    fn worker<'a>(&self, bar: &'a Bar<'a>) -> Worker<'a> {
        let mut stream = StreamOptions::default();
        if self.list.len() > 1 {
            // Whole files side by side scale better than the chunks of one.
            stream.threads = NonZeroUsize::MIN;
        }
        Worker {
            stream,
            mirrored: self.mirrored,
            bar,
        }
    }
}

impl Worker<'_> {
    /// Plaintext bytes are done.
    pub fn heard(&self, bytes: u64) {
        if let Bar::Bytes(bar) = self.bar {
            bar.at(bytes);
        }
    }

    /// Gives `work` the ends of `job`.
    ///
    /// # Errors
    /// That of `work`.
    pub fn with_ends<T>(&self, job: &Job, work: impl FnOnce(Input<'_>, Sink<'_>) -> Result<T, FileError>) -> Result<T> {
        job.with_ends(self.mirrored, work)
    }
}

impl<'a> Bar<'a> {
    fn of(jobs: &[Job], out: &'a Output) -> Self {
        let [job] = jobs else {
            return Self::Files(Progress::files(out, Some(jobs.len() as u64)));
        };
        let total = match &job.input {
            Place::File(path) => fs::metadata(path).ok().map(|metadata| metadata.len()),
            Place::Stream => None,
        };
        Self::Bytes(Progress::bytes(out, total))
    }

    fn one_more(&self) {
        if let Self::Files(bar) = self {
            bar.one_more();
        }
    }
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

const MOST_WORKERS: usize = 8;
