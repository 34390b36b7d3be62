//! The line on which workers stand: each batch is read in turn, and written in the same order.

use std::io::{Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, LimitFault, Result};

/// A batch after the work: what may be written, and how the work ended.
pub(super) struct Done<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) plaintext: usize,
    pub(super) outcome: Result<()>,
}

impl Done<'_> {
    pub(super) fn failed(error: Error) -> Self {
        Self {
            bytes: &[],
            plaintext: 0,
            outcome: Err(error),
        }
    }
}

/// The two ends of the stream, each served by one worker at a time, in the order of the batches.
pub(super) struct Line<R, W, P> {
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

/// A batch before the work: its number, and the bytes that were read for it.
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) read: Result<usize>,
}

impl<R, W, P> Line<R, W, P> {
    /// A line from `reader` to `writer`.
    pub(super) fn new(reader: R, writer: W, progress: P, max_plaintext: u64) -> Self {
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

    /// Whether the last batch has been read.
    pub(super) fn has_ended(&self) -> bool {
        lock(&self.input).ended
    }

    /// Stops the line; whoever waits for a turn goes home.
    pub(super) fn fail(&self, error: Error) {
        lock(&self.output).failure.get_or_insert(error);
        self.turn.notify_all();
    }

    /// The plaintext bytes that went over the line, or why it stopped.
    pub(super) fn result(self) -> Result<u64> {
        let output = self.output.into_inner().expect(NO_PANIC);
        match output.failure {
            Some(error) => Err(error),
            None => Ok(output.plaintext),
        }
    }
}

impl<R: Read, W: Write, P: FnMut(u64)> Line<R, W, P> {
    /// The next batch of the input: a full buffer, or the rest. `None` when another worker had the rest.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Option<Batch> {
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
    pub(super) fn write(&self, number: u64, done: Done<'_>) -> bool {
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
pub(super) struct ReleaseOnPanic<'l, R, W, P>(pub(super) &'l Line<R, W, P>);

impl<R, W, P> Drop for ReleaseOnPanic<'_, R, W, P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut output = self.0.output.lock().unwrap_or_else(PoisonError::into_inner);
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
