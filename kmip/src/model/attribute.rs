//! One attribute. In 1.x it is `Attribute{AttributeName, AttributeIndex, AttributeValue}`; in 2.x a standard one is an
//! element with its own tag, and a vendor's is `Attribute{VendorIdentification, AttributeName, AttributeValue}`.

use bytes::Bytes;

use super::named::{
    AlternativeName, ApplicationSpecificInformation, CertificateIdentifier, CertificateIssuer, CertificateSubject,
    CryptographicDomainParameters, CryptographicParameters, Digest, KeyValueLocation, Link, Name, RevocationReason,
    RngParameters, RotateName, UsageLimits, X509CertificateIdentifier, X509CertificateIssuer, X509CertificateSubject,
};
use crate::registry::{AttributeRule, Enumeration, Mask, attribute_named, attribute_rule, tag};
use crate::ttlv::{DecodeError, Fault, Item, ItemType, RawItem, Tag, Writer};
use crate::value::{BigInteger, DateTime, DateTimeExtended, Interval, Text};
use crate::version::ProtocolVersion;
use crate::wire::{Unknown, Wire, accept_once};

/// Which attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AttributeId {
    /// One of the specification, or of a later one: its tag.
    Standard(Tag),
    /// A vendor's. The custom attributes of 1.x, `x-…` and `y-…`, are those of the vendors `x` and `y`, as 2.0 has it; a
    /// name of 1.x that is neither listed nor has such a beginning is one of the vendor with the empty name.
    Vendor {
        /// Whose it is.
        vendor: Text,
        /// Its name.
        name: Text,
    },
}

impl AttributeId {
    /// A vendor's attribute.
    pub fn vendor(vendor: &str, name: &str) -> Self {
        Self::Vendor {
            vendor: vendor.into(),
            name: name.into(),
        }
    }

    /// What a message names; no vendor is the form of 1.x.
    fn of(vendor: Text, name: Text) -> Self {
        if vendor.is_empty() {
            return Self::from_name(&name);
        }
        Self::Vendor { vendor, name }
    }

    /// The attribute of this name in 1.x.
    pub fn from_name(name: &Text) -> Self {
        if let Some(rule) = attribute_named(name) {
            return Self::Standard(rule.tag);
        }
        let part = |range: std::ops::RangeFrom<usize>| name.slice_ref(&name[range]);
        match name.as_bytes()[..] {
            [b'x' | b'y', b'-', ..] => Self::Vendor {
                vendor: name.slice_ref(&name[..1]),
                name: part(2..),
            },
            _ => Self::Vendor {
                vendor: Text::new(),
                name: part(0..),
            },
        }
    }

    /// Its name in 1.x; `None` for a tag that no table has.
    pub fn to_name(&self) -> Option<Text> {
        match self {
            Self::Standard(tag) => attribute_rule(*tag).map(|rule| Text::from_static(rule.name)),
            Self::Vendor { vendor, name } if vendor.is_empty() => Some(name.clone()),
            Self::Vendor { vendor, name } => Some(format!("{vendor}-{name}").into()),
        }
    }

    /// The rules of the specification, if it lists the attribute.
    pub fn rule(&self) -> Option<&'static AttributeRule> {
        match self {
            Self::Standard(tag) => attribute_rule(*tag),
            Self::Vendor { .. } => None,
        }
    }

    /// Whether clients of this version can be told of it.
    pub fn is_in(&self, version: ProtocolVersion) -> bool {
        match (self, self.rule()) {
            (_, Some(rule)) => rule.is_in(version),
            (Self::Vendor { .. }, None) => true,
            // What no table has came from a client of 2.x.
            (Self::Standard(_), None) => !version.is_1x(),
        }
    }
}

/// An attribute and one value.
#[derive(Debug)]
pub struct Attribute {
    /// Which.
    pub id: AttributeId,
    /// Which of several values; 1.x only. `None` where the message has none, which means 0.
    pub index: Option<i32>,
    /// The value. A filter of 1.x may lack it.
    pub value: Option<AttributeValue>,
    /// Fields of `Attribute` that this crate does not know.
    pub unknown: Unknown,
}

