//! Reading and changing attributes.

use crate::model::{Attribute, AttributeReference, Attributes, UniqueIdentifier};
use crate::registry::{
    AdjustmentType,
    tag::{
        ADJUSTMENT_TYPE, ADJUSTMENT_VALUE, ATTRIBUTE, ATTRIBUTE_INDEX, ATTRIBUTE_NAME, ATTRIBUTE_REFERENCE, ATTRIBUTES,
        CURRENT_ATTRIBUTE, NEW_ATTRIBUTE, UNIQUE_IDENTIFIER,
    },
};
use crate::ttlv::RawItem;
use crate::wire::{at, structures, v1, v2};

structures! {
    /// Asks for attributes; for all where none is named.
    #[derive(Default)]
    GetAttributesRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        attribute_reference: Vec<AttributeReference> = v1(ATTRIBUTE_NAME).v2(ATTRIBUTE_REFERENCE),
    }

    /// The attributes.
    GetAttributesResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Attributes = v1(ATTRIBUTE).v2(ATTRIBUTES),
    }

    /// Asks which attributes an object has.
    #[derive(Default)]
    GetAttributeListRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// Which it has.
    GetAttributeListResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attribute_reference: Vec<AttributeReference> = v1(ATTRIBUTE_NAME).v2(ATTRIBUTE_REFERENCE),
    }

    /// Gives an object one attribute more.
    AddAttributeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        new_attribute: Attribute = v1(ATTRIBUTE).v2(NEW_ATTRIBUTE),
    }

    /// It has the attribute.
    AddAttributeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        /// Required in 1.x.
        attribute: Option<Attribute> = v1(ATTRIBUTE),
    }

    /// Changes an attribute.
    ModifyAttributeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        /// Which of several values; 1.x says it by the index of the new one.
        current_attribute: Option<Attribute> = v2(CURRENT_ATTRIBUTE),
        new_attribute: Attribute = v1(ATTRIBUTE).v2(NEW_ATTRIBUTE),
    }

    /// It is changed.
    ModifyAttributeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        /// Required in 1.x.
        attribute: Option<Attribute> = v1(ATTRIBUTE),
    }

    /// Takes an attribute away.
    #[derive(Default)]
    DeleteAttributeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        /// One value.
        current_attribute: Option<Attribute> = v2(CURRENT_ATTRIBUTE),
        /// All values in 2.x; in 1.x the one with the index.
        attribute_reference: Option<AttributeReference> = v1(ATTRIBUTE_NAME).v2(ATTRIBUTE_REFERENCE),
        attribute_index: Option<i32> = v1(ATTRIBUTE_INDEX),
    }

    /// It is gone.
    DeleteAttributeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        /// Required in 1.x.
        attribute: Option<Attribute> = v1(ATTRIBUTE),
    }

    /// Gives an attribute its only value; from 2.0.
    SetAttributeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        new_attribute: Attribute = at(NEW_ATTRIBUTE),
    }

    /// It has that value.
    SetAttributeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Counts an attribute up or down, or turns it over; from 2.0.
    AdjustAttributeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        attribute_reference: AttributeReference = at(ATTRIBUTE_REFERENCE),
        adjustment_type: AdjustmentType = at(ADJUSTMENT_TYPE),
        /// Of the type of the attribute.
        adjustment_value: Option<RawItem> = at(ADJUSTMENT_VALUE),
    }

    /// It is adjusted.
    AdjustAttributeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Tells a client what changed.
    NotifyRequest {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(ATTRIBUTE).v2(ATTRIBUTES),
        /// Attributes that are gone.
        attribute_reference: Vec<AttributeReference> = v2(ATTRIBUTE_REFERENCE),
    }

    /// The client knows.
    #[derive(Default)]
    NotifyResponse {}
}
