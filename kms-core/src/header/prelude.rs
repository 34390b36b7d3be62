//! The fixed 32 bytes at the start of every envelope (docs/format.md, "Prelude").

use std::ops::Range;

use super::TAG_LEN;
use crate::caps;
use crate::error::{FormatFault, LimitFault, Result};
use crate::schedule::Domain;
use crate::suite::{Kind, Suite};

/// A file mangled by a text-mode transfer loses the CR, the LF or the eighth bit.
const MAGIC: [u8; 8] = [0x89, b'K', b'S', b'1', b'\r', b'\n', 0x1a, b'\n'];

/// Kind, suite and the lengths of the regions that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prelude {
    kind: Kind,
    suite: u16,
    immutable: usize,
    mutable: usize,
    padding: usize,
    shares: usize,
}

/// Where each region stands in the header.
pub(super) struct Layout {
    pub(super) immutable: Range<usize>,
    pub(super) mutable: Range<usize>,
    pub(super) pad: Range<usize>,
    pub(super) tag: Range<usize>,
    pub(super) shares: Range<usize>,
}

impl Prelude {
    /// Bytes of a prelude.
    pub const LEN: usize = 32;

    /// Reads the prelude at the start of `bytes` and checks its lengths against the caps. The header it announces
    /// may be longer than `bytes`.
    ///
    /// # Errors
    /// [`crate::Error::Format`] or [`crate::Error::Limit`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        check_magic(bytes)?;
        let bytes: &[u8; Self::LEN] = bytes.first_chunk().ok_or(FormatFault::Truncated)?;
        let kind = Kind::from_wire(bytes[8])?;
        if bytes[9] != 0 || bytes[28..] != [0; 4] {
            return Err(FormatFault::Reserved.into());
        }
        let length = |at: usize| {
            let field = bytes[at..].first_chunk().expect("all fields end before byte 28");
            usize::try_from(u32::from_be_bytes(*field)).map_err(|_| LimitFault::Header)
        };
        let suite = u16::from_be_bytes([bytes[10], bytes[11]]);
        Self {
            kind,
            suite,
            immutable: length(12)?,
            mutable: length(16)?,
            padding: length(20)?,
            shares: length(24)?,
        }
        .check()
    }

    /// Bytes of the whole header, tag and shares included.
    #[must_use]
    pub fn header_len(&self) -> usize {
        self.layout().shares.end
    }

    /// Kind of the envelope.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn new(domain: Domain, immutable: usize, mutable: usize, padding: usize, shares: usize) -> Result<Self> {
        Self {
            kind: domain.kind,
            suite: domain.suite.wire(),
            immutable,
            mutable,
            padding,
            shares,
        }
        .check()
    }

    /// Suite and kind, if this version knows the suite and allows it for the kind.
    pub(super) fn domain(&self) -> Result<Domain> {
        let suite = Suite::from_wire(self.suite)?;
        if !suite.allows(self.kind) {
            return Err(FormatFault::SuiteForKind.into());
        }
        Ok(Domain { suite, kind: self.kind })
    }

    /// The first twelve bytes: they enter the hash of the immutable region.
    pub(super) fn start(domain: Domain) -> [u8; 12] {
        let mut start = [0; 12];
        start[..8].copy_from_slice(&MAGIC);
        start[8] = domain.kind.wire();
        start[10..].copy_from_slice(&domain.suite.wire().to_be_bytes());
        start
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "check() holds every length to the header cap"
    )]
    pub(super) fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = self.kind.wire();
        bytes[10..12].copy_from_slice(&self.suite.to_be_bytes());
        for (at, length) in [
            (12, self.immutable),
            (16, self.mutable),
            (20, self.padding),
            (24, self.shares),
        ] {
            bytes[at..at + 4].copy_from_slice(&(length as u32).to_be_bytes());
        }
        bytes
    }

    pub(super) fn layout(&self) -> Layout {
        let immutable = Self::LEN..Self::LEN + self.immutable;
        let mutable = immutable.end..immutable.end + self.mutable;
        let pad = mutable.end..mutable.end + self.padding;
        let tag = pad.end..pad.end + TAG_LEN;
        let shares = tag.end..tag.end + self.shares;
        Layout {
            immutable,
            mutable,
            pad,
            tag,
            shares,
        }
    }

    fn check(self) -> Result<Self> {
        if self.immutable > caps::IMM {
            return Err(LimitFault::Imm.into());
        }
        let total = [self.immutable, self.mutable, self.padding, self.shares]
            .into_iter()
            .try_fold(Self::LEN + TAG_LEN, usize::checked_add);
        match total {
            Some(total) if total <= caps::HEADER => Ok(self),
            _ => Err(LimitFault::Header.into()),
        }
    }
}

fn check_magic(bytes: &[u8]) -> Result<(), FormatFault> {
    let seen = &bytes[..bytes.len().min(MAGIC.len())];
    if bytes.is_empty() {
        Err(FormatFault::Empty)
    } else if seen == &MAGIC[..seen.len()] {
        if bytes.len() < Prelude::LEN {
            Err(FormatFault::Truncated)
        } else {
            Ok(())
        }
    } else if seen.get(1..4) == Some(b"KS1") || seen.starts_with(b"KS1") {
        Err(FormatFault::Mangled)
    } else {
        Err(FormatFault::NotKs1)
    }
}
