//! Tags and their names.

use super::Span;
use super::generated::tags::TAGS;
use crate::ttlv::Tag;

/// A row of the table of tags.
#[derive(Clone, Copy, Debug)]
pub struct TagRow {
    /// Its number.
    pub tag: Tag,
    /// Its name in the text encodings.
    pub name: &'static str,
    /// The versions that have it.
    pub span: Span,
}

/// The table, in the order of the numbers.
pub fn tag_rows() -> &'static [TagRow] {
    TAGS
}

/// The name of a tag of the specification.
pub fn tag_name(tag: Tag) -> Option<&'static str> {
    let row = TAGS.binary_search_by_key(&tag, |row| row.tag).ok()?;
    Some(TAGS[row].name)
}

/// The tag of this name.
pub fn tag_named(name: &str) -> Option<Tag> {
    static BY_NAME: std::sync::LazyLock<std::collections::HashMap<&'static str, Tag>> =
        std::sync::LazyLock::new(|| TAGS.iter().map(|row| (row.name, row.tag)).collect());
    BY_NAME.get(name).copied()
}

macro_rules! tags {
    ($( $constant:ident = $number:literal, $name:literal, $since:ident $(until $until:ident)?; )*) => {
        use crate::registry::tags::TagRow;
        use crate::ttlv::Tag;

        $(
            #[doc = concat!("`", $name, "`")]
            pub const $constant: Tag = Tag::new($number);
        )*

        pub(in crate::registry) const TAGS: &[TagRow] = &[$( TagRow {
            tag: $constant,
            name: $name,
            span: crate::registry::span::span!($since $($until)?),
        } ),*];
    };
}
pub(super) use tags;
