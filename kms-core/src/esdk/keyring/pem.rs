//! Keys in PEM (RFC 7468) or DER.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::error::{CallerFault, Result};

/// The DER of a private key: PKCS#8, or SEC 1 of a curve's key.
pub(super) fn private(key: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let labels = ["PRIVATE KEY", "EC PRIVATE KEY"];
    decode(key, &labels).map(|der| Zeroizing::new(der.into_owned()))
}

/// The DER of a public key: `SubjectPublicKeyInfo`.
pub(super) fn public(key: &[u8]) -> Result<Cow<'_, [u8]>> {
    decode(key, &["PUBLIC KEY"])
}

fn decode<'k>(key: &'k [u8], labels: &[&str]) -> Result<Cow<'k, [u8]>> {
    if !key.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Ok(Cow::Borrowed(key));
    }
    match pem_rfc7468::decode_vec(key.trim_ascii()) {
        Ok((label, der)) if labels.contains(&label) => Ok(Cow::Owned(der)),
        Ok((_, der)) => {
            // It may be a key all the same, of a kind that is not taken.
            drop(Zeroizing::new(der));
            Err(CallerFault::EsdkKey.into())
        }
        Err(_) => Err(CallerFault::EsdkKey.into()),
    }
}
