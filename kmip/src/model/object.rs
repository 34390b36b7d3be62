//! Managed objects (KMIP 2.1, section 2).

use bytes::Bytes;

use super::{Attributes, KeyBlock};
use crate::registry::{
    CertificateRequestType, CertificateType, ObjectType, OpaqueDataType, SecretDataType, SplitKeyMethod,
    tag::{
        self, ATTRIBUTE, CERTIFICATE_REQUEST_TYPE, CERTIFICATE_REQUEST_VALUE, CERTIFICATE_TYPE, CERTIFICATE_VALUE,
        KEY_BLOCK, KEY_PART_IDENTIFIER, OPAQUE_DATA_TYPE, OPAQUE_DATA_VALUE, PGP_KEY_VERSION, PRIME_FIELD_SIZE,
        SECRET_DATA_TYPE, SPLIT_KEY_METHOD, SPLIT_KEY_PARTS, SPLIT_KEY_THRESHOLD,
    },
};
use crate::ttlv::{DecodeError, Fault, Item, Tag, Writer};
use crate::value::{BigInteger, Secret};
use crate::version::ProtocolVersion;
use crate::wire::{Wire, at, structures, v1};

macro_rules! objects {
    ($( $(#[$meta:meta])* $variant:ident($type:ty) = $tag:ident / $object:ident, )*) => {
        /// An object that the server manages.
        #[derive(Debug)]
        pub enum ManagedObject {
            $( $(#[$meta])* $variant($type), )*
        }

        impl ManagedObject {
            /// Its type.
            pub const fn object_type(&self) -> ObjectType {
                match self {
                    $( Self::$variant(_) => ObjectType::$object, )*
                }
            }
        }

        impl Wire for ManagedObject {
            fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
                match item.tag() {
                    $( tag::$tag => Wire::decode(item).map(Self::$variant), )*
                    _ => Err(item.error(Fault::UnexpectedType)),
                }
            }

            /// The object decides on the tag.
            fn encode(&self, _: Tag, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    $( Self::$variant(object) => object.encode(tag::$tag, out, version), )*
                }
            }
        }

        /// Whether this is the tag of a managed object.
        pub(crate) fn is_object(tag: Tag) -> bool {
            matches!(tag, $( tag::$tag )|*)
        }
    };
}

objects! {
    /// A certificate.
    Certificate(Certificate) = CERTIFICATE / CERTIFICATE,
    /// A symmetric key.
    SymmetricKey(KeyObject) = SYMMETRIC_KEY / SYMMETRIC_KEY,
    /// A public key.
    PublicKey(KeyObject) = PUBLIC_KEY / PUBLIC_KEY,
    /// A private key.
    PrivateKey(KeyObject) = PRIVATE_KEY / PRIVATE_KEY,
    /// A part of a key.
    SplitKey(SplitKey) = SPLIT_KEY / SPLIT_KEY,
    /// Attributes to start from; 1.x only.
    Template(Template) = TEMPLATE / TEMPLATE,
    /// A password or a seed.
    SecretData(SecretData) = SECRET_DATA / SECRET_DATA,
    /// Bytes that the server does not interpret.
    OpaqueObject(OpaqueObject) = OPAQUE_OBJECT / OPAQUE_OBJECT,
    /// A PGP key; from 1.2.
    PgpKey(PgpKey) = PGP_KEY / PGP_KEY,
    /// A request for a certificate; from 2.0.
    CertificateRequest(CertificateRequest) = CERTIFICATE_REQUEST / CERTIFICATE_REQUEST,
}

structures! {
    /// A certificate.
    #[derive(Clone, PartialEq, Eq)]
    Certificate {
        certificate_type: CertificateType = at(CERTIFICATE_TYPE),
        certificate_value: Bytes = at(CERTIFICATE_VALUE),
    }

    /// A symmetric, public or private key.
    KeyObject {
        key_block: KeyBlock = at(KEY_BLOCK),
    }

    /// A part of a key.
    SplitKey {
        split_key_parts: i32 = at(SPLIT_KEY_PARTS),
        key_part_identifier: i32 = at(KEY_PART_IDENTIFIER),
        split_key_threshold: i32 = at(SPLIT_KEY_THRESHOLD),
        split_key_method: SplitKeyMethod = at(SPLIT_KEY_METHOD),
        prime_field_size: Option<BigInteger> = at(PRIME_FIELD_SIZE),
        key_block: KeyBlock = at(KEY_BLOCK),
    }

    /// Attributes to start from; 1.x only.
    Template {
        attributes: Attributes = v1(ATTRIBUTE),
    }

    /// A password or a seed.
    SecretData {
        secret_data_type: SecretDataType = at(SECRET_DATA_TYPE),
        key_block: KeyBlock = at(KEY_BLOCK),
    }

    /// Bytes that the server does not interpret.
    OpaqueObject {
        opaque_data_type: OpaqueDataType = at(OPAQUE_DATA_TYPE),
        opaque_data_value: Secret<Bytes> = at(OPAQUE_DATA_VALUE),
    }

    /// A PGP key.
    PgpKey {
        pgp_key_version: i32 = at(PGP_KEY_VERSION),
        key_block: KeyBlock = at(KEY_BLOCK),
    }

    /// A request for a certificate.
    #[derive(Clone, PartialEq, Eq)]
    CertificateRequest {
        certificate_request_type: CertificateRequestType = at(CERTIFICATE_REQUEST_TYPE),
        certificate_request_value: Bytes = at(CERTIFICATE_REQUEST_VALUE),
    }
}