impl Attribute {
    /// An attribute with a value.
    pub fn new(id: AttributeId, value: impl Into<AttributeValue>) -> Self {
        Self {
            id,
            index: None,
            value: Some(value.into()),
            unknown: Unknown::default(),
        }
    }

    /// One of the specification.
    pub fn standard(tag: Tag, value: impl Into<AttributeValue>) -> Self {
        Self::new(AttributeId::Standard(tag), value)
    }

    /// One whose value is an enumeration, such as `CryptographicAlgorithm::AES`.
    pub fn enumeration<E: Enumeration>(value: E) -> Self {
        Self::standard(E::TAG, AttributeValue::Enumeration(value.number()))
    }

    /// One whose value is a mask, such as `CryptographicUsageMask::ENCRYPT`.
    pub fn mask<M: Mask>(value: M) -> Self {
        Self::standard(M::TAG, value.bits().cast_signed())
    }

    /// An element of `Attributes`.
    pub(super) fn from_element(item: &Item<'_>) -> Result<Self, DecodeError> {
        if item.tag() == tag::ATTRIBUTE {
            return Self::from_structure(item);
        }
        Ok(Self {
            id: AttributeId::Standard(item.tag()),
            index: None,
            value: Some(AttributeValue::decode(item.tag(), item)?),
            unknown: Unknown::default(),
        })
    }

    /// `Attribute`: of 1.x, or a vendor's of 2.x.
    fn from_structure(item: &Item<'_>) -> Result<Self, DecodeError> {
        let (mut vendor, mut name, mut index, mut value) = (None, None, None, None);
        let mut unknown = Unknown::default();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::VENDOR_IDENTIFICATION => accept_once(&mut vendor, &field, Item::text)?,
                tag::ATTRIBUTE_NAME => accept_once(&mut name, &field, Item::text)?,
                tag::ATTRIBUTE_INDEX => accept_once(&mut index, &field, Item::integer)?,
                tag::ATTRIBUTE_VALUE => accept_once(&mut value, &field, |field| Ok(*field))?,
                _ => unknown.keep(&field)?,
            }
        }
        let name: Text = name.ok_or_else(|| item.missing(tag::ATTRIBUTE_NAME))?;
        let id = AttributeId::of(vendor.unwrap_or_default(), name);
        let tag = match id {
            AttributeId::Standard(tag) => tag,
            AttributeId::Vendor { .. } => tag::ATTRIBUTE_VALUE,
        };
        let value = value.map(|value| AttributeValue::decode(tag, &value)).transpose()?;
        Ok(Self {
            id,
            index,
            value,
            unknown,
        })
    }

    /// As an element of `Attributes`, or as `Attribute` of 1.x. Nothing, if the version lacks the attribute.
    pub(super) fn emit(&self, out: &mut Writer, version: ProtocolVersion) {
        if !self.id.is_in(version) {
            return;
        }
        match &self.id {
            _ if version.is_1x() => self.emit_1x(out, version),
            AttributeId::Standard(tag) => {
                if let Some(value) = &self.value {
                    value.encode(*tag, out, version);
                }
            }
            AttributeId::Vendor { vendor, name } => {
                let open = out.begin(tag::ATTRIBUTE);
                out.text(tag::VENDOR_IDENTIFICATION, vendor);
                out.text(tag::ATTRIBUTE_NAME, name);
                self.emit_value(out, version);
                out.end(open);
            }
        }
    }

    fn emit_1x(&self, out: &mut Writer, version: ProtocolVersion) {
        let Some(name) = self.id.to_name() else { return };
        let open = out.begin(tag::ATTRIBUTE);
        out.text(tag::ATTRIBUTE_NAME, &name);
        if let Some(index) = self.index {
            out.integer(tag::ATTRIBUTE_INDEX, index);
        }
        self.emit_value(out, version);
        out.end(open);
    }

    fn emit_value(&self, out: &mut Writer, version: ProtocolVersion) {
        if let Some(value) = &self.value {
            value.encode(tag::ATTRIBUTE_VALUE, out, version);
        }
        self.unknown.emit(out);
    }
}

