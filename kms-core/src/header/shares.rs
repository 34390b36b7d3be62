//! SHARES: the share bodies of quorums. They stand outside the tag, so that one member's KEK can be rotated without
//! the others; each is authenticated by its own seal, whose binding names its one place (docs/format.md, "Quorum").

use super::mutable::{Entry, Level, Mutable};
use super::single::{Single, item_len, scheme_of};
use crate::cbor::{Reader, encode as encode_item};
use crate::error::{CallerFault, FormatFault, Result};

/// One share as its member's provider protects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The recipient part.
    pub recipient: Single,
    /// Number of times this share was moved to another key.
    pub version: u32,
}

const RESERVE: usize = 256;

/// The region for `shares`: as long as `capacity`, or with room for a later rewrap.
pub(crate) fn encode(shares: &[Vec<Share>], capacity: Option<usize>) -> Result<Vec<u8>> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let mut region = encode_item(|out| {
        out.array(shares.len());
        for members in shares {
            out.array(members.len());
            for share in members {
                share
                    .recipient
                    .encode(out, (share.version > 0).then_some((8, u64::from(share.version))));
            }
        }
    });
    let roomy = region.len().next_multiple_of(RESERVE) + RESERVE * (shares.len() - 1);
    let capacity = capacity.unwrap_or(roomy);
    if region.len() > capacity {
        return Err(CallerFault::Reserve.into());
    }
    region.resize(capacity, 0);
    Ok(region)
}

pub(super) fn decode(region: &[u8], mutable: &Mutable) -> Result<Vec<Vec<Share>>> {
    let quorums: Vec<_> = mutable.quorums().collect();
    if quorums.is_empty() != region.is_empty() {
        return Err(FormatFault::Quorum.into());
    }
    if quorums.is_empty() {
        return Ok(Vec::new());
    }
    let (item, tail) = region.split_at(item_len(region)?);
    if tail.iter().any(|&byte| byte != 0) {
        return Err(FormatFault::Padding.into());
    }
    let mut reader = Reader::new(item);
    if reader.array()? != quorums.len() as u64 {
        return Err(FormatFault::Quorum.into());
    }
    quorums
        .iter()
        .map(|quorum| decode_members(&mut reader, quorum.commitments.len(), quorum.level))
        .collect()
}

fn decode_members(reader: &mut Reader<'_>, members: usize, level: Level) -> Result<Vec<Share>> {
    if reader.array()? != members as u64 {
        return Err(FormatFault::Quorum.into());
    }
    (0..members).map(|_| decode_share(reader, level)).collect()
}

fn decode_share(reader: &mut Reader<'_>, level: Level) -> Result<Share> {
    scheme_of(reader)?;
    let mut version = 0;
    let recipient = Single::decode(reader, |key, value| match key {
        8 => {
            version = value.small()?;
            if version > 0 { Ok(()) } else { Err(FormatFault::Value) }
        }
        _ => Err(FormatFault::UnknownKey),
    })?;
    Ok(Share {
        recipient: Single { level, ..recipient },
        version,
    })
}

impl super::Header {
    /// Each quorum with its share bodies.
    pub fn quorums(&self) -> impl Iterator<Item = (&super::Quorum, &[Share])> {
        let quorums = self.entries().iter().filter_map(|entry| match entry {
            Entry::Quorum(quorum) => Some(quorum),
            Entry::Single(_) | Entry::Unknown(_) => None,
        });
        quorums.zip(self.shares().iter().map(Vec::as_slice))
    }
}
