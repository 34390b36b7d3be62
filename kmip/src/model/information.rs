//! What a server says about itself, and what an administrator tells it (KMIP 2.1, section 8).

use super::{Attributes, UniqueIdentifier, UsageLimits};
use crate::registry::{
    DestroyAction, ItemTypeCode, ObjectType, Operation, ProcessingStage, ProfileName, ProtectionStorageMask, RNGMode,
    ShreddingAlgorithm, UnwrapMode, ValidationAuthorityType, ValidationType,
    tag::{
        ALTERNATE_FAILOVER_ENDPOINTS, ASYNCHRONOUS_CAPABILITY, ASYNCHRONOUS_CORRELATION_VALUE, ATTESTATION_CAPABILITY,
        ATTRIBUTES, BATCH_CONTINUE_CAPABILITY, BATCH_UNDO_CAPABILITY, BUILD_DATE, BUILD_LEVEL, CLUSTER_INFO,
        CONSTRAINT, DESTROY_ACTION, EXTENSION_ATTRIBUTE, EXTENSION_DESCRIPTION, EXTENSION_ENUMERATION, EXTENSION_NAME,
        EXTENSION_PARENT_STRUCTURE_TAG, EXTENSION_TAG, EXTENSION_TYPE, OBJECT_DEFAULTS, OBJECT_GROUP, OBJECT_GROUPS,
        OBJECT_TYPE, OBJECT_TYPES, OBJECTS, OPERATION, OPERATIONS, PROCESSING_STAGE, PRODUCT_NAME, PROFILE_NAME,
        PROFILE_VERSION, PROFILE_VERSION_MAJOR, PROFILE_VERSION_MINOR, PROTECTION_STORAGE_MASK,
        QUANTUM_SAFE_CAPABILITY, RIGHT, RNG_MODE, SERVER_LOAD, SERVER_NAME, SERVER_PORT, SERVER_SERIAL_NUMBER,
        SERVER_URI, SERVER_VERSION, SHREDDING_ALGORITHM, STREAMING_CAPABILITY, SUBMISSION_DATE, UNIQUE_IDENTIFIER,
        UNWRAP_MODE, USAGE_LIMITS, VALIDATION_AUTHORITY_COUNTRY, VALIDATION_AUTHORITY_TYPE, VALIDATION_AUTHORITY_URI,
        VALIDATION_CERTIFICATE_IDENTIFIER, VALIDATION_CERTIFICATE_URI, VALIDATION_LEVEL, VALIDATION_PROFILE,
        VALIDATION_TYPE, VALIDATION_VENDOR_URI, VALIDATION_VERSION_MAJOR, VALIDATION_VERSION_MINOR,
    },
};
use crate::value::{DateTimeExtended, Text};
use crate::version::ProtocolVersion as V;
use crate::wire::{at, structures, v2};
use bytes::Bytes;

