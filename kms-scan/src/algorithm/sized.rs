//! Algorithms whose strength follows from a size.

use super::{Algorithm, Primitive, Weakness};

/// RSA with a modulus of `bits`: encryption, signatures or both.
pub(crate) fn rsa(bits: usize) -> Algorithm {
    sized("RSA", Primitive::Pke, bits, "1.2.840.113549.1.1.1")
}

/// RSA-OAEP with a modulus of `bits`.
pub(crate) fn rsa_oaep(bits: usize) -> Algorithm {
    sized("RSA-OAEP", Primitive::Pke, bits, "1.2.840.113549.1.1.7")
}

/// DSA with a prime of `bits`.
pub(crate) fn dsa(bits: usize) -> Algorithm {
    sized("DSA", Primitive::Signature, bits, "1.2.840.10040.4.1").weak(Weakness::Dsa)
}

/// Diffie-Hellman with a prime of `bits`.
pub(crate) fn diffie_hellman(bits: usize, oid: &str) -> Algorithm {
    sized("DH", Primitive::KeyAgree, bits, oid)
}

fn sized(name: &str, primitive: Primitive, bits: usize, oid: &str) -> Algorithm {
    Algorithm {
        parameter: Some(bits.to_string()),
        ..Algorithm::classical(format!("{name}-{bits}"), primitive, strength(bits))
    }
    .with_oid(oid)
}

/// SP 800-57 part 1 rev. 5, table 2; below 2048 bits by its formula for finite fields.
fn strength(bits: usize) -> u16 {
    match bits {
        15_360.. => 256,
        7_680.. => 192,
        4_096.. => 152,
        3_072.. => 128,
        2_048.. => 112,
        1_024.. => 80,
        _ => 56,
    }
}
