//! Running jobs side by side.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Job;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

/// How many jobs ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Jobs that succeeded.
    pub succeeded: usize,
    /// Ends of the others.
    pub failures: Vec<Exit>,
}

impl Done {
    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_many(self.succeeded, self.failures.iter().copied())
    }
}

/// Runs `work` for each of `jobs`, several at once, and tells each failure as it comes. `work` is given the number of
/// threads that one job may use.
pub fn run_all(jobs: &[Job], out: &Output, work: impl Fn(&Job, NonZeroUsize) -> Result<()> + Sync) -> Done {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = cores.get().min(MOST_WORKERS).min(jobs.len());
    // One job has all cores; of many, each has one: whole files side by side scale better than chunks of one.
    let threads = if jobs.len() == 1 { cores } else { NonZeroUsize::MIN };
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Done::default());
    let serve = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = work(job, threads).map_err(|failure| out.fail_one(&failure.at(job.input.path())));
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(()) => done.succeeded += 1,
                Err(exit) => done.failures.push(exit),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(serve);
        }
        serve();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const MOST_WORKERS: usize = 8;
