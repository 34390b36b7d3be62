//! Certificates: making, renewing and validating them.

use bytes::Bytes;

use crate::model::{Attributes, Certificate, ProtectionStorageMasks, UniqueIdentifier};
use crate::registry::{
    CertificateRequestType, ValidityIndicator,
    tag::{
        ATTRIBUTES, CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_REQUEST_TYPE, CERTIFICATE_REQUEST_UNIQUE_IDENTIFIER,
        CERTIFICATE_REQUEST_VALUE, OFFSET, PROTECTION_STORAGE_MASKS, TEMPLATE_ATTRIBUTE, UNIQUE_IDENTIFIER,
        VALIDITY_DATE, VALIDITY_INDICATOR,
    },
};
use crate::value::{DateTime, Interval};
use crate::wire::{at, structures, v1, v2};

structures! {
    /// Asks for a certificate for a public key.
    #[derive(Default)]
    CertifyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        certificate_request_type: Option<CertificateRequestType> = at(CERTIFICATE_REQUEST_TYPE),
        certificate_request_value: Option<Bytes> = v1(CERTIFICATE_REQUEST).v2(CERTIFICATE_REQUEST_VALUE),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// The certificate.
    CertifyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks for a certificate that follows another.
    #[derive(Default)]
    ReCertifyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        certificate_request_unique_identifier: Option<UniqueIdentifier> = v2(CERTIFICATE_REQUEST_UNIQUE_IDENTIFIER),
        certificate_request_type: Option<CertificateRequestType> = at(CERTIFICATE_REQUEST_TYPE),
        certificate_request_value: Option<Bytes> = v1(CERTIFICATE_REQUEST).v2(CERTIFICATE_REQUEST_VALUE),
        offset: Option<Interval> = at(OFFSET),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE).v2(ATTRIBUTES),
        protection_storage_masks: Option<ProtectionStorageMasks> = v2(PROTECTION_STORAGE_MASKS),
    }

    /// The new certificate.
    ReCertifyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        attributes: Option<Attributes> = v1(TEMPLATE_ATTRIBUTE),
    }

    /// Asks whether certificates form a valid chain.
    #[derive(Default)]
    ValidateRequest {
        certificate: Vec<Certificate> = at(CERTIFICATE),
        unique_identifier: Vec<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        validity_date: Option<DateTime> = at(VALIDITY_DATE),
    }

    /// Whether they do.
    ValidateResponse {
        validity_indicator: ValidityIndicator = at(VALIDITY_INDICATOR),
    }

    /// Asks for a new certificate of the client itself; from 2.0.
    #[derive(Default)]
    ReProvisionRequest {
        certificate_request: Option<Bytes> = at(CERTIFICATE_REQUEST),
        certificate: Option<Certificate> = at(CERTIFICATE),
    }

    /// Where it is.
    #[derive(Default)]
    ReProvisionResponse {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }
}