structures! {
    /// The server. In 1.x the fields are the vendor's, and all are in `unknown`.
    #[derive(Clone, Default, PartialEq, Eq)]
    ServerInformation {
        server_name: Option<Text> = v2(SERVER_NAME),
        server_serial_number: Option<Text> = v2(SERVER_SERIAL_NUMBER),
        server_version: Option<Text> = v2(SERVER_VERSION),
        server_load: Option<Text> = v2(SERVER_LOAD),
        product_name: Option<Text> = v2(PRODUCT_NAME),
        build_level: Option<Text> = v2(BUILD_LEVEL),
        build_date: Option<Text> = v2(BUILD_DATE),
        cluster_info: Option<Text> = v2(CLUSTER_INFO),
        alternate_failover_endpoints: Vec<Text> = v2(ALTERNATE_FAILOVER_ENDPOINTS),
    }

    /// An extension tag.
    #[derive(Clone, PartialEq, Eq)]
    ExtensionInformation {
        extension_name: Text = at(EXTENSION_NAME),
        extension_tag: Option<i32> = at(EXTENSION_TAG),
        extension_type: Option<ItemTypeCode> = at(EXTENSION_TYPE),
        extension_enumeration: Option<i32> = v2(EXTENSION_ENUMERATION),
        extension_attribute: Option<bool> = v2(EXTENSION_ATTRIBUTE),
        extension_parent_structure_tag: Option<i32> = v2(EXTENSION_PARENT_STRUCTURE_TAG),
        extension_description: Option<Text> = v2(EXTENSION_DESCRIPTION),
    }

    /// A profile that the server conforms to.
    #[derive(Clone, PartialEq, Eq)]
    ProfileInformation {
        profile_name: ProfileName = at(PROFILE_NAME),
        profile_version: Option<ProfileVersion> = v2(PROFILE_VERSION),
        server_uri: Option<Text> = at(SERVER_URI),
        server_port: Option<i32> = at(SERVER_PORT),
    }

    /// The version of a profile.
    #[derive(Clone, PartialEq, Eq)]
    ProfileVersion {
        profile_version_major: i32 = at(PROFILE_VERSION_MAJOR),
        profile_version_minor: i32 = at(PROFILE_VERSION_MINOR),
    }

    /// A validation, such as FIPS 140.
    #[derive(Clone, PartialEq, Eq)]
    ValidationInformation {
        validation_authority_type: ValidationAuthorityType = at(VALIDATION_AUTHORITY_TYPE),
        validation_authority_country: Option<Text> = at(VALIDATION_AUTHORITY_COUNTRY),
        validation_authority_uri: Option<Text> = at(VALIDATION_AUTHORITY_URI),
        validation_version_major: i32 = at(VALIDATION_VERSION_MAJOR),
        validation_version_minor: Option<i32> = at(VALIDATION_VERSION_MINOR),
        validation_type: ValidationType = at(VALIDATION_TYPE),
        validation_level: i32 = at(VALIDATION_LEVEL),
        validation_certificate_identifier: Option<Text> = at(VALIDATION_CERTIFICATE_IDENTIFIER),
        validation_certificate_uri: Option<Text> = at(VALIDATION_CERTIFICATE_URI),
        validation_vendor_uri: Option<Text> = at(VALIDATION_VENDOR_URI),
        validation_profile: Vec<Text> = at(VALIDATION_PROFILE),
    }

    /// What the server can do.
    #[derive(Clone, Default, PartialEq, Eq)]
    CapabilityInformation {
        streaming_capability: Option<bool> = at(STREAMING_CAPABILITY),
        asynchronous_capability: Option<bool> = at(ASYNCHRONOUS_CAPABILITY),
        attestation_capability: Option<bool> = at(ATTESTATION_CAPABILITY),
        batch_undo_capability: Option<bool> = at(BATCH_UNDO_CAPABILITY).since(V::V1_4),
        batch_continue_capability: Option<bool> = at(BATCH_CONTINUE_CAPABILITY).since(V::V1_4),
        unwrap_mode: Option<UnwrapMode> = at(UNWRAP_MODE),
        destroy_action: Option<DestroyAction> = at(DESTROY_ACTION),
        shredding_algorithm: Option<ShreddingAlgorithm> = at(SHREDDING_ALGORITHM),
        rng_mode: Option<RNGMode> = at(RNG_MODE),
        quantum_safe_capability: Option<bool> = v2(QUANTUM_SAFE_CAPABILITY),
    }

    /// Defaults for the attributes of new objects; from 2.0.
    DefaultsInformation {
        object_defaults: Vec<ObjectDefaults> = at(OBJECT_DEFAULTS),
    }

    /// Defaults for objects of some types.
    ObjectDefaults {
        object_type: Option<ObjectType> = at(OBJECT_TYPE),
        object_types: Option<ObjectTypeList> = at(OBJECT_TYPES).since(V::V2_1),
        attributes: Attributes = at(ATTRIBUTES),
        object_groups: Option<ObjectGroups> = at(OBJECT_GROUPS).since(V::V2_1),
    }

    /// What new objects must obey; from 2.1.
    Constraints {
        constraint: Vec<Constraint> = at(CONSTRAINT),
    }

    /// One rule for new objects.
    Constraint {
        object_types: Option<ObjectTypeList> = at(OBJECT_TYPES),
        object_groups: Option<ObjectGroups> = at(OBJECT_GROUPS),
        attributes: Option<Attributes> = at(ATTRIBUTES),
    }

    /// Names of groups; from 2.1.
    #[derive(Clone, Default, PartialEq, Eq)]
    ObjectGroups {
        object_group: Vec<Text> = at(OBJECT_GROUP),
    }

    /// Types of objects; from 2.1.
    #[derive(Clone, Default, PartialEq, Eq)]
    ObjectTypeList {
        object_type: Vec<ObjectType> = at(OBJECT_TYPE),
    }

    /// Identifiers of objects; from 2.0.
    #[derive(Clone, Default, PartialEq, Eq)]
    Objects {
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// Operations; from 2.0.
    #[derive(Clone, Default, PartialEq, Eq)]
    Operations {
        operation: Vec<Operation> = at(OPERATION),
    }

    /// What a ticket entitles to; from 2.0.
    #[derive(Clone, Default, PartialEq, Eq)]
    Rights {
        right: Vec<Right> = at(RIGHT),
    }

    /// One right.
    #[derive(Clone, Default, PartialEq, Eq)]
    Right {
        usage_limits: Option<UsageLimits> = at(USAGE_LIMITS),
        operations: Option<Operations> = at(OPERATIONS),
        objects: Option<Objects> = at(OBJECTS),
        object_groups: Option<ObjectGroups> = at(OBJECT_GROUPS).since(V::V2_1),
    }

    /// Ways to keep an object, the best first; from 2.0. Also the common, private and public forms.
    #[derive(Clone, Default, PartialEq, Eq)]
    ProtectionStorageMasks {
        protection_storage_mask: Vec<ProtectionStorageMask> = at(PROTECTION_STORAGE_MASK),
    }

    /// Which asynchronous requests are meant; from 2.1.
    #[derive(Clone, Default, PartialEq, Eq)]
    AsynchronousCorrelationValues {
        asynchronous_correlation_value: Vec<Bytes> = at(ASYNCHRONOUS_CORRELATION_VALUE),
    }

    /// An asynchronous request that is under way; from 2.1.
    #[derive(Clone, PartialEq, Eq)]
    AsynchronousRequest {
        asynchronous_correlation_value: Bytes = at(ASYNCHRONOUS_CORRELATION_VALUE),
        operation: Operation = at(OPERATION),
        submission_date: DateTimeExtended = at(SUBMISSION_DATE),
        processing_stage: ProcessingStage = at(PROCESSING_STAGE),
    }
}
