//! How structures become items and back: one declaration a structure gives its type, its reader and its writer.
//!
//! Reading goes by shape, not by version: fields are found by tag in any order, what a version does not list is taken
//! all the same, and what nobody knows is kept in [`Unknown`]. Writing goes by version: fields, attributes and result
//! reasons that a version lacks are left out or replaced, because old clients stop at tags that they do not know.

use bytes::Bytes;

use crate::registry::{Enumeration, Mask, Span, tag};
use crate::ttlv::{DecodeError, Fault, Item, ItemType, RawItem, Tag, Writer};
use crate::value::{BigInteger, DateTime, DateTimeExtended, Interval, Secret, Text};
use crate::version::ProtocolVersion;

/// The value of an item.
pub trait Wire: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// The item is malformed.
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError>;

    /// Writes it under a tag in the form of a version.
    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion);
}

/// A field of a structure: one value, perhaps one, or several.
pub(crate) trait Field: Sized {
    /// What is known of the field while the structure is being read.
    type Partial: Default;

    fn accept(partial: &mut Self::Partial, item: &Item<'_>) -> Result<(), DecodeError>;

    fn finish(partial: Self::Partial, within: &Item<'_>, tag: Tag) -> Result<Self, DecodeError>;

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion);
}

impl<T: Wire> Field for T {
    type Partial = Option<T>;

    fn accept(partial: &mut Option<T>, item: &Item<'_>) -> Result<(), DecodeError> {
        accept_once(partial, item, T::decode)
    }

    fn finish(partial: Option<T>, within: &Item<'_>, tag: Tag) -> Result<Self, DecodeError> {
        partial.ok_or_else(|| within.missing(tag))
    }

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        self.encode(tag, out, version);
    }
}

impl<T: Wire> Field for Option<T> {
    type Partial = Self;

    fn accept(partial: &mut Self, item: &Item<'_>) -> Result<(), DecodeError> {
        accept_once(partial, item, T::decode)
    }

    fn finish(partial: Self, _: &Item<'_>, _: Tag) -> Result<Self, DecodeError> {
        Ok(partial)
    }

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if let Some(value) = self {
            value.encode(tag, out, version);
        }
    }
}

impl<T: Wire> Field for Vec<T> {
    type Partial = Self;

    fn accept(partial: &mut Self, item: &Item<'_>) -> Result<(), DecodeError> {
        partial.push(T::decode(item)?);
        Ok(())
    }

    fn finish(partial: Self, _: &Item<'_>, _: Tag) -> Result<Self, DecodeError> {
        Ok(partial)
    }

    fn emit(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        for value in self {
            value.encode(tag, out, version);
        }
    }
}

/// A field that stands twice is an error in every version (KMIP 1.4, 11.1).
pub(crate) fn accept_once<'a, T>(
    partial: &mut Option<T>,
    item: &Item<'a>,
    decode: impl FnOnce(&Item<'a>) -> Result<T, DecodeError>,
) -> Result<(), DecodeError> {
    if partial.is_some() {
        return Err(item.error(Fault::Duplicate));
    }
    *partial = Some(decode(item)?);
    Ok(())
}

/// Fields that no structure of this crate has, as they came. They are written again after the known ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown(Vec<RawItem>);

impl Unknown {
    /// The items.
    pub fn items(&self) -> &[RawItem] {
        &self.0
    }

    pub(crate) fn keep(&mut self, item: &Item<'_>) -> Result<(), DecodeError> {
        item.source().note_unknown(item.tag());
        self.0.push(RawItem::keep(item)?);
        Ok(())
    }

    pub(crate) fn emit(&self, out: &mut Writer) {
        for item in &self.0 {
            out.raw(item.tag(), item);
        }
    }
}

impl From<Vec<RawItem>> for Unknown {
    fn from(items: Vec<RawItem>) -> Self {
        Self(items)
    }
}

/// Where a field stands: its tag in 1.x and in 2.x, another tag that is read too, and the versions that have it.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    v1: Option<Tag>,
    v2: Option<Tag>,
    also: Option<Tag>,
    object: bool,
    span: Span,
}

/// A field that has the same tag in every version.
pub(crate) const fn at(tag: Tag) -> Slot {
    Slot {
        v1: Some(tag),
        v2: Some(tag),
        also: None,
        object: false,
        span: Span {
            since: ProtocolVersion::V1_0,
            until: None,
        },
    }
}

