//! Reading fields from a stream, every byte of them kept or counted.

use std::io::{self, Read};

use crate::caps;
use crate::error::{Error, EsdkFault, LimitFault, Result};

/// Reads the fields of a header and keeps their bytes, which are authenticated later as they stand.
pub(super) struct Fields<'r, R> {
    inner: &'r mut R,
    bytes: Vec<u8>,
}

impl<'r, R: Read> Fields<'r, R> {
    pub(super) fn new(inner: &'r mut R) -> Self {
        Self {
            inner,
            bytes: Vec::with_capacity(1024),
        }
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        Ok(*taken.first_chunk().expect("as many were read"))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn short(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn long(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Two bytes of length, and as many bytes.
    pub(super) fn counted(&mut self) -> Result<Vec<u8>> {
        let length = self.short()?;
        Ok(self.take(usize::from(length))?.to_vec())
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn take(&mut self, length: usize) -> Result<&[u8]> {
        let start = self.bytes.len();
        if start + length > caps::HEADER {
            return Err(LimitFault::Header.into());
        }
        self.bytes.resize(start + length, 0);
        read_exact(self.inner, &mut self.bytes[start..])?;
        Ok(&self.bytes[start..])
    }
}

/// Fills `out`; an early end is a message that was cut.
pub(super) fn read_exact(inner: &mut impl Read, out: &mut [u8]) -> Result<()> {
    inner.read_exact(out).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => EsdkFault::Truncated.into(),
        _ => Error::from(error),
    })
}

/// Whether the stream is at its end.
pub(super) fn is_at_end(inner: &mut impl Read) -> Result<bool> {
    let mut byte = [0];
    loop {
        match inner.read(&mut byte) {
            Ok(count) => return Ok(count == 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
