//! The attributes of a tree, in order, and their one encoding (docs/akd.md 2).

use std::fmt;

use super::path::NodePath;
use super::scope::{Pick, Scope};
use super::value::{EPOCH_BITS, Value, check_text};
use crate::caps;
use crate::cbor::{self, Reader, Writer};
use crate::crypto::{CryptoBackend, RandomFailed};
use crate::error::{AkdFault, FormatFault, Result};
use crate::schedule::{Digest, hedged_id, truncate};

/// Names a tree: random, and part of every derivation, so that two trees under one root share no key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreeId(pub [u8; 16]);

impl TreeId {
    /// A name that no other tree has.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn random(backend: &CryptoBackend) -> Result<Self, RandomFailed> {
        hedged_id(backend).map(Self)
    }

    /// Reads 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        data_encoding::HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

impl fmt::Debug for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the values of a dimension are, and how many edges one takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DimensionKind {
    /// A text: one edge.
    Text,
    /// An unsigned number: one edge.
    Number,
    /// A path: an edge for each component.
    Path,
    /// The epoch: 16 edges, one for each bit.
    Epoch,
    /// A number of this many bits, 1 to 32: an edge for each bit.
    Range {
        /// How many.
        bits: u8,
    },
}

impl DimensionKind {
    /// Name for people and configuration; a range has its bits beside it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Path => "path",
            Self::Epoch => "epoch",
            Self::Range { .. } => "range",
        }
    }

    /// Of a binary dimension, its bits.
    #[must_use]
    pub fn bits(self) -> Option<u8> {
        match self {
            Self::Epoch => Some(EPOCH_BITS),
            Self::Range { bits } => Some(bits),
            _ => None,
        }
    }

    fn wire(self) -> u64 {
        match self {
            Self::Text => 1,
            Self::Number => 2,
            Self::Path => 3,
            Self::Epoch => 4,
            Self::Range { .. } => 5,
        }
    }
}

/// An attribute of the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Its name, which enters every derivation.
    pub name: String,
    /// Its values.
    pub kind: DimensionKind,
}

impl Dimension {
    /// A dimension.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: DimensionKind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }

    /// A dimension of texts.
    #[must_use]
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, DimensionKind::Text)
    }

    /// A dimension of paths.
    #[must_use]
    pub fn path(name: impl Into<String>) -> Self {
        Self::new(name, DimensionKind::Path)
    }

    /// The epoch. Every schema has one.
    #[must_use]
    pub fn epoch() -> Self {
        Self::new(EPOCH, DimensionKind::Epoch)
    }
}

/// A tree: its name and its dimensions in order. Only dimensions behind the last one can be added later; any other change
/// is another tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    tree: TreeId,
    dimensions: Vec<Dimension>,
}