/// A field of 1.x only, unless [`Slot::v2`] follows.
pub(crate) const fn v1(tag: Tag) -> Slot {
    Slot { v2: None, ..at(tag) }
}

/// A field of 2.x only.
pub(crate) const fn v2(tag: Tag) -> Slot {
    Slot { v1: None, ..at(tag) }
}

/// The managed object itself, whose tag says its type.
pub(crate) const fn managed_object() -> Slot {
    Slot {
        object: true,
        ..at(tag::OBJECT_TYPE)
    }
}

impl Slot {
    pub(crate) const fn v2(self, tag: Tag) -> Self {
        Self { v2: Some(tag), ..self }
    }

    pub(crate) const fn also(self, tag: Tag) -> Self {
        Self {
            also: Some(tag),
            ..self
        }
    }

    pub(crate) const fn since(self, since: ProtocolVersion) -> Self {
        Self {
            span: Span {
                since,
                until: self.span.until,
            },
            ..self
        }
    }

    pub(crate) const fn until(self, until: ProtocolVersion) -> Self {
        Self {
            span: Span {
                since: self.span.since,
                until: Some(until),
            },
            ..self
        }
    }

    pub(crate) fn takes(self, tag: Tag) -> bool {
        if self.object {
            return crate::model::is_object(tag);
        }
        let some = Some(tag);
        self.v1 == some || self.v2 == some || self.also == some
    }

    pub(crate) fn tag_in(self, version: ProtocolVersion) -> Option<Tag> {
        let tag = if version.is_1x() { self.v1 } else { self.v2 };
        tag.filter(|_| self.span.contains(version))
    }

    /// Whether the field is a managed object, whatever its tag.
    #[cfg(test)]
    pub(crate) fn is_object(self) -> bool {
        self.object
    }

    /// The tag to name in an error.
    pub(crate) fn name(self) -> Tag {
        self.v2.or(self.v1).unwrap_or(tag::OBJECT_TYPE)
    }
}

/// Declares structures: documentation, name, and the fields in the order of the specification, each with its [`Slot`].
macro_rules! structures {
    ($(
        $(#[$meta:meta])*
        $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty = $slot:expr, )* }
    )*) => { $(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            $(
                #[doc = concat!("`", stringify!($field), "`")]
                $(#[$field_meta])*
                pub $field: $type,
            )*
            /// Fields that this crate does not know.
            pub unknown: $crate::wire::Unknown,
        }

        #[cfg(test)]
        impl $name {
            /// Where the fields stand, to be compared with the tables of the specifications.
            #[allow(dead_code, reason = "not every structure has a table")]
            pub(crate) const SLOTS: &'static [$crate::wire::Slot] = &[$( $slot ),*];
        }

        impl $crate::wire::Wire for $name {
            fn decode(item: &$crate::ttlv::Item<'_>) -> Result<Self, $crate::ttlv::DecodeError> {
                $( let mut $field = <$type as $crate::wire::Field>::Partial::default(); )*
                let mut unknown = $crate::wire::Unknown::default();
                let mut fields = item.children()?;
                while let Some(child) = fields.next()? {
                    $( if const { $slot }.takes(child.tag()) {
                        <$type as $crate::wire::Field>::accept(&mut $field, &child)?;
                        continue;
                    } )*
                    unknown.keep(&child)?;
                }
                Ok(Self {
                    $( $field: <$type as $crate::wire::Field>::finish($field, item, const { $slot }.name())?, )*
                    unknown,
                })
            }

            #[allow(unused_variables, reason = "some structures have no fields")]
            fn encode(
                &self,
                tag: $crate::ttlv::Tag,
                out: &mut $crate::ttlv::Writer,
                version: $crate::version::ProtocolVersion,
            ) {
                let open = out.begin(tag);
                $( if let Some(tag) = const { $slot }.tag_in(version) {
                    $crate::wire::Field::emit(&self.$field, tag, out, version);
                } )*
                self.unknown.emit(out);
                out.end(open);
            }
        }
    )* };
}
pub(crate) use structures;

