//! The bytes of the new header.

use super::outcome::Rewrapped;
use crate::envelope::opener::Unlocked;
use crate::envelope::recipients::{Secrets, Wrapped};
use crate::error::{CallerFault, Result};
use crate::header::{self, Header, Mutable, Prelude, Reserve, TAG_LEN, encode_shares};
use crate::suite::Kind;

/// `wrapped` and `dropped` are what the caller counted; it has asked [`super::Rewrapper::meets_promises`].
pub(super) fn assemble(
    header: &Header,
    unlocked: &Unlocked,
    new: Wrapped,
    wrapped: usize,
    dropped: usize,
    payload_len: Option<u64>,
) -> Result<Rewrapped> {
    let sequence = header.sequence().checked_add(1).ok_or(CallerFault::Reserve)?;
    let previous = header.tag().first_chunk().copied();
    let mutable = Mutable {
        sequence,
        previous,
        entries: new.entries,
    }
    .encode();
    let capacity = (new.shares.len() == header.shares().len()).then(|| header.shares_capacity());
    let shares = encode_shares(&new.shares, capacity).or_else(|_| encode_shares(&new.shares, None))?;
    let immutable = header.immutable_bytes();
    let bare = Prelude::LEN + immutable.len() + mutable.len() + TAG_LEN + shares.len();
    let padding = padding(header, bare, payload_len);
    let mut tag = [0; TAG_LEN];
    let raw = header::assemble(header.domain(), immutable, &mutable, padding, &shares, |covered| {
        tag = unlocked.mac.tag(covered);
        tag
    })?;
    Ok(Rewrapped {
        header: raw,
        sequence,
        tag,
        wrapped,
        dropped,
    })
}

impl Unlocked {
    pub(super) fn secrets(&self) -> Secrets<'_> {
        Secrets {
            data_key: self.data_key.as_ref(),
            message: &self.message,
        }
    }
}

/// Keeps the header's length where its reserved space allows, so that the payload stays where it is.
fn padding(old: &Header, bare: usize, payload_len: Option<u64>) -> usize {
    if old.padding() > 0 && old.len() >= bare {
        return old.len() - bare;
    }
    let attached = payload_len.is_some() && old.domain().kind != Kind::Ticket;
    Reserve::Auto.padding(bare, attached, payload_len)
}