impl Schema {
    /// A schema.
    ///
    /// # Errors
    /// [`AkdFault::Schema`] unless it has 1 to 16 dimensions of different names, exactly one of which is the epoch and is
    /// called so; [`AkdFault::NotNormalized`] for a name that is not in NFC.
    pub fn new(tree: TreeId, dimensions: impl IntoIterator<Item = Dimension>) -> Result<Self> {
        let dimensions: Vec<_> = dimensions.into_iter().collect();
        if !(1..=caps::AKD_DIMENSIONS).contains(&dimensions.len()) {
            return Err(AkdFault::Schema.into());
        }
        for (at, dimension) in dimensions.iter().enumerate() {
            let repeated = dimensions[..at].iter().any(|earlier| earlier.name == dimension.name);
            // Whoever reads "epoch" in a path may rely on it, and whoever looks for the epoch finds one.
            let misnamed = (dimension.name == EPOCH) != (dimension.kind == DimensionKind::Epoch);
            let bits = dimension.kind.bits().is_none_or(|bits| (1..=32).contains(&bits));
            if repeated || misnamed || !bits || dimension.name.len() > caps::AKD_NAME {
                return Err(AkdFault::Schema.into());
            }
            check_text(&dimension.name, AkdFault::Schema)?;
        }
        if !dimensions
            .iter()
            .any(|dimension| dimension.kind == DimensionKind::Epoch)
        {
            return Err(AkdFault::Schema.into());
        }
        Ok(Self { tree, dimensions })
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// The dimensions, in order.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The place of the epoch.
    #[must_use]
    pub fn epoch(&self) -> usize {
        let is_epoch = |dimension: &Dimension| dimension.kind == DimensionKind::Epoch;
        self.dimensions.iter().position(is_epoch).expect("every schema has one")
    }

    /// The node of these attributes, named in any order. What is left out at the end stands for everything below.
    ///
    /// # Errors
    /// [`AkdFault::UnknownAttribute`], [`AkdFault::Gap`], and what is wrong with a value.
    pub fn path<'n>(&self, values: impl IntoIterator<Item = (&'n str, Value)>) -> Result<NodePath> {
        NodePath::new(self, self.in_order(values)?)
    }

    /// The nodes of these attributes, named in any order. What is left out at the end stands for everything below.
    ///
    /// # Errors
    /// As [`Schema::path`].
    pub fn scope<'n>(&self, picks: impl IntoIterator<Item = (&'n str, Pick)>) -> Result<Scope> {
        Scope::new(self, self.in_order(picks)?)
    }

    /// Whether data and grants of `older` can be read by this schema: it is the same, or has further dimensions behind.
    ///
    /// # Errors
    /// [`AkdFault::OtherTree`]; [`AkdFault::SchemaChanged`].
    pub fn check_reads(&self, older: &Self) -> Result<(), AkdFault> {
        if self.tree != older.tree {
            return Err(AkdFault::OtherTree);
        }
        match self.dimensions.starts_with(&older.dimensions) {
            true => Ok(()),
            false => Err(AkdFault::SchemaChanged),
        }
    }

    /// Names this schema: the digest of its encoding.
    #[must_use]
    pub fn id(&self, backend: &CryptoBackend) -> Digest {
        truncate(&backend.hash.digest(&[ID_LABEL, &self.encode()]))
    }

    /// The one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(|out| {
            out.map(2);
            out.uint(1);
            out.bytes(&self.tree.0);
            out.uint(2);
            self.encode_dimensions(out);
        })
    }

    /// Reads what [`Schema::encode`] gives.
    ///
    /// # Errors
    /// [`crate::Error::Format`] for anything but the one encoding; [`AkdFault`] for what is no schema.
    pub fn decode(encoded: &[u8]) -> Result<Self> {
        cbor::validate(encoded, 3)?;
        let (mut tree, mut dimensions) = (None, None);
        Reader::new(encoded).fields(|key, reader| {
            match key {
                1 => tree = Some(TreeId(reader.array_of()?)),
                2 => dimensions = Some(Self::decode_dimensions(reader)?),
                _ => return Err(FormatFault::UnknownKey.into()),
            }
            Ok(())
        })?;
        let missing = FormatFault::MissingKey;
        Self::new(tree.ok_or(missing)?, dimensions.ok_or(missing)?)
    }

    pub(super) fn encode_dimensions(&self, out: &mut Writer<'_>) {
        out.array(self.dimensions.len());
        for dimension in &self.dimensions {
            let bits = match dimension.kind {
                DimensionKind::Range { bits } => Some(bits),
                _ => None,
            };
            out.array(2 + usize::from(bits.is_some()));
            out.text(&dimension.name);
            out.uint(dimension.kind.wire());
            if let Some(bits) = bits {
                out.uint(bits.into());
            }
        }
    }

    pub(super) fn decode_dimensions(reader: &mut Reader<'_>) -> Result<Vec<Dimension>> {
        let count = reader.array()?;
        if count > caps::AKD_DIMENSIONS as u64 {
            return Err(AkdFault::Schema.into());
        }
        (0..count).map(|_| decode_dimension(reader)).collect()
    }

    /// Puts what is named into the order of the dimensions.
    fn in_order<'n, T>(&self, named: impl IntoIterator<Item = (&'n str, T)>) -> Result<Vec<T>, AkdFault> {
        let mut places: Vec<Option<T>> = self.dimensions.iter().map(|_| None).collect();
        for (name, value) in named {
            let place = self.dimensions.iter().position(|dimension| dimension.name == name);
            let place = &mut places[place.ok_or(AkdFault::UnknownAttribute)?];
            if place.replace(value).is_some() {
                return Err(AkdFault::Repeated);
            }
        }
        let given = places.iter().take_while(|place| place.is_some()).count();
        if places[given..].iter().any(Option::is_some) {
            return Err(AkdFault::Gap);
        }
        Ok(places.into_iter().flatten().collect())
    }
}

