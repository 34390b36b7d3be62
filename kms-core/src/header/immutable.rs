//! IMM: what is fixed when sealing and hashed into payload and record keys (docs/format.md, "Immutable region").

use super::region;
use crate::cbor::{Reader, Writer, encode};
use crate::context::{EncryptionContext, LabelValue, Labels, MODE_LABEL, canonical_names, valid_key};
use crate::error::{FormatFault, LimitFault, Result};
use crate::record::RecordMode;
use crate::schedule::Domain;
use crate::suite::{Kind, Suite};
use crate::{Posture, caps};

/// The immutable region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Immutable {
    /// Suite and kind (they stand in the prelude).
    pub domain: Domain,
    /// Names this message, ticket or sealed secret.
    pub message_id: [u8; 32],
    /// Names the data key; messages of one data key share it.
    pub dek_id: [u8; 16],
    /// The part of the encryption context that is stored.
    pub context: EncryptionContext,
    /// Names of the context pairs that are not stored and must be supplied to open.
    pub external: Vec<String>,
    /// Facts about this message.
    pub labels: Labels,
    /// Logical key name: a hint for people; the caller chooses the policy.
    pub key_name: Option<String>,
    /// The promise that no later recipient may void.
    pub floor: Floor,
}

/// The least that every path to the secret must hold to; absent parts ask for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Floor {
    /// Least posture: [`Posture::PostQuantum`] or [`Posture::Hedged`].
    pub posture: Option<Posture>,
    /// Least threshold of every quorum; a single recipient is then not allowed.
    pub quorum: Option<u8>,
}

impl Floor {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.posture_number().is_none() && self.quorum.is_none()
    }

    pub(crate) fn encode(&self, out: &mut Writer<'_>) {
        let parts = [(1, self.posture_number()), (2, self.quorum.map(u64::from))];
        let present = parts.into_iter().filter_map(|(key, value)| Some((key, value?)));
        out.map(present.clone().count());
        present.for_each(|(key, value)| {
            out.uint(key);
            out.uint(value);
        });
    }

    /// Wire number of the posture floor; a floor of `Classical` asks for nothing.
    fn posture_number(&self) -> Option<u64> {
        match self.posture {
            None | Some(Posture::Classical) => None,
            Some(Posture::PostQuantum) => Some(1),
            Some(Posture::Hedged) => Some(2),
        }
    }
}

impl Immutable {
    /// The record mode of a ticket.
    #[must_use]
    pub fn record_mode(&self) -> Option<RecordMode> {
        match self.labels.value(MODE_LABEL) {
            Some(LabelValue::Text(name)) => RecordMode::from_name(name),
            _ => None,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_with(&self.message_id, &self.labels)
    }

    /// The region, with this message id and these labels in place of its own.
    pub(crate) fn encode_with(&self, message_id: &[u8; 32], labels: &Labels) -> Vec<u8> {
        let optional = [
            !self.context.is_empty(),
            !self.external.is_empty(),
            !labels.is_empty(),
            self.key_name.is_some(),
            !self.floor.is_none(),
        ];
        encode(|out| {
            out.map(2 + optional.into_iter().filter(|&present| present).count());
            out.uint(1);
            out.bytes(message_id);
            out.uint(2);
            out.bytes(&self.dek_id);
            if !self.context.is_empty() {
                out.uint(3);
                self.context.encode(out);
            }
            if !self.external.is_empty() {
                out.uint(4);
                write_names(out, &self.external);
            }
            if !labels.is_empty() {
                out.uint(5);
                labels.encode(out);
            }
            if let Some(name) = &self.key_name {
                out.uint(6);
                out.text(name);
            }
            if !self.floor.is_none() {
                out.uint(7);
                self.floor.encode(out);
            }
        })
    }

    pub(super) fn decode(bytes: &[u8], domain: Domain) -> Result<Self> {
        let (mut message_id, mut dek_id) = (None, None);
        let mut context = EncryptionContext::new();
        let mut labels = Labels::new();
        let (mut external, mut key_name, mut floor) = (Vec::new(), None, Floor::default());
        region(bytes, super::DEPTH)?.fields(|key, value| {
            match key {
                1 => message_id = Some(value.array_of()?),
                2 => dek_id = Some(value.array_of()?),
                3 => context = EncryptionContext::decode(value)?,
                4 => external = external_names(value)?,
                5 => labels = Labels::decode(value)?,
                6 => key_name = Some(logical_name(value.text()?)?),
                7 => floor = decode_floor(value)?,
                _ => return Err(FormatFault::UnknownKey.into()),
            }
            Ok(())
        })?;
        let immutable = Self {
            domain,
            message_id: message_id.ok_or(FormatFault::MissingKey)?,
            dek_id: dek_id.ok_or(FormatFault::MissingKey)?,
            context,
            external,
            labels,
            key_name,
            floor,
        };
        immutable.check()?;
        Ok(immutable)
    }

    /// What one field cannot see of another.
    fn check(&self) -> Result<()> {
        if self.external.iter().any(|name| self.context.value(name).is_some()) {
            return Err(FormatFault::Context.into());
        }
        if self.external.len() + self.context.pairs().len() > caps::CONTEXT_PAIRS {
            return Err(LimitFault::Context.into());
        }
        let mode_is_right = match (self.domain.kind, self.labels.value(MODE_LABEL), self.record_mode()) {
            (Kind::Ticket, _, Some(mode)) => self.domain.suite != Suite::Aes256Siv || mode != RecordMode::None,
            (Kind::Ticket, _, None) => false,
            (_, label, _) => label.is_none(),
        };
        if mode_is_right {
            Ok(())
        } else {
            Err(FormatFault::Record.into())
        }
    }
}

/// A logical key name: 1 to 64 characters of `a-z 0-9 . _ -`.
pub(crate) fn is_logical_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

fn logical_name(name: &str) -> Result<String, FormatFault> {
    if is_logical_name(name) {
        Ok(name.to_owned())
    } else {
        Err(FormatFault::Value)
    }
}

fn write_names(out: &mut Writer<'_>, names: &[String]) {
    out.array(names.len());
    names.iter().for_each(|name| out.text(name));
}

fn external_names(value: &mut Reader<'_>) -> Result<Vec<String>> {
    let count = value.array()?;
    if count > caps::CONTEXT_PAIRS as u64 {
        return Err(LimitFault::Context.into());
    }
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(value.text()?.to_owned());
    }
    let sound =
        !names.is_empty() && names.iter().all(|name| valid_key(name)) && names == canonical_names(names.clone());
    if !sound {
        return Err(FormatFault::Context.into());
    }
    if encode(|out| write_names(out, &names)).len() > caps::CONTEXT {
        return Err(LimitFault::Context.into());
    }
    Ok(names)
}

fn decode_floor(value: &mut Reader<'_>) -> Result<Floor> {
    let mut floor = Floor::default();
    value.fields(|key, value| {
        match (key, value.uint()?) {
            (1, 1) => floor.posture = Some(Posture::PostQuantum),
            (1, 2) => floor.posture = Some(Posture::Hedged),
            (2, threshold @ 2..=16) => floor.quorum = u8::try_from(threshold).ok(),
            (1 | 2, _) => return Err(FormatFault::Value.into()),
            _ => return Err(FormatFault::UnknownKey.into()),
        }
        Ok(())
    })?;
    if floor.is_none() {
        Err(FormatFault::Value.into())
    } else {
        Ok(floor)
    }
}
