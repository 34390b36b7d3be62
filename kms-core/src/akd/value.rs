//! What a node is called in one dimension.

use super::bits::Bits;
use super::schema::DimensionKind;
use crate::caps;
use crate::cbor::{Reader, Writer};
use crate::error::{AkdFault, FormatFault, Result};

/// A value of one dimension. What is not exact leads to an inner node, which may only stand last in a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Of a text dimension.
    Text(String),
    /// Of a number dimension.
    Number(u64),
    /// Of a path dimension: its components from the top. A shorter path is above all that begin with it.
    Path(Vec<String>),
    /// Of an epoch or a range.
    Bits(Bits),
}

/// One step down in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeValue<'a> {
    Text(&'a str),
    Number(u64),
}

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A path, written with `/` between its components.
    #[must_use]
    pub fn path(text: &str) -> Self {
        Self::Path(text.split('/').map(str::to_owned).collect())
    }

    /// One epoch.
    #[must_use]
    pub fn epoch(epoch: u16) -> Self {
        Self::Bits(Bits::exact(EPOCH_BITS, u32::from(epoch)).expect("a u16 has 16 bits"))
    }

    /// Whether a dimension of `kind` may have it.
    pub(super) fn check(&self, kind: DimensionKind) -> Result<(), AkdFault> {
        match (self, kind) {
            (Self::Text(text), DimensionKind::Text) => check_text(text, AkdFault::ValueLength),
            (Self::Number(_), DimensionKind::Number) => Ok(()),
            (Self::Path(components), DimensionKind::Path) => {
                if !(1..=caps::AKD_COMPONENTS).contains(&components.len()) {
                    return Err(AkdFault::PathLength);
                }
                components
                    .iter()
                    .try_for_each(|component| check_text(component, AkdFault::PathComponent))
            }
            (Self::Bits(bits), kind) if kind.bits() == Some(bits.width()) => Ok(()),
            _ => Err(AkdFault::ValueKind),
        }
    }

    /// Whether another dimension may follow it in a path.
    pub(super) fn is_exact(&self) -> bool {
        !matches!(self, Self::Bits(bits) if !bits.is_exact())
    }

    /// Whether the edges of `other` begin with those of this.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(above), Self::Path(below)) => below.starts_with(above),
            (Self::Bits(above), Self::Bits(below)) => above.reaches(*below),
            _ => self == other,
        }
    }

    pub(super) fn edges(&self) -> Vec<EdgeValue<'_>> {
        match self {
            Self::Text(text) => vec![EdgeValue::Text(text)],
            Self::Number(number) => vec![EdgeValue::Number(*number)],
            Self::Path(components) => components.iter().map(|component| EdgeValue::Text(component)).collect(),
            Self::Bits(bits) => bits.edges().map(|bit| EdgeValue::Number(bit.into())).collect(),
        }
    }

    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Text(text) => out.text(text),
            Self::Number(number) => out.uint(*number),
            Self::Path(components) => {
                out.array(components.len());
                components.iter().for_each(|component| out.text(component));
            }
            Self::Bits(bits) => {
                out.array(2);
                out.uint(bits.len().into());
                out.uint(bits.value().into());
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>, kind: DimensionKind) -> Result<Self> {
        let value = match kind {
            DimensionKind::Text => Self::Text(reader.text()?.to_owned()),
            DimensionKind::Number => Self::Number(reader.uint()?),
            DimensionKind::Path => {
                let count = reader.array()?;
                if count > caps::AKD_COMPONENTS as u64 {
                    return Err(AkdFault::PathLength.into());
                }
                let components = (0..count).map(|_| Ok(reader.text()?.to_owned()));
                Self::Path(components.collect::<Result<_>>()?)
            }
            DimensionKind::Epoch | DimensionKind::Range { .. } => {
                if reader.array()? != 2 {
                    return Err(FormatFault::Length.into());
                }
                let width = kind.bits().expect("epochs and ranges are binary");
                let bits = Bits::prefix(width, reader.small()?, reader.small()?);
                Self::Bits(bits.ok_or(FormatFault::Value)?)
            }
        };
        value.check(kind)?;
        Ok(value)
    }
}

/// One text has one form: what is not normalized is refused, never silently changed, because two writers that
/// normalize differently would derive different keys.
pub(super) fn check_text(text: &str, length: AkdFault) -> Result<(), AkdFault> {
    if !(1..=caps::AKD_VALUE).contains(&text.len()) || text.contains('\0') {
        return Err(length);
    }
    if !unicode_normalization::is_nfc(text) {
        return Err(AkdFault::NotNormalized);
    }
    Ok(())
}

/// 65 536 epochs: daily for 179 years.
pub(super) const EPOCH_BITS: u8 = 16;
