//! Signature algorithms of certificates: those whose strength is that of a key named elsewhere, so that only the hash
//! is to be judged here.

use kms_core::Posture;

use super::{Algorithm, Primitive, Weakness, by_oid};

/// The signature algorithm of this object identifier.
pub(crate) fn signature(oid: &str) -> Algorithm {
    if let Some(known) = by_oid(oid) {
        return known;
    }
    let Some((_, name, weakness)) = SIGNATURES.iter().find(|(known, ..)| *known == oid) else {
        return Algorithm {
            primitive: Primitive::Signature,
            ..Algorithm::unknown_oid(oid)
        };
    };
    Algorithm {
        primitive: Primitive::Signature,
        posture: Some(Posture::Classical),
        quantum_level: Some(0),
        weakness: *weakness,
        ..Algorithm::unknown(*name)
    }
    .with_oid(oid)
}

/// RFC 3279, RFC 4055, RFC 5758, NIST CSOR.
const SIGNATURES: &[(&str, &str, Option<Weakness>)] = &[
    ("1.2.840.113549.1.1.2", "RSA-MD2", Some(Weakness::Md5)),
    ("1.2.840.113549.1.1.3", "RSA-MD4", Some(Weakness::Md5)),
    ("1.2.840.113549.1.1.4", "RSA-MD5", Some(Weakness::Md5)),
    ("1.2.840.113549.1.1.5", "RSA-SHA1", Some(Weakness::Sha1)),
    ("1.3.14.3.2.29", "RSA-SHA1", Some(Weakness::Sha1)),
    ("1.2.840.113549.1.1.14", "RSA-SHA224", None),
    ("1.2.840.113549.1.1.11", "RSA-SHA256", None),
    ("1.2.840.113549.1.1.12", "RSA-SHA384", None),
    ("1.2.840.113549.1.1.13", "RSA-SHA512", None),
    ("1.2.840.113549.1.1.10", "RSA-PSS", None),
    ("2.16.840.1.101.3.4.3.13", "RSA-SHA3-224", None),
    ("2.16.840.1.101.3.4.3.14", "RSA-SHA3-256", None),
    ("2.16.840.1.101.3.4.3.15", "RSA-SHA3-384", None),
    ("2.16.840.1.101.3.4.3.16", "RSA-SHA3-512", None),
    ("1.2.840.10040.4.3", "DSA-SHA1", Some(Weakness::Sha1)),
    ("2.16.840.1.101.3.4.3.1", "DSA-SHA224", Some(Weakness::Dsa)),
    ("2.16.840.1.101.3.4.3.2", "DSA-SHA256", Some(Weakness::Dsa)),
    ("1.2.840.10045.4.1", "ECDSA-SHA1", Some(Weakness::Sha1)),
    ("1.2.840.10045.4.3.1", "ECDSA-SHA224", None),
    ("1.2.840.10045.4.3.2", "ECDSA-SHA256", None),
    ("1.2.840.10045.4.3.3", "ECDSA-SHA384", None),
    ("1.2.840.10045.4.3.4", "ECDSA-SHA512", None),
    ("1.2.156.10197.1.501", "SM2-SM3", None),
];
