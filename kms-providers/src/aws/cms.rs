//! The envelope of replies that only a recipient may read: CMS EnvelopedData (RFC 5652 6) with one RSA-OAEP recipient
//! (RFC 3560) and AES-256-CBC content (RFC 3565), in BER, because AWS sends indefinite lengths.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey};
use zeroize::Zeroizing;

/// It is no such envelope, or not for this key. Nothing more is told: it comes over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotForUs;

/// Decrypts the content of an EnvelopedData.
pub(super) fn open(message: &[u8], key: &OaepPrivateDecryptingKey) -> Result<Zeroizing<Vec<u8>>, NotForUs> {
    let enveloped = parse(message).ok_or(NotForUs)?;
    let mut content_key = Zeroizing::new(vec![0; key.min_output_size()]);
    let content_key = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, enveloped.encrypted_key, &mut content_key, None)
        .map_err(|_| NotForUs)?;
    let content_key = UnboundCipherKey::new(&AES_256, content_key).map_err(|_| NotForUs)?;
    let content_key = PaddedBlockDecryptingKey::cbc_pkcs7(content_key).map_err(|_| NotForUs)?;
    let iv: [u8; 16] = enveloped.iv.try_into().map_err(|_| NotForUs)?;
    let mut content = Zeroizing::new(enveloped.content);
    let plaintext = content_key.decrypt(&mut content, DecryptionContext::Iv128(iv.into()));
    let length = plaintext.map_err(|_| NotForUs)?.len();
    content.truncate(length);
    Ok(content)
}

struct Enveloped<'a> {
    encrypted_key: &'a [u8],
    iv: &'a [u8],
    content: Vec<u8>,
}

/// ContentInfo, EnvelopedData, one KeyTransRecipientInfo, EncryptedContentInfo.
fn parse(message: &[u8]) -> Option<Enveloped<'_>> {
    let mut outer = Ber(message);
    let mut info = outer.constructed(SEQUENCE)?;
    (info.primitive(OID)? == ENVELOPED_DATA).then_some(())?;
    let mut data = info.constructed(CONTEXT_0)?.constructed(SEQUENCE)?;
    data.primitive(INTEGER)?;
    let mut recipients = data.constructed(SET)?;
    let mut recipient = recipients.constructed(SEQUENCE)?;
    recipients.is_at_end().then_some(())?;
    recipient.primitive(INTEGER)?;
    // Who the recipient is: there is only one, and the key decides.
    recipient.any()?;
    let mut algorithm = recipient.constructed(SEQUENCE)?;
    (algorithm.primitive(OID)? == RSAES_OAEP).then_some(())?;
    let encrypted_key = recipient.primitive(OCTETS)?;
    let mut content = data.constructed(SEQUENCE)?;
    (content.primitive(OID)? == DATA).then_some(())?;
    let mut algorithm = content.constructed(SEQUENCE)?;
    (algorithm.primitive(OID)? == AES_256_CBC).then_some(())?;
    let iv = algorithm.primitive(OCTETS)?;
    Some(Enveloped {
        encrypted_key,
        iv,
        content: content.octets_in_parts()?,
    })
}

/// BER (X.690) from its start: enough of it to find one's way.
#[derive(Clone, Copy)]
struct Ber<'a>(&'a [u8]);

impl<'a> Ber<'a> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty() || self.0.starts_with(&END)
    }

    fn primitive(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.element(0)?;
        (found == tag).then_some(content)
    }

    fn constructed(&mut self, tag: u8) -> Option<Self> {
        self.primitive(tag | CONSTRUCTED).map(Self)
    }

    fn any(&mut self) -> Option<()> {
        self.element(0).map(drop)
    }

    /// `[0] IMPLICIT OCTET STRING`: whole, or in parts.
    fn octets_in_parts(&mut self) -> Option<Vec<u8>> {
        let (tag, content) = self.element(0)?;
        match tag {
            CONTEXT_0 => Some(content.to_vec()),
            _ if tag == CONTEXT_0 | CONSTRUCTED => {
                let (mut parts, mut whole) = (Self(content), Vec::new());
                while !parts.is_at_end() {
                    whole.extend_from_slice(parts.primitive(OCTETS)?);
                }
                Some(whole)
            }
            _ => None,
        }
    }

    /// Takes one element: its tag and content.
    fn element(&mut self, depth: u8) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes are not used here.
        (tag & 0x1f != 0x1f).then_some(())?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0x80 => return self.indefinite(tag, rest, depth),
            0..=0x7f => (usize::from(first), rest),
            _ => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.len() <= 4).then_some(())?;
                let length = bytes.iter().fold(0_u32, |length, &byte| length << 8 | u32::from(byte));
                (usize::try_from(length).ok()?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Content up to its end marker, which belongs to this element and not to one inside.
    fn indefinite(&mut self, tag: u8, content: &'a [u8], depth: u8) -> Option<(u8, &'a [u8])> {
        (tag & CONSTRUCTED != 0 && depth < DEPTH).then_some(())?;
        let mut inner = Self(content);
        while !inner.0.starts_with(&END) {
            inner.element(depth + 1)?;
        }
        let length = content.len() - inner.0.len();
        self.0 = &inner.0[END.len()..];
        Some((tag, &content[..length]))
    }
}

const SEQUENCE: u8 = 0x10;
const SET: u8 = 0x11;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const CONTEXT_0: u8 = 0x80;
const CONSTRUCTED: u8 = 0x20;
const END: [u8; 2] = [0, 0];
const DEPTH: u8 = 16;

const DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENVELOPED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
const RSAES_OAEP: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07];
const AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_are_the_same_content() {
        let definite = [0x30, 5, 0x04, 3, 1, 2, 3];
        let indefinite = [0x30, 0x80, 0x04, 3, 1, 2, 3, 0, 0];
        for encoded in [&definite[..], &indefinite] {
            let mut outer = Ber(encoded);
            let mut inner = outer.constructed(SEQUENCE).unwrap();
            assert_eq!(inner.primitive(OCTETS), Some(&[1, 2, 3][..]));
            assert!(inner.is_at_end() && outer.is_at_end());
        }
        let parts = [0xa0, 0x80, 0x04, 1, 1, 0x04, 2, 2, 3, 0, 0];
        assert_eq!(Ber(&parts).octets_in_parts(), Some(vec![1, 2, 3]));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = [0x30, 0x80].repeat(100_000);
        assert!(Ber(&deep).any().is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
