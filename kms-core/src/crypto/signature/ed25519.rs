//! Ed25519 (RFC 8032), strict.

pub(super) const PUBLIC_LEN: usize = 32;
pub(super) const SIGNATURE_LEN: usize = 64;

/// What a backend brings.
pub(in crate::crypto) trait Ed25519: Send + Sync {
    /// The private key of a seed.
    fn private(&self, seed: &[u8; 32]) -> Box<dyn Ed25519Private>;
    /// Whether the public key may be a point of the curve. A backend that cannot tell says yes: verification then
    /// fails.
    fn is_public(&self, public: &[u8; PUBLIC_LEN]) -> bool;
    /// Cofactorless verification with `S` below the order (RFC 8032 5.1.7).
    fn verify(&self, public: &[u8; PUBLIC_LEN], message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool;
}

/// A private key. Wiped when dropped.
pub(in crate::crypto) trait Ed25519Private: Send + Sync {
    fn public(&self) -> &[u8];
    fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN];
}

/// What is signed when Ed25519 stands alone: RFC 8032's pure Ed25519 has no context of its own.
pub(super) fn bound(context: &[u8], message: &[u8]) -> Vec<u8> {
    let length = u8::try_from(context.len()).expect("the context's length was checked");
    [DOMAIN, &[0, length], context, message].concat()
}

const DOMAIN: &[u8] = b"keystrand/signature/1/ed25519";

/// Verifies, where public key and `R` were not made to verify more than one message.
pub(super) fn verify_strict(
    ed25519: &dyn Ed25519,
    public: &[u8; PUBLIC_LEN],
    message: &[u8],
    signature: &[u8; SIGNATURE_LEN],
) -> bool {
    let r = signature.first_chunk().expect("R is the first 32 of 64 bytes");
    is_sound(public) && is_sound(r) && ed25519.verify(public, message, signature)
}

/// Whether an encoded point is canonical and not of low order.
pub(super) fn is_sound(point: &[u8; 32]) -> bool {
    let mut y = *point;
    y[31] &= 0x7f;
    let below_p = y.iter().rev().cmp(P.iter().rev()).is_lt();
    below_p && !LOW_ORDER.contains(&y)
}

/// 2^255 - 19.
const P: [u8; 32] = edge(0xed);

/// The y coordinates of order 1, 2, 4 and 8.
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    edge(0xec),
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
];

const fn edge(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (first, 0x7f);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_of_low_order_are_all_of_them() {
        for y in LOW_ORDER {
            let key = ed25519_dalek_3::VerifyingKey::from_bytes(&y).unwrap();
            assert!(key.is_weak());
            assert!(!is_sound(&y));
            let mut negative = y;
            negative[31] |= 0x80;
            assert!(!is_sound(&negative));
        }
        // 8 points of low order: two with x = 0, three pairs of opposite points.
        let distinct = LOW_ORDER.len() * 2 - 2;
        assert_eq!(distinct, 8);
        assert!(!is_sound(&P) && !is_sound(&edge(0xff)));
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(is_sound(&base));
    }
}
