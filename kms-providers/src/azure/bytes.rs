//! base64url without padding (RFC 4648 5), as Azure's JSON has all bytes.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// Bytes to send.
#[derive(Clone, Copy)]
pub(super) struct Url<'a>(pub(super) &'a [u8]);

impl Serialize for Url<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&BASE64URL_NOPAD.encode_display(self.0))
    }
}

/// Bytes of a reply, wiped when dropped. The reply's own bytes are wiped with it.
pub(super) struct UrlBytes(pub(super) Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for UrlBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = UrlBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64url")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<UrlBytes, E> {
                // Whole length in advance: a vector that grows leaves its old bytes behind.
                let length = BASE64URL_NOPAD.decode_len(text.len());
                let mut bytes = Zeroizing::new(vec![0; length.map_err(|_| E::custom("no base64url"))?]);
                let decoded = BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut bytes);
                decoded.map_err(|_| E::custom("no base64url"))?;
                Ok(UrlBytes(bytes))
            }

            fn visit_string<E: Error>(self, mut text: String) -> Result<UrlBytes, E> {
                let decoded = self.visit_str(&text);
                text.zeroize();
                decoded
            }
        }

        deserializer.deserialize_str(Text)
    }
}
