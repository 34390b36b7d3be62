//! A schema as its owner writes it, in TOML:
//!
//! ```toml
//! tree = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
//! root = "local://data-root/1"
//!
//! [[dimension]]
//! name = "column"
//! kind = "text"                # text, number, path, epoch, range; of a range bits = 20
//! values = ["email", "phone"]  # what `*` stands for
//! ```

use kms_core::AkdFault;
use kms_core::akd::{Dimension, DimensionKind, Pick, Schema, TreeId, Value};
use serde::{Deserialize, Serialize};

use super::error::GrantError;
use crate::uri::KeyUri;

/// A schema, the root of its tree, and known values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFile {
    schema: Schema,
    root: KeyUri,
    values: Vec<Vec<Value>>,
}

impl SchemaFile {
    /// A schema without known values.
    ///
    /// # Errors
    /// [`GrantError::SchemaFile`] for a root without a version: it would be another one after a rotation.
    pub fn new(schema: Schema, root: KeyUri) -> Result<Self, GrantError> {
        if root.version().is_none() {
            return Err(GrantError::SchemaFile(
                "the root is named with its version, as local://NAME/1".to_owned(),
            ));
        }
        let values = schema.dimensions().iter().map(|_| Vec::new()).collect();
        Ok(Self { schema, root, values })
    }

    /// Reads the TOML form.
    ///
    /// # Errors
    /// [`GrantError::SchemaFile`], and what is wrong with the schema or a value.
    pub fn parse(text: &str) -> Result<Self, GrantError> {
        let file: Wire = toml::from_str(text).map_err(|error| GrantError::SchemaFile(error.message().to_owned()))?;
        let tree = TreeId::parse(&file.tree);
        let tree = tree.ok_or_else(|| GrantError::SchemaFile("tree is 32 hexadecimal digits".to_owned()))?;
        let dimensions = file
            .dimension
            .iter()
            .map(|wire| Ok(Dimension::new(&wire.name, wire.kind()?)));
        let dimensions: Vec<_> = dimensions.collect::<Result<_, GrantError>>()?;
        let parse = |(wire, dimension): (&WireDimension, &Dimension)| {
            let values = wire.values.iter().map(|value| Value::parse(value, dimension.kind));
            values.collect::<Result<Vec<_>, _>>()
        };
        let values = file
            .dimension
            .iter()
            .zip(&dimensions)
            .map(parse)
            .collect::<Result<_, _>>()?;
        let made = Self::new(Schema::new(tree, dimensions)?, file.root.parse()?)?;
        Ok(Self { values, ..made })
    }

    /// The TOML form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let wire = |dimension: &Dimension| WireDimension {
            name: dimension.name.clone(),
            kind: dimension.kind.name().to_owned(),
            bits: match dimension.kind {
                DimensionKind::Range { bits } => Some(bits),
                _ => None,
            },
            values: Vec::new(),
        };
        let file = Wire {
            tree: self.schema.tree().to_string(),
            root: self.root.to_string(),
            dimension: self.schema.dimensions().iter().map(wire).collect(),
        };
        let text = toml::to_string(&file).expect("strings and numbers");
        format!("{HEAD}{text}")
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The root of its tree, with its version.
    #[must_use]
    pub fn root(&self) -> &KeyUri {
        &self.root
    }

    /// What is chosen by `texts` in the dimension `name`: a value, several, `FIRST..LAST`, or `*` for all that are known.
    ///
    /// # Errors
    /// [`AkdFault::UnknownAttribute`]; [`AkdFault::NoValues`] for a `*` where no values are known; what is wrong with a
    /// value.
    pub fn pick(&self, name: &str, texts: &[&str]) -> Result<Pick, GrantError> {
        let at = self
            .schema
            .dimensions()
            .iter()
            .position(|dimension| dimension.name == name);
        let at = at.ok_or(AkdFault::UnknownAttribute)?;
        let kind = self.schema.dimensions()[at].kind;
        match texts {
            [WILDCARD] if self.values[at].is_empty() => Err(AkdFault::NoValues.into()),
            [WILDCARD] => Ok(Pick::Every(self.values[at].clone())),
            [one] => match (kind.bits(), one.split_once("..")) {
                (Some(_), Some((first, last))) => {
                    let bound = |text: &str| text.parse().map_err(|_| AkdFault::Interval);
                    Ok(Pick::Interval(bound(first)?, bound(last)?))
                }
                _ => Ok(Pick::One(Value::parse(one, kind)?)),
            },
            several => {
                let values = several.iter().map(|text| Value::parse(text, kind));
                Ok(Pick::Each(values.collect::<Result<_, _>>()?))
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    tree: String,
    root: String,
    dimension: Vec<WireDimension>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDimension {
    name: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bits: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

impl WireDimension {
    fn kind(&self) -> Result<DimensionKind, GrantError> {
        match (self.kind.as_str(), self.bits) {
            ("text", None) => Ok(DimensionKind::Text),
            ("number", None) => Ok(DimensionKind::Number),
            ("path", None) => Ok(DimensionKind::Path),
            ("epoch", None) => Ok(DimensionKind::Epoch),
            ("range", Some(bits)) => Ok(DimensionKind::Range { bits }),
            _ => Err(GrantError::SchemaFile(
                "a kind is text, number, path, epoch, or range with bits".to_owned(),
            )),
        }
    }
}

const WILDCARD: &str = "*";
const HEAD: &str = "\
# Attributes that keys are derived by (docs/akd.md). Dimensions may be added at the end; any other change is another tree.
# `values = [\"…\"]` in a dimension lists what `*` stands for.
";
