//! Enumerations. Each is a number with names for the values that the specification has, so that values of vendors and
//! of later versions pass through.

use super::Span;
use super::generated::enumerations::{SHARED, TABLES};
use crate::ttlv::Tag;
use crate::version::ProtocolVersion;

/// A type whose values are listed in the specification.
pub trait Enumeration: Copy + Eq + std::fmt::Debug {
    /// The field that always has this type.
    const TAG: Tag;

    /// The value of this number, listed or not.
    fn from_number(number: u32) -> Self;

    /// Its number.
    fn number(self) -> u32;
}

/// The values of one enumeration.
#[derive(Debug)]
pub struct EnumTable {
    /// The field that has them.
    pub tag: Tag,
    /// Its name.
    pub name: &'static str,
    /// In the order of the specification.
    pub values: &'static [EnumValue],
}

/// One value.
#[derive(Debug)]
pub struct EnumValue {
    /// Its number.
    pub number: u32,
    /// Its name in the text encodings.
    pub name: &'static str,
    /// Its name in 1.x where 2.0 gave it another.
    pub name_1x: Option<&'static str>,
    /// The versions that have it.
    pub span: Span,
}

impl EnumTable {
    /// The value of this number.
    pub fn by_number(&self, number: u32) -> Option<&'static EnumValue> {
        self.values.iter().find(|value| value.number == number)
    }

    /// The value of this name, of any version.
    pub fn by_name(&self, name: &str) -> Option<&'static EnumValue> {
        self.values
            .iter()
            .find(|value| value.name == name || value.name_1x == Some(name))
    }
}

impl EnumValue {
    /// Its name in the text encodings of this version.
    pub fn name_in(&self, version: ProtocolVersion) -> &'static str {
        if version.is_1x() {
            self.name_1x.unwrap_or(self.name)
        } else {
            self.name
        }
    }
}

/// The values of the enumeration in this field.
pub fn enum_table(tag: Tag) -> Option<&'static EnumTable> {
    let owner = SHARED.iter().find(|(field, _)| *field == tag);
    match owner {
        Some((_, name)) => TABLES.iter().copied().find(|table| table.name == *name),
        None => TABLES.iter().copied().find(|table| table.tag == tag),
    }
}

macro_rules! enumerations {
    ($( $type:ident $type_name:literal $tag:literal {
        $( $constant:ident = $number:literal, $name:literal, $since:ident $(until $until:ident)? $(, was $was:literal)?; )*
    } )*) => {
        use crate::registry::enumerations::{EnumTable, EnumValue, Enumeration};
        use crate::ttlv::Tag;

        $(
            #[doc = concat!("The enumeration `", $type_name, "`.")]
            #[allow(non_camel_case_types, reason = "PKCS_11 is a name of the specification")]
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $type(pub u32);

            #[allow(non_camel_case_types, reason = "as above")]
            impl $type {
                $(
                    #[doc = concat!("`", $name, "`")]
                    pub const $constant: Self = Self($number);
                )*

                /// What the specification lists.
                pub const TABLE: &'static EnumTable = &EnumTable {
                    tag: Tag::new($tag),
                    name: $type_name,
                    values: &[$( EnumValue {
                        number: $number,
                        name: $name,
                        name_1x: [$( Some($was), )? None][0],
                        span: crate::registry::span::span!($since $($until)?),
                    } ),*],
                };

                /// Its name in the text encodings, if the specification has one.
                pub fn name(self) -> Option<&'static str> {
                    Self::TABLE.by_number(self.0).map(|value| value.name)
                }
            }

            impl Enumeration for $type {
                const TAG: Tag = Tag::new($tag);

                fn from_number(number: u32) -> Self {
                    Self(number)
                }

                fn number(self) -> u32 {
                    self.0
                }
            }

            impl std::fmt::Debug for $type {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    match self.name() {
                        Some(name) => f.write_str(name),
                        None => write!(f, "0x{:08X}", self.0),
                    }
                }
            }
        )*

        pub(in crate::registry) const TABLES: &[&EnumTable] = &[$( $type::TABLE ),*];
    };
}
pub(super) use enumerations;

/// Fields that take the values of another.
macro_rules! shared {
    ($( $tag:literal $name:literal; )*) => {
        pub(in crate::registry) const SHARED: &[(Tag, &str)] = &[$( (Tag::new($tag), $name) ),*];
    };
}
pub(super) use shared;
