//! Reading a payload by plaintext offset.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::geometry::{self, PREFIX_LEN, SEALED_CHUNK};
use super::keys::PayloadKeys;
use super::read_at::ReadAt;
use crate::caps::CHUNK;
use crate::crypto::TAG_LEN;
use crate::error::{CallerFault, Error, Result};

/// A payload that is read by plaintext offset, from any thread.
///
/// Salt and commitment are checked when it is made, and the length of the source is pinned then. What the length
/// says of the end of the plaintext is believed only after the last chunk was opened: until then nothing here
/// reports an end.
pub struct RandomAccess<S: ReadAt> {
    keys: Arc<PayloadKeys>,
    source: S,
    /// Offset of the payload in the source.
    start: u64,
    /// Pinned end of the payload in the source.
    end: u64,
    /// Plaintext length that the pinned length claims.
    claimed: u64,
    last_verified: AtomicBool,
}

impl<S: ReadAt> RandomAccess<S> {
    /// The payload that starts `header_len` bytes into `source` and ends with it.
    ///
    /// # Errors
    /// Those of [`PayloadKeys::verify_prefix`]; [`Error::DoesNotOpen`] when no payload has this length;
    /// [`Error::Io`] when the source fails.
    pub fn new(keys: impl Into<Arc<PayloadKeys>>, source: S, header_len: u64) -> Result<Self> {
        let keys = keys.into();
        let end = source.size()?;
        let payload_len = end.checked_sub(header_len).ok_or(Error::DoesNotOpen)?;
        let claimed = geometry::plaintext_len(payload_len).map_err(|_| Error::DoesNotOpen)?;
        let mut prefix = [0; PREFIX_LEN];
        source.read_exact_at(&mut prefix, header_len).map_err(cut_is_flat)?;
        keys.verify_prefix(&prefix)?;
        Ok(Self {
            keys,
            source,
            start: header_len,
            end,
            claimed,
            last_verified: AtomicBool::new(false),
        })
    }

    /// Reads plaintext from `offset` on and returns the number of bytes: all of `buf`, fewer at the end of the
    /// plaintext, 0 behind it. On failure `buf` is zeroed.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when a chunk that is needed was altered or cut; [`Error::Io`] when the source fails.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        if offset >= self.claimed {
            self.verified_len().inspect_err(|_| buf.fill(0))?;
            return Ok(0);
        }
        let available = usize::try_from(self.claimed - offset).unwrap_or(usize::MAX);
        let length = buf.len().min(available);
        let read = self.read_span(offset, &mut buf[..length]);
        // A short count says that the plaintext ends there: not before the last chunk has said so too.
        let ended = |()| {
            if length < buf.len() {
                self.verified_len().map(drop)
            } else {
                Ok(())
            }
        };
        read.and_then(ended).inspect_err(|_| buf.fill(0))?;
        Ok(length)
    }

    /// Reads exactly the plaintext bytes `range`.
    ///
    /// # Errors
    /// [`CallerFault::Range`] when the range is not inside the plaintext, whose end is verified for this;
    /// [`Error::DoesNotOpen`] and [`Error::Io`] as in [`RandomAccess::read_at`].
    pub fn read_range(&self, range: Range<u64>) -> Result<Vec<u8>> {
        if range.end > self.claimed {
            self.verified_len()?;
            return Err(CallerFault::Range.into());
        }
        let length = range.end.checked_sub(range.start).ok_or(CallerFault::Range)?;
        let mut plaintext = vec![0; usize::try_from(length).map_err(|_| CallerFault::Range)?];
        self.read_span(range.start, &mut plaintext)?;
        Ok(plaintext)
    }

    /// The length of the plaintext, after the last chunk has been opened.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when the last chunk does not open: the payload was cut, extended or altered.
    pub fn verified_len(&self) -> Result<u64> {
        if !self.last_verified.load(Ordering::Relaxed) {
            let last = self.claimed / CHUNK as u64;
            let mut sealed = vec![0; SEALED_CHUNK];
            let mut scratch = Zeroizing::new(vec![0; CHUNK]);
            let sealed = self.fetch(last, &mut sealed)?;
            self.open_chunk(last, sealed, &mut scratch[..sealed.len() - TAG_LEN])?;
        }
        Ok(self.claimed)
    }

    /// The source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Fills `out` from `offset`; the claimed plaintext is long enough.
    fn read_span(&self, mut offset: u64, mut out: &mut [u8]) -> Result<()> {
        let mut buffer = vec![0; chunks_for(offset, out.len()) * SEALED_CHUNK];
        let mut scratch = Zeroizing::new(Vec::new());
        while !out.is_empty() {
            let first = offset / CHUNK as u64;
            let wanted = chunks_for(offset, out.len()) * SEALED_CHUNK;
            for (number, sealed) in (first..).zip(self.fetch(first, &mut buffer[..wanted])?.chunks(SEALED_CHUNK)) {
                let taken = self.read_chunk(number, sealed, offset % CHUNK as u64, out, &mut scratch)?;
                out = &mut out[taken..];
                offset += taken as u64;
            }
        }
        Ok(())
    }

    /// Opens one chunk and copies what is wanted of it to the start of `out`; straight there when all of it is.
    fn read_chunk(
        &self,
        number: u64,
        sealed: &[u8],
        skip: u64,
        out: &mut [u8],
        scratch: &mut Zeroizing<Vec<u8>>,
    ) -> Result<usize> {
        let length = sealed.len() - TAG_LEN;
        if skip == 0 && out.len() >= length {
            self.open_chunk(number, sealed, &mut out[..length])?;
            return Ok(length);
        }
        scratch.resize(length, 0);
        self.open_chunk(number, sealed, scratch)?;
        let skip = usize::try_from(skip).expect("an offset inside a chunk");
        let taken = out.len().min(length - skip);
        out[..taken].copy_from_slice(&scratch[skip..skip + taken]);
        Ok(taken)
    }

    fn open_chunk(&self, number: u64, sealed: &[u8], out: &mut [u8]) -> Result<()> {
        self.keys.open_run(number, sealed, out).1?;
        if sealed.len() < SEALED_CHUNK {
            self.last_verified.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The sealed chunks from number `first` on, as many as `buffer` holds or the payload has.
    fn fetch<'b>(&self, first: u64, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        let offset = self.start + geometry::chunk_offset(first).ok_or(CallerFault::Range)?;
        let available = usize::try_from(self.end - offset).unwrap_or(usize::MAX);
        let length = buffer.len().min(available);
        let sealed = &mut buffer[..length];
        self.source.read_exact_at(sealed, offset).map_err(cut_is_flat)?;
        Ok(sealed)
    }
}

/// How many chunks to fetch at once for `length` bytes from `offset` on.
fn chunks_for(offset: u64, length: usize) -> usize {
    let chunks = geometry::chunk_range(&(offset..offset.saturating_add(length as u64)));
    usize::try_from(chunks.end - chunks.start).map_or(FETCH_CHUNKS, |count| count.min(FETCH_CHUNKS))
}

/// A source that became shorter than its pinned length was cut.
fn cut_is_flat(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::DoesNotOpen,
        _ => error.into(),
    }
}

/// About 1 MiB a read of the source.
const FETCH_CHUNKS: usize = 64;
