//! JSON bodies with secrets in them.

use data_encoding::BASE64;
use kms_core::KekFault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Base64Secret, CallFault};

/// Bytes in base64.
#[derive(Clone, Copy)]
pub(crate) struct Blob<'a>(pub(crate) &'a [u8]);

impl Serialize for Blob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&BASE64.encode_display(self.0))
    }
}

/// Bytes of a reply that are no secret.
#[derive(Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = Base64Secret::deserialize(deserializer)?;
        Ok(Self(secret.expose().to_vec()))
    }
}

/// Serialized twice: once to know the length, once into a place that does not grow, so that no copy of a secret is
/// left behind.
pub(crate) fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, CallFault> {
    let ours = |_| CallFault::new(KekFault::Unsupported);
    let mut counted = Count(0);
    serde_json::to_writer(&mut counted, body).map_err(ours)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(counted.0));
    serde_json::to_writer(&mut *bytes, body).map_err(ours)?;
    Ok(bytes)
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
