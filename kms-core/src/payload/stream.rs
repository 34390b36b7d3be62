//! Bulk sealing and opening from a reader to a writer.
//!
//! Every worker runs the same three steps on a batch of its own: read, seal or open, write. Reading and writing are
//! done in turn, so the order holds; the work in between, and one batch's writing with another's reading, overlap.
//! A batch stays with one core from the reader to the writer, which spares the caches.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard};

use zeroize::Zeroize;

use super::geometry::{self, SEALED_CHUNK};
use super::keys::PayloadKeys;
use super::open_reader::read_prefix;
use crate::caps::CHUNK;
use crate::crypto::TAG_LEN;
use crate::error::{Error, LimitFault, Result};

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
        let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Self {
            threads: NonZeroUsize::new(cores.clamp(2, 8)).expect("at least 2"),
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

/// A batch after the work: what may be written, and how the work ended.
struct Done<'b> {
    bytes: &'b [u8],
    plaintext: usize,
    outcome: Result<()>,
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
            if !worker.turn() || lock(&line.input).ended {
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

impl Done<'_> {
    fn failed(error: Error) -> Self {
        Self {
            bytes: &[],
            plaintext: 0,
            outcome: Err(error),
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

/// The two ends of the stream, each served by one worker at a time, in the order of the batches.
struct Line<R, W, P> {
    input: Mutex<Input<R>>,
    output: Mutex<Output<W, P>>,
    turn: Condvar,
}

struct Input<R> {
    reader: R,
    next: u64,
    ended: bool,
}

struct Output<W, P> {
    writer: W,
    progress: P,
    next: u64,
    plaintext: u64,
    max_plaintext: u64,
    failure: Option<Error>,
}

struct Batch {
    number: u64,
    read: Result<usize>,
}

impl<R, W, P> Line<R, W, P> {
    fn new(reader: R, writer: W, progress: P, max_plaintext: u64) -> Self {
        Self {
            input: Mutex::new(Input {
                reader,
                next: 0,
                ended: false,
            }),
            output: Mutex::new(Output {
                writer,
                progress,
                next: 0,
                plaintext: 0,
                max_plaintext,
                failure: None,
            }),
            turn: Condvar::new(),
        }
    }

    /// Stops the line; whoever waits for a turn goes home.
    fn fail(&self, error: Error) {
        lock(&self.output).failure.get_or_insert(error);
        self.turn.notify_all();
    }

    fn result(self) -> Result<u64> {
        let output = self.output.into_inner().expect(NO_PANIC);
        match output.failure {
            Some(error) => Err(error),
            None => Ok(output.plaintext),
        }
    }
}

impl<R: Read, W: Write, P: FnMut(u64)> Line<R, W, P> {
    /// The next batch of the input: a full buffer, or the rest. `None` when another worker had the rest.
    fn read(&self, buffer: &mut [u8]) -> Option<Batch> {
        let mut input = lock(&self.input);
        if input.ended {
            return None;
        }
        let read = read_full(&mut input.reader, buffer);
        input.ended = read.as_ref().map_or(true, |length| *length < buffer.len());
        let number = input.next;
        input.next += 1;
        Some(Batch { number, read })
    }

    /// Writes a batch when its turn has come. Returns whether to go on.
    fn write(&self, number: u64, done: Done<'_>) -> bool {
        let output = lock(&self.output);
        let waiting = |output: &mut Output<W, P>| output.next != number && output.failure.is_none();
        let mut output = self.turn.wait_while(output, waiting).expect(NO_PANIC);
        if output.failure.is_none() {
            output.failure = output.accept(done).err();
            output.next += 1;
        }
        self.turn.notify_all();
        output.failure.is_none()
    }
}

impl<W: Write, P: FnMut(u64)> Output<W, P> {
    fn accept(&mut self, done: Done<'_>) -> Result<()> {
        let plaintext = self.plaintext + done.plaintext as u64;
        if plaintext > self.max_plaintext {
            return Err(LimitFault::Plaintext.into());
        }
        self.writer.write_all(done.bytes)?;
        self.plaintext = plaintext;
        (self.progress)(plaintext);
        done.outcome
    }
}

/// A worker that panics (in the caller's reader, writer or callback) would never take its turn: the others must not
/// wait for it.
struct ReleaseOnPanic<'l, R, W, P>(&'l Line<R, W, P>);

impl<R, W, P> Drop for ReleaseOnPanic<'_, R, W, P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut output = self.0.output.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            output.failure = Some(Error::DoesNotOpen);
            drop(output);
            self.0.turn.notify_all();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(NO_PANIC)
}

/// Reads until `buffer` is full or the input ends.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

/// A poisoned lock is the echo of a panic in the caller's reader, writer or callback, which the scope raises again.
const NO_PANIC: &str = "another worker panicked";

/// 512 KiB: a batch and its result stay in the second-level cache.
const MOST_CHUNKS_PER_BATCH: usize = 32;
