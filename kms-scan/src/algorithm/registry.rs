//! Algorithms whose parameters are in their name.

use kms_core::Posture;

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

/// The KEM of this HPKE code point (RFC 9180 7.1, draft-ietf-hpke-pq).
pub(crate) fn hpke_kem(id: u16) -> Algorithm {
    let name = match id {
        0x0010 => "DHKEM-P256",
        0x0011 => "DHKEM-P384",
        0x0012 => "DHKEM-P521",
        0x0020 => "X25519",
        0x0021 => "X448",
        0x0040 => "ML-KEM-512",
        0x0041 => "ML-KEM-768",
        0x0042 => "ML-KEM-1024",
        0x0050 => "MLKEM768-P256",
        0x0051 => "MLKEM1024-P384",
        0x647a => "X-Wing",
        _ => return Algorithm::unknown(format!("HPKE KEM {id:#06x}")),
    };
    by_name(name).expect("every name above is in the registry")
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
    "DHKEM-P521", Kem, Classical, 256, 0;
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
    fn every_hpke_kem_is_in_the_registry_with_the_posture_that_envelopes_have() {
        use kms_core::{Kem, Level, RecipientId, Scheme, Single, WrapParams, WrappedKey};
        for kem in Kem::ALL {
            let recipient = Single {
                scheme: Scheme::Hpke,
                id: RecipientId::Hint([0; 8]),
                wrapped: WrappedKey {
                    version: None,
                    w: Vec::new(),
                    params: WrapParams::Hpke { kem },
                },
                sealed: [0; 48],
                level: Level::Message,
            };
            assert_eq!(
                hpke_kem(kem.wire()).posture,
                Some(recipient.posture()),
                "{}",
                kem.name()
            );
        }
        assert_eq!(hpke_kem(0xffff).posture, None);
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