macro_rules! primitives {
    ($( $type:ty: $read:ident => $make:expr, $write:ident <= |$value:ident| $take:expr; )*) => { $(
        impl Wire for $type {
            fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
                item.$read().map($make)
            }

            fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
                let $value = self;
                out.$write(tag, $take);
            }
        }
    )* };
}

primitives! {
    i32: integer => |value| value, integer <= |value| *value;
    i64: long_integer => |value| value, long_integer <= |value| *value;
    bool: boolean => |value| value, boolean <= |value| *value;
    Text: text => |value| value, text <= |value| value;
    Bytes: bytes => |value| value, bytes <= |value| value;
    BigInteger: big_integer => BigInteger::from_wire, big_integer <= |value| value.as_bytes();
    DateTime: date_time => DateTime, date_time <= |value| value.0;
    Interval: interval => Interval, interval <= |value| value.0;
    DateTimeExtended: date_time_extended => DateTimeExtended, date_time_extended <= |value| value.0;
}

impl<T: Wire> Wire for Secret<T> {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        T::decode(item).map(Self::new)
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        self.expose().encode(tag, out, version);
    }
}

impl Wire for RawItem {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        Self::keep(item)
    }

    fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
        out.raw(tag, self);
    }
}

/// Enumerations and masks, as `enumeration_wire!(ObjectType, …)`; a generic implementation would overlap with others.
macro_rules! enumeration_wire {
    ($( $type:ident ),* $(,)?) => { $(
        impl Wire for crate::registry::$type {
            fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
                item.enumeration().map(Self::from_number)
            }

            fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
                out.enumeration(tag, self.number());
            }
        }
    )* };
}

enumeration_wire! {
    AdjustmentType, AlternativeNameType, AttestationType, BatchErrorContinuationOption, BlockCipherMode,
    CancellationResult, CertificateRequestType, CertificateType, ClientRegistrationMethod, CredentialType,
    CryptographicAlgorithm, DRBGAlgorithm, DerivationMethod, DestroyAction, DigitalSignatureAlgorithm, EncodingOption,
    EndpointRole, FIPS186Variation, HashingAlgorithm, InteropFunction, KeyCompressionType, KeyFormatType, KeyRoleType,
    KeyValueLocationType, KeyWrapType, LinkType, MaskGenerator, NameType, ObjectGroupMember, ObjectType, OpaqueDataType,
    Operation, PKCS_11ReturnCode, PaddingMethod, ProcessingStage, ProfileName, PutFunction, QueryFunction, RNGAlgorithm,
    RNGMode, RecommendedCurve, ResultStatus, RevocationReasonCode, RotateNameType, SecretDataType, ShreddingAlgorithm,
    SplitKeyMethod, TicketType, UnwrapMode, UsageLimitsUnit, ValidationAuthorityType, ValidationType, ValidityIndicator,
    WrappingMethod,
}

/// A client of an older version is told the reason that its specification has.
impl Wire for crate::registry::ResultReason {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        item.enumeration().map(Self)
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        out.enumeration(tag, self.in_version(version).0);
    }
}

/// 1.x has a Boolean: whether the client can take an asynchronous answer.
impl Wire for crate::registry::AsynchronousIndicator {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        match item.kind() {
            ItemType::Boolean => Ok(if item.boolean()? {
                Self::OPTIONAL
            } else {
                Self::PROHIBITED
            }),
            _ => item.enumeration().map(Self),
        }
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if version.is_1x() {
            out.boolean(tag, *self != Self::PROHIBITED);
        } else {
            out.enumeration(tag, self.0);
        }
    }
}

/// 1.x has the number of the type as an Integer.
impl Wire for crate::registry::ItemTypeCode {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        match item.kind() {
            ItemType::Integer => Ok(Self(item.integer()?.cast_unsigned())),
            _ => item.enumeration().map(Self),
        }
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        if version.is_1x() {
            out.integer(tag, self.0.cast_signed());
        } else {
            out.enumeration(tag, self.0);
        }
    }
}

macro_rules! mask_wire {
    ($( $type:ident ),*) => { $(
        impl Wire for crate::registry::$type {
            fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
                item.integer().map(|bits| Self::from_bits(bits.cast_unsigned()))
            }

            fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
                out.integer(tag, self.bits().cast_signed());
            }
        }
    )* };
}

mask_wire!(CryptographicUsageMask, ProtectionStorageMask, StorageStatusMask);
