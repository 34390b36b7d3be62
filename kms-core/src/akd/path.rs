//! The name of a node: a value for each dimension down to it.

use std::fmt;

use super::bits::Bits;
use super::schema::{Dimension, DimensionKind, Schema};
use super::value::{EdgeValue, Value};
use crate::cbor::{Reader, Writer};
use crate::error::{AkdFault, Result};

/// A node of a schema's trees. It belongs to the schema that made it, and means the same in every later one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodePath(Vec<Value>);

/// One step down: the dimension and what is chosen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge<'a> {
    pub(super) dimension: &'a str,
    pub(super) value: EdgeValue<'a>,
}

impl NodePath {
    /// The root of each tree.
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    /// The node of these values, in the order of the schema.
    pub(super) fn new(schema: &Schema, values: Vec<Value>) -> Result<Self> {
        if values.len() > schema.dimensions().len() {
            return Err(AkdFault::UnknownAttribute.into());
        }
        for (at, (dimension, value)) in schema.dimensions().iter().zip(&values).enumerate() {
            value.check(dimension.kind)?;
            if at + 1 < values.len() && !value.is_exact() {
                return Err(AkdFault::InnerNode.into());
            }
        }
        Ok(Self(values))
    }

    /// Its values, in the order of the schema.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// The epochs that it leads to, as a prefix; `None` above the epoch.
    #[must_use]
    pub fn epochs(&self, schema: &Schema) -> Option<Bits> {
        match self.0.get(schema.epoch()) {
            Some(Value::Bits(bits)) => Some(*bits),
            _ => None,
        }
    }

    /// The same node named for people: `dataset=orders epoch=3 column=email`.
    #[must_use]
    pub fn display<'a>(&'a self, schema: &'a Schema) -> impl fmt::Display + 'a {
        Shown(schema.dimensions(), &self.0)
    }

    /// Every step from the root.
    pub(super) fn edges<'a>(&'a self, schema: &'a Schema) -> Vec<Edge<'a>> {
        let steps = schema.dimensions().iter().zip(&self.0).flat_map(|(dimension, value)| {
            value.edges().into_iter().map(|value| Edge {
                dimension: &dimension.name,
                value,
            })
        });
        steps.collect()
    }

    /// Whether `other` is this node or below it.
    #[must_use]
    pub fn reaches(&self, other: &Self) -> bool {
        let Some((last, above)) = self.0.split_last() else {
            return true;
        };
        let place = other.0.get(above.len());
        place.is_some_and(|value| last.reaches(value)) && other.0.starts_with(above)
    }

    pub(super) fn encode(&self, out: &mut Writer<'_>) {
        out.array(self.0.len());
        self.0.iter().for_each(|value| value.encode(out));
    }

    pub(super) fn decode(reader: &mut Reader<'_>, schema: &Schema) -> Result<Self> {
        let count = usize::try_from(reader.array()?).unwrap_or(usize::MAX);
        let dimensions = schema.dimensions().get(..count).ok_or(AkdFault::UnknownAttribute)?;
        let values = dimensions.iter().map(|dimension| Value::decode(reader, dimension.kind));
        Self::new(schema, values.collect::<Result<_>>()?)
    }
}

struct Shown<'a>(&'a [Dimension], &'a [Value]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (dimension, value)) in self.0.iter().zip(self.1).enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{}=", dimension.name)?;
            match value {
                Value::Text(text) => f.write_str(text)?,
                Value::Number(number) => write!(f, "{number}")?,
                Value::Path(components) => f.write_str(&components.join("/"))?,
                Value::Bits(bits) if bits.is_exact() => write!(f, "{}", bits.first())?,
                Value::Bits(bits) => write!(f, "{}..{}", bits.first(), bits.last())?,
            }
        }
        Ok(())
    }
}

impl Value {
    /// Reads a value as people write it: a number for numbers, epochs and ranges, components with `/` for paths.
    ///
    /// # Errors
    /// [`AkdFault::ValueKind`], and what is wrong with a text.
    pub fn parse(text: &str, kind: DimensionKind) -> Result<Self, AkdFault> {
        let value = match kind {
            DimensionKind::Text => Self::text(text),
            DimensionKind::Path => Self::path(text),
            DimensionKind::Number => Self::Number(text.parse().map_err(|_| AkdFault::ValueKind)?),
            DimensionKind::Epoch | DimensionKind::Range { .. } => {
                let number = text.parse().ok();
                let bits = kind
                    .bits()
                    .zip(number)
                    .and_then(|(width, number)| Bits::exact(width, number));
                Self::Bits(bits.ok_or(AkdFault::ValueKind)?)
            }
        };
        value.check(kind)?;
        Ok(value)
    }
}
