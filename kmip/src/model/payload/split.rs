//! Keys in parts; from 1.2.

use crate::model::{Attributes, ProtectionStorageMasks, UniqueIdentifier};
use crate::registry::{
    ObjectType, SecretDataType, SplitKeyMethod,
    tag::{
        ATTRIBUTES, OBJECT_TYPE, PRIME_FIELD_SIZE, PROTECTION_STORAGE_MASKS, SECRET_DATA_TYPE, SPLIT_KEY_METHOD,
        SPLIT_KEY_PARTS, SPLIT_KEY_THRESHOLD, TEMPLATE_ATTRIBUTE, UNIQUE_IDENTIFIER,
    },
};
use crate::value::BigInteger;
use crate::version::ProtocolVersion as V;
use crate::wire::{at, structures, v1, v2};

structures! {
    /// Asks for a key in parts: a new one, or an existing one split.
    CreateSplitKeyRequest {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        split_key_parts: i32 = at(SPLIT_KEY_PARTS),
        split_key_threshold: i32 = at(SPLIT_KEY_THRESHOLD),
        split_key_method: SplitKeyMethod = at(SPLIT_KEY_METHOD),
        prime_field_size: Option<BigInteger> = at(PRIME_FIELD_SIZE),
        attributes: Attributes = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// The parts.
    #[derive(Default)]
    CreateSplitKeyResponse {
        /// 1.2 only.
        object_type: Option<ObjectType> = v1(OBJECT_TYPE).until(V::V1_3),
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for parts to be joined.
    JoinSplitKeyRequest {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        secret_data_type: Option<SecretDataType> = at(SECRET_DATA_TYPE),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// The key.
    JoinSplitKeyResponse {
        /// 1.2 only.
        object_type: Option<ObjectType> = v1(OBJECT_TYPE).until(V::V1_3),
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }
}
