//! Bulk sealing and opening from a reader to a writer.
//!
//! Every worker runs the same three steps on a batch of its own: read, seal or open, write. Reading and writing are
//! done in turn, so the order holds; the work in between, and one batch's writing with another's reading, overlap.
//! A batch stays with one core from the reader to the writer, which spares the caches.

use std::io::{Read, Write};
use std::num::NonZeroUsize;

use zeroize::Zeroize;

use super::geometry::{self, SEALED_CHUNK};
use super::keys::PayloadKeys;
use super::line::{Done, Line, ReleaseOnPanic};
use super::open_reader::read_prefix;
use crate::caps::CHUNK;
use crate::crypto::TAG_LEN;
#[cfg(doc)]
use crate::error::LimitFault;
use crate::error::{Error, Result};

/// How [`seal_stream`] and [`open_stream`] work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// Workers. One worker runs on the calling thread and starts no other. Default: the cores, at most 8, and at
    /// least 2, so that reading and writing overlap.
    pub threads: NonZeroUsize,
    /// Bytes that all buffers together may take; the least is 32 KiB a worker. Default: 8 MiB.
    pub buffer: usize,
    /// Plaintext bytes over which the stream fails with [`LimitFault::Plaintext`]. Default: no limit of its own.
    pub max_plaintext: u64,
}

impl Default for StreamOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads: cores.clamp(LEAST_DEFAULT_WORKERS, MOST_DEFAULT_WORKERS),
            buffer: 8 << 20,
            max_plaintext: u64::MAX,
        }
    }
}

/// Seals all that `reader` gives and writes the payload to `writer`. `progress` hears the plaintext bytes that are
/// done after each batch. Returns their number; `writer` is not flushed.
///
/// # Errors
/// [`Error::Io`] when `reader` or `writer` fails or a thread cannot be started; [`Error::Limit`] over the maximum
/// length. What was written until then does not open.
pub fn seal_stream<R, W>(
    keys: &PayloadKeys,
    reader: R,
    mut writer: W,
    options: &StreamOptions,
    progress: impl FnMut(u64) + Send,
) -> Result<u64>
where
    R: Read + Send,
    W: Write + Send,
{
    writer.write_all(&keys.prefix())?;
    Job { keys, work: Work::Seal }.run(reader, writer, options, progress)
}

/// Opens the payload that `reader` gives until its end and writes the plaintext to `writer`. `progress` hears the
/// plaintext bytes that are done after each batch. Returns their number; `writer` is not flushed.
///
/// Every byte that reaches `writer` is authentic at its offset; that the message is complete is known when this
/// returns `Ok`.
///
/// # Errors
/// Those of [`PayloadKeys::verify_prefix`]; [`Error::DoesNotOpen`] for altered bytes and every wrong end;
/// [`Error::Io`] when `reader` or `writer` fails or a thread cannot be started; [`Error::Limit`] over the maximum
/// length.
pub fn open_stream<R, W>(
    keys: &PayloadKeys,
    mut reader: R,
    writer: W,
    options: &StreamOptions,
    progress: impl FnMut(u64) + Send,
) -> Result<u64>
where
    R: Read + Send,
    W: Write + Send,
{
    read_prefix(keys, &mut reader)?;
    Job { keys, work: Work::Open }.run(reader, writer, options, progress)
}

#[derive(Clone, Copy)]
enum Work {
    Seal,
    Open,
}

impl Work {
    /// Bytes of one full chunk before and after the work.
    fn chunk_sizes(self) -> (usize, usize) {
        match self {
            Self::Seal => (CHUNK, SEALED_CHUNK),
            Self::Open => (SEALED_CHUNK, CHUNK),
        }
    }
}

struct Job<'k> {
    keys: &'k PayloadKeys,
    work: Work,
}