/// `Attribute` in 1.x; `NewAttribute` or `CurrentAttribute` around one element in 2.x.
impl Wire for Attribute {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        if item.tag() == tag::ATTRIBUTE {
            return Self::from_structure(item);
        }
        let mut elements = item.children()?;
        let first = elements.next()?.ok_or_else(|| item.missing(tag::ATTRIBUTE))?;
        let attribute = Self::from_element(&first)?;
        match elements.next()? {
            Some(second) => Err(second.error(Fault::Duplicate)),
            None => Ok(attribute),
        }
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if version.is_1x() {
            return self.emit(out, version);
        }
        let open = out.begin(tag);
        self.emit(out, version);
        out.end(open);
    }
}

/// An attribute without a value: `AttributeName` in 1.x, `AttributeReference` in 2.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeReference(pub AttributeId);

impl Wire for AttributeReference {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        match item.kind() {
            ItemType::TextString => Ok(Self(AttributeId::from_name(&item.text()?))),
            ItemType::Enumeration => Ok(Self(AttributeId::Standard(Tag::new(item.enumeration()?)))),
            _ => VendorReference::decode(item).map(|reference| {
                Self(AttributeId::of(
                    reference.vendor_identification,
                    reference.attribute_name,
                ))
            }),
        }
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if !self.0.is_in(version) {
            return;
        }
        match &self.0 {
            id if version.is_1x() => {
                if let Some(name) = id.to_name() {
                    out.text(tag, &name);
                }
            }
            AttributeId::Standard(attribute) => out.enumeration(tag, attribute.number()),
            AttributeId::Vendor { vendor, name } => {
                let open = out.begin(tag);
                out.text(tag::VENDOR_IDENTIFICATION, vendor);
                out.text(tag::ATTRIBUTE_NAME, name);
                out.end(open);
            }
        }
    }
}

crate::wire::structures! {
    /// The structure form of AttributeReference.
    #[allow(unreachable_pub, reason = "what the macro declares is public")]
    VendorReference {
        vendor_identification: Text = crate::wire::at(tag::VENDOR_IDENTIFICATION),
        attribute_name: Text = crate::wire::at(tag::ATTRIBUTE_NAME),
    }
}

