//! The KS1 header (docs/format.md, "Header"): prelude, immutable region, mutable region, padding, tag and share
//! bodies. This module is the only one that knows its bytes; it checks form and caps, and touches no key.

mod id;
mod immutable;
mod mutable;
mod params;
mod posture;
mod prelude;
mod quorum;
mod shares;
mod single;

pub use id::RecipientId;
pub(crate) use id::{PASSPHRASE_KID, is_key_uri, is_passphrase_kid};
pub(crate) use immutable::is_logical_name;
pub use immutable::{Floor, Immutable};
pub(crate) use mutable::Mutable;
pub use mutable::{Entry, Level, Unknown};
pub(crate) use posture::{meets_floor, meets_posture, posture_of_members};
pub use prelude::Prelude;
pub use quorum::Quorum;
pub use shares::Share;
pub(crate) use shares::encode as encode_shares;
pub use single::Single;

use crate::crypto::CryptoBackend;
use crate::error::{FormatFault, LimitFault, Result};
use crate::schedule::{Digest, Domain, hash};
use crate::{caps, cbor};

/// Bytes of the header's tag.
pub(crate) const TAG_LEN: usize = 32;

/// A header whose form is sound. Nothing in it is authenticated before [`crate::Opener`] says so.
#[derive(Clone, Debug)]
pub struct Header {
    raw: Vec<u8>,
    prelude: Prelude,
    immutable: Immutable,
    mutable: Mutable,
    shares: Vec<Vec<Share>>,
}

impl Header {
    /// Reads the header at the start of `bytes`; a payload may follow it.
    ///
    /// # Errors
    /// [`crate::Error::Format`], [`crate::Error::Limit`], or [`crate::Error::Policy`] for an unknown suite.
    pub fn parse_prefix(bytes: &[u8], max_recipients: usize) -> Result<Self> {
        let prelude = Prelude::parse(bytes)?;
        let raw = bytes.get(..prelude.header_len()).ok_or(FormatFault::Truncated)?;
        let layout = prelude.layout();
        if raw[layout.pad.clone()].iter().any(|&byte| byte != 0) {
            return Err(FormatFault::Padding.into());
        }
        let domain = prelude.domain()?;
        let immutable = Immutable::decode(&raw[layout.immutable], domain)?;
        let mutable = Mutable::decode(&raw[layout.mutable], max_recipients.min(caps::RECIPIENTS_HARD))?;
        let shares = shares::decode(&raw[layout.shares], &mutable)?;
        Ok(Self {
            raw: raw.to_vec(),
            prelude,
            immutable,
            mutable,
            shares,
        })
    }

    /// Reads a detached header or a ticket: nothing may follow.
    ///
    /// # Errors
    /// As [`Header::parse_prefix`], and [`FormatFault::TrailingBytes`].
    pub fn parse_detached(bytes: &[u8], max_recipients: usize) -> Result<Self> {
        let header = Self::parse_prefix(bytes, max_recipients)?;
        if bytes.len() > header.raw.len() {
            Err(FormatFault::TrailingBytes.into())
        } else {
            Ok(header)
        }
    }

    /// The bytes as read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// Bytes of the header; an attached payload starts here.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Suite and kind.
    #[must_use]
    pub fn domain(&self) -> Domain {
        self.immutable.domain
    }

    /// What never changes after sealing.
    #[must_use]
    pub fn immutable(&self) -> &Immutable {
        &self.immutable
    }

