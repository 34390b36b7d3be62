//! Algorithms whose parameters are in their name.

use kms_core::{Kem, Posture};

use super::{Algorithm, Primitive};

/// The algorithm of this object identifier.
pub(crate) fn by_oid(oid: &str) -> Option<Algorithm> {
    REGISTRY
        .iter()
        .find(|entry| entry.oid == Some(oid))
        .map(Entry::algorithm)
}

/// The algorithm of this name.
pub(crate) fn by_name(name: &str) -> Option<Algorithm> {
    let entry = REGISTRY.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
    entry.map(Entry::algorithm)
}

/// A KEM of HPKE (RFC 9180 7.1, draft-ietf-hpke-pq).
pub(crate) fn hpke_kem(kem: Kem) -> Algorithm {
    let name = match kem {
        Kem::P256 => "DHKEM-P256",
        Kem::P384 => "DHKEM-P384",
        Kem::X25519 => "X25519",
        Kem::MlKem512 => "ML-KEM-512",
        Kem::MlKem768 => "ML-KEM-768",
        Kem::MlKem1024 => "ML-KEM-1024",
        Kem::MlKem768P256 => "MLKEM768-P256",
        Kem::MlKem1024P384 => "MLKEM1024-P384",
        Kem::XWing => "X-Wing",
        _ => "",
    };
    by_name(name).unwrap_or_else(|| Algorithm {
        primitive: Primitive::Kem,
        posture: Some(kem.posture()),
        ..Algorithm::unknown(kem.name())
    })
}

struct Entry {
    name: &'static str,
    oid: Option<&'static str>,
    primitive: Primitive,
    posture: Posture,
    bits: u16,
    level: u8,
}

impl Entry {
    fn algorithm(&self) -> Algorithm {
        Algorithm {
            name: self.name.to_owned(),
            primitive: self.primitive,
            oid: self.oid.map(str::to_owned),
            parameter: parameter(self.name),
            curve: None,
            posture: Some(self.posture),
            classical_bits: Some(self.bits),
            quantum_level: Some(self.level),
            weakness: None,
        }
    }
}

/// The part of a NIST name that picks a parameter set.
fn parameter(name: &str) -> Option<String> {
    let families = ["ML-KEM-", "ML-DSA-", "SLH-DSA-", "AES-"];
    let rest = families.iter().find_map(|family| name.strip_prefix(family))?;
    Some(rest.to_owned())
}

/// An entry: name, identifier, primitive, posture, classical bits, NIST category.
macro_rules! registry {
    ($($name:literal $(= $oid:literal)?, $primitive:ident, $posture:ident, $bits:literal, $level:literal;)+) => {
        &[$(Entry {
            name: $name,
            oid: registry!(@oid $($oid)?),
            primitive: Primitive::$primitive,
            posture: Posture::$posture,
            bits: $bits,
            level: $level,
        }),+]
    };
    (@oid) => { None };
    (@oid $oid:literal) => { Some($oid) };
}

