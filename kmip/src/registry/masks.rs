//! Bit masks, encoded as integers.

use super::Span;
use super::generated::masks::TABLES;
use crate::ttlv::Tag;

/// A type whose bits are listed in the specification.
pub trait Mask: Copy + Eq + std::fmt::Debug {
    /// The field that always has this type.
    const TAG: Tag;

    /// The mask of these bits, listed or not.
    fn from_bits(bits: u32) -> Self;

    /// Its bits.
    fn bits(self) -> u32;
}

/// The bits of one mask.
#[derive(Debug)]
pub struct MaskTable {
    /// The field that has them.
    pub tag: Tag,
    /// Its name.
    pub name: &'static str,
    /// The lowest bit first.
    pub bits: &'static [MaskBit],
}

/// One bit.
#[derive(Debug)]
pub struct MaskBit {
    /// A number with this bit set.
    pub value: u32,
    /// Its name in the text encodings.
    pub name: &'static str,
    /// The versions that have it.
    pub span: Span,
}

/// The bits of the mask in this field.
pub fn mask_table(tag: Tag) -> Option<&'static MaskTable> {
    TABLES.iter().copied().find(|table| table.tag == tag)
}

macro_rules! masks {
    ($( $type:ident $type_name:literal $tag:literal {
        $( $constant:ident = $value:literal, $name:literal, $since:ident $(until $until:ident)?; )*
    } )*) => {
        use crate::registry::masks::{Mask, MaskBit, MaskTable};
        use crate::ttlv::Tag;

        $(
            #[doc = concat!("The mask `", $type_name, "`.")]
            #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
            pub struct $type(pub u32);

            impl $type {
                $(
                    #[doc = concat!("`", $name, "`")]
                    pub const $constant: Self = Self($value);
                )*

                /// What the specification lists.
                pub const TABLE: &'static MaskTable = &MaskTable {
                    tag: Tag::new($tag),
                    name: $type_name,
                    bits: &[$( MaskBit {
                        value: $value,
                        name: $name,
                        span: crate::registry::span::span!($since $($until)?),
                    } ),*],
                };

                /// Whether every bit of `other` is set.
                pub const fn contains(self, other: Self) -> bool {
                    self.0 & other.0 == other.0
                }

                /// Whether some bit of `other` is set.
                pub const fn intersects(self, other: Self) -> bool {
                    self.0 & other.0 != 0
                }
            }

            impl std::ops::BitOr for $type {
                type Output = Self;

                fn bitor(self, other: Self) -> Self {
                    Self(self.0 | other.0)
                }
            }

            impl Mask for $type {
                const TAG: Tag = Tag::new($tag);

                fn from_bits(bits: u32) -> Self {
                    Self(bits)
                }

                fn bits(self) -> u32 {
                    self.0
                }
            }

            impl std::fmt::Debug for $type {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    let set = Self::TABLE.bits.iter().filter(|bit| self.0 & bit.value != 0);
                    let rest = Self::TABLE.bits.iter().fold(self.0, |rest, bit| rest & !bit.value);
                    f.debug_set().entries(set.map(|bit| bit.name)).entries((rest != 0).then_some(rest)).finish()
                }
            }
        )*

        pub(in crate::registry) const TABLES: &[&MaskTable] = &[$( $type::TABLE ),*];
    };
}
pub(super) use masks;