fn decode_dimension(reader: &mut Reader<'_>) -> Result<Dimension> {
    let fields = reader.array()?;
    if fields < 2 {
        return Err(FormatFault::Length.into());
    }
    let name = reader.text()?.to_owned();
    let kind = match (reader.uint()?, fields) {
        (1, 2) => DimensionKind::Text,
        (2, 2) => DimensionKind::Number,
        (3, 2) => DimensionKind::Path,
        (4, 2) => DimensionKind::Epoch,
        (5, 3) => DimensionKind::Range { bits: reader.small()? },
        _ => return Err(FormatFault::Value.into()),
    };
    Ok(Dimension { name, kind })
}

/// The name of the epoch in every schema.
const EPOCH: &str = "epoch";
const ID_LABEL: &[u8] = b"keystrand/AKD/1/schema\0";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn orders() -> Schema {
        let dimensions = [
            Dimension::text("dataset"),
            Dimension::epoch(),
            Dimension::text("column"),
            Dimension::path("class"),
            Dimension::new("customer", DimensionKind::Range { bits: 20 }),
            Dimension::new("shard", DimensionKind::Number),
        ];
        Schema::new(TreeId([0xa0; 16]), dimensions).unwrap()
    }

    #[test]
    fn an_encoding_reads_back_and_no_other_one_does() {
        let schema = orders();
        let encoded = schema.encode();
        assert_eq!(Schema::decode(&encoded).unwrap(), schema);
        for at in 0..encoded.len() {
            assert!(Schema::decode(&encoded[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = encoded.clone();
                changed[at] ^= 1 << bit;
                // Another schema, or none: never the same one from other bytes.
                assert!(
                    Schema::decode(&changed).is_ok_and(|other| other != schema) || Schema::decode(&changed).is_err()
                );
            }
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let fault = |dimensions: &[Dimension]| Schema::new(TreeId([0; 16]), dimensions.to_vec()).unwrap_err();
        let refused = Error::Akd(AkdFault::Schema);
        let (text, epoch) = (Dimension::text("a"), Dimension::epoch());
        assert_eq!(fault(&[]), refused);
        assert_eq!(fault(std::slice::from_ref(&text)), refused, "no epoch");
        assert_eq!(fault(&[epoch.clone(), epoch.clone()]), refused);
        assert_eq!(fault(&[text.clone(), text, epoch.clone()]), refused);
        assert_eq!(fault(&[Dimension::text("epoch")]), refused);
        assert_eq!(fault(&[Dimension::new("day", DimensionKind::Epoch)]), refused);
        assert_eq!(fault(&[epoch.clone(), Dimension::text("")]), refused);
        assert_eq!(fault(&[epoch.clone(), Dimension::text("n".repeat(65))]), refused);
        assert_eq!(
            fault(&[epoch.clone(), Dimension::new("r", DimensionKind::Range { bits: 33 })]),
            refused
        );
        assert_eq!(
            fault(&[epoch.clone(), Dimension::text("e\u{301}")]),
            Error::Akd(AkdFault::NotNormalized)
        );
        let many = |count: usize| {
            let more = (1..count).map(|number| Dimension::text(format!("d{number}")));
            Schema::new(TreeId([0; 16]), more.chain([Dimension::epoch()]))
        };
        assert!(many(caps::AKD_DIMENSIONS).is_ok());
        assert!(many(caps::AKD_DIMENSIONS + 1).is_err());
    }

    #[test]
    fn dimensions_are_added_behind_and_nowhere_else() {
        let (backend, old) = (CryptoBackend::default(), orders());
        let mut dimensions = old.dimensions.clone();
        dimensions.push(Dimension::text("purpose"));
        let new = Schema::new(old.tree, dimensions.clone()).unwrap();
        assert_eq!(new.check_reads(&old), Ok(()));
        assert_ne!(new.id(&backend), old.id(&backend));
        assert_eq!(old.check_reads(&new), Err(AkdFault::SchemaChanged));
        dimensions.swap(2, 3);
        let swapped = Schema::new(old.tree, dimensions).unwrap();
        assert_eq!(swapped.check_reads(&old), Err(AkdFault::SchemaChanged));
        let elsewhere = Schema::new(TreeId([1; 16]), old.dimensions.clone()).unwrap();
        assert_eq!(elsewhere.check_reads(&old), Err(AkdFault::OtherTree));
    }

    #[test]
    fn attributes_are_named_in_any_order_and_without_gaps() {
        let schema = orders();
        let values = [("epoch", Value::epoch(3)), ("dataset", Value::text("orders"))];
        let path = schema.path(values.clone()).unwrap();
        assert_eq!(path, schema.path(values.into_iter().rev()).unwrap());
        let fault = |values: Vec<(&str, Value)>| schema.path(values).unwrap_err();
        let text = |name| (name, Value::text("x"));
        assert_eq!(fault(vec![text("color")]), AkdFault::UnknownAttribute.into());
        assert_eq!(fault(vec![text("dataset"), text("column")]), AkdFault::Gap.into());
        assert_eq!(fault(vec![text("dataset"), text("dataset")]), AkdFault::Repeated.into());
        assert_eq!(fault(vec![("dataset", Value::epoch(1))]), AkdFault::ValueKind.into());
        assert_eq!(
            fault(vec![("dataset", Value::text("e\u{301}"))]),
            AkdFault::NotNormalized.into()
        );
        assert_eq!(fault(vec![("dataset", Value::text(""))]), AkdFault::ValueLength.into());
        let to_class = |class| {
            let before = [text("dataset"), ("epoch", Value::epoch(1)), text("column")];
            schema.path(before.into_iter().chain([("class", class)]))
        };
        assert!(to_class(Value::path("eu/de")).is_ok());
        assert_eq!(to_class(Value::path("eu//de")), Err(AkdFault::PathComponent.into()));
        assert_eq!(to_class(Value::Path(Vec::new())), Err(AkdFault::PathLength.into()));
        let long = |count| Value::Path(vec!["x".to_owned(); count]);
        assert!(to_class(long(caps::AKD_COMPONENTS)).is_ok());
        assert_eq!(
            to_class(long(caps::AKD_COMPONENTS + 1)),
            Err(AkdFault::PathLength.into())
        );
        let inner = Bits::prefix(16, 3, 1).unwrap();
        let below_inner = vec![text("dataset"), ("epoch", Value::Bits(inner)), text("column")];
        assert_eq!(fault(below_inner), AkdFault::InnerNode.into());
        let at_cap = |len| schema.path([("dataset", Value::text("v".repeat(len)))]);
        assert!(at_cap(caps::AKD_VALUE).is_ok());
        assert_eq!(at_cap(caps::AKD_VALUE + 1), Err(AkdFault::ValueLength.into()));
    }

    use super::super::bits::Bits;
}
