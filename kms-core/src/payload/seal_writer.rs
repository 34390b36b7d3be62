//! Sealing as a `Write`.

use std::io::{self, Write};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::geometry::{PREFIX_LEN, SEALED_CHUNK};
use super::keys::PayloadKeys;
use crate::caps::{self, CHUNK};
use crate::crypto::TAG_LEN;
use crate::error::{LimitFault, Result};

/// Seals what is written to it and passes the payload on to `W`.
///
/// [`SealWriter::finish`] writes the last chunk. Dropping the writer without it leaves a payload that does not open:
/// a message that was not finished is not mistaken for a short one. `flush` passes on every full chunk; the rest of
/// the plaintext waits, because only the last chunk may be short.
///
/// An error of `W` leaves the writer as it was before the call, so the call may be repeated.
pub struct SealWriter<W: Write> {
    keys: Arc<PayloadKeys>,
    inner: W,
    /// Number of the chunk that is being filled.
    next: u64,
    /// Plaintext of that chunk.
    chunk: Zeroizing<Vec<u8>>,
    /// Payload bytes `passed_on..ready` of this buffer wait for `inner`.
    sealed: Box<[u8]>,
    ready: usize,
    passed_on: usize,
}

impl<W: Write> SealWriter<W> {
    /// A writer of one message. Nothing reaches `inner` before the first full chunk.
    pub fn new(keys: impl Into<Arc<PayloadKeys>>, inner: W) -> Self {
        let keys = keys.into();
        let mut sealed = vec![0; BUFFER].into_boxed_slice();
        sealed[..PREFIX_LEN].copy_from_slice(&keys.prefix());
        Self {
            keys,
            inner,
            next: 0,
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK)),
            sealed,
            ready: PREFIX_LEN,
            passed_on: 0,
        }
    }

    /// Writes the last chunk, flushes, and gives `W` back.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) when `W` fails: the payload is then cut short.
    pub fn finish(mut self) -> Result<W> {
        self.make_room()?;
        let end = self.ready + self.chunk.len() + TAG_LEN;
        self.keys
            .seal_run(self.next, &self.chunk, &mut self.sealed[self.ready..end])?;
        self.ready = end;
        self.pass_on()?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    /// Seals full chunks straight from the caller's buffer, as many as there is room for.
    fn write_full(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let chunks = (plaintext.len() / CHUNK).min((BUFFER - self.ready) / SEALED_CHUNK);
        self.check_more(chunks)?;
        let end = self.ready + chunks * SEALED_CHUNK;
        self.keys
            .seal_run(
                self.next,
                &plaintext[..chunks * CHUNK],
                &mut self.sealed[self.ready..end],
            )
            .map_err(crate::Error::from)?;
        self.ready = end;
        self.next += chunks as u64;
        Ok(chunks * CHUNK)
    }

    fn write_part(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let taken = plaintext.len().min(CHUNK - self.chunk.len());
        if self.chunk.len() + taken == CHUNK {
            self.check_more(1)?;
        }
        self.chunk.extend_from_slice(&plaintext[..taken]);
        if self.chunk.len() == CHUNK {
            let chunk = std::mem::take(&mut self.chunk);
            self.write_full(&chunk)?;
            self.chunk = chunk;
            self.chunk.clear();
        }
        Ok(taken)
    }

    /// Full chunks may be sealed only while a number for the last chunk remains.
    fn check_more(&self, chunks: usize) -> Result<(), crate::Error> {
        if self.next + chunks as u64 >= caps::CHUNKS {
            return Err(LimitFault::Chunks.into());
        }
        Ok(())
    }

    /// Room for one more sealed chunk.
    fn make_room(&mut self) -> io::Result<()> {
        if BUFFER - self.ready < SEALED_CHUNK {
            self.pass_on()?;
        }
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        while self.passed_on < self.ready {
            match self.inner.write(&self.sealed[self.passed_on..self.ready]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.passed_on += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        (self.ready, self.passed_on) = (0, 0);
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        if plaintext.is_empty() {
            return Ok(0);
        }
        self.make_room()?;
        if self.chunk.is_empty() && plaintext.len() >= CHUNK {
            return self.write_full(plaintext);
        }
        self.write_part(plaintext)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.inner.flush()
    }
}

/// Four chunks a write to `inner`; the prefix travels with the first.
const BUFFER: usize = PREFIX_LEN + 4 * SEALED_CHUNK;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn at_the_last_chunk() -> SealWriter<Vec<u8>> {
        let mut writer = SealWriter::new(PayloadKeys::of_test(), Vec::new());
        writer.next = caps::CHUNKS - 1;
        writer
    }

    #[test]
    fn the_last_number_is_kept_for_the_last_chunk() {
        let mut writer = at_the_last_chunk();
        writer.write_all(&[1; CHUNK - 1]).unwrap();
        let refused = writer.write(&[1]).map_err(Error::from);
        assert_eq!(refused, Err(Error::Limit(LimitFault::Chunks)));
        let payload = writer.finish().unwrap();
        assert_eq!(payload.len(), PREFIX_LEN + SEALED_CHUNK - 1, "4 PiB - 1 is the maximum");

        let refused = at_the_last_chunk().write(&[1; CHUNK]).map_err(Error::from);
        assert_eq!(refused, Err(Error::Limit(LimitFault::Chunks)));
        let mut before = at_the_last_chunk();
        before.next -= 1;
        before.write_all(&[1; CHUNK]).unwrap();
        before.finish().unwrap();
    }
}
