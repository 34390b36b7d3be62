//! Key blocks and what is in them (KMIP 2.1, section 3).

use bytes::Bytes;

use super::{Attributes, CryptographicParameters, UniqueIdentifier};
use crate::registry::{
    CryptographicAlgorithm, EncodingOption, KeyCompressionType, KeyFormatType, RecommendedCurve, WrappingMethod,
    tag::{
        self, ATTRIBUTE, ATTRIBUTE_NAME, ATTRIBUTES, CRT_COEFFICIENT, CRYPTOGRAPHIC_PARAMETERS, D, ENCODING_OPTION,
        ENCRYPTION_KEY_INFORMATION, G, IV_COUNTER_NONCE, J, KEY, MAC_SIGNATURE, MAC_SIGNATURE_KEY_INFORMATION, MODULUS,
        P, PRIME_EXPONENT_P, PRIME_EXPONENT_Q, PRIVATE_EXPONENT, PUBLIC_EXPONENT, Q, Q_STRING, RECOMMENDED_CURVE,
        UNIQUE_IDENTIFIER, WRAPPING_METHOD, X, Y,
    },
};
use crate::ttlv::{DecodeError, Item, ItemType, RawItem, Tag, Writer};
use crate::value::{BigInteger, Secret, Text};
use crate::version::ProtocolVersion;
use crate::wire::{Field, Unknown, Wire, accept_once, at, structures};

/// A key or secret with what is needed to use it.
#[derive(Debug)]
pub struct KeyBlock {
    /// The form of the key material.
    pub key_format_type: KeyFormatType,
    /// The form of a public point.
    pub key_compression_type: Option<KeyCompressionType>,
    /// The key; `None` where the server does not hold it.
    pub key_value: Option<KeyValue>,
    /// Its algorithm.
    pub cryptographic_algorithm: Option<CryptographicAlgorithm>,
    /// Its length in bits.
    pub cryptographic_length: Option<i32>,
    /// How the key is wrapped.
    pub key_wrapping_data: Option<KeyWrappingData>,
    /// Fields that this crate does not know.
    pub unknown: Unknown,
}

impl KeyBlock {
    /// A key in a format of bytes.
    pub fn new(key_format_type: KeyFormatType, material: Secret<Bytes>) -> Self {
        Self {
            key_format_type,
            key_compression_type: None,
            key_value: Some(KeyValue::Plain(PlainKeyValue {
                material: KeyMaterial::Bytes(material),
                attributes: None,
                unknown: Unknown::default(),
            })),
            cryptographic_algorithm: None,
            cryptographic_length: None,
            key_wrapping_data: None,
            unknown: Unknown::default(),
        }
    }
}

impl Wire for KeyBlock {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        let (mut format, mut compression, mut value) = (None, None, None);
        let (mut algorithm, mut length, mut wrapping) = (None, None, None);
        let mut unknown = Unknown::default();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::KEY_FORMAT_TYPE => accept_once(&mut format, &field, KeyFormatType::decode)?,
                tag::KEY_COMPRESSION_TYPE => accept_once(&mut compression, &field, KeyCompressionType::decode)?,
                tag::KEY_VALUE => accept_once(&mut value, &field, |field| Ok(*field))?,
                tag::CRYPTOGRAPHIC_ALGORITHM => accept_once(&mut algorithm, &field, CryptographicAlgorithm::decode)?,
                tag::CRYPTOGRAPHIC_LENGTH => accept_once(&mut length, &field, Item::integer)?,
                tag::KEY_WRAPPING_DATA => accept_once(&mut wrapping, &field, KeyWrappingData::decode)?,
                _ => unknown.keep(&field)?,
            }
        }
        let format = format.ok_or_else(|| item.missing(tag::KEY_FORMAT_TYPE))?;
        Ok(Self {
            key_format_type: format,
            key_compression_type: compression,
            key_value: value.map(|value| KeyValue::decode(&value, format)).transpose()?,
            cryptographic_algorithm: algorithm,
            cryptographic_length: length,
            key_wrapping_data: wrapping,
            unknown,
        })
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        let open = out.begin(tag);
        self.key_format_type.encode(tag::KEY_FORMAT_TYPE, out, version);
        self.key_compression_type.emit(tag::KEY_COMPRESSION_TYPE, out, version);
        if let Some(value) = &self.key_value {
            value.emit(out, version);
        }
        self.cryptographic_algorithm
            .emit(tag::CRYPTOGRAPHIC_ALGORITHM, out, version);
        self.cryptographic_length.emit(tag::CRYPTOGRAPHIC_LENGTH, out, version);
        self.key_wrapping_data.emit(tag::KEY_WRAPPING_DATA, out, version);
        self.unknown.emit(out);
        out.end(open);
    }
}

