//! The rules of attributes: who may set, change and delete them, how often they stand, and to what they apply.

use super::generated::attributes::RULES;
use super::{ObjectType, Operation};
use crate::ttlv::{ItemType, Tag};
use crate::version::ProtocolVersion;

/// What the specification says about an attribute.
#[derive(Debug)]
pub struct AttributeRule {
    /// Its tag: an element in 2.x.
    pub tag: Tag,
    /// Its name in 1.x.
    pub name: &'static str,
    /// The types that its value may have; empty for custom attributes, which may have any.
    pub types: &'static [ItemType],
    /// The first version.
    pub since: ProtocolVersion,
    /// The first version without it.
    pub removed: Option<ProtocolVersion>,
    /// The rules of 1.x, as of 1.4.
    pub v1: Option<Rules>,
    /// The rules of 2.x, as of 2.1.
    pub v2: Option<Rules>,
}

impl AttributeRule {
    /// Whether this version has the attribute: a client of an older one must not see it.
    pub fn is_in(&self, version: ProtocolVersion) -> bool {
        self.since <= version && self.removed.is_none_or(|removed| version < removed)
    }

    /// The rules in this version.
    pub fn rules(&self, version: ProtocolVersion) -> Option<&Rules> {
        if version.is_1x() {
            self.v1.as_ref()
        } else {
            self.v2.as_ref()
        }
    }
}

/// The rules of one major version.
#[derive(Debug)]
pub struct Rules {
    /// Whether an object always has it.
    pub always_present: Condition,
    /// Whether an object may have several.
    pub multiple: Condition,
    /// Whether a client may give it its first value.
    pub set_by_client: bool,
    /// Whether the server may give it its first value.
    pub set_by_server: bool,
    /// Whether a client may change it.
    pub modifiable_by_client: Condition,
    /// Whether the server may change it.
    pub modifiable_by_server: Condition,
    /// Whether a client may delete it.
    pub deletable_by_client: Condition,
    /// The objects that may have it. Where KMIP says "X.509 certificate" or "split key of a symmetric key", all
    /// certificates and split keys are in.
    pub applies_to: ObjectTypes,
    /// The operations that set it by themselves.
    pub implicitly_set_by: &'static [Operation],
}

/// A rule that may depend on a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Yes.
    Always,
    /// No.
    Never,
    /// Only while this holds.
    When(Fact),
}

/// A fact that the server has to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The object's state is PreActive.
    StatePreActive,
    /// The object's state is PreActive or Active.
    StatePreActiveOrActive,
    /// As above, and ProcessStartDate lies ahead.
    ProcessStartDateNotReached,
    /// As above, and ProtectStopDate lies ahead.
    ProtectStopDateNotReached,
    /// The attribute has no value yet.
    NoValuePresent,
    /// The request gave a namespace and no ApplicationData.
    ApplicationDataLeftOut,
    /// The object is neither SecretData nor an OpaqueObject.
    NeitherSecretDataNorOpaqueObject,
    /// The object is no OpaqueObject.
    NotOpaqueObject,
    /// The server made the custom attribute (`y-`).
    CreatedByServer,
    /// A client made the custom attribute (`x-`).
    CreatedByClient,
    /// The server sees the value that is to be digested.
    ValueVisibleToServer,
    /// The object is a PGP key or a certificate other than X.509.
    PgpKeyOrCertificate,
    /// No usage was allocated yet, and only the total and the unit change.
    TotalAndUnitBeforeAllocation,
    /// No usage was allocated yet.
    BeforeAllocation,
}

/// A set of object types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectTypes(u16);

impl ObjectTypes {
    /// Bit n stands for the object type n + 1.
    pub(super) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether the type is in the set.
    pub fn contains(self, object: ObjectType) -> bool {
        let bit = object.0.checked_sub(1).and_then(|shift| 1_u16.checked_shl(shift));
        bit.is_some_and(|bit| self.0 & bit != 0)
    }
}

/// The table, in the order of the tags.
pub fn attribute_rules() -> &'static [AttributeRule] {
    RULES
}

/// The rules of the attribute with this tag.
pub fn attribute_rule(tag: Tag) -> Option<&'static AttributeRule> {
    let row = RULES.binary_search_by_key(&tag, |rule| rule.tag).ok()?;
    Some(&RULES[row])
}

/// The attribute of this name in 1.x.
pub(crate) fn attribute_named(name: &str) -> Option<&'static AttributeRule> {
    RULES.iter().find(|rule| rule.name == name)
}
