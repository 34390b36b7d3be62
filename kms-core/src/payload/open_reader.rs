//! Opening as a `Read`.

use std::io::{self, Read};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::geometry::{PREFIX_LEN, SEALED_CHUNK};
use super::keys::PayloadKeys;
use crate::caps::CHUNK;
use crate::crypto::TAG_LEN;
use crate::error::{Error, LimitFault, Result};

/// Reads the plaintext of a payload. Every byte it gives out is authentic at its offset; that the message is
/// complete is known when `read` returns 0. A payload that was cut or extended ends with an error instead, and so
/// does every later read.
pub struct OpenReader<R: Read> {
    keys: Arc<PayloadKeys>,
    inner: R,
    /// Number of the next chunk to open.
    next: u64,
    state: State,
    /// Payload bytes `at..filled` of this buffer wait to be opened.
    sealed: Box<[u8]>,
    at: usize,
    filled: usize,
    /// Plaintext from `given` on waits to be read.
    chunk: Zeroizing<Vec<u8>>,
    given: usize,
    /// Plaintext bytes that may still be opened.
    allowance: u64,
}

enum State {
    /// `inner` may have more.
    Reading,
    /// `inner` has ended; the buffer holds the rest.
    InputEnded,
    /// The last chunk was opened.
    Complete,
    /// For good.
    Failed(Error),
}

impl<R: Read> OpenReader<R> {
    /// A reader of one payload. Reads and checks salt and commitment.
    ///
    /// # Errors
    /// Those of [`PayloadKeys::verify_prefix`]; [`Error::DoesNotOpen`] when the input ends before; [`Error::Io`]
    /// when `inner` fails.
    pub fn new(keys: impl Into<Arc<PayloadKeys>>, mut inner: R) -> Result<Self> {
        let keys = keys.into();
        read_prefix(&keys, &mut inner)?;
        Ok(Self {
            keys,
            inner,
            next: 0,
            state: State::Reading,
            sealed: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            filled: 0,
            chunk: Zeroizing::new(vec![0; CHUNK]),
            given: CHUNK,
            allowance: u64::MAX,
        })
    }

    /// Fails with [`LimitFault::Plaintext`] when the plaintext is longer than `most` bytes.
    #[must_use]
    pub fn with_max_plaintext(mut self, most: u64) -> Self {
        self.allowance = most;
        self
    }

    /// The source, at an unspecified position unless the message was read to its end.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Reads until a full chunk is there or the input has ended.
    fn fill(&mut self) -> io::Result<()> {
        while matches!(self.state, State::Reading) && self.filled - self.at < SEALED_CHUNK {
            self.sealed.copy_within(self.at..self.filled, 0);
            self.filled -= self.at;
            self.at = 0;
            match self.inner.read(&mut self.sealed[self.filled..]) {
                Ok(0) => self.state = State::InputEnded,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Opens as many full chunks as are there straight into `out`, and returns their plaintext length.
    fn open_full(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut opened = 0;
        for plaintext in out.chunks_exact_mut(CHUNK) {
            let Some(sealed) = self.sealed[self.at..self.filled].get(..SEALED_CHUNK) else {
                break;
            };
            let outcome = self.keys.open_run(self.next, sealed, plaintext).1;
            let outcome = outcome.and_then(|()| self.charge(CHUNK));
            match outcome {
                // The next call meets the same chunk first, and fails for good.
                Err(_) if opened > 0 => break,
                Err(error) => return Err(error),
                Ok(()) => opened += CHUNK,
            }
            self.at += SEALED_CHUNK;
            self.next += 1;
        }
        Ok(opened)
    }

    /// Opens one chunk, full or last, into the own buffer.
    fn open_one(&mut self) -> Result<()> {
        let sealed = &self.sealed[self.at..self.filled.min(self.at + SEALED_CHUNK)];
        let plaintext = sealed.len().checked_sub(TAG_LEN).ok_or(Error::DoesNotOpen)?;
        let start = CHUNK - plaintext;
        self.keys.open_run(self.next, sealed, &mut self.chunk[start..]).1?;
        self.at += sealed.len();
        self.next += 1;
        self.charge(plaintext)?;
        self.given = start;
        if plaintext < CHUNK {
            self.state = State::Complete;
        }
        Ok(())
    }

    fn charge(&mut self, plaintext: usize) -> Result<()> {
        self.allowance = self
            .allowance
            .checked_sub(plaintext as u64)
            .ok_or(LimitFault::Plaintext)?;
        Ok(())
    }

    fn give(&mut self, out: &mut [u8]) -> usize {
        let count = out.len().min(CHUNK - self.given);
        out[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        count
    }

    /// A step of `read` when nothing waits: chunks go straight into large buffers, else through the own one.
    fn open_more(&mut self, out: &mut [u8]) -> Result<usize> {
        let direct = self.open_full(out)?;
        if direct > 0 {
            return Ok(direct);
        }
        self.open_one()?;
        Ok(self.give(out))
    }
}

impl<R: Read> Read for OpenReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.given < CHUNK {
            return Ok(self.give(out));
        }
        match &self.state {
            State::Complete => return Ok(0),
            State::Failed(error) => return Err(error.clone().into()),
            State::Reading | State::InputEnded => {}
        }
        self.fill()?;
        self.open_more(out).map_err(|error| {
            self.state = State::Failed(error.clone());
            error.into()
        })
    }
}

/// Reads and checks the first bytes of a payload.
pub(super) fn read_prefix(keys: &PayloadKeys, reader: &mut impl Read) -> Result<()> {
    let mut prefix = [0; PREFIX_LEN];
    reader.read_exact(&mut prefix).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::DoesNotOpen,
        _ => error.into(),
    })?;
    keys.verify_prefix(&prefix)
}

const BUFFER: usize = 4 * SEALED_CHUNK;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caps;

    fn read_from(number: u64, length: usize) -> Result<Vec<u8>> {
        let keys = PayloadKeys::of_test();
        let mut sealed = vec![0; length + length.div_ceil(CHUNK).max(1) * TAG_LEN];
        let sealable = keys.seal_run(number, &vec![1; length], &mut sealed);
        let payload = [&keys.prefix(), &sealed[..]].concat();
        assert_eq!(sealable.is_ok(), number + length.div_ceil(CHUNK) as u64 <= caps::CHUNKS);
        let mut reader = OpenReader::new(keys, &payload[..])?;
        reader.next = number;
        let mut out = Vec::new();
        reader.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn numbers_over_the_cap_do_not_open() {
        assert_eq!(read_from(caps::CHUNKS - 1, 5), Ok(vec![1; 5]));
        assert_eq!(read_from(caps::CHUNKS - 2, CHUNK + 5), Ok(vec![1; CHUNK + 5]));
        assert_eq!(read_from(caps::CHUNKS - 1, CHUNK + 5), Err(Error::DoesNotOpen));
        assert_eq!(read_from(caps::CHUNKS, 5), Err(Error::DoesNotOpen));
    }
}
