//! Making, storing, finding and fetching objects.

use bytes::Bytes;

use crate::model::{
    Attributes, CryptographicParameters, KeyWrappingSpecification, ManagedObject, ProtectionStorageMasks,
    UniqueIdentifier,
};
use crate::registry::{
    DerivationMethod, KeyCompressionType, KeyFormatType, KeyWrapType, ObjectGroupMember, ObjectType, PutFunction,
    StorageStatusMask,
    tag::{
        ATTRIBUTE, ATTRIBUTES, COMMON_ATTRIBUTES, COMMON_PROTECTION_STORAGE_MASKS, COMMON_TEMPLATE_ATTRIBUTE,
        CRYPTOGRAPHIC_PARAMETERS, DERIVATION_DATA, DERIVATION_METHOD, DERIVATION_PARAMETERS, INITIALIZATION_VECTOR,
        ITERATION_COUNT, KEY_COMPRESSION_TYPE, KEY_FORMAT_TYPE, KEY_WRAP_TYPE, KEY_WRAPPING_SPECIFICATION,
        LOCATED_ITEMS, MAXIMUM_ITEMS, OBJECT_GROUP_MEMBER, OBJECT_TYPE, OFFSET, OFFSET_ITEMS, PRIVATE_KEY_ATTRIBUTES,
        PRIVATE_KEY_TEMPLATE_ATTRIBUTE, PRIVATE_KEY_UNIQUE_IDENTIFIER, PRIVATE_PROTECTION_STORAGE_MASKS,
        PROTECTION_STORAGE_MASKS, PUBLIC_KEY_ATTRIBUTES, PUBLIC_KEY_TEMPLATE_ATTRIBUTE, PUBLIC_KEY_UNIQUE_IDENTIFIER,
        PUBLIC_PROTECTION_STORAGE_MASKS, PUT_FUNCTION, REPLACE_EXISTING, REPLACED_UNIQUE_IDENTIFIER, SALT,
        STORAGE_STATUS_MASK, TEMPLATE_ATTRIBUTE, UNIQUE_IDENTIFIER,
    },
};
use crate::value::{Interval, Secret};
use crate::version::ProtocolVersion as V;
use crate::wire::{at, managed_object, structures, v1, v2};

