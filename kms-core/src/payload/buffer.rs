//! Payloads that stand in memory as a whole: one AEAD call a chunk, out of place, no copy.

use std::num::NonZeroUsize;

use super::geometry::{self, PREFIX_LEN, SEALED_CHUNK};
use super::keys::PayloadKeys;
use crate::error::{CallerFault, Error, Result};

impl PayloadKeys {
    /// Seals `plaintext` into `out`, which has exactly [`sealed_len`](super::sealed_len) bytes.
    ///
    /// # Errors
    /// [`CallerFault::BufferLength`] when `out` has another length.
    pub fn seal_into(&self, plaintext: &[u8], out: &mut [u8]) -> Result<()> {
        self.seal_into_parallel(plaintext, out, NonZeroUsize::MIN)
    }

    /// [`PayloadKeys::seal_into`] on up to `threads` threads, this one included. Small payloads take fewer.
    ///
    /// # Errors
    /// [`CallerFault::BufferLength`] when `out` has another length than `sealed_len` says; [`Error::Io`] when no
    /// thread can be started. `out` is then zeroed.
    pub fn seal_into_parallel(&self, plaintext: &[u8], out: &mut [u8], threads: NonZeroUsize) -> Result<()> {
        if sealed_len_in_memory(plaintext.len()) != Some(out.len()) {
            return zeroed(out, CallerFault::BufferLength.into());
        }
        out[..PREFIX_LEN].copy_from_slice(&self.prefix());
        let sealed = self.seal_runs(plaintext, &mut out[PREFIX_LEN..], threads);
        sealed.or_else(|error| zeroed(out, error))
    }

    /// Opens a whole payload into `out`, which has exactly the bytes that
    /// [`plaintext_len`](super::plaintext_len) says. On any failure all of `out` is zeroed.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] for wrong keys, altered bytes and every impossible length;
    /// [`FormatFault::OtherPayload`](crate::FormatFault::OtherPayload) when the salt is another message's;
    /// [`CallerFault::BufferLength`] when `out` has another length.
    pub fn open_into(&self, payload: &[u8], out: &mut [u8]) -> Result<()> {
        self.open_into_parallel(payload, out, NonZeroUsize::MIN)
    }

    /// [`PayloadKeys::open_into`] on up to `threads` threads, this one included. Small payloads take fewer.
    ///
    /// # Errors
    /// Those of [`PayloadKeys::open_into`]; [`Error::Io`] when no thread can be started.
    pub fn open_into_parallel(&self, payload: &[u8], out: &mut [u8], threads: NonZeroUsize) -> Result<()> {
        self.check_and_open(payload, out, threads)
            .or_else(|error| zeroed(out, error))
    }

    fn check_and_open(&self, payload: &[u8], out: &mut [u8], threads: NonZeroUsize) -> Result<()> {
        let plaintext_len = plaintext_len_in_memory(payload.len()).ok_or(Error::DoesNotOpen)?;
        let (prefix, chunks) = payload.split_first_chunk().ok_or(Error::DoesNotOpen)?;
        self.verify_prefix(prefix)?;
        if out.len() != plaintext_len {
            return Err(CallerFault::BufferLength.into());
        }
        self.open_runs(chunks, out, threads)
    }

    fn seal_runs(&self, mut plaintext: &[u8], out: &mut [u8], threads: NonZeroUsize) -> Result<()> {
        let per_run = chunks_per_run(out.len(), threads);
        let runs = out.chunks_mut(per_run * SEALED_CHUNK).map(|out| {
            let (run, rest) = plaintext.split_at(run_plaintext(out.len()));
            plaintext = rest;
            (run, out)
        });
        in_parallel(runs, per_run, |first, (plaintext, out)| {
            Ok(self.seal_run(first, plaintext, out)?)
        })
    }

    fn open_runs(&self, chunks: &[u8], mut out: &mut [u8], threads: NonZeroUsize) -> Result<()> {
        let per_run = chunks_per_run(chunks.len(), threads);
        let runs = chunks.chunks(per_run * SEALED_CHUNK).map(|sealed| {
            let (run, rest) = std::mem::take(&mut out).split_at_mut(run_plaintext(sealed.len()));
            out = rest;
            (sealed, run)
        });
        in_parallel(runs, per_run, |first, (sealed, out)| {
            self.open_run(first, sealed, out).1
        })
    }
}

/// Runs `work` on each run with the number of its first chunk, each on a thread of its own, the last on this one.
fn in_parallel<T: Send>(
    runs: impl Iterator<Item = T>,
    chunks_per_run: usize,
    work: impl Fn(u64, T) -> Result<()> + Sync,
) -> Result<()> {
    let mut runs = (0_u64..).step_by(chunks_per_run).zip(runs);
    let Some(mut last) = runs.next() else {
        return Ok(());
    };
    let Some(next) = runs.next() else {
        return work(last.0, last.1);
    };
    let work = &work;
    std::thread::scope(|scope| {
        let mut spawned = Vec::new();
        for run in std::iter::once(next).chain(runs) {
            let (first, run) = std::mem::replace(&mut last, run);
            let thread = std::thread::Builder::new().name("keystrand-payload".into());
            spawned.push(thread.spawn_scoped(scope, move || work(first, run))?);
        }
        work(last.0, last.1)?;
        spawned.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn chunks_per_run(sealed: usize, threads: NonZeroUsize) -> usize {
    sealed
        .div_ceil(SEALED_CHUNK)
        .div_ceil(threads.get())
        .max(LEAST_CHUNKS_PER_THREAD)
}

fn run_plaintext(sealed: usize) -> usize {
    geometry::plaintext_of_run(sealed).expect("the whole length was checked, and only its last chunk is short")
}

fn sealed_len_in_memory(plaintext: usize) -> Option<usize> {
    geometry::sealed_len(plaintext.try_into().ok()?)?.try_into().ok()
}

fn plaintext_len_in_memory(sealed: usize) -> Option<usize> {
    let plaintext = geometry::plaintext_len(sealed.try_into().ok()?).ok()?;
    plaintext.try_into().ok()
}

/// The caller keeps the buffer, so plain stores cannot be optimised away.
#[cold]
fn zeroed(out: &mut [u8], error: Error) -> Result<()> {
    out.fill(0);
    Err(error)
}

/// A thread costs about as much to start as 512 KiB to seal.
const LEAST_CHUNKS_PER_THREAD: usize = 64;
