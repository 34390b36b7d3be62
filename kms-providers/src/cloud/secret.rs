//! Secrets in replies.

use std::fmt;

use data_encoding::BASE64;
use kms_core::KekFault;
use kms_core::memory::Secret;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize, Zeroizing};

/// The secret of an envelope, of the one length that it has.
pub(crate) fn sized(bytes: &[u8]) -> Result<Secret<32>, KekFault> {
    if bytes.len() != 32 {
        return Err(KekFault::BadReply);
    }
    Ok(Secret::init_with(|place| place.copy_from_slice(bytes)))
}

/// Bytes that a JSON reply has in base64 (RFC 4648 4), wiped when dropped. The reply's own bytes are wiped with it.
pub(crate) struct Base64Secret(Zeroizing<Vec<u8>>);

impl Base64Secret {
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Base64Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Base64Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Base64Secret, E> {
                // Whole length in advance: a vector that grows leaves its old bytes behind.
                let length = BASE64.decode_len(text.len()).map_err(|_| E::custom("no base64"))?;
                let mut bytes = Zeroizing::new(vec![0; length]);
                let decoded = BASE64.decode_mut(text.as_bytes(), &mut bytes);
                let length = decoded.map_err(|_| E::custom("no base64"))?;
                bytes.truncate(length);
                Ok(Base64Secret(bytes))
            }

            fn visit_string<E: Error>(self, mut text: String) -> Result<Base64Secret, E> {
                let decoded = self.visit_str(&text);
                text.zeroize();
                decoded
            }
        }

        deserializer.deserialize_str(Text)
    }
}
