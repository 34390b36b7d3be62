//! Attributes that are structures (KMIP 2.1, section 4; 1.4, section 3).

use bytes::Bytes;

use super::UniqueIdentifier;
use crate::registry::{
    AlternativeNameType, BlockCipherMode, CryptographicAlgorithm, DRBGAlgorithm, DigitalSignatureAlgorithm,
    FIPS186Variation, HashingAlgorithm, KeyFormatType, KeyRoleType, KeyValueLocationType, LinkType, MaskGenerator,
    NameType, PaddingMethod, RNGAlgorithm, RecommendedCurve, RevocationReasonCode, RotateNameType, UsageLimitsUnit,
    tag::{
        ALTERNATIVE_NAME_TYPE, ALTERNATIVE_NAME_VALUE, APPLICATION_DATA, APPLICATION_NAMESPACE, BLOCK_CIPHER_MODE,
        CERTIFICATE_ISSUER_ALTERNATIVE_NAME, CERTIFICATE_ISSUER_DISTINGUISHED_NAME, CERTIFICATE_SERIAL_NUMBER,
        CERTIFICATE_SUBJECT_ALTERNATIVE_NAME, CERTIFICATE_SUBJECT_DISTINGUISHED_NAME, COUNTER_LENGTH,
        CRYPTOGRAPHIC_ALGORITHM, CRYPTOGRAPHIC_LENGTH, DIGEST_VALUE, DIGITAL_SIGNATURE_ALGORITHM, DRBG_ALGORITHM,
        FIPS186_VARIATION, FIXED_FIELD_LENGTH, HASHING_ALGORITHM, INITIAL_COUNTER_VALUE, INVOCATION_FIELD_LENGTH,
        ISSUER, ISSUER_ALTERNATIVE_NAME, ISSUER_DISTINGUISHED_NAME, IV_LENGTH, KEY_FORMAT_TYPE, KEY_ROLE_TYPE,
        KEY_VALUE_LOCATION_TYPE, KEY_VALUE_LOCATION_VALUE, LINK_TYPE, LINKED_OBJECT_IDENTIFIER, MASK_GENERATOR,
        MASK_GENERATOR_HASHING_ALGORITHM, NAME_TYPE, NAME_VALUE, P_SOURCE, PADDING_METHOD, PREDICTION_RESISTANCE,
        QLENGTH, RANDOM_IV, RECOMMENDED_CURVE, REVOCATION_MESSAGE, REVOCATION_REASON_CODE, RNG_ALGORITHM,
        ROTATE_NAME_TYPE, ROTATE_NAME_VALUE, SALT_LENGTH, SERIAL_NUMBER, SUBJECT_ALTERNATIVE_NAME,
        SUBJECT_DISTINGUISHED_NAME, TAG_LENGTH, TRAILER_FIELD, USAGE_LIMITS_COUNT, USAGE_LIMITS_TOTAL,
        USAGE_LIMITS_UNIT,
    },
};
use crate::value::Text;
use crate::version::ProtocolVersion as V;
use crate::wire::{at, structures};

