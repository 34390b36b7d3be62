//! Keys as wrapping keys of AWS Encryption SDK messages: framework/aws-kms/aws-kms-mrk-keyring.md, without discovery.
//!
//! Such a message's data key is the key that its content key comes from, and AWS makes it or is shown it: other than
//! W, which opens nothing by itself. The encryption context goes to AWS whole and in clear, as the format wants it.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::esdk::{Context as Pairs, KmsKey, KmsUnwrapped, KmsWrapped};
use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{Context, Decrypt, Encrypt, GenerateDataKey};
use super::client::Done;
use super::kek::{CIPHERTEXT_LEN, material};
use super::nitro::AttestedSecret;
use super::provider::Service;
use super::settings::SecretSource;
use crate::cloud::{Blob, CallFault, ask};
use crate::uri::{AwsKey, KeyUri};

/// A symmetric key of AWS KMS, as messages use it.
pub(super) struct MessageKey {
    service: Arc<Service>,
    key: AwsKey,
    arn: String,
    uri: String,
}

impl MessageKey {
    pub(super) fn new(service: Arc<Service>, key: AwsKey) -> Self {
        Self {
            service,
            arn: key.arn(),
            uri: KeyUri::AwsKms(key.clone()).to_string(),
            key,
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        operation: KekOperation,
        question: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        ask(question).await.map_err(|fault| fault.of(&self.uri, operation))
    }
}

#[async_trait]
impl KmsKey for MessageKey {
    fn arn(&self) -> &str {
        &self.arn
    }

    async fn generate_data_key(&self, length: usize, context: &Pairs) -> Result<(KmsUnwrapped, KmsWrapped), KekError> {
        let (service, key, context) = (Arc::clone(&self.service), self.key.clone(), pairs(context));
        let made = async move {
            match service.settings.secret_source {
                SecretSource::Provider => generate_there(&service, &key, length, &context).await,
                SecretSource::Local => generate_here(&service, &key, length, &context).await,
            }
        };
        self.ask(KekOperation::Wrap, made).await
    }

    async fn encrypt(&self, data_key: &SecretBytes, context: &Pairs) -> Result<KmsWrapped, KekError> {
        let (service, key, context) = (Arc::clone(&self.service), self.key.clone(), pairs(context));
        let data_key = SecretBytes::copy_of(data_key.expose());
        let wrapped = async move { encrypt(&service, &key, &data_key, &context).await };
        self.ask(KekOperation::Wrap, wrapped).await
    }

    async fn decrypt(&self, ciphertext: &[u8], context: &Pairs) -> Result<KmsUnwrapped, KekError> {
        if !(1..=CIPHERTEXT_LEN).contains(&ciphertext.len()) {
            return Err(KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap));
        }
        let (service, key, context) = (Arc::clone(&self.service), self.key.clone(), pairs(context));
        let ciphertext = ciphertext.to_vec();
        let opened = async move { decrypt(&service, &key, &ciphertext, &context).await };
        self.ask(KekOperation::Unwrap, opened).await
    }
}

async fn generate_there(
    service: &Service,
    key: &AwsKey,
    length: usize,
    context: &Context,
) -> Result<(KmsUnwrapped, KmsWrapped), CallFault> {
    let attested = service.attested().await?;
    let number_of_bytes = u32::try_from(length).map_err(|_| KekFault::Unsupported)?;
    let request = |key_id| GenerateDataKey {
        key_id,
        number_of_bytes,
        encryption_context: context,
        grant_tokens: &service.settings.grant_tokens,
        recipient: attested.as_ref().map(AttestedSecret::recipient),
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    let enveloped = reply.ciphertext_for_recipient.map(|bytes| bytes.0);
    let data_key = material(reply.plaintext, enveloped, attested.as_ref(), whole);
    let plain = KmsUnwrapped {
        key_arn: reply.key_id.clone(),
        data_key: data_key.map_err(|kind| CallFault {
            kind,
            request_id: request_id.clone(),
        })?,
        request_id: request_id.clone(),
    };
    let wrapped = KmsWrapped {
        key_arn: reply.key_id,
        ciphertext: reply.ciphertext_blob.0,
        request_id,
    };
    Ok((plain, wrapped))
}

async fn generate_here(
    service: &Service,
    key: &AwsKey,
    length: usize,
    context: &Context,
) -> Result<(KmsUnwrapped, KmsWrapped), CallFault> {
    let drawn = SecretBytes::try_init_with(length, |place| service.backend.random.fill(place));
    let data_key = drawn.map_err(|_| KekFault::Random)?;
    let wrapped = encrypt(service, key, &data_key, context).await?;
    let plain = KmsUnwrapped {
        key_arn: wrapped.key_arn.clone(),
        data_key,
        request_id: wrapped.request_id.clone(),
    };
    Ok((plain, wrapped))
}

async fn encrypt(
    service: &Service,
    key: &AwsKey,
    data_key: &SecretBytes,
    context: &Context,
) -> Result<KmsWrapped, CallFault> {
    let request = |key_id| Encrypt {
        key_id,
        plaintext: Blob(data_key.expose()),
        encryption_context: context,
        grant_tokens: &service.settings.grant_tokens,
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    Ok(KmsWrapped {
        key_arn: reply.key_id,
        ciphertext: reply.ciphertext_blob.0,
        request_id,
    })
}

async fn decrypt(
    service: &Service,
    key: &AwsKey,
    ciphertext: &[u8],
    context: &Context,
) -> Result<KmsUnwrapped, CallFault> {
    let attested = service.attested().await?;
    let request = |key_id| Decrypt {
        key_id,
        ciphertext_blob: Blob(ciphertext),
        encryption_context: Some(context),
        encryption_algorithm: None,
        grant_tokens: &service.settings.grant_tokens,
        recipient: attested.as_ref().map(AttestedSecret::recipient),
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    let enveloped = reply.ciphertext_for_recipient.map(|bytes| bytes.0);
    let data_key = material(reply.plaintext, enveloped, attested.as_ref(), whole);
    Ok(KmsUnwrapped {
        key_arn: reply.key_id,
        data_key: data_key.map_err(|kind| CallFault {
            kind,
            request_id: request_id.clone(),
        })?,
        request_id,
    })
}

/// The data key of a reply. How long it has to be is the message's to say.
fn whole(bytes: &[u8]) -> Result<SecretBytes, KekFault> {
    Ok(SecretBytes::copy_of(bytes))
}

fn pairs(context: &Pairs) -> Context {
    let pairs = context.pairs();
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
