//! An encrypted data key: data-format/message-header.md, "Encrypted Data Key Entries".

use std::borrow::Cow;
use std::io::Read;

use super::read::Fields;
use crate::error::{EsdkFault, LimitFault, Result};

/// A data key as one wrapping key protects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedDataKey {
    /// Who protects it: `aws-kms`, or the namespace of a raw key.
    pub provider_id: String,
    /// Which key of the provider: an ARN, a name, and what else that provider needs.
    pub provider_info: Vec<u8>,
    /// The protected key.
    pub ciphertext: Vec<u8>,
}

impl EncryptedDataKey {
    /// The key's name for people: as far as the information of the provider is one. Nothing of it is authenticated.
    #[must_use]
    pub fn key_name(&self) -> Cow<'_, str> {
        let name = match self.raw_aes_name() {
            Some(name) => name,
            None => &self.provider_info,
        };
        match std::str::from_utf8(name) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(data_encoding::HEXLOWER.encode(name)),
        }
    }

    /// The name in front of what a raw AES keyring writes: the tag's length in bits, the IV's in bytes, the IV.
    pub(super) fn raw_aes_name(&self) -> Option<&[u8]> {
        let (name, tail) = self.provider_info.split_last_chunk::<20>()?;
        (tail.starts_with(&RAW_AES_LENGTHS) && self.provider_id != "aws-kms").then_some(name)
    }

    pub(super) fn read(fields: &mut Fields<'_, impl Read>) -> Result<Self> {
        let provider_id = String::from_utf8(fields.counted()?).map_err(|_| EsdkFault::ProviderId)?;
        Ok(Self {
            provider_id,
            provider_info: fields.counted()?,
            ciphertext: fields.counted()?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        for field in [self.provider_id.as_bytes(), &self.provider_info, &self.ciphertext] {
            let length = u16::try_from(field.len()).map_err(|_| LimitFault::WrappedKey)?;
            out.extend(length.to_be_bytes());
            out.extend_from_slice(field);
        }
        Ok(())
    }
}

/// A tag of 128 bits, an IV of 12 bytes: raw-aes-keyring.md, "Key provider information".
pub(super) const RAW_AES_LENGTHS: [u8; 8] = [0, 0, 0, 128, 0, 0, 0, 12];