macro_rules! attribute_values {
    ($( $variant:ident $(= $tag:ident)+ ),* $(,)?) => {
        /// The value of an attribute, by the type that the message gave it.
        #[derive(Debug)]
        pub enum AttributeValue {
            /// An integer or a mask.
            Integer(i32),
            /// A 64-bit integer.
            LongInteger(i64),
            /// A big integer.
            BigInteger(BigInteger),
            /// The number of an enumeration value.
            Enumeration(u32),
            /// A truth value.
            Boolean(bool),
            /// Text.
            Text(Text),
            /// Bytes.
            Bytes(Bytes),
            /// A time.
            DateTime(DateTime),
            /// A number of seconds.
            Interval(Interval),
            /// A time in microseconds.
            DateTimeExtended(DateTimeExtended),
            $(
                #[doc = concat!("The structure [`", stringify!($variant), "`].")]
                $variant(Box<$variant>),
            )*
            /// A structure that this crate does not know.
            Raw(RawItem),
        }

        impl AttributeValue {
            /// The value of the attribute with this tag.
            fn decode(tag: Tag, item: &Item<'_>) -> Result<Self, DecodeError> {
                Ok(match item.kind() {
                    ItemType::Integer => Self::Integer(item.integer()?),
                    ItemType::LongInteger => Self::LongInteger(item.long_integer()?),
                    ItemType::BigInteger => Self::BigInteger(BigInteger::decode(item)?),
                    ItemType::Enumeration => Self::Enumeration(item.enumeration()?),
                    ItemType::Boolean => Self::Boolean(item.boolean()?),
                    ItemType::TextString => Self::Text(item.text()?),
                    ItemType::ByteString => Self::Bytes(item.bytes()?),
                    ItemType::DateTime => Self::DateTime(DateTime(item.date_time()?)),
                    ItemType::Interval => Self::Interval(Interval(item.interval()?)),
                    ItemType::DateTimeExtended => Self::DateTimeExtended(DateTimeExtended(item.date_time_extended()?)),
                    ItemType::Structure => match tag {
                        $( $( tag::$tag )|+ => Self::$variant(Box::new(Wire::decode(item)?)), )*
                        _ => Self::Raw(RawItem::decode(item)?),
                    },
                })
            }

            /// Writes the value under the tag of the attribute, or as AttributeValue.
            fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    Self::Integer(value) => out.integer(tag, *value),
                    Self::LongInteger(value) => out.long_integer(tag, *value),
                    Self::BigInteger(value) => value.encode(tag, out, version),
                    Self::Enumeration(value) => out.enumeration(tag, *value),
                    Self::Boolean(value) => out.boolean(tag, *value),
                    Self::Text(value) => out.text(tag, value),
                    Self::Bytes(value) => out.bytes(tag, value),
                    Self::DateTime(value) => out.date_time(tag, value.0),
                    Self::Interval(value) => out.interval(tag, value.0),
                    Self::DateTimeExtended(value) => out.date_time_extended(tag, value.0),
                    $( Self::$variant(value) => value.encode(tag, out, version), )*
                    Self::Raw(value) => out.raw(tag, value),
                }
            }

            /// How the value is encoded.
            pub fn kind(&self) -> ItemType {
                match self {
                    Self::Integer(_) => ItemType::Integer,
                    Self::LongInteger(_) => ItemType::LongInteger,
                    Self::BigInteger(_) => ItemType::BigInteger,
                    Self::Enumeration(_) => ItemType::Enumeration,
                    Self::Boolean(_) => ItemType::Boolean,
                    Self::Text(_) => ItemType::TextString,
                    Self::Bytes(_) => ItemType::ByteString,
                    Self::DateTime(_) => ItemType::DateTime,
                    Self::Interval(_) => ItemType::Interval,
                    Self::DateTimeExtended(_) => ItemType::DateTimeExtended,
                    $( Self::$variant(_) => ItemType::Structure, )*
                    Self::Raw(_) => ItemType::Structure,
                }
            }
        }

        $( impl From<$variant> for AttributeValue {
            fn from(value: $variant) -> Self {
                Self::$variant(Box::new(value))
            }
        } )*
    };
}

attribute_values! {
    Name = NAME,
    AlternativeName = ALTERNATIVE_NAME,
    ApplicationSpecificInformation = APPLICATION_SPECIFIC_INFORMATION,
    CertificateIdentifier = CERTIFICATE_IDENTIFIER,
    CertificateIssuer = CERTIFICATE_ISSUER,
    CertificateSubject = CERTIFICATE_SUBJECT,
    X509CertificateIdentifier = X_509_CERTIFICATE_IDENTIFIER,
    X509CertificateIssuer = X_509_CERTIFICATE_ISSUER,
    X509CertificateSubject = X_509_CERTIFICATE_SUBJECT,
    CryptographicDomainParameters = CRYPTOGRAPHIC_DOMAIN_PARAMETERS,
    CryptographicParameters = CRYPTOGRAPHIC_PARAMETERS,
    Digest = DIGEST,
    KeyValueLocation = KEY_VALUE_LOCATION,
    Link = LINK,
    RngParameters = RANDOM_NUMBER_GENERATOR,
    RevocationReason = REVOCATION_REASON,
    RotateName = ROTATE_NAME,
    UsageLimits = USAGE_LIMITS,
}

macro_rules! from_primitive {
    ($( $type:ty => $variant:ident ),* $(,)?) => { $(
        impl From<$type> for AttributeValue {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )* };
}

from_primitive! {
    i32 => Integer,
    i64 => LongInteger,
    bool => Boolean,
    Text => Text,
    Bytes => Bytes,
    DateTime => DateTime,
    Interval => Interval,
    DateTimeExtended => DateTimeExtended,
}

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
