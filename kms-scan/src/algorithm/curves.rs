//! Elliptic curves.

use super::{Algorithm, Primitive};

/// The curve of this object identifier, as an algorithm for `primitive`.
pub(crate) fn curve_by_oid(oid: &str, primitive: Primitive) -> Algorithm {
    match CURVES.iter().find(|curve| curve.oid == oid) {
        Some(curve) => curve.algorithm(primitive),
        None => Algorithm {
            curve: Some(oid.to_owned()),
            primitive,
            ..Algorithm::unknown("EC (unnamed curve)")
        }
        .on_any_curve(),
    }
}

/// The curve of one of its names.
pub(crate) fn curve_by_name(name: &str, primitive: Primitive) -> Option<Algorithm> {
    let curve = CURVES.iter().find(|curve| curve.names.contains(&name))?;
    Some(curve.algorithm(primitive))
}

struct Curve {
    names: &'static [&'static str],
    oid: &'static str,
    /// Bits of the order.
    bits: u16,
}

impl Curve {
    fn algorithm(&self, primitive: Primitive) -> Algorithm {
        let family = match primitive {
            Primitive::Signature => "ECDSA",
            Primitive::KeyAgree => "ECDH",
            _ => "EC",
        };
        Algorithm {
            curve: Some(self.names[0].to_owned()),
            // The identifier of elliptic-curve keys; the curve is their parameter (RFC 5480 2.1.1).
            oid: Some("1.2.840.10045.2.1".to_owned()),
            ..Algorithm::classical(format!("{family}-{}", self.names[0]), primitive, self.bits / 2)
        }
    }
}

impl Algorithm {
    /// Of whatever curve: Shor's algorithm takes them all.
    fn on_any_curve(mut self) -> Self {
        self.posture = Some(kms_core::Posture::Classical);
        self.quantum_level = Some(0);
        self
    }
}

/// First the name that is shown, then what others call it (SEC 2, RFC 5656, RFC 7518).
const CURVES: &[Curve] = &[
    curve(
        &["P-256", "nistp256", "prime256v1", "secp256r1"],
        "1.2.840.10045.3.1.7",
        256,
    ),
    curve(&["P-384", "nistp384", "secp384r1"], "1.3.132.0.34", 384),
    curve(&["P-521", "nistp521", "secp521r1"], "1.3.132.0.35", 521),
    curve(&["P-224", "secp224r1"], "1.3.132.0.33", 224),
    curve(&["P-192", "prime192v1", "secp192r1"], "1.2.840.10045.3.1.1", 192),
    curve(&["secp256k1"], "1.3.132.0.10", 256),
    curve(&["secp160r1"], "1.3.132.0.8", 160),
    curve(&["brainpoolP256r1"], "1.3.36.3.3.2.8.1.1.7", 256),
    curve(&["brainpoolP320r1"], "1.3.36.3.3.2.8.1.1.9", 320),
    curve(&["brainpoolP384r1"], "1.3.36.3.3.2.8.1.1.11", 384),
    curve(&["brainpoolP512r1"], "1.3.36.3.3.2.8.1.1.13", 512),
    curve(&["SM2"], "1.2.156.10197.1.301", 256),
];

const fn curve(names: &'static [&'static str], oid: &'static str, bits: u16) -> Curve {
    Curve { names, oid, bits }
}