structures! {
    /// A name, unique for its type.
    #[derive(Clone, PartialEq, Eq)]
    Name {
        name_value: Text = at(NAME_VALUE),
        name_type: NameType = at(NAME_TYPE),
    }

    /// A name that need not be unique.
    #[derive(Clone, PartialEq, Eq)]
    AlternativeName {
        alternative_name_value: Text = at(ALTERNATIVE_NAME_VALUE),
        alternative_name_type: AlternativeNameType = at(ALTERNATIVE_NAME_TYPE),
    }

    /// What an application keeps with an object.
    #[derive(Clone, PartialEq, Eq)]
    ApplicationSpecificInformation {
        application_namespace: Text = at(APPLICATION_NAMESPACE),
        application_data: Option<Text> = at(APPLICATION_DATA),
    }

    /// Issuer and serial number as text; 1.x only, for X.509 replaced by [`X509CertificateIdentifier`].
    #[derive(Clone, PartialEq, Eq)]
    CertificateIdentifier {
        issuer: Text = at(ISSUER),
        serial_number: Option<Text> = at(SERIAL_NUMBER),
    }

    /// Issuer as text; 1.x only.
    #[derive(Clone, PartialEq, Eq)]
    CertificateIssuer {
        certificate_issuer_distinguished_name: Text = at(CERTIFICATE_ISSUER_DISTINGUISHED_NAME),
        certificate_issuer_alternative_name: Vec<Text> = at(CERTIFICATE_ISSUER_ALTERNATIVE_NAME),
    }

    /// Subject as text; 1.x only.
    #[derive(Clone, PartialEq, Eq)]
    CertificateSubject {
        certificate_subject_distinguished_name: Text = at(CERTIFICATE_SUBJECT_DISTINGUISHED_NAME),
        certificate_subject_alternative_name: Vec<Text> = at(CERTIFICATE_SUBJECT_ALTERNATIVE_NAME),
    }

    /// Issuer and serial number in DER.
    #[derive(Clone, PartialEq, Eq)]
    X509CertificateIdentifier {
        issuer_distinguished_name: Bytes = at(ISSUER_DISTINGUISHED_NAME),
        certificate_serial_number: Bytes = at(CERTIFICATE_SERIAL_NUMBER),
    }

    /// Issuer in DER.
    #[derive(Clone, PartialEq, Eq)]
    X509CertificateIssuer {
        issuer_distinguished_name: Bytes = at(ISSUER_DISTINGUISHED_NAME),
        issuer_alternative_name: Vec<Bytes> = at(ISSUER_ALTERNATIVE_NAME),
    }

    /// Subject in DER.
    #[derive(Clone, PartialEq, Eq)]
    X509CertificateSubject {
        subject_distinguished_name: Bytes = at(SUBJECT_DISTINGUISHED_NAME),
        subject_alternative_name: Vec<Bytes> = at(SUBJECT_ALTERNATIVE_NAME),
    }

    /// Domain parameters of a key pair that is to be made.
    #[derive(Clone, Default, PartialEq, Eq)]
    CryptographicDomainParameters {
        qlength: Option<i32> = at(QLENGTH),
        recommended_curve: Option<RecommendedCurve> = at(RECOMMENDED_CURVE),
    }

    /// How a key is used.
    #[derive(Clone, Default, PartialEq, Eq)]
    CryptographicParameters {
        block_cipher_mode: Option<BlockCipherMode> = at(BLOCK_CIPHER_MODE),
        padding_method: Option<PaddingMethod> = at(PADDING_METHOD),
        hashing_algorithm: Option<HashingAlgorithm> = at(HASHING_ALGORITHM),
        key_role_type: Option<KeyRoleType> = at(KEY_ROLE_TYPE),
        digital_signature_algorithm: Option<DigitalSignatureAlgorithm> = at(DIGITAL_SIGNATURE_ALGORITHM).since(V::V1_2),
        cryptographic_algorithm: Option<CryptographicAlgorithm> = at(CRYPTOGRAPHIC_ALGORITHM).since(V::V1_2),
        random_iv: Option<bool> = at(RANDOM_IV).since(V::V1_2),
        iv_length: Option<i32> = at(IV_LENGTH).since(V::V1_2),
        tag_length: Option<i32> = at(TAG_LENGTH).since(V::V1_2),
        fixed_field_length: Option<i32> = at(FIXED_FIELD_LENGTH).since(V::V1_2),
        invocation_field_length: Option<i32> = at(INVOCATION_FIELD_LENGTH).since(V::V1_2),
        counter_length: Option<i32> = at(COUNTER_LENGTH).since(V::V1_2),
        initial_counter_value: Option<i32> = at(INITIAL_COUNTER_VALUE).since(V::V1_2),
        salt_length: Option<i32> = at(SALT_LENGTH).since(V::V1_4),
        mask_generator: Option<MaskGenerator> = at(MASK_GENERATOR).since(V::V1_4),
        mask_generator_hashing_algorithm: Option<HashingAlgorithm> = at(MASK_GENERATOR_HASHING_ALGORITHM).since(V::V1_4),
        p_source: Option<Bytes> = at(P_SOURCE).since(V::V1_4),
        trailer_field: Option<i32> = at(TRAILER_FIELD).since(V::V1_4),
    }

    /// A hash of the value.
    #[derive(Clone, PartialEq, Eq)]
    Digest {
        hashing_algorithm: HashingAlgorithm = at(HASHING_ALGORITHM),
        digest_value: Option<Bytes> = at(DIGEST_VALUE),
        key_format_type: Option<KeyFormatType> = at(KEY_FORMAT_TYPE).since(V::V1_1),
    }

    /// Where a key value is that the server does not hold.
    #[derive(Clone, PartialEq, Eq)]
    KeyValueLocation {
        key_value_location_value: Text = at(KEY_VALUE_LOCATION_VALUE),
        key_value_location_type: KeyValueLocationType = at(KEY_VALUE_LOCATION_TYPE),
    }

    /// Another object and what it is to this one.
    #[derive(Clone, PartialEq, Eq)]
    Link {
        link_type: LinkType = at(LINK_TYPE),
        linked_object_identifier: UniqueIdentifier = at(LINKED_OBJECT_IDENTIFIER),
    }

    /// A random number generator: the attribute RandomNumberGenerator and the answer to QueryRNGs.
    #[derive(Clone, PartialEq, Eq)]
    RngParameters {
        rng_algorithm: RNGAlgorithm = at(RNG_ALGORITHM),
        cryptographic_algorithm: Option<CryptographicAlgorithm> = at(CRYPTOGRAPHIC_ALGORITHM),
        cryptographic_length: Option<i32> = at(CRYPTOGRAPHIC_LENGTH),
        hashing_algorithm: Option<HashingAlgorithm> = at(HASHING_ALGORITHM),
        drbg_algorithm: Option<DRBGAlgorithm> = at(DRBG_ALGORITHM),
        recommended_curve: Option<RecommendedCurve> = at(RECOMMENDED_CURVE),
        fips186_variation: Option<FIPS186Variation> = at(FIPS186_VARIATION),
        prediction_resistance: Option<bool> = at(PREDICTION_RESISTANCE),
    }

    /// Why an object was revoked.
    #[derive(Clone, PartialEq, Eq)]
    RevocationReason {
        revocation_reason_code: RevocationReasonCode = at(REVOCATION_REASON_CODE),
        revocation_message: Option<Text> = at(REVOCATION_MESSAGE),
    }

    /// The name of a set of keys that follow each other.
    #[derive(Clone, PartialEq, Eq)]
    RotateName {
        rotate_name_value: Text = at(ROTATE_NAME_VALUE),
        rotate_name_type: RotateNameType = at(ROTATE_NAME_TYPE),
    }

    /// How much a key may still protect. A client gives the total and the unit only.
    #[derive(Clone, PartialEq, Eq)]
    UsageLimits {
        usage_limits_total: i64 = at(USAGE_LIMITS_TOTAL),
        usage_limits_count: Option<i64> = at(USAGE_LIMITS_COUNT),
        usage_limits_unit: UsageLimitsUnit = at(USAGE_LIMITS_UNIT),
    }
}
