//! RSA keys in PKCS#8 as JWK (RFC 5958, RFC 8017 A.1.2, RFC 7518 6.3).

use kms_core::memory::SecretBytes;

use super::api::RsaParts;
use super::bytes::Url;

/// The parts of an RSA private key, from the modulus to the coefficient.
pub(super) struct RsaKey([SecretBytes; 8]);

impl RsaKey {
    /// `None` for what is no RSA key of two primes in DER, and for lengths that Azure does not have.
    pub(super) fn parse(pkcs8: &[u8]) -> Option<Self> {
        let (outer, rest) = value(pkcs8, SEQUENCE)?;
        let (version, outer) = value(outer, INTEGER)?;
        let (algorithm, outer) = value(outer, SEQUENCE)?;
        let (oid, _) = value(algorithm, OBJECT_ID)?;
        let (key, _) = value(outer, OCTET_STRING)?;
        let (mut key, after) = value(key, SEQUENCE)?;
        if !rest.is_empty() || !after.is_empty() || version != [0] || oid != RSA_ENCRYPTION {
            return None;
        }
        let two_primes = integer(&mut key)?;
        let parts: Vec<_> = (0..8)
            .map_while(|_| integer(&mut key))
            .map(SecretBytes::copy_of)
            .collect();
        let parts: [SecretBytes; 8] = parts.try_into().ok()?;
        let is_of_azure = matches!(parts[0].len(), 256 | 384 | 512);
        (two_primes.is_empty() && key.is_empty() && is_of_azure).then_some(Self(parts))
    }

    pub(super) fn parts(&self) -> RsaParts<'_> {
        let [n, e, d, p, q, dp, dq, qi] = self.0.each_ref().map(|part| Url(part.expose()));
        RsaParts {
            n,
            e,
            d,
            p,
            q,
            dp,
            dq,
            qi,
        }
    }
}

/// An INTEGER that is not negative, without the zero that says so.
fn integer<'a>(der: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (number, rest) = value(der, INTEGER)?;
    *der = rest;
    match number {
        [0] => Some(&[]),
        [0, magnitude @ ..] => Some(magnitude),
        [first, ..] if *first < 0x80 => Some(number),
        _ => None,
    }
}

/// The value of the element with this tag, and what follows (X.690 8.1).
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RsaPublicKeyComponents};

    use super::*;

    fn pkcs8() -> Vec<u8> {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec()
    }

    #[test]
    fn a_key_is_taken_apart() {
        let der = pkcs8();
        let key = RsaKey::parse(&der).unwrap();
        let pair = KeyPair::from_pkcs8(&der).unwrap();
        let (n, e) = (key.0[0].expose(), key.0[1].expose());
        let public: PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }.as_der().unwrap();
        let expected: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(public.as_ref(), expected.as_ref());
        assert!(key.0[2..].iter().all(|part| !part.is_empty()));
    }

    #[test]
    fn what_is_no_such_key_is_refused() {
        let der = pkcs8();
        for cut in [0, 1, 5, 30, der.len() - 1] {
            assert!(RsaKey::parse(&der[..cut]).is_none(), "{cut}");
        }
        assert!(RsaKey::parse(&[der.as_slice(), b"x"].concat()).is_none());
        // A length that leads past the end.
        let mut long = der.clone();
        long[2] = 0xff;
        assert!(RsaKey::parse(&long).is_none());
    }
}
