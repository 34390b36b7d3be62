//! MUT: what a rewrap changes — sequence number, previous tag and recipients (docs/format.md, "Mutable region").

use super::quorum::{QUORUM_SCHEME, Quorum};
use super::region;
use super::single::{Single, scheme_of};
use crate::caps;
use crate::cbor::{Reader, Writer, encode};
use crate::error::{FormatFault, LimitFault, Result};
use crate::kek::Scheme;

/// The mutable region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutable {
    pub(crate) sequence: u64,
    pub(crate) previous: Option<[u8; 16]>,
    pub(crate) entries: Vec<Entry>,
}

/// One way to the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One recipient opens.
    Single(Single),
    /// `k` of `n` members open.
    Quorum(Quorum),
    /// A scheme of a later version: kept, never used.
    Unknown(Unknown),
}

/// Which secret an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The data key: every message of its group.
    DataKey,
    /// The message secret: this message only.
    Message,
}

/// An entry of a scheme that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its scheme number, 32 to 65535.
    pub scheme: u16,
    /// Its bytes.
    pub raw: Vec<u8>,
}

const FIRST_UNKNOWN_SCHEME: u64 = 32;

impl Mutable {
    pub(crate) fn encode(&self) -> Vec<u8> {
        encode(|out| {
            out.map(2 + usize::from(self.previous.is_some()));
            out.uint(1);
            out.uint(self.sequence);
            if let Some(previous) = &self.previous {
                out.uint(2);
                out.bytes(previous);
            }
            out.uint(3);
            out.array(self.entries.len());
            self.entries.iter().for_each(|entry| entry.encode(out));
        })
    }

    pub(super) fn decode(bytes: &[u8], max_recipients: usize) -> Result<Self> {
        let (mut sequence, mut previous, mut entries) = (None, None, Vec::new());
        region(bytes, super::MUTABLE_DEPTH)?.fields(|key, value| {
            match key {
                1 => sequence = Some(value.uint()?),
                2 => previous = Some(value.array_of()?),
                3 => entries = decode_entries(value, max_recipients)?,
                _ => return Err(FormatFault::UnknownKey.into()),
            }
            Ok(())
        })?;
        let sequence = sequence.ok_or(FormatFault::MissingKey)?;
        if entries.is_empty() {
            return Err(FormatFault::Recipients.into());
        }
        if previous.is_some() != (sequence > 0) {
            return Err(FormatFault::Sequence.into());
        }
        let mutable = Self {
            sequence,
            previous,
            entries,
        };
        mutable.check_quorums()?;
        Ok(mutable)
    }

    pub(crate) fn quorums(&self) -> impl Iterator<Item = &Quorum> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Quorum(quorum) => Some(quorum),
            _ => None,
        })
    }

    fn check_quorums(&self) -> Result<()> {
        let ids: Vec<_> = self.quorums().map(|quorum| quorum.id).collect();
        if ids.len() > caps::QUORUMS {
            return Err(LimitFault::Recipients.into());
        }
        let repeated = ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id));
        if repeated {
            Err(FormatFault::Quorum.into())
        } else {
            Ok(())
        }
    }
}

impl Entry {
    /// Recipients that this entry counts for.
    #[must_use]
    pub fn recipients(&self) -> usize {
        match self {
            Self::Quorum(quorum) => quorum.commitments.len(),
            Self::Single(_) | Self::Unknown(_) => 1,
        }
    }

    /// The recipient that opens alone, if it is one.
    pub(crate) fn single(&self) -> Option<&Single> {
        match self {
            Self::Single(single) => Some(single),
            Self::Quorum(_) | Self::Unknown(_) => None,
        }
    }

    /// Which secret it leads to, where that is known.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Single(single) => Some(single.level),
            Self::Quorum(quorum) => Some(quorum.level),
            Self::Unknown(_) => None,
        }
    }

    /// Whether a passphrase alone opens.
    pub(crate) fn is_passphrase(&self) -> bool {
        matches!(self, Self::Single(single) if single.scheme == Scheme::Passphrase)
    }

    fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Single(single) => single.encode_entry(out),
            Self::Quorum(quorum) => quorum.encode(out),
            Self::Unknown(unknown) => out.raw(&unknown.raw),
        }
    }
}

fn decode_entries(value: &mut Reader<'_>, max_recipients: usize) -> Result<Vec<Entry>> {
    let count = value.array()?;
    let mut entries = Vec::new();
    let mut recipients = 0;
    for _ in 0..count {
        let entry = decode_entry(value)?;
        recipients += entry.recipients();
        if recipients > max_recipients {
            return Err(LimitFault::Recipients.into());
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn decode_entry(value: &mut Reader<'_>) -> Result<Entry> {
    match scheme_of(value)? {
        QUORUM_SCHEME => Ok(Entry::Quorum(Quorum::decode(value)?)),
        scheme @ FIRST_UNKNOWN_SCHEME.. => {
            let scheme = u16::try_from(scheme).map_err(|_| FormatFault::Value)?;
            Ok(Entry::Unknown(Unknown {
                scheme,
                raw: value.raw(caps::CBOR_DEPTH)?.to_vec(),
            }))
        }
        _ => {
            let mut level = Level::DataKey;
            let mut single = Single::decode(value, |key, value| match (key, value.uint()?) {
                (7, 1) => {
                    level = Level::Message;
                    Ok(())
                }
                (7, _) => Err(FormatFault::Value),
                _ => Err(FormatFault::UnknownKey),
            })?;
            single.level = level;
            Ok(Entry::Single(single))
        }
    }
}
