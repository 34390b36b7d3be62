//! `Read` and `Seek` over random access.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::random_access::RandomAccess;
use super::read_at::ReadAt;
use crate::caps::CHUNK;

/// A position in the plaintext. It keeps the chunk it stands in, so small reads open each chunk once.
pub struct PayloadCursor<S: ReadAt> {
    access: Arc<RandomAccess<S>>,
    position: u64,
    /// Plaintext of chunk number `kept`, when not empty.
    chunk: Zeroizing<Vec<u8>>,
    kept: u64,
}

impl<S: ReadAt> PayloadCursor<S> {
    /// A cursor at the start of the plaintext.
    pub fn new(access: impl Into<Arc<RandomAccess<S>>>) -> Self {
        Self {
            access: access.into(),
            position: 0,
            chunk: Zeroizing::new(Vec::new()),
            kept: 0,
        }
    }

    /// Opens the chunk of the position, unless it is the one that is kept.
    fn keep(&mut self, number: u64) -> io::Result<()> {
        if self.kept == number && !self.chunk.is_empty() {
            return Ok(());
        }
        self.chunk.resize(CHUNK, 0);
        let length = self.access.read_at(number * CHUNK as u64, &mut self.chunk);
        self.chunk.truncate(length.as_ref().copied().unwrap_or(0));
        self.kept = number;
        length?;
        Ok(())
    }
}

impl<S: ReadAt> Read for PayloadCursor<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let count = if out.len() >= CHUNK {
            self.access.read_at(self.position, out)?
        } else {
            self.keep(self.position / CHUNK as u64)?;
            let inside = usize::try_from(self.position % CHUNK as u64).expect("an offset inside a chunk");
            let rest = self.chunk.get(inside..).unwrap_or_default();
            let count = out.len().min(rest.len());
            out[..count].copy_from_slice(&rest[..count]);
            count
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl<S: ReadAt> Seek for PayloadCursor<S> {
    /// `SeekFrom::End` opens the last chunk first. A position behind the end is allowed; reads there give 0 bytes.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
            SeekFrom::End(delta) => self.access.verified_len()?.checked_add_signed(delta),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
