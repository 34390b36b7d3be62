//! The types of RFC 4251 5.

use crate::format::Fault;

/// What is left of a message.
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

impl<'a> Wire<'a> {
    /// Bytes behind their length.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.number()?).map_err(|_| CUT)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A 32-bit number.
    pub(super) fn number(&mut self) -> Result<u32, Fault> {
        let (number, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    /// A 64-bit number.
    pub(super) fn long(&mut self) -> Result<u64, Fault> {
        let (number, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(u64::from_be_bytes(*number))
    }

    /// Bits of a positive integer.
    pub(super) fn bits(&mut self) -> Result<usize, Fault> {
        let significant = self.string()?;
        let zeros = significant.iter().take_while(|byte| **byte == 0).count();
        let bytes = &significant[zeros..];
        let lead = bytes.first().map_or(0, |first| first.leading_zeros() as usize);
        Ok(bytes.len() * 8 - lead)
    }
}

const CUT: Fault = "its key is cut off";