/// The key, in the clear or wrapped.
#[derive(Debug)]
pub enum KeyValue {
    /// In the clear, or wrapped without encoding: then the material is the wrapped key.
    Plain(PlainKeyValue),
    /// A wrapped TTLV encoding of the key value, attributes included.
    Wrapped(Secret<Bytes>),
}

/// Key material and the attributes that go with it.
#[derive(Debug)]
pub struct PlainKeyValue {
    /// The key.
    pub material: KeyMaterial,
    /// Attributes, if any were asked for.
    pub attributes: Option<Attributes>,
    /// Fields that this crate does not know.
    pub unknown: Unknown,
}

impl KeyValue {
    /// Reads the value of a key block with this format; also what an unwrapped key value holds.
    ///
    /// # Errors
    /// The item is malformed.
    pub fn decode(item: &Item<'_>, format: KeyFormatType) -> Result<Self, DecodeError> {
        if item.kind() == ItemType::ByteString {
            return Secret::decode(item).map(Self::Wrapped);
        }
        let (mut material, mut attributes) = (None, None);
        let mut unknown = Unknown::default();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::KEY_MATERIAL => accept_once(&mut material, &field, |field| KeyMaterial::decode(field, format))?,
                ATTRIBUTE | ATTRIBUTES => <Option<Attributes> as Field>::accept(&mut attributes, &field)?,
                _ => unknown.keep(&field)?,
            }
        }
        Ok(Self::Plain(PlainKeyValue {
            material: material.ok_or_else(|| item.missing(tag::KEY_MATERIAL))?,
            attributes,
            unknown,
        }))
    }

    /// Writes it as `KeyValue`; what an encoding that is to be wrapped begins with.
    pub fn emit(&self, out: &mut Writer, version: ProtocolVersion) {
        match self {
            Self::Wrapped(bytes) => out.bytes(tag::KEY_VALUE, bytes.expose()),
            Self::Plain(value) => {
                let open = out.begin(tag::KEY_VALUE);
                value.material.emit(out, version);
                let tag = if version.is_1x() { ATTRIBUTE } else { ATTRIBUTES };
                value.attributes.emit(tag, out, version);
                value.unknown.emit(out);
                out.end(open);
            }
        }
    }
}