impl Job<'_> {
    fn run<R, W>(&self, reader: R, writer: W, options: &StreamOptions, progress: impl FnMut(u64) + Send) -> Result<u64>
    where
        R: Read + Send,
        W: Write + Send,
    {
        let workers = options.threads.get();
        let chunks = (options.buffer / workers / (2 * SEALED_CHUNK)).clamp(1, MOST_CHUNKS_PER_BATCH);
        let line = Line::new(reader, writer, progress, options.max_plaintext);
        std::thread::scope(|scope| {
            let mut worker = Worker::new(self, &line, chunks);
            // What fits into one batch needs no other worker.
            if !worker.turn() || line.has_ended() {
                return;
            }
            for _ in 1..workers {
                let thread = std::thread::Builder::new().name("keystrand-payload".into());
                let started = thread.spawn_scoped(scope, || Worker::new(self, &line, chunks).run());
                if let Err(error) = started {
                    line.fail(Error::Io(error.kind()));
                }
            }
            worker.run();
        });
        line.result()
    }

    fn work<'b>(&self, first: u64, input: &[u8], out: &'b mut [u8], last: bool) -> Done<'b> {
        match self.work {
            Work::Seal => self.seal(first, input, out, last),
            Work::Open => self.open(first, input, out, last),
        }
    }

    fn seal<'b>(&self, first: u64, plaintext: &[u8], out: &'b mut [u8], last: bool) -> Done<'b> {
        let tags = plaintext.len() / CHUNK + usize::from(last);
        let out = &mut out[..plaintext.len() + tags * TAG_LEN];
        match self.keys.seal_run(first, plaintext, out) {
            Ok(()) => Done {
                bytes: out,
                plaintext: plaintext.len(),
                outcome: Ok(()),
            },
            Err(fault) => Done::failed(fault.into()),
        }
    }

    /// What opens is given out even when what follows it does not: the longest authentic prefix, whatever the
    /// size of the batches.
    fn open<'b>(&self, first: u64, sealed: &[u8], out: &'b mut [u8], last: bool) -> Done<'b> {
        let rest = sealed.len() % SEALED_CHUNK;
        let cut = last && rest < TAG_LEN;
        let run = &sealed[..sealed.len() - if cut { rest } else { 0 }];
        let length = geometry::plaintext_of_run(run.len()).expect("no chunk of the run is shorter than a tag");
        let (opened, outcome) = self.keys.open_run(first, run, &mut out[..length]);
        Done {
            bytes: &out[..opened],
            plaintext: opened,
            outcome: outcome.and(if cut { Err(Error::DoesNotOpen) } else { Ok(()) }),
        }
    }
}

/// One worker and its buffers.
struct Worker<'j, R, W, P> {
    job: &'j Job<'j>,
    line: &'j Line<R, W, P>,
    chunks: usize,
    input: Buffer,
    output: Buffer,
}

impl<'j, R: Read, W: Write, P: FnMut(u64)> Worker<'j, R, W, P> {
    fn new(job: &'j Job<'j>, line: &'j Line<R, W, P>, chunks: usize) -> Self {
        let (before, after) = job.work.chunk_sizes();
        Self {
            job,
            line,
            chunks,
            input: Buffer::new(chunks * before),
            output: Buffer::new(chunks * after),
        }
    }

    /// Batches until the input ends or something failed.
    fn run(&mut self) {
        while self.turn() {}
    }

    /// One batch. Returns whether to go on.
    fn turn(&mut self) -> bool {
        let _release = ReleaseOnPanic(self.line);
        // Until the reader has said how much it filled, all of the buffer counts as used.
        let used = std::mem::replace(&mut self.input.used, self.input.bytes.len());
        let Some(batch) = self.line.read(&mut self.input.bytes) else {
            return false;
        };
        let done = match batch.read {
            Ok(length) => {
                self.input.used = used.max(length);
                let first = batch.number * self.chunks as u64;
                let last = length < self.input.bytes.len();
                self.job
                    .work(first, &self.input.bytes[..length], &mut self.output.bytes, last)
            }
            Err(error) => Done::failed(error),
        };
        self.output.used = self.output.used.max(done.bytes.len());
        self.line.write(batch.number, done)
    }
}

/// Memory of which the part that was used is wiped: a short message does not pay for a long one's buffer.
struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    fn new(length: usize) -> Self {
        Self {
            bytes: vec![0; length],
            used: 0,
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.bytes[..self.used].zeroize();
    }
}

/// One works or reads while the other writes.
const LEAST_DEFAULT_WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("not 0");

/// Reading and writing are one at a time; more workers than this only wait for them.
const MOST_DEFAULT_WORKERS: NonZeroUsize = NonZeroUsize::new(8).expect("not 0");

/// 512 KiB: a batch and its result stay in the second-level cache.
const MOST_CHUNKS_PER_BATCH: usize = 32;