structures! {
    /// Asks for a symmetric key or secret.
    CreateRequest {
        object_type: ObjectType = at(OBJECT_TYPE),
        attributes: Attributes = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// It is made.
    CreateResponse {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for a key pair.
    #[derive(Default)]
    CreateKeyPairRequest {
        common_attributes: Option<Attributes> = v1(COMMON_TEMPLATE_ATTRIBUTE).v2(COMMON_ATTRIBUTES),
        private_key_attributes: Option<Attributes> = v1(PRIVATE_KEY_TEMPLATE_ATTRIBUTE).v2(PRIVATE_KEY_ATTRIBUTES),
        public_key_attributes: Option<Attributes> = v1(PUBLIC_KEY_TEMPLATE_ATTRIBUTE).v2(PUBLIC_KEY_ATTRIBUTES),
        common_protection_storage_masks: Option<ProtectionStorageMasks> = v2(COMMON_PROTECTION_STORAGE_MASKS),
        private_protection_storage_masks: Option<ProtectionStorageMasks> = v2(PRIVATE_PROTECTION_STORAGE_MASKS),
        public_protection_storage_masks: Option<ProtectionStorageMasks> = v2(PUBLIC_PROTECTION_STORAGE_MASKS),
    }

    /// It is made.
    CreateKeyPairResponse {
        private_key_unique_identifier: UniqueIdentifier = at(PRIVATE_KEY_UNIQUE_IDENTIFIER),
        public_key_unique_identifier: UniqueIdentifier = at(PUBLIC_KEY_UNIQUE_IDENTIFIER),
        private_key_attributes: Option<Attributes> = v1(PRIVATE_KEY_TEMPLATE_ATTRIBUTE),
        public_key_attributes: Option<Attributes> = v1(PUBLIC_KEY_TEMPLATE_ATTRIBUTE),
    }

    /// Brings an object.
    RegisterRequest {
        object_type: ObjectType = at(OBJECT_TYPE),
        attributes: Attributes = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        /// Only a key value that is kept elsewhere may be missing, and a template before 1.2.
        object: Option<ManagedObject> = managed_object(),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// It is stored.
    RegisterResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for a key that follows another.
    #[derive(Default)]
    ReKeyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        offset: Option<Interval> = at(OFFSET),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// The new key.
    ReKeyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for a key pair that follows another; from 1.1.
    #[derive(Default)]
    ReKeyKeyPairRequest {
        private_key_unique_identifier: Option<UniqueIdentifier> = at(PRIVATE_KEY_UNIQUE_IDENTIFIER),
        offset: Option<Interval> = at(OFFSET),
        common_attributes: Option<Attributes> = v1(COMMON_TEMPLATE_ATTRIBUTE).v2(COMMON_ATTRIBUTES),
        private_key_attributes: Option<Attributes> = v1(PRIVATE_KEY_TEMPLATE_ATTRIBUTE).v2(PRIVATE_KEY_ATTRIBUTES),
        public_key_attributes: Option<Attributes> = v1(PUBLIC_KEY_TEMPLATE_ATTRIBUTE).v2(PUBLIC_KEY_ATTRIBUTES),
        common_protection_storage_masks: Option<ProtectionStorageMasks> = v2(COMMON_PROTECTION_STORAGE_MASKS),
        private_protection_storage_masks: Option<ProtectionStorageMasks> = v2(PRIVATE_PROTECTION_STORAGE_MASKS),
        public_protection_storage_masks: Option<ProtectionStorageMasks> = v2(PUBLIC_PROTECTION_STORAGE_MASKS),
    }

    /// The new key pair.
    ReKeyKeyPairResponse {
        private_key_unique_identifier: UniqueIdentifier = at(PRIVATE_KEY_UNIQUE_IDENTIFIER),
        public_key_unique_identifier: UniqueIdentifier = at(PUBLIC_KEY_UNIQUE_IDENTIFIER),
        private_key_attributes: Option<Attributes> = v1(PRIVATE_KEY_TEMPLATE_ATTRIBUTE),
        public_key_attributes: Option<Attributes> = v1(PUBLIC_KEY_TEMPLATE_ATTRIBUTE),
    }

    /// Asks for a key that is computed from others.
    DeriveKeyRequest {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        derivation_method: DerivationMethod = at(DERIVATION_METHOD),
        derivation_parameters: DerivationParameters = at(DERIVATION_PARAMETERS),
        attributes: Attributes = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
    }

    /// How it is computed.
    #[derive(Default)]
    DerivationParameters {
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        initialization_vector: Option<Bytes> = at(INITIALIZATION_VECTOR),
        /// At most one in 1.x.
        derivation_data: Vec<Secret<Bytes>> = at(DERIVATION_DATA),
        salt: Option<Bytes> = at(SALT),
        iteration_count: Option<i32> = at(ITERATION_COUNT),
    }

    /// It is made.
    DeriveKeyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for the objects that have these attributes.
    #[derive(Default)]
    LocateRequest {
        maximum_items: Option<i32> = at(MAXIMUM_ITEMS),
        offset_items: Option<i32> = at(OFFSET_ITEMS).since(V::V1_3),
        storage_status_mask: Option<StorageStatusMask> = at(STORAGE_STATUS_MASK),
        object_group_member: Option<ObjectGroupMember> = at(OBJECT_GROUP_MEMBER).since(V::V1_1),
        /// Some clients of 1.x put them into a TemplateAttribute.
        attributes: Attributes = v1(ATTRIBUTE).v2(ATTRIBUTES).also(TEMPLATE_ATTRIBUTE),
    }

    /// The objects, the newest first.
    #[derive(Default)]
    LocateResponse {
        located_items: Option<i32> = at(LOCATED_ITEMS).since(V::V1_3),
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for an object.
    #[derive(Default)]
    GetRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        key_format_type: Option<KeyFormatType> = at(KEY_FORMAT_TYPE),
        key_wrap_type: Option<KeyWrapType> = at(KEY_WRAP_TYPE).since(V::V1_4),
        key_compression_type: Option<KeyCompressionType> = at(KEY_COMPRESSION_TYPE),
        key_wrapping_specification: Option<KeyWrappingSpecification> = at(KEY_WRAPPING_SPECIFICATION),
    }

    /// The object.
    GetResponse {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        object: ManagedObject = managed_object(),
    }

    /// Asks for an object and its attributes; from 1.4.
    #[derive(Default)]
    ExportRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        key_format_type: Option<KeyFormatType> = at(KEY_FORMAT_TYPE),
        key_wrap_type: Option<KeyWrapType> = at(KEY_WRAP_TYPE),
        key_compression_type: Option<KeyCompressionType> = at(KEY_COMPRESSION_TYPE),
        key_wrapping_specification: Option<KeyWrappingSpecification> = at(KEY_WRAPPING_SPECIFICATION),
    }

    /// The object and its attributes.
    ExportResponse {
        object_type: ObjectType = at(OBJECT_TYPE),
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Attributes = v1(ATTRIBUTE).v2(ATTRIBUTES),
        object: ManagedObject = managed_object(),
    }

    /// Brings an object with its identifier and all its attributes; from 1.4.
    ImportRequest {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        object_type: Option<ObjectType> = v2(OBJECT_TYPE),
        replace_existing: Option<bool> = at(REPLACE_EXISTING),
        key_wrap_type: Option<KeyWrapType> = at(KEY_WRAP_TYPE),
        attributes: Attributes = v1(ATTRIBUTE).v2(ATTRIBUTES),
        object: ManagedObject = managed_object(),
    }

    /// It is stored.
    ImportResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Brings an object from the server to a client.
    PutRequest {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        put_function: PutFunction = at(PUT_FUNCTION),
        replaced_unique_identifier: Option<UniqueIdentifier> = at(REPLACED_UNIQUE_IDENTIFIER),
        object: ManagedObject = managed_object(),
        attributes: Option<Attributes> = v1(ATTRIBUTE).v2(ATTRIBUTES),
    }

    /// The client has it.
    #[derive(Default)]
    PutResponse {}
}
