//! How well each way to the secret withstands a quantum computer, and whether the envelope's floor holds.

use super::{Entry, Floor, Header, Share, Single};
use crate::error::PolicyFault;
use crate::kek::{Posture, WrapMechanism, WrapParams};

impl Single {
    /// Posture by key type.
    #[must_use]
    pub fn posture(&self) -> Posture {
        match &self.wrapped.params {
            WrapParams::Mechanism(WrapMechanism::RsaOaep256) => Posture::Classical,
            WrapParams::Hpke { kem } => kem.posture(),
            // Of a hybrid both halves have to fall; its second half is never classical.
            WrapParams::None
            | WrapParams::Mechanism(WrapMechanism::AesKwp | WrapMechanism::AesKw)
            | WrapParams::Hybrid { .. }
            | WrapParams::Passphrase { .. } => Posture::Hedged,
        }
    }
}

impl Header {
    /// Posture of the weakest way to the secret; `None` if a recipient is of an unknown scheme.
    #[must_use]
    pub fn posture(&self) -> Option<Posture> {
        paths(self.entries(), self.shares())
            .try_fold(Posture::Hedged, |weakest, (posture, _)| Some(weakest.min(posture?)))
    }
}

/// A quorum's posture, by its share bodies.
fn quorum_posture(threshold: u8, shares: &[Share]) -> Posture {
    posture_of_members(threshold, shares.iter().map(|share| share.recipient.posture()))
}

/// An attacker needs `threshold` shares, so a quorum is as strong as its threshold-th weakest member.
pub(crate) fn posture_of_members(threshold: u8, members: impl Iterator<Item = Posture>) -> Posture {
    let mut postures: Vec<_> = members.collect();
    postures.sort_unstable();
    postures
        .get(usize::from(threshold).saturating_sub(1))
        .copied()
        .unwrap_or(Posture::Classical)
}

/// Whether every entry holds to `floor`. Writer, rewrapper and reader all ask.
pub(crate) fn meets_floor(floor: Floor, entries: &[Entry], shares: &[Vec<Share>]) -> Result<(), PolicyFault> {
    if floor.is_none() {
        return Ok(());
    }
    for (posture, threshold) in paths(entries, shares) {
        // Nothing is known of an unknown scheme, so nothing may be promised.
        let posture = posture.ok_or(PolicyFault::FloorPosture)?;
        if floor.posture.is_some_and(|least| posture < least) {
            return Err(PolicyFault::FloorPosture);
        }
        if floor.quorum.is_some_and(|least| threshold < least) {
            return Err(PolicyFault::FloorQuorum);
        }
    }
    Ok(())
}

/// Whether no entry is below the posture of the caller's policy: a stronger recipient does not make up for a weaker
/// one beside it.
pub(crate) fn meets_posture(
    least: Option<Posture>,
    entries: &[Entry],
    shares: &[Vec<Share>],
) -> Result<(), PolicyFault> {
    let Some(least) = least.filter(|&least| least > Posture::Classical) else {
        return Ok(());
    };
    let below = |(posture, _): (Option<Posture>, u8)| posture.is_none_or(|posture| posture < least);
    match paths(entries, shares).any(below) {
        true => Err(PolicyFault::Posture),
        false => Ok(()),
    }
}

/// The posture of each entry, `None` for an unknown scheme, and how many keys it takes.
fn paths<'a>(entries: &'a [Entry], shares: &'a [Vec<Share>]) -> impl Iterator<Item = (Option<Posture>, u8)> + 'a {
    let mut shares = shares.iter();
    entries.iter().map(move |entry| match entry {
        Entry::Single(single) => (Some(single.posture()), 1),
        Entry::Quorum(quorum) => {
            let bodies = shares.next().map_or(&[][..], Vec::as_slice);
            (Some(quorum_posture(quorum.threshold, bodies)), quorum.threshold)
        }
        Entry::Unknown(_) => (None, 1),
    })
}
