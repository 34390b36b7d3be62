//! Using keys that stay in the server; from 1.2. Large data come in parts: the first has InitIndicator, the last
//! FinalIndicator, and a correlation value ties them together.

use bytes::Bytes;

use crate::model::{CryptographicParameters, Data, UniqueIdentifier};
use crate::registry::{
    PKCS_11ReturnCode, ValidityIndicator,
    tag::{
        AUTHENTICATED_ENCRYPTION_ADDITIONAL_DATA, AUTHENTICATED_ENCRYPTION_TAG, CORRELATION_VALUE,
        CRYPTOGRAPHIC_PARAMETERS, DATA, DATA_LENGTH, DIGESTED_DATA, FINAL_INDICATOR, INIT_INDICATOR, IV_COUNTER_NONCE,
        MAC_DATA, PKCS_11_FUNCTION, PKCS_11_INPUT_PARAMETERS, PKCS_11_INTERFACE, PKCS_11_OUTPUT_PARAMETERS,
        PKCS_11_RETURN_CODE, SIGNATURE_DATA, UNIQUE_IDENTIFIER, VALIDITY_INDICATOR,
    },
};
use crate::ttlv::RawItem;
use crate::value::{Secret, Text};
use crate::version::ProtocolVersion as V;
use crate::wire::{at, structures};

structures! {
    /// Asks for ciphertext.
    #[derive(Default)]
    EncryptRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        iv_counter_nonce: Option<Bytes> = at(IV_COUNTER_NONCE),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
        authenticated_encryption_additional_data: Option<Bytes> = at(AUTHENTICATED_ENCRYPTION_ADDITIONAL_DATA)
            .since(V::V1_4),
    }

    /// The ciphertext.
    EncryptResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        data: Option<Data> = at(DATA),
        iv_counter_nonce: Option<Bytes> = at(IV_COUNTER_NONCE),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        authenticated_encryption_tag: Option<Bytes> = at(AUTHENTICATED_ENCRYPTION_TAG).since(V::V1_4),
    }

    /// Asks for plaintext.
    #[derive(Default)]
    DecryptRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        iv_counter_nonce: Option<Bytes> = at(IV_COUNTER_NONCE),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
        authenticated_encryption_additional_data: Option<Bytes> = at(AUTHENTICATED_ENCRYPTION_ADDITIONAL_DATA)
            .since(V::V1_4),
        authenticated_encryption_tag: Option<Bytes> = at(AUTHENTICATED_ENCRYPTION_TAG).since(V::V1_4),
    }

    /// The plaintext.
    DecryptResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        data: Option<Data> = at(DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks for a signature.
    #[derive(Default)]
    SignRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        digested_data: Option<Bytes> = at(DIGESTED_DATA).since(V::V1_4),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
    }

    /// The signature.
    SignResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        signature_data: Option<Bytes> = at(SIGNATURE_DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks whether a signature is right.
    #[derive(Default)]
    SignatureVerifyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        digested_data: Option<Bytes> = at(DIGESTED_DATA).since(V::V1_4),
        signature_data: Option<Bytes> = at(SIGNATURE_DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
    }

    /// Whether it is.
    SignatureVerifyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        validity_indicator: Option<ValidityIndicator> = at(VALIDITY_INDICATOR),
        /// What the signature contained, where it allows to recover it.
        data: Option<Data> = at(DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks for a MAC.
    #[derive(Default)]
    MacRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
    }

    /// The MAC.
    MacResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        mac_data: Option<Bytes> = at(MAC_DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks whether a MAC is right.
    #[derive(Default)]
    MacVerifyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        mac_data: Option<Bytes> = at(MAC_DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
    }

    /// Whether it is.
    MacVerifyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        validity_indicator: Option<ValidityIndicator> = at(VALIDITY_INDICATOR),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks for a hash.
    HashRequest {
        cryptographic_parameters: CryptographicParameters = at(CRYPTOGRAPHIC_PARAMETERS),
        data: Option<Data> = at(DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
        init_indicator: Option<bool> = at(INIT_INDICATOR).since(V::V1_3),
        final_indicator: Option<bool> = at(FINAL_INDICATOR).since(V::V1_3),
    }

    /// The hash.
    #[derive(Default)]
    HashResponse {
        data: Option<Data> = at(DATA),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE).since(V::V1_3),
    }

    /// Asks for random bytes.
    RngRetrieveRequest {
        data_length: i32 = at(DATA_LENGTH),
    }

    /// The bytes.
    RngRetrieveResponse {
        data: Data = at(DATA),
    }

    /// Brings randomness.
    RngSeedRequest {
        data: Data = at(DATA),
    }

    /// How much of it was used.
    RngSeedResponse {
        data_length: i32 = at(DATA_LENGTH),
    }

    /// Calls a function of PKCS#11; from 2.0.
    Pkcs11Request {
        pkcs_11_interface: Option<Text> = at(PKCS_11_INTERFACE),
        /// An enumeration, or an Integer for a function of a vendor.
        pkcs_11_function: RawItem = at(PKCS_11_FUNCTION),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE),
        pkcs_11_input_parameters: Option<Secret<Bytes>> = at(PKCS_11_INPUT_PARAMETERS),
    }

    /// What the function returned.
    Pkcs11Response {
        pkcs_11_interface: Option<Text> = at(PKCS_11_INTERFACE),
        /// As in the request.
        pkcs_11_function: RawItem = at(PKCS_11_FUNCTION),
        correlation_value: Option<Bytes> = at(CORRELATION_VALUE),
        pkcs_11_output_parameters: Option<Secret<Bytes>> = at(PKCS_11_OUTPUT_PARAMETERS),
        pkcs_11_return_code: PKCS_11ReturnCode = at(PKCS_11_RETURN_CODE),
    }
}
