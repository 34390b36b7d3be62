//! Parameters of a recipient's scheme, and the lengths of `w` that go with them.

use std::ops::RangeInclusive;

use super::id::RecipientId;
use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::crypto::PasswordCost;
use crate::crypto::kem::Kem;
use crate::error::{FormatFault, LimitFault, Result};
use crate::kek::{ClassicalHalf, Scheme, WrapMechanism, WrapParams};

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

impl ClassicalHalf {
    const BOUND: u64 = 4;

    fn from_wire(number: u64) -> Result<Self, FormatFault> {
        match number {
            Self::BOUND => Ok(Self::Bound),
            number if number == u64::from(Kem::P256.wire()) => Ok(Self::P256),
            number => WrapMechanism::from_wire(number).map(Self::Mechanism),
        }
    }

    /// The wire number.
    #[must_use]
    pub fn wire(self) -> u64 {
        match self {
            Self::Mechanism(mechanism) => mechanism as u64,
            Self::Bound => Self::BOUND,
            Self::P256 => Kem::P256.wire().into(),
        }
    }

    pub(super) fn wrapped_lengths(self) -> RangeInclusive<usize> {
        match self {
            Self::Mechanism(mechanism) => mechanism.wrapped_lengths(),
            Self::Bound => 1..=caps::WRAPPED_KEY,
            Self::P256 => exactly(Kem::P256.ciphertext_len()),
        }
    }
}

pub(super) fn exactly(length: usize) -> RangeInclusive<usize> {
    length..=length
}

fn kem(number: u64) -> Result<Kem, FormatFault> {
    let number = u16::try_from(number).map_err(|_| FormatFault::Value)?;
    Kem::from_wire(number).ok_or(FormatFault::Value)
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
            out.uint(u64::from(kem.wire()));
        }
        WrapParams::Hybrid {
            classical,
            kem,
            ciphertext,
            id,
            version,
        } => {
            out.map(4 + usize::from(version.is_some()));
            out.uint(1);
            out.uint(classical.wire());
            out.uint(2);
            out.uint(u64::from(kem.wire()));
            out.uint(3);
            out.bytes(ciphertext);
            out.uint(4);
            id.encode(out);
            if let Some(version) = version {
                out.uint(5);
                out.bytes(version);
            }
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
        Scheme::Wrap | Scheme::Hpke => 1..=1,
        Scheme::Hybrid => 4..=5,
        Scheme::Passphrase => 4..=4,
    };
    let keys = value.map()?;
    if !expected.contains(&keys) {
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
        Scheme::Hpke => Ok(WrapParams::Hpke {
            kem: kem(value.uint()?)?,
        }),
        Scheme::Hybrid => {
            let classical = ClassicalHalf::from_wire(value.uint()?)?;
            key(value)?;
            let kem = kem(value.uint()?)?;
            key(value)?;
            let ciphertext = value.bytes()?.to_vec();
            key(value)?;
            let id = RecipientId::decode(value)?;
            let mut version = None;
            if keys == 5 {
                key(value)?;
                version = Some(value.bytes()?.to_vec());
            }
            Ok(WrapParams::Hybrid {
                classical,
                kem,
                ciphertext,
                id,
                version,
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