    /// Number of rewraps.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.mutable.sequence
    }

    /// The first 16 bytes of the tag before the last rewrap.
    #[must_use]
    pub fn previous(&self) -> Option<&[u8; 16]> {
        self.mutable.previous.as_ref()
    }

    /// Recipients, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.mutable.entries
    }

    /// The share bodies of each quorum, in order of the quorums.
    #[must_use]
    pub fn shares(&self) -> &[Vec<Share>] {
        &self.shares
    }

    /// Bytes of padding.
    #[must_use]
    pub fn padding(&self) -> usize {
        self.prelude.layout().pad.len()
    }

    /// Bytes reserved for share bodies.
    #[must_use]
    pub fn shares_capacity(&self) -> usize {
        self.prelude.layout().shares.len()
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> &Digest {
        let layout = self.prelude.layout();
        self.raw[layout.tag]
            .first_chunk()
            .expect("the layout gives the tag 32 bytes")
    }

    /// The header written anew from what was read. Every value has one encoding, so these are always the bytes of
    /// [`Header::as_bytes`]: the law that fuzzing and the golden files hold the codec to.
    ///
    /// # Errors
    /// [`crate::Error::Limit`] or [`crate::Error::Caller`] if the law is broken in a way that changes a length.
    pub fn reencoded(&self) -> Result<Vec<u8>> {
        let shares = encode_shares(&self.shares, Some(self.shares_capacity()))?;
        let immutable = self.immutable.encode();
        let mutable = self.mutable.encode();
        assemble(self.domain(), &immutable, &mutable, self.padding(), &shares, |_| {
            *self.tag()
        })
    }

    /// The bytes that the tag covers.
    pub(crate) fn tagged(&self) -> &[u8] {
        &self.raw[..self.prelude.layout().tag.start]
    }

    pub(crate) fn immutable_bytes(&self) -> &[u8] {
        &self.raw[self.prelude.layout().immutable]
    }

    /// `imm_hash`: the digest of what no rewrap changes.
    #[must_use]
    pub fn immutable_hash(&self, backend: &CryptoBackend) -> Digest {
        immutable_hash(backend, self.domain(), self.immutable_bytes())
    }

    /// The same header with other share bodies; everything under the tag stays.
    pub(crate) fn with_shares(&self, shares: Vec<Vec<Share>>) -> Result<Self> {
        let layout = self.prelude.layout();
        let region = encode_shares(&shares, Some(layout.shares.len()))?;
        let mut raw = self.raw.clone();
        raw[layout.shares].copy_from_slice(&region);
        Ok(Self {
            raw,
            shares,
            ..self.clone()
        })
    }
}

/// `Hash("immutable", prelude[0..12] || IMM)`.
pub(crate) fn immutable_hash(backend: &CryptoBackend, domain: Domain, immutable: &[u8]) -> Digest {
    hash(backend, "immutable", &[&Prelude::start(domain), immutable])
}

/// Puts a header together. `tag` is given the bytes that it covers.
pub(crate) fn assemble(
    domain: Domain,
    immutable: &[u8],
    mutable: &[u8],
    padding: usize,
    shares: &[u8],
    tag: impl FnOnce(&[u8]) -> Digest,
) -> Result<Vec<u8>> {
    let prelude = Prelude::new(domain, immutable.len(), mutable.len(), padding, shares.len())?;
    let mut raw = Vec::with_capacity(prelude.header_len());
    raw.extend_from_slice(&prelude.to_bytes());
    raw.extend_from_slice(immutable);
    raw.extend_from_slice(mutable);
    raw.resize(raw.len() + padding, 0);
    let tag = tag(&raw);
    raw.extend_from_slice(&tag);
    raw.extend_from_slice(shares);
    Ok(raw)
}

/// How much room a header keeps for later rewraps. One that stands alone needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reserve {
    /// None for a payload known to be under 64 KiB; else as [`Reserve::Spare`] with 256.
    #[default]
    Auto,
    /// None.
    None,
    /// At least this many bytes, then up to the next multiple of 4096, so that a payload behind it can be shared by
    /// reflink.
    Spare(usize),
}

/// Payloads shorter than this are copied cheaply, so their header gets no padding.
const SMALL_PAYLOAD: u64 = 65_536;
const ALIGNMENT: usize = 4096;
const SPARE: usize = 256;

impl Reserve {
    /// Bytes of padding for a header of `bare` bytes without it.
    pub(crate) fn padding(self, bare: usize, attached: bool, payload_len: Option<u64>) -> usize {
        let spare = match self {
            _ if !attached => return 0,
            Self::None => return 0,
            Self::Auto if payload_len.is_some_and(|len| len < SMALL_PAYLOAD) => return 0,
            Self::Auto => SPARE,
            Self::Spare(spare) => spare.min(caps::HEADER),
        };
        (bare + spare).next_multiple_of(ALIGNMENT) - bare
    }
}

/// Deepest nesting of IMM and SHARES.
const DEPTH: usize = caps::CBOR_DEPTH;
/// MUT holds opaque entries two levels down, each of which may be as deep as the cap.
const MUTABLE_DEPTH: usize = 2 + caps::CBOR_DEPTH;

fn region(bytes: &[u8], depth: usize) -> Result<cbor::Reader<'_>> {
    cbor::validate(bytes, depth)?;
    Ok(cbor::Reader::new(bytes))
}

fn bounded(bytes: &[u8], cap: usize, fault: LimitFault) -> Result<&[u8], LimitFault> {
    if bytes.len() > cap { Err(fault) } else { Ok(bytes) }
}
