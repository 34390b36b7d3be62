//! Parameters of a recipient's scheme, and the lengths of `w` that go with them.

use std::ops::RangeInclusive;

use super::id::RecipientId;
use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::crypto::PasswordCost;
use crate::error::{FormatFault, LimitFault, Result};
use crate::kek::{Scheme, WrapMechanism, WrapParams};

impl WrapMechanism {
    fn from_wire(number: u64) -> Result<Self, FormatFault> {
        match number {
            1 => Ok(Self::RsaOaep256),
            2 => Ok(Self::AesKwp),
            3 => Ok(Self::AesKw),
            _ => Err(FormatFault::Value),
        }
    }

    /// Bytes of a 32-byte secret wrapped by it: RSA of 2048 to 8192 bits, or AES key wrap.
    pub(super) fn wrapped_lengths(self) -> RangeInclusive<usize> {
        match self {
            Self::RsaOaep256 => 256..=1024,
            Self::AesKwp | Self::AesKw => 40..=40,
        }
    }
}

const P256: u16 = 0x0010;

pub(super) fn classical_half_lengths(classical: u16) -> Option<RangeInclusive<usize>> {
    match classical {
        P256 => kem_ciphertext_len(P256).map(|len| len..=len),
        number => WrapMechanism::from_wire(u64::from(number))
            .ok()
            .map(WrapMechanism::wrapped_lengths),
    }
}

/// Bytes of a KEM's ciphertext, by HPKE KEM id (RFC 9180 7.1, draft-ietf-hpke-pq).
pub(super) fn kem_ciphertext_len(kem: u16) -> Option<usize> {
    match kem {
        P256 => Some(65),
        0x0011 => Some(97),
        0x0020 => Some(32),
        0x0040 => Some(768),
        0x0041 => Some(1088),
        0x0042 => Some(1568),
        0x0050 => Some(1153),
        0x0051 => Some(1665),
        0x647a => Some(1120),
        _ => None,
    }
}

pub(super) fn encode_params(params: &WrapParams, out: &mut Writer<'_>) {
    match params {
        WrapParams::None => {}
        WrapParams::Mechanism(mechanism) => {
            out.map(1);
            out.uint(1);
            out.uint(*mechanism as u64);
        }
        WrapParams::Hpke { kem } => {
            out.map(1);
            out.uint(1);
            out.uint(u64::from(*kem));
        }
        WrapParams::Hybrid {
            classical,
            kem,
            ciphertext,
            id,
        } => {
            out.map(4);
            out.uint(1);
            out.uint(u64::from(*classical));
            out.uint(2);
            out.uint(u64::from(*kem));
            out.uint(3);
            out.bytes(ciphertext);
            out.uint(4);
            id.encode(out);
        }
        WrapParams::Passphrase { salt, cost } => {
            out.map(4);
            out.uint(1);
            out.bytes(salt);
            for (key, value) in [(2, cost.memory_kib), (3, cost.passes), (4, cost.lanes)] {
                out.uint(key);
                out.uint(u64::from(value));
            }
        }
    }
}

pub(super) fn decode_params(scheme: Scheme, value: &mut Reader<'_>) -> Result<WrapParams> {
    let expected = match scheme {
        Scheme::WrapBound => return Err(FormatFault::UnknownKey.into()),
        Scheme::Wrap | Scheme::Hpke => 1,
        Scheme::Hybrid | Scheme::Passphrase => 4,
    };
    if value.map()? != expected {
        return Err(FormatFault::MissingKey.into());
    }
    let mut next = 0;
    let mut key = |value: &mut Reader<'_>| {
        next += 1;
        if value.uint()? == next {
            Ok(())
        } else {
            Err(FormatFault::UnknownKey)
        }
    };
    key(value)?;
    match scheme {
        Scheme::WrapBound | Scheme::Wrap => Ok(WrapParams::Mechanism(WrapMechanism::from_wire(value.uint()?)?)),
        Scheme::Hpke => Ok(WrapParams::Hpke { kem: value.small()? }),
        Scheme::Hybrid => {
            let classical = value.small()?;
            key(value)?;
            let kem = value.small()?;
            key(value)?;
            let ciphertext = value.bytes()?;
            let is_bare_ml_kem = matches!(kem, 0x0040..=0x0042);
            if !is_bare_ml_kem || kem_ciphertext_len(kem) != Some(ciphertext.len()) {
                return Err(FormatFault::Length.into());
            }
            key(value)?;
            let id = RecipientId::decode(value)?;
            Ok(WrapParams::Hybrid {
                classical,
                kem,
                ciphertext: ciphertext.to_vec(),
                id,
            })
        }
        Scheme::Passphrase => {
            let salt = value.array_of()?;
            let mut number = |value: &mut Reader<'_>| {
                key(value)?;
                Ok::<_, crate::Error>(u32::try_from(value.uint()?).map_err(|_| LimitFault::PasswordCost)?)
            };
            let cost = PasswordCost {
                memory_kib: number(value)?,
                passes: number(value)?,
                lanes: number(value)?,
            };
            if cost.is_allowed() {
                Ok(WrapParams::Passphrase { salt, cost })
            } else {
                Err(LimitFault::PasswordCost.into())
            }
        }
    }
}

impl PasswordCost {
    /// Whether the cost is inside the caps: checked before any memory is taken.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        caps::ARGON2_MEMORY_KIB.contains(&self.memory_kib)
            && caps::ARGON2_PASSES.contains(&self.passes)
            && caps::ARGON2_LANES.contains(&self.lanes)
    }
}
