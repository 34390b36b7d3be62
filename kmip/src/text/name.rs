//! Names of enumeration values and mask bits.

use crate::registry::{enum_table, mask_table, tag, tag_name, tag_named};
use crate::ttlv::Tag;
use crate::version::ProtocolVersion;

/// The name of a value of the enumeration in this field, in a version.
pub(super) fn of_value(field: Tag, number: u32, version: ProtocolVersion) -> Option<&'static str> {
    if holds_tags(field) {
        return tag_name(Tag::new(number)).filter(|_| number <= 0x00ff_ffff);
    }
    Some(enum_table(field)?.by_number(number)?.name_in(version))
}

/// The value of this name.
pub(super) fn value_named(field: Tag, name: &str) -> Option<u32> {
    if holds_tags(field) {
        return tag_named(name).map(Tag::number);
    }
    Some(enum_table(field)?.by_name(name)?.number)
}

/// The names of the bits of the mask in this field; bits without a name come last, as one number. `None` for a field
/// that is no mask.
pub(super) fn of_mask(field: Tag, bits: u32, separator: &str) -> Option<String> {
    let table = mask_table(field)?;
    let named = table.bits.iter().filter(|bit| bits & bit.value != 0);
    let rest = table.bits.iter().fold(bits, |rest, bit| rest & !bit.value);
    let mut names: Vec<_> = named.map(|bit| bit.name.to_owned()).collect();
    if rest != 0 || names.is_empty() {
        names.push(format!("0x{rest:08x}"));
    }
    Some(names.join(separator))
}

/// The bits of a mask: names and numbers between blanks or bars.
pub(super) fn mask_named(field: Tag, text: &str) -> Option<u32> {
    let table = mask_table(field)?;
    let parts = text.split(['|', ' ', '\t', '\n', '\r']).filter(|part| !part.is_empty());
    parts
        .map(|part| match number(part) {
            Some(bits) => Some(bits),
            None => Some(table.bits.iter().find(|bit| bit.name == part)?.value),
        })
        .try_fold(0, |mask, bits| Some(mask | bits?))
}

/// A number as `0x…`.
fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn holds_tags(field: Tag) -> bool {
    matches!(field, tag::ATTRIBUTE_REFERENCE | tag::TAG)
}
