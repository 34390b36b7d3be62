//! One recipient, as an entry of MUT or as a share body (docs/format.md, "Recipients").

use super::bounded;
use super::id::{PASSPHRASE_KID, RecipientId, is_key_uri, is_passphrase_kid};
use super::mutable::Level;
use super::params::{decode_params, encode_params, exactly};
use crate::caps;
use crate::cbor::{Reader, Writer, validate_prefix};
use crate::error::{FormatFault, LimitFault, Result};
use crate::kek::{Posture, Scheme, WrapParams, WrappedKey};

/// A recipient: `W` as its provider protects it, and the secret sealed under `W`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// How `W` is protected.
    pub scheme: Scheme,
    /// Which key.
    pub id: RecipientId,
    /// `W`, protected.
    pub wrapped: WrappedKey,
    /// The sealed secret.
    pub sealed: [u8; 48],
    /// Which secret; for a share, that of its quorum.
    pub level: Level,
}

impl Single {
    /// Writes this recipient as it stands in MUT.
    pub(crate) fn encode_entry(&self, out: &mut Writer<'_>) {
        self.encode(out, (self.level == Level::Message).then_some((7, 1)));
    }

    /// Writes keys 1 to 6, and `last` behind them.
    pub(super) fn encode(&self, out: &mut Writer<'_>, last: Option<(u64, u64)>) {
        let has_params = self.wrapped.params != WrapParams::None;
        let optional = [self.wrapped.version.is_some(), has_params, last.is_some()];
        out.map(4 + optional.into_iter().filter(|&present| present).count());
        out.uint(1);
        out.uint(u64::from(self.scheme.wire()));
        out.uint(2);
        self.id.encode(out);
        if let Some(version) = &self.wrapped.version {
            out.uint(3);
            out.bytes(version);
        }
        out.uint(4);
        out.bytes(&self.wrapped.w);
        out.uint(5);
        out.bytes(&self.sealed);
        if has_params {
            out.uint(6);
            encode_params(&self.wrapped.params, out);
        }
        if let Some((key, value)) = last {
            out.uint(key);
            out.uint(value);
        }
    }

    /// Reads keys 1 to 6; any other key goes to `more`. The level is the caller's to set.
    pub(super) fn decode(
        value: &mut Reader<'_>,
        mut more: impl FnMut(u64, &mut Reader<'_>) -> Result<(), FormatFault>,
    ) -> Result<Self> {
        let scheme = known_scheme(scheme_of(value)?)?;
        let (mut id, mut version, mut w, mut sealed, mut params) = (None, None, None, None, WrapParams::None);
        value.fields(|key, value| {
            match key {
                1 => drop(value.uint()?),
                2 => id = Some(RecipientId::decode(value)?),
                3 => version = Some(value.bytes()?.to_vec()),
                4 => w = Some(bounded(value.bytes()?, caps::WRAPPED_KEY, LimitFault::WrappedKey)?.to_vec()),
                5 => sealed = Some(value.array_of()?),
                6 => params = decode_params(scheme, value)?,
                _ => more(key, value)?,
            }
            Ok(())
        })?;
        let single = Self {
            scheme,
            id: id.ok_or(FormatFault::MissingKey)?,
            wrapped: WrappedKey {
                version,
                w: w.ok_or(FormatFault::MissingKey)?,
                params,
            },
            sealed: sealed.ok_or(FormatFault::MissingKey)?,
            level: Level::DataKey,
        };
        single.check()?;
        Ok(single)
    }

    /// What the parser knows field by field, and the writer must know of a provider's answer.
    pub(crate) fn check(&self) -> Result<(), FormatFault> {
        let lengths = match (self.scheme, &self.wrapped.params) {
            (Scheme::WrapBound, WrapParams::None) => Some(1..=caps::WRAPPED_KEY),
            (Scheme::Wrap, WrapParams::Mechanism(mechanism)) => Some(mechanism.wrapped_lengths()),
            (Scheme::Hpke, WrapParams::Hpke { kem }) => Some(exactly(kem.ciphertext_len())),
            (Scheme::Hybrid, WrapParams::Hybrid { classical, .. }) => Some(classical.wrapped_lengths()),
            (Scheme::Passphrase, WrapParams::Passphrase { .. }) => Some(0..=0),
            _ => None,
        };
        check_version(self.wrapped.version.as_deref())?;
        if !lengths.ok_or(FormatFault::MissingKey)?.contains(&self.wrapped.w.len()) {
            return Err(FormatFault::Length);
        }
        let is_passphrase = self.scheme == Scheme::Passphrase;
        let id_fits = match &self.id {
            RecipientId::Kid(kid) if is_passphrase => is_passphrase_kid(kid),
            RecipientId::Kid(kid) => !kid.starts_with(PASSPHRASE_KID),
            RecipientId::Hint(_) => !is_passphrase,
        };
        if let WrapParams::Hybrid { .. } = self.wrapped.params {
            self.check_second_half()?;
        }
        if !id_fits || is_passphrase && self.wrapped.version.is_some() {
            return Err(FormatFault::Value);
        }
        Ok(())
    }

    /// The post-quantum half of a hybrid recipient.
    fn check_second_half(&self) -> Result<(), FormatFault> {
        let WrapParams::Hybrid {
            kem,
            ciphertext,
            id,
            version,
            ..
        } = &self.wrapped.params
        else {
            return Ok(());
        };
        if kem.posture() == Posture::Classical {
            return Err(FormatFault::Value);
        }
        if ciphertext.len() != kem.ciphertext_len() {
            return Err(FormatFault::Length);
        }
        check_version(version.as_deref())?;
        let named = match id {
            RecipientId::Kid(kid) => !kid.starts_with(PASSPHRASE_KID) && is_key_uri(kid),
            RecipientId::Hint(_) => true,
        };
        if named && id.is_hidden() == self.id.is_hidden() {
            Ok(())
        } else {
            Err(FormatFault::Value)
        }
    }
}

fn check_version(version: Option<&[u8]>) -> Result<(), FormatFault> {
    match version {
        Some(version) if !(1..=caps::KEY_VERSION).contains(&version.len()) => Err(FormatFault::Length),
        _ => Ok(()),
    }
}

/// The scheme of an entry: key 1, which stands first in deterministic order unless key 0 does, as it may in an entry
/// of unknown scheme.
pub(super) fn scheme_of(entry: &Reader<'_>) -> Result<u64> {
    let mut ahead = entry.clone();
    for _ in 0..ahead.map()?.min(2) {
        match ahead.uint() {
            Ok(0) => drop(ahead.raw(super::MUTABLE_DEPTH)?),
            Ok(1) => return Ok(ahead.uint()?),
            _ => break,
        }
    }
    Err(FormatFault::MissingKey.into())
}

fn known_scheme(number: u64) -> Result<Scheme, FormatFault> {
    let known = [
        Scheme::WrapBound,
        Scheme::Wrap,
        Scheme::Hpke,
        Scheme::Hybrid,
        Scheme::Passphrase,
    ];
    known
        .into_iter()
        .find(|scheme| u64::from(scheme.wire()) == number)
        .ok_or(FormatFault::Value)
}

/// Where one deterministic item ends: share bodies have zeros behind theirs.
pub(super) fn item_len(bytes: &[u8]) -> Result<usize> {
    validate_prefix(bytes, super::DEPTH)
}
