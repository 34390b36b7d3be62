//! Bodies of OAuth requests, wiped.

use zeroize::Zeroizing;

use crate::gcp::names::encoded;

/// `name=value&…` (RFC 6749 appendix B).
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let most: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len() * 3 + 2)
        .sum();
    let mut body = Zeroizing::new(Vec::with_capacity(most));
    for (name, value) in fields {
        if !body.is_empty() {
            body.push(b'&');
        }
        let value = Zeroizing::new(encoded(value));
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        body.extend_from_slice(value.as_bytes());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded_and_nothing_grows() {
        let body = form(&[("grant_type", "urn:a:b"), ("assertion", "x.y=&")]);
        assert_eq!(body.as_slice(), b"grant_type=urn%3Aa%3Ab&assertion=x.y%3D%26");
    }
}
