//! Result reasons by version, in one table. A server says what 2.1 would say; a client of an older version is told the
//! reason that its specification has for it.

use super::{EnumTable, ResultReason};
use crate::version::ProtocolVersion;

impl ResultReason {
    /// The reason to give in this version: itself if the version has it.
    pub fn in_version(self, version: ProtocolVersion) -> Self {
        let mut reason = self;
        // From 2.x to 1.x, and from there to what came before it.
        for _ in 0..2 {
            let row = OLDER.iter().find(|(newer, _)| *newer == reason);
            match row {
                Some(&(_, next)) if !reason.is_in(version) => reason = next,
                _ => break,
            }
        }
        reason
    }

    fn is_in(self, version: ProtocolVersion) -> bool {
        const TABLE: &EnumTable = ResultReason::TABLE;
        TABLE.by_number(self.0).is_none_or(|value| value.span.contains(version))
    }
}

/// What to say instead, where a version lacks the reason. By the conditions that 1.4 lists for its operations; the last
/// two were removed in 2.0.
const OLDER: &[(ResultReason, ResultReason)] = &[
    (ResultReason::ENCODING_OPTION_ERROR, ResultReason::INVALID_FIELD),
    (ResultReason::KEY_VALUE_NOT_PRESENT, ResultReason::ILLEGAL_OPERATION),
    (ResultReason::ATTESTATION_REQUIRED, ResultReason::PERMISSION_DENIED),
    (ResultReason::ATTESTATION_FAILED, ResultReason::PERMISSION_DENIED),
    (ResultReason::SENSITIVE, ResultReason::PERMISSION_DENIED),
    (ResultReason::NOT_EXTRACTABLE, ResultReason::PERMISSION_DENIED),
    (ResultReason::OBJECT_ALREADY_EXISTS, ResultReason::INVALID_FIELD),
    (
        ResultReason::INVALID_TICKET,
        ResultReason::AUTHENTICATION_NOT_SUCCESSFUL,
    ),
    (ResultReason::USAGE_LIMIT_EXCEEDED, ResultReason::PERMISSION_DENIED),
    (ResultReason::NUMERIC_RANGE, ResultReason::INVALID_FIELD),
    (ResultReason::INVALID_DATA_TYPE, ResultReason::INVALID_FIELD),
    (ResultReason::READ_ONLY_ATTRIBUTE, ResultReason::PERMISSION_DENIED),
    (ResultReason::MULTI_VALUED_ATTRIBUTE, ResultReason::INVALID_FIELD),
    (ResultReason::UNSUPPORTED_ATTRIBUTE, ResultReason::INVALID_FIELD),
    (ResultReason::ATTRIBUTE_INSTANCE_NOT_FOUND, ResultReason::ITEM_NOT_FOUND),
    (ResultReason::ATTRIBUTE_NOT_FOUND, ResultReason::ITEM_NOT_FOUND),
    (ResultReason::ATTRIBUTE_READ_ONLY, ResultReason::PERMISSION_DENIED),
    (ResultReason::ATTRIBUTE_SINGLE_VALUED, ResultReason::ILLEGAL_OPERATION),
    (ResultReason::BAD_CRYPTOGRAPHIC_PARAMETERS, ResultReason::INVALID_FIELD),
    (ResultReason::BAD_PASSWORD, ResultReason::AUTHENTICATION_NOT_SUCCESSFUL),
    (ResultReason::CODEC_ERROR, ResultReason::INVALID_MESSAGE),
    (ResultReason::ILLEGAL_OBJECT_TYPE, ResultReason::ILLEGAL_OPERATION),
    (
        ResultReason::INCOMPATIBLE_CRYPTOGRAPHIC_USAGE_MASK,
        ResultReason::PERMISSION_DENIED,
    ),
    (ResultReason::INTERNAL_SERVER_ERROR, ResultReason::GENERAL_FAILURE),
    (
        ResultReason::INVALID_ASYNCHRONOUS_CORRELATION_VALUE,
        ResultReason::ITEM_NOT_FOUND,
    ),
    (ResultReason::INVALID_ATTRIBUTE, ResultReason::INVALID_FIELD),
    (ResultReason::INVALID_ATTRIBUTE_VALUE, ResultReason::INVALID_FIELD),
    (ResultReason::INVALID_CORRELATION_VALUE, ResultReason::ITEM_NOT_FOUND),
    (ResultReason::INVALID_CSR, ResultReason::INVALID_FIELD),
    (ResultReason::INVALID_OBJECT_TYPE, ResultReason::INVALID_FIELD),
    (ResultReason::KEY_WRAP_TYPE_NOT_SUPPORTED, ResultReason::INVALID_FIELD),
    (
        ResultReason::MISSING_INITIALIZATION_VECTOR,
        ResultReason::CRYPTOGRAPHIC_FAILURE,
    ),
    (ResultReason::NON_UNIQUE_NAME_ATTRIBUTE, ResultReason::INVALID_FIELD),
    (ResultReason::OBJECT_DESTROYED, ResultReason::PERMISSION_DENIED),
    (ResultReason::OBJECT_NOT_FOUND, ResultReason::ITEM_NOT_FOUND),
    (ResultReason::NOT_AUTHORISED, ResultReason::PERMISSION_DENIED),
    (ResultReason::SERVER_LIMIT_EXCEEDED, ResultReason::GENERAL_FAILURE),
    (ResultReason::UNKNOWN_ENUMERATION, ResultReason::INVALID_FIELD),
    (
        ResultReason::UNKNOWN_MESSAGE_EXTENSION,
        ResultReason::FEATURE_NOT_SUPPORTED,
    ),
    (ResultReason::UNKNOWN_TAG, ResultReason::INVALID_FIELD),
    (
        ResultReason::UNSUPPORTED_CRYPTOGRAPHIC_PARAMETERS,
        ResultReason::CRYPTOGRAPHIC_FAILURE,
    ),
    (
        ResultReason::UNSUPPORTED_PROTOCOL_VERSION,
        ResultReason::INVALID_MESSAGE,
    ),
    (ResultReason::WRAPPING_OBJECT_ARCHIVED, ResultReason::OBJECT_ARCHIVED),
    (ResultReason::WRAPPING_OBJECT_DESTROYED, ResultReason::PERMISSION_DENIED),
    (ResultReason::WRAPPING_OBJECT_NOT_FOUND, ResultReason::ITEM_NOT_FOUND),
    (ResultReason::WRONG_KEY_LIFECYCLE_STATE, ResultReason::PERMISSION_DENIED),
    (
        ResultReason::PROTECTION_STORAGE_UNAVAILABLE,
        ResultReason::GENERAL_FAILURE,
    ),
    (ResultReason::PKCS_11_CODEC_ERROR, ResultReason::INVALID_MESSAGE),
    (ResultReason::PKCS_11_INVALID_FUNCTION, ResultReason::INVALID_FIELD),
    (ResultReason::PKCS_11_INVALID_INTERFACE, ResultReason::INVALID_FIELD),
    (
        ResultReason::PRIVATE_PROTECTION_STORAGE_UNAVAILABLE,
        ResultReason::GENERAL_FAILURE,
    ),
    (
        ResultReason::PUBLIC_PROTECTION_STORAGE_UNAVAILABLE,
        ResultReason::GENERAL_FAILURE,
    ),
    (ResultReason::UNKNOWN_OBJECT_GROUP, ResultReason::INVALID_FIELD),
    (ResultReason::CONSTRAINT_VIOLATION, ResultReason::PERMISSION_DENIED),
    (ResultReason::DUPLICATE_PROCESS_REQUEST, ResultReason::GENERAL_FAILURE),
    (ResultReason::ILLEGAL_OPERATION, ResultReason::ILLEGAL_OBJECT_TYPE),
    (ResultReason::INDEX_OUT_OF_BOUNDS, ResultReason::SERVER_LIMIT_EXCEEDED),
];