macro_rules! key_materials {
    ($( $(#[$meta:meta])* $variant:ident($type:ident) = $( $format:ident )|+, )*) => {
        /// The key itself, by its format.
        #[derive(Debug)]
        pub enum KeyMaterial {
            /// Raw bytes, DER, or a wrapped key.
            Bytes(Secret<Bytes>),
            $( $(#[$meta])* $variant(Box<$type>), )*
            /// A structure of a format that this crate does not know.
            Raw(RawItem),
        }

        impl KeyMaterial {
            fn decode(item: &Item<'_>, format: KeyFormatType) -> Result<Self, DecodeError> {
                if item.kind() == ItemType::ByteString {
                    return Secret::decode(item).map(Self::Bytes);
                }
                match format {
                    $( $( KeyFormatType::$format )|+ => Wire::decode(item).map(Box::new).map(Self::$variant), )*
                    _ => RawItem::decode(item).map(Self::Raw),
                }
            }

            fn emit(&self, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    Self::Bytes(bytes) => out.bytes(tag::KEY_MATERIAL, bytes.expose()),
                    $( Self::$variant(key) => key.encode(tag::KEY_MATERIAL, out, version), )*
                    Self::Raw(raw) => out.raw(tag::KEY_MATERIAL, raw),
                }
            }
        }
    };
}

key_materials! {
    /// A symmetric key.
    Symmetric(SymmetricKeyMaterial) = TRANSPARENT_SYMMETRIC_KEY,
    /// A DSA private key.
    DsaPrivate(DsaPrivateKey) = TRANSPARENT_DSA_PRIVATE_KEY,
    /// A DSA public key.
    DsaPublic(DsaPublicKey) = TRANSPARENT_DSA_PUBLIC_KEY,
    /// An RSA private key.
    RsaPrivate(RsaPrivateKey) = TRANSPARENT_RSA_PRIVATE_KEY,
    /// An RSA public key.
    RsaPublic(RsaPublicKey) = TRANSPARENT_RSA_PUBLIC_KEY,
    /// A DH private key.
    DhPrivate(DhPrivateKey) = TRANSPARENT_DH_PRIVATE_KEY,
    /// A DH public key.
    DhPublic(DhPublicKey) = TRANSPARENT_DH_PUBLIC_KEY,
    /// A private key on an elliptic curve, in any of the four formats.
    EcPrivate(EcPrivateKey) = TRANSPARENT_EC_PRIVATE_KEY | TRANSPARENT_ECDSA_PRIVATE_KEY | TRANSPARENT_ECDH_PRIVATE_KEY
        | TRANSPARENT_ECMQV_PRIVATE_KEY,
    /// A public key on an elliptic curve, in any of the four formats.
    EcPublic(EcPublicKey) = TRANSPARENT_EC_PUBLIC_KEY | TRANSPARENT_ECDSA_PUBLIC_KEY | TRANSPARENT_ECDH_PUBLIC_KEY
        | TRANSPARENT_ECMQV_PUBLIC_KEY,
}

structures! {
    /// TransparentSymmetricKey.
    SymmetricKeyMaterial {
        key: Secret<Bytes> = at(KEY),
    }

    /// TransparentDSAPrivateKey.
    DsaPrivateKey {
        p: BigInteger = at(P),
        q: BigInteger = at(Q),
        g: BigInteger = at(G),
        x: BigInteger = at(X),
    }

    /// TransparentDSAPublicKey.
    DsaPublicKey {
        p: BigInteger = at(P),
        q: BigInteger = at(Q),
        g: BigInteger = at(G),
        y: BigInteger = at(Y),
    }

    /// TransparentRSAPrivateKey.
    RsaPrivateKey {
        modulus: BigInteger = at(MODULUS),
        private_exponent: Option<BigInteger> = at(PRIVATE_EXPONENT),
        public_exponent: Option<BigInteger> = at(PUBLIC_EXPONENT),
        p: Option<BigInteger> = at(P),
        q: Option<BigInteger> = at(Q),
        prime_exponent_p: Option<BigInteger> = at(PRIME_EXPONENT_P),
        prime_exponent_q: Option<BigInteger> = at(PRIME_EXPONENT_Q),
        crt_coefficient: Option<BigInteger> = at(CRT_COEFFICIENT),
    }

    /// TransparentRSAPublicKey.
    RsaPublicKey {
        modulus: BigInteger = at(MODULUS),
        public_exponent: BigInteger = at(PUBLIC_EXPONENT),
    }

    /// TransparentDHPrivateKey.
    DhPrivateKey {
        p: BigInteger = at(P),
        q: Option<BigInteger> = at(Q),
        g: BigInteger = at(G),
        j: Option<BigInteger> = at(J),
        x: BigInteger = at(X),
    }

    /// TransparentDHPublicKey.
    DhPublicKey {
        p: BigInteger = at(P),
        q: Option<BigInteger> = at(Q),
        g: BigInteger = at(G),
        j: Option<BigInteger> = at(J),
        y: BigInteger = at(Y),
    }

    /// TransparentECPrivateKey, and those of ECDSA, ECDH and ECMQV of 1.x.
    EcPrivateKey {
        recommended_curve: RecommendedCurve = at(RECOMMENDED_CURVE),
        d: BigInteger = at(D),
    }

    /// TransparentECPublicKey, and those of ECDSA, ECDH and ECMQV of 1.x.
    EcPublicKey {
        recommended_curve: RecommendedCurve = at(RECOMMENDED_CURVE),
        q_string: Bytes = at(Q_STRING),
    }

    /// How a key is wrapped.
    KeyWrappingData {
        wrapping_method: WrappingMethod = at(WRAPPING_METHOD),
        encryption_key_information: Option<KeyInformation> = at(ENCRYPTION_KEY_INFORMATION),
        mac_signature_key_information: Option<KeyInformation> = at(MAC_SIGNATURE_KEY_INFORMATION),
        mac_signature: Option<Bytes> = at(MAC_SIGNATURE),
        iv_counter_nonce: Option<Bytes> = at(IV_COUNTER_NONCE),
        encoding_option: Option<EncodingOption> = at(ENCODING_OPTION).since(ProtocolVersion::V1_1),
    }

    /// How a key is to be wrapped.
    KeyWrappingSpecification {
        wrapping_method: WrappingMethod = at(WRAPPING_METHOD),
        encryption_key_information: Option<KeyInformation> = at(ENCRYPTION_KEY_INFORMATION),
        mac_signature_key_information: Option<KeyInformation> = at(MAC_SIGNATURE_KEY_INFORMATION),
        /// By the names of 1.x in every version.
        attribute_name: Vec<Text> = at(ATTRIBUTE_NAME),
        encoding_option: Option<EncodingOption> = at(ENCODING_OPTION).since(ProtocolVersion::V1_1),
    }

    /// EncryptionKeyInformation and MACSignatureKeyInformation: a key and how it is used.
    #[derive(Clone, PartialEq, Eq)]
    KeyInformation {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        cryptographic_parameters: Option<CryptographicParameters> = at(CRYPTOGRAPHIC_PARAMETERS),
    }
}
