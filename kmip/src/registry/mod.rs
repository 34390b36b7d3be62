//! What the specifications list: tags, enumerations, masks and the rules of attributes, each with the versions that
//! have it. `generated` is written by `scripts/kmip_registry.py` from the tables of KMIP 1.0 to 2.1.

mod attributes;
mod enumerations;
mod generated;
mod masks;
mod reasons;
mod span;
mod tags;

pub use attributes::{AttributeRule, Condition, Fact, ObjectTypes, Rules};
pub use enumerations::{EnumTable, EnumValue, Enumeration};
pub use generated::enumerations::*;
pub use generated::masks::*;
pub use generated::tags as tag;
pub use masks::{Mask, MaskBit, MaskTable};
pub use span::Span;
pub use tags::TagRow;

pub(crate) use attributes::attribute_named;
pub use attributes::{attribute_rule, attribute_rules};
pub use enumerations::enum_table;
pub use masks::mask_table;
pub use tags::{tag_name, tag_named, tag_rows};

#[cfg(test)]
mod tests;
