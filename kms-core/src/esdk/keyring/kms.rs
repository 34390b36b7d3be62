//! Keys of AWS KMS, or of anything that works as it does: framework/aws-kms/aws-kms-mrk-keyring.md. Only keys that are
//! configured are asked: there is no discovery, which would let a message choose whom to ask.

use async_trait::async_trait;

use super::{Generated, Keyring, Materials, Unwrapped, Wrapped};
use crate::error::{KekError, KekFault, KekOperation};
use crate::esdk::context::Context;
use crate::esdk::edk::EncryptedDataKey;
use crate::memory::SecretBytes;

/// One symmetric key of a service that takes the pairs of an encryption context: `GenerateDataKey`, `Encrypt` and
/// `Decrypt` of AWS KMS.
#[async_trait]
pub trait KmsKey: Send + Sync {
    /// The key's ARN as configured.
    fn arn(&self) -> &str;

    /// A fresh data key of `length` bytes, and its ciphertext.
    ///
    /// # Errors
    /// [`KekError`]; nothing was made.
    async fn generate_data_key(&self, length: usize, context: &Context)
    -> Result<(KmsUnwrapped, KmsWrapped), KekError>;

    /// The ciphertext of a data key.
    ///
    /// # Errors
    /// [`KekError`].
    async fn encrypt(&self, data_key: &SecretBytes, context: &Context) -> Result<KmsWrapped, KekError>;

    /// The data key of a ciphertext that this key, or its replica in another region, made.
    ///
    /// # Errors
    /// [`KekError`].
    async fn decrypt(&self, ciphertext: &[u8], context: &Context) -> Result<KmsUnwrapped, KekError>;
}

/// What the service answers to `Encrypt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsWrapped {
    /// The ARN of the key that was used.
    pub key_arn: String,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
    /// The service's own request id.
    pub request_id: Option<String>,
}

/// What the service answers to `Decrypt`.
pub struct KmsUnwrapped {
    /// The ARN of the key that was used.
    pub key_arn: String,
    /// The data key.
    pub data_key: SecretBytes,
    /// The service's own request id.
    pub request_id: Option<String>,
}

/// A KMS key as a wrapping key of messages. A multi-region key opens what its replicas in other regions made.
pub struct KmsKeyring<K> {
    key: K,
    uri: String,
}

impl<K: KmsKey> KmsKeyring<K> {
    /// The wrapping key that `key` is.
    pub fn new(key: K) -> Self {
        let uri = format!("aws-kms://{}", key.arn());
        Self { key, uri }
    }

    /// The service must have used the key that it was asked to, or a replica of it where that stood in.
    fn wrapped(&self, answer: KmsWrapped) -> Result<Wrapped, KekError> {
        self.check(&answer.key_arn, KekOperation::Wrap)?;
        Ok(Wrapped {
            data_key: EncryptedDataKey {
                provider_id: PROVIDER.to_owned(),
                provider_info: answer.key_arn.into_bytes(),
                ciphertext: answer.ciphertext,
            },
            request_id: answer.request_id,
        })
    }

    fn check(&self, used: &str, operation: KekOperation) -> Result<(), KekError> {
        if is_same_key(used, self.key.arn()) {
            Ok(())
        } else {
            Err(KekError::new(&self.uri, operation, KekFault::BadReply))
        }
    }
}

#[async_trait]
impl<K: KmsKey> Keyring for KmsKeyring<K> {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn matches(&self, data_key: &EncryptedDataKey) -> bool {
        let named = std::str::from_utf8(&data_key.provider_info);
        data_key.provider_id == PROVIDER && named.is_ok_and(|named| is_same_key(named, self.key.arn()))
    }

    async fn generate(&self, materials: &Materials<'_>) -> Result<Option<Generated>, KekError> {
        let length = materials.suite.key_len();
        let (plain, wrapped) = self.key.generate_data_key(length, materials.context).await?;
        if plain.data_key.len() != length {
            return Err(KekError::new(&self.uri, KekOperation::Wrap, KekFault::BadReply));
        }
        Ok(Some(Generated {
            data_key: plain.data_key,
            wrapped: self.wrapped(wrapped)?,
        }))
    }

    async fn wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, KekError> {
        let answer = self.key.encrypt(data_key, materials.context).await?;
        self.wrapped(answer)
    }

    async fn unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<Unwrapped, KekError> {
        let answer = self.key.decrypt(&data_key.ciphertext, materials.context).await?;
        self.check(&answer.key_arn, KekOperation::Unwrap)?;
        Ok(Unwrapped {
            data_key: answer.data_key,
            request_id: answer.request_id,
        })
    }
}

/// Whether both ARNs name one key: aws-kms-mrk-match-for-decrypt.md.
fn is_same_key(one: &str, other: &str) -> bool {
    one == other
        || matches!(
            (multi_region(one), multi_region(other)),
            (Some(one), Some(other)) if one == other
        )
}

/// The parts of a multi-region key's ARN that its replicas share: all but the region.
fn multi_region(arn: &str) -> Option<[&str; 4]> {
    let parts: Vec<_> = arn.split(':').collect();
    match parts[..] {
        ["arn", partition, "kms", _, account, resource] if resource.starts_with("key/mrk-") => {
            Some([partition, "kms", account, resource])
        }
        _ => None,
    }
}

const PROVIDER: &str = "aws-kms";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_one_key_and_nothing_else_is() {
        let at = |region: &str, key: &str| format!("arn:aws:kms:{region}:111122223333:key/{key}");
        assert!(is_same_key(&at("eu-west-1", "mrk-1"), &at("us-east-1", "mrk-1")));
        assert!(is_same_key(&at("eu-west-1", "1"), &at("eu-west-1", "1")));
        for other in [
            at("us-east-1", "mrk-2"),
            at("us-east-1", "1"),
            "arn:aws-cn:kms:us-east-1:111122223333:key/mrk-1".to_owned(),
            "arn:aws:kms:us-east-1:444455556666:key/mrk-1".to_owned(),
            "arn:aws:kms:us-east-1:111122223333:alias/mrk-1".to_owned(),
        ] {
            assert!(!is_same_key(&at("eu-west-1", "mrk-1"), &other), "{other}");
        }
        assert!(!is_same_key(&at("eu-west-1", "1"), &at("us-east-1", "1")));
    }
}
