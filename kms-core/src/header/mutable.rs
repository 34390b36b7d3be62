//! MUT: what a rewrap changes — sequence number, previous tag and recipients (docs/format.md, "Mutable region").

use super::{bounded, region};
use crate::caps;
use crate::cbor::{Reader, Writer, encode, validate_prefix};
use crate::crypto::PasswordCost;
use crate::error::{FormatFault, LimitFault, Result};
use crate::kek::{Scheme, WrapMechanism, WrapParams, WrappedKey};
use crate::schedule::Digest;

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

/// How an entry names its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecipientId {
    /// Key URI without version.
    Kid(String),
    /// `Hash("hint", dek_id || URI)[0..8]` of a hidden recipient.
    Hint([u8; 8]),
}

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

/// An entry of a scheme that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its scheme number, 32 to 65535.
    pub scheme: u16,
    /// Its bytes.
    pub raw: Vec<u8>,
}

const QUORUM_SCHEME: u64 = 16;
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
            Self::Single(single) => single.encode(out, (single.level == Level::Message).then_some((7, 1))),
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

impl Single {
    /// This recipient as it stands in an envelope.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        encode(|out| self.encode(out, (self.level == Level::Message).then_some((7, 1))))
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
                2 => id = Some(decode_id(value)?),
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
            (Scheme::Hpke, WrapParams::Hpke { kem }) => kem_ciphertext_len(*kem).map(|len| len..=len),
            (Scheme::Hybrid, WrapParams::Hybrid { classical, .. }) => classical_half_lengths(*classical),
            (Scheme::Passphrase, WrapParams::Passphrase { .. }) => Some(0..=0),
            _ => None,
        };
        let version = self.wrapped.version.as_ref();
        if version.is_some_and(|version| !(1..=caps::KEY_VERSION).contains(&version.len())) {
            return Err(FormatFault::Length);
        }
        if !lengths.ok_or(FormatFault::MissingKey)?.contains(&self.wrapped.w.len()) {
            return Err(FormatFault::Length);
        }
        let is_passphrase = self.scheme == Scheme::Passphrase;
        let id_fits = match &self.id {
            RecipientId::Kid(kid) if is_passphrase => is_passphrase_kid(kid),
            RecipientId::Kid(kid) => !kid.starts_with(PASSPHRASE_KID),
            RecipientId::Hint(_) => !is_passphrase,
        };
        let halves_fit = match &self.wrapped.params {
            WrapParams::Hybrid { id, .. } => id.is_hidden() == self.id.is_hidden(),
            _ => true,
        };
        if !id_fits || !halves_fit || is_passphrase && self.wrapped.version.is_some() {
            return Err(FormatFault::Value);
        }
        Ok(())
    }
}

impl RecipientId {
    fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Kid(kid) => out.text(kid),
            Self::Hint(hint) => out.bytes(hint),
        }
    }

    fn is_hidden(&self) -> bool {
        matches!(self, Self::Hint(_))
    }
}

/// What the key URI of a passphrase recipient starts with; a label may follow.
pub(crate) const PASSPHRASE_KID: &str = "passphrase:";

/// Whether `kid` is a passphrase recipient's.
pub(crate) fn is_passphrase_kid(kid: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    kid.strip_prefix(PASSPHRASE_KID)
        .is_some_and(|label| label.len() <= 32 && label.bytes().all(allowed))
}

/// Whether `kid` may stand in an envelope: 1 to 512 bytes without control characters.
pub(crate) fn is_key_uri(kid: &str) -> bool {
    (1..=caps::KEY_URI).contains(&kid.len()) && !kid.chars().any(char::is_control)
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

fn decode_id(value: &mut Reader<'_>) -> Result<RecipientId, FormatFault> {
    if !value.next_is_text() {
        return Ok(RecipientId::Hint(value.array_of()?));
    }
    let kid = value.text()?;
    if is_key_uri(kid) {
        Ok(RecipientId::Kid(kid.to_owned()))
    } else {
        Err(FormatFault::Value)
    }
}

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
    fn wrapped_lengths(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::RsaOaep256 => 256..=1024,
            Self::AesKwp | Self::AesKw => 40..=40,
        }
    }
}

const P256: u16 = 0x0010;

fn classical_half_lengths(classical: u16) -> Option<std::ops::RangeInclusive<usize>> {
    match classical {
        P256 => kem_ciphertext_len(P256).map(|len| len..=len),
        number => WrapMechanism::from_wire(u64::from(number))
            .ok()
            .map(WrapMechanism::wrapped_lengths),
    }
}

/// Bytes of a KEM's ciphertext, by HPKE KEM id (RFC 9180 7.1, draft-ietf-hpke-pq).
fn kem_ciphertext_len(kem: u16) -> Option<usize> {
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

fn encode_params(params: &WrapParams, out: &mut Writer<'_>) {
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

fn decode_params(scheme: Scheme, value: &mut Reader<'_>) -> Result<WrapParams> {
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
            let id = decode_id(value)?;
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

impl Quorum {
    fn encode(&self, out: &mut Writer<'_>) {
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

    fn decode(value: &mut Reader<'_>) -> Result<Self> {
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

impl PasswordCost {
    /// Whether the cost is inside the caps: checked before any memory is taken.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        caps::ARGON2_MEMORY_KIB.contains(&self.memory_kib)
            && caps::ARGON2_PASSES.contains(&self.passes)
            && caps::ARGON2_LANES.contains(&self.lanes)
    }
}

/// Where one deterministic item ends: share bodies have zeros behind theirs.
pub(super) fn item_len(bytes: &[u8]) -> Result<usize> {
    validate_prefix(bytes, super::DEPTH)
}
