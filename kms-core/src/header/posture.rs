//! How well each way to the secret withstands a quantum computer, and whether the envelope's floor holds.

use super::{Entry, Floor, Header, Share, Single};
use crate::error::PolicyFault;
use crate::kek::{Posture, WrapMechanism, WrapParams};

impl Single {
    /// Posture by key type.
    #[must_use]
    pub fn posture(&self) -> Posture {
        match &self.wrapped.params {
            WrapParams::Mechanism(WrapMechanism::RsaOaep256) | WrapParams::Hpke { kem: 0x0010..=0x0021 } => {
                Posture::Classical
            }
            WrapParams::Hpke { kem: 0x0040..=0x0042 } => Posture::PostQuantum,
            WrapParams::None
            | WrapParams::Mechanism(WrapMechanism::AesKwp | WrapMechanism::AesKw)
            | WrapParams::Hpke { .. }
            | WrapParams::Hybrid { .. }
            | WrapParams::Passphrase { .. } => Posture::Hedged,
        }
    }
}

impl Header {
    /// Posture of the weakest way to the secret; `None` if a recipient is of an unknown scheme.
    #[must_use]
    pub fn posture(&self) -> Option<Posture> {
        let mut shares = self.shares().iter();
        self.entries()
            .iter()
            .map(|entry| match entry {
                Entry::Single(single) => Some(single.posture()),
                Entry::Quorum(quorum) => shares.next().map(|shares| quorum_posture(quorum.threshold, shares)),
                Entry::Unknown(_) => None,
            })
            .try_fold(Posture::Hedged, |weakest, posture| Some(weakest.min(posture?)))
    }
}

/// An attacker needs `threshold` shares, so a quorum is as strong as its threshold-th weakest share.
pub(crate) fn quorum_posture(threshold: u8, shares: &[Share]) -> Posture {
    let mut postures: Vec<_> = shares.iter().map(|share| share.recipient.posture()).collect();
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
    let mut shares = shares.iter();
    for entry in entries {
        let (posture, threshold) = match entry {
            Entry::Single(single) => (single.posture(), 1),
            Entry::Quorum(quorum) => {
                let bodies = shares.next().map_or(&[][..], Vec::as_slice);
                (quorum_posture(quorum.threshold, bodies), quorum.threshold)
            }
            // Nothing is known of it, so nothing may be promised.
            Entry::Unknown(_) => (Posture::Classical, 0),
        };
        if floor.posture.is_some_and(|least| posture < least) || threshold == 0 {
            return Err(PolicyFault::FloorPosture);
        }
        if floor.quorum.is_some_and(|least| threshold < least) {
            return Err(PolicyFault::FloorQuorum);
        }
    }
    Ok(())
}
