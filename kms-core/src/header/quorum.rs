//! The entry of a quorum (docs/format.md, "Quorum").

use super::mutable::Level;
use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::error::{FormatFault, Result};
use crate::schedule::Digest;

/// The public part of a quorum; its share bodies stand outside the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Names this sharing.
    pub id: [u8; 16],
    /// Shares needed.
    pub threshold: u8,
    /// One commitment a share, in order of `x = 1..n`.
    pub commitments: Vec<Digest>,
    /// Which secret is shared.
    pub level: Level,
}

/// Stands where a recipient's scheme does.
pub(super) const QUORUM_SCHEME: u64 = 16;

impl Quorum {
    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        out.map(4 + usize::from(self.level == Level::Message));
        out.uint(1);
        out.uint(QUORUM_SCHEME);
        if self.level == Level::Message {
            out.uint(7);
            out.uint(1);
        }
        out.uint(10);
        out.bytes(&self.id);
        out.uint(11);
        out.uint(u64::from(self.threshold));
        out.uint(12);
        self.encode_commitments(out);
    }

    /// The array of commitments: its hash binds every share to the whole quorum.
    pub(crate) fn encode_commitments(&self, out: &mut Writer<'_>) {
        out.array(self.commitments.len());
        self.commitments.iter().for_each(|commitment| out.bytes(commitment));
    }

    pub(super) fn decode(value: &mut Reader<'_>) -> Result<Self> {
        let (mut level, mut id, mut threshold, mut commitments) = (Level::DataKey, None, None, Vec::new());
        value.fields(|key, value| {
            match key {
                1 => drop(value.uint()?),
                7 if value.uint()? == 1 => level = Level::Message,
                7 => return Err(FormatFault::Value.into()),
                10 => id = Some(value.array_of()?),
                11 => threshold = Some(value.small::<u8>()?),
                12 => commitments = decode_commitments(value)?,
                _ => return Err(FormatFault::UnknownKey.into()),
            }
            Ok(())
        })?;
        let threshold = threshold.ok_or(FormatFault::MissingKey)?;
        if !(2..=commitments.len()).contains(&usize::from(threshold)) {
            return Err(FormatFault::Quorum.into());
        }
        Ok(Self {
            id: id.ok_or(FormatFault::MissingKey)?,
            threshold,
            commitments,
            level,
        })
    }
}

fn decode_commitments(value: &mut Reader<'_>) -> Result<Vec<Digest>, FormatFault> {
    let count = value.array()?;
    if !(2..=caps::QUORUM_MEMBERS as u64).contains(&count) {
        return Err(FormatFault::Quorum);
    }
    (0..count).map(|_| value.array_of()).collect()
}