const REGISTRY: &[Entry] = registry! {
    // RFC 8410
    "X25519" = "1.3.101.110", KeyAgree, Classical, 128, 0;
    "X448" = "1.3.101.111", KeyAgree, Classical, 224, 0;
    "Ed25519" = "1.3.101.112", Signature, Classical, 128, 0;
    "Ed448" = "1.3.101.113", Signature, Classical, 224, 0;
    "DHKEM-P256", Kem, Classical, 128, 0;
    "DHKEM-P384", Kem, Classical, 192, 0;
    // FIPS 203, RFC 9935
    "ML-KEM-512" = "2.16.840.1.101.3.4.4.1", Kem, PostQuantum, 128, 1;
    "ML-KEM-768" = "2.16.840.1.101.3.4.4.2", Kem, PostQuantum, 192, 3;
    "ML-KEM-1024" = "2.16.840.1.101.3.4.4.3", Kem, PostQuantum, 256, 5;
    // FIPS 204, RFC 9881
    "ML-DSA-44" = "2.16.840.1.101.3.4.3.17", Signature, PostQuantum, 128, 2;
    "ML-DSA-65" = "2.16.840.1.101.3.4.3.18", Signature, PostQuantum, 192, 3;
    "ML-DSA-87" = "2.16.840.1.101.3.4.3.19", Signature, PostQuantum, 256, 5;
    // FIPS 205, RFC 9909. Hash-based: no assumption beyond the hash, so nothing to hedge.
    "SLH-DSA-SHA2-128s" = "2.16.840.1.101.3.4.3.20", Signature, PostQuantum, 128, 1;
    "SLH-DSA-SHA2-128f" = "2.16.840.1.101.3.4.3.21", Signature, PostQuantum, 128, 1;
    "SLH-DSA-SHA2-192s" = "2.16.840.1.101.3.4.3.22", Signature, PostQuantum, 192, 3;
    "SLH-DSA-SHA2-192f" = "2.16.840.1.101.3.4.3.23", Signature, PostQuantum, 192, 3;
    "SLH-DSA-SHA2-256s" = "2.16.840.1.101.3.4.3.24", Signature, PostQuantum, 256, 5;
    "SLH-DSA-SHA2-256f" = "2.16.840.1.101.3.4.3.25", Signature, PostQuantum, 256, 5;
    "SLH-DSA-SHAKE-128s" = "2.16.840.1.101.3.4.3.26", Signature, PostQuantum, 128, 1;
    "SLH-DSA-SHAKE-128f" = "2.16.840.1.101.3.4.3.27", Signature, PostQuantum, 128, 1;
    "SLH-DSA-SHAKE-192s" = "2.16.840.1.101.3.4.3.28", Signature, PostQuantum, 192, 3;
    "SLH-DSA-SHAKE-192f" = "2.16.840.1.101.3.4.3.29", Signature, PostQuantum, 192, 3;
    "SLH-DSA-SHAKE-256s" = "2.16.840.1.101.3.4.3.30", Signature, PostQuantum, 256, 5;
    "SLH-DSA-SHAKE-256f" = "2.16.840.1.101.3.4.3.31", Signature, PostQuantum, 256, 5;
    // RFC 8708, RFC 9802
    "HSS-LMS" = "1.2.840.113549.1.9.16.3.17", Signature, PostQuantum, 256, 5;
    "XMSS" = "1.3.6.1.5.5.7.6.34", Signature, PostQuantum, 256, 5;
    "XMSS-MT" = "1.3.6.1.5.5.7.6.35", Signature, PostQuantum, 256, 5;
    // Hybrids
    "X-Wing" = "1.3.6.1.4.1.62253.25722", Combiner, Hedged, 192, 3;
    "MLDSA65-Ed25519", Signature, Hedged, 192, 3;
    "MLKEM768-P256", Combiner, Hedged, 192, 3;
    "MLKEM1024-P384", Combiner, Hedged, 256, 5;
    // SP 800-38D, 38F, RFC 8452, RFC 5297, RFC 8439
    "AES-128-GCM" = "2.16.840.1.101.3.4.1.6", Ae, Hedged, 128, 1;
    "AES-192-GCM" = "2.16.840.1.101.3.4.1.26", Ae, Hedged, 192, 3;
    "AES-256-GCM" = "2.16.840.1.101.3.4.1.46", Ae, Hedged, 256, 5;
    "AES-128-KW" = "2.16.840.1.101.3.4.1.5", Ae, Hedged, 128, 1;
    "AES-256-KW" = "2.16.840.1.101.3.4.1.45", Ae, Hedged, 256, 5;
    "AES-256-KWP" = "2.16.840.1.101.3.4.1.48", Ae, Hedged, 256, 5;
    "AES-256-GCM-SIV", Ae, Hedged, 256, 5;
    "AES-256-SIV", Ae, Hedged, 256, 5;
    "ChaCha20-Poly1305" = "1.2.840.113549.1.9.16.3.18", Ae, Hedged, 256, 5;
    "AES-128-CBC" = "2.16.840.1.101.3.4.1.2", BlockCipher, Hedged, 128, 1;
    "AES-192-CBC" = "2.16.840.1.101.3.4.1.22", BlockCipher, Hedged, 192, 3;
    "AES-256-CBC" = "2.16.840.1.101.3.4.1.42", BlockCipher, Hedged, 256, 5;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kem_and_signature_scheme_is_in_the_registry_with_its_posture() {
        use kms_core::crypto::signature::SignatureScheme;
        for kem in Kem::ALL {
            assert_eq!(hpke_kem(kem).posture, Some(kem.posture()), "{}", kem.name());
            assert!(hpke_kem(kem).quantum_level.is_some(), "{}", kem.name());
        }
        for scheme in SignatureScheme::ALL {
            assert_eq!(
                by_name(scheme.name()).unwrap().posture,
                Some(scheme.posture()),
                "{}",
                scheme.name()
            );
        }
    }

    #[test]
    fn no_name_and_no_identifier_stands_twice() {
        for (at, entry) in REGISTRY.iter().enumerate() {
            for other in &REGISTRY[at + 1..] {
                assert_ne!(entry.name, other.name);
                assert!(entry.oid.is_none() || entry.oid != other.oid, "{}", entry.name);
            }
        }
    }
}
