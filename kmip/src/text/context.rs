//! Which field a value belongs to.

use crate::registry::{attribute_named, tag};
use crate::ttlv::Tag;

/// What was seen in one structure so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    attribute: Option<Tag>,
}

impl Context {
    /// Takes note of a text: an AttributeName says what the AttributeValue after it is.
    pub(super) fn saw_text(&mut self, tag: Tag, text: &str) {
        if tag == tag::ATTRIBUTE_NAME {
            self.attribute = attribute_named(text).map(|rule| rule.tag);
        }
    }

    /// The field whose names a value with this tag has.
    pub(super) fn field(self, tag: Tag) -> Tag {
        match self.attribute {
            Some(attribute) if tag == tag::ATTRIBUTE_VALUE => attribute,
            _ => tag,
        }
    }
}
