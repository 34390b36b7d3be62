//! The list of attributes of a request or response. In 1.x it is a TemplateAttribute, or Attributes one after the other;
//! in 2.x it is `Attributes`.

use super::named::Name;
use super::{Attribute, AttributeId, AttributeValue};
use crate::registry::{Enumeration, Mask, tag};
use crate::ttlv::{DecodeError, Item, Tag, Writer};
use crate::version::ProtocolVersion;
use crate::wire::{Field, Wire};

/// Attributes in the order in which they came.
#[derive(Debug, Default)]
pub struct Attributes {
    /// The attributes.
    pub items: Vec<Attribute>,
    /// Templates whose attributes come first; 1.x only.
    pub templates: Vec<Name>,
}

impl Attributes {
    /// No attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, attribute: Attribute) -> Self {
        self.items.push(attribute);
        self
    }

    /// Whether there is neither an attribute nor a template.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.templates.is_empty()
    }

    /// The values of an attribute of the specification.
    pub fn values(&self, tag: Tag) -> impl Iterator<Item = &AttributeValue> {
        let of_tag = move |attribute: &&Attribute| attribute.id == AttributeId::Standard(tag);
        self.items
            .iter()
            .filter(of_tag)
            .filter_map(|attribute| attribute.value.as_ref())
    }

    /// The first value of an attribute of the specification.
    pub fn value(&self, tag: Tag) -> Option<&AttributeValue> {
        self.values(tag).next()
    }

    /// The value of the attribute that has this enumeration.
    pub fn enumeration<E: Enumeration>(&self) -> Option<E> {
        match self.value(E::TAG)? {
            AttributeValue::Enumeration(number) => Some(E::from_number(*number)),
            _ => None,
        }
    }

    /// The value of the attribute that has this mask.
    pub fn mask<M: Mask>(&self) -> Option<M> {
        match self.value(M::TAG)? {
            AttributeValue::Integer(bits) => Some(M::from_bits(bits.cast_unsigned())),
            _ => None,
        }
    }

    fn extend(&mut self, item: &Item<'_>) -> Result<(), DecodeError> {
        if item.tag() == tag::ATTRIBUTE {
            self.items.push(Attribute::decode(item)?);
            return Ok(());
        }
        let is_template = TEMPLATES.contains(&item.tag());
        let mut elements = item.children()?;
        while let Some(element) = elements.next()? {
            if is_template && element.tag() == tag::NAME {
                self.templates.push(Name::decode(&element)?);
            } else {
                self.items.push(Attribute::from_element(&element)?);
            }
        }
        Ok(())
    }

    fn emit_within(&self, out: &mut Writer, version: ProtocolVersion) {
        if version.is_1x() {
            for template in &self.templates {
                template.encode(tag::NAME, out, version);
            }
        }
        for attribute in &self.items {
            attribute.emit(out, version);
        }
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(items: I) -> Self {
        Self {
            items: items.into_iter().collect(),
            templates: Vec::new(),
        }
    }
}

impl Field for Attributes {
    type Partial = Option<Self>;

    fn accept(partial: &mut Option<Self>, item: &Item<'_>) -> Result<(), DecodeError> {
        partial.get_or_insert_default().extend(item)
    }

    /// None at all is none: 1.x has no element around them.
    fn finish(partial: Option<Self>, _: &Item<'_>, _: Tag) -> Result<Self, DecodeError> {
        Ok(partial.unwrap_or_default())
    }

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if tag == tag::ATTRIBUTE {
            return self.emit_within(out, version);
        }
        let open = out.begin(tag);
        self.emit_within(out, version);
        out.end(open);
    }
}

impl Field for Option<Attributes> {
    type Partial = Self;

    fn accept(partial: &mut Self, item: &Item<'_>) -> Result<(), DecodeError> {
        Attributes::accept(partial, item)
    }

    fn finish(partial: Self, _: &Item<'_>, _: Tag) -> Result<Self, DecodeError> {
        Ok(partial)
    }

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if let Some(attributes) = self {
            attributes.emit(tag, out, version);
        }
    }
}

/// In these a Name is that of a template; elsewhere it is an attribute.
const TEMPLATES: [Tag; 4] = [
    tag::TEMPLATE_ATTRIBUTE,
    tag::COMMON_TEMPLATE_ATTRIBUTE,
    tag::PRIVATE_KEY_TEMPLATE_ATTRIBUTE,
    tag::PUBLIC_KEY_TEMPLATE_ATTRIBUTE,
];
