//! Keys as KEKs.

use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrapMechanism,
    WrapParams, WrappedKey,
};

use super::api::{Context, Decrypt, Encrypt, GenerateDataKey, ReEncrypt};
use super::client::Done;
use super::nitro::AttestedSecret;
use super::provider::Service;
use super::rsa;
use super::settings::SecretSource;
use crate::cloud::{Base64Secret, Blob, CallFault, ask, sized};
use crate::uri::{AwsKey, KeyUri};

/// A key of AWS KMS.
pub(super) struct AwsKek {
    service: Arc<Service>,
    key: AwsKey,
    uri: String,
    is_rsa: bool,
}

impl AwsKek {
    pub(super) fn new(service: Arc<Service>, key: AwsKey) -> Self {
        Self {
            is_rsa: service.is_rsa(&key),
            uri: KeyUri::AwsKms(key.clone()).to_string(),
            service,
            key,
        }
    }

    /// Asks, by the service's own threads.
    async fn ask<T: Send + 'static>(
        &self,
        operation: KekOperation,
        question: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        ask(question).await.map_err(|fault| fault.of(&self.uri, operation))
    }
}

#[async_trait]
impl Kek for AwsKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        if self.is_rsa { Scheme::Wrap } else { Scheme::WrapBound }
    }

    fn posture(&self) -> Posture {
        match self.is_rsa {
            true => Posture::Classical,
            false => self.service.carried(&self.key, Posture::Hedged),
        }
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        if !self.is_rsa && !self.service.is_met(&self.key) {
            self.describe().await?;
        }
        Ok(self.posture())
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let (service, key) = (Arc::clone(&self.service), self.key.clone());
        if self.is_rsa {
            return self
                .ask(KekOperation::Wrap, async move { rsa::generate(&service, &key).await })
                .await;
        }
        let context = context(binding, binding.exposed);
        let generated = async move { generate(&service, &key, &context).await };
        self.ask(KekOperation::Wrap, generated).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let (service, key, wrapped) = (Arc::clone(&self.service), self.key.clone(), wrapped.clone());
        let expected = match self.is_rsa {
            true => WrapParams::Mechanism(WrapMechanism::RsaOaep256),
            false => WrapParams::None,
        };
        if wrapped.params != expected || !(1..=CIPHERTEXT_LEN).contains(&wrapped.w.len()) || !is_material(&wrapped) {
            return Err(KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap));
        }
        if self.is_rsa {
            return self
                .ask(KekOperation::Unwrap, async move {
                    rsa::unwrap(&service, &key, &wrapped).await
                })
                .await;
        }
        let contexts = contexts(binding);
        let unwrapped = async move { unwrap(&service, &key, &wrapped, &contexts).await };
        self.ask(KekOperation::Unwrap, unwrapped).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (service, key, is_rsa) = (Arc::clone(&self.service), self.key.clone(), self.is_rsa);
        let is_versioned = service.settings.secret_source == SecretSource::Provider;
        let described = async move {
            let mut info = service.describe(&key).await?.info(is_rsa, is_versioned)?;
            info.posture = service.carried(&key, info.posture);
            info.key_exchange = service.key_exchange(&key);
            Ok(info)
        };
        self.ask(KekOperation::Describe, described).await
    }
}

async fn generate(service: &Service, key: &AwsKey, context: &Context) -> Result<Generated, CallFault> {
    match service.settings.secret_source {
        SecretSource::Provider => generate_there(service, key, context).await,
        SecretSource::Local => generate_here(service, key, context).await,
    }
}

async fn generate_there(service: &Service, key: &AwsKey, context: &Context) -> Result<Generated, CallFault> {
    let attested = service.attested().await?;
    let request = |key_id| GenerateDataKey {
        key_id,
        number_of_bytes: 32,
        encryption_context: context,
        grant_tokens: &service.settings.grant_tokens,
        recipient: attested.as_ref().map(AttestedSecret::recipient),
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    let fault = |kind| CallFault {
        kind,
        request_id: request_id.clone(),
    };
    let secret = secret(
        reply.plaintext,
        reply.ciphertext_for_recipient.map(|bytes| bytes.0),
        attested.as_ref(),
    );
    Ok(Generated {
        secret: secret.map_err(fault)?,
        wrapped: WrappedKey {
            version: reply.key_material_id.map(String::into_bytes),
            w: reply.ciphertext_blob.0,
            params: WrapParams::None,
        },
        request_id,
    })
}

async fn generate_here(service: &Service, key: &AwsKey, context: &Context) -> Result<Generated, CallFault> {
    let secret = Secret::try_init_with(|place| service.backend.random.fill(place)).map_err(|_| KekFault::Random)?;
    let request = |key_id| Encrypt {
        key_id,
        plaintext: Blob(secret.expose()),
        encryption_context: context,
        grant_tokens: &service.settings.grant_tokens,
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    Ok(Generated {
        secret,
        wrapped: WrappedKey {
            // Encrypt does not tell which material it used; Decrypt finds it by itself.
            version: None,
            w: reply.ciphertext_blob.0,
            params: WrapParams::None,
        },
        request_id,
    })
}

/// With the pairs that are exposed now and, where that fails, with none: the key may have been in use before anything
/// was exposed.
async fn unwrap(
    service: &Service,
    key: &AwsKey,
    wrapped: &WrappedKey,
    contexts: &[Context],
) -> Result<Unwrapped, CallFault> {
    let mut refused = CallFault::new(KekFault::DoesNotUnwrap);
    for context in contexts {
        match decrypt(service, key, wrapped, Some(context), None).await {
            Err(fault) if fault.kind == KekFault::DoesNotUnwrap => refused = fault,
            decided => return decided,
        }
    }
    Err(refused)
}

/// Has AWS decrypt `w`, and checks that it did so with the key and version that the envelope names.
pub(super) async fn decrypt(
    service: &Service,
    key: &AwsKey,
    wrapped: &WrappedKey,
    context: Option<&Context>,
    algorithm: Option<&str>,
) -> Result<Unwrapped, CallFault> {
    let attested = service.attested().await?;
    let request = |key_id| Decrypt {
        key_id,
        ciphertext_blob: Blob(&wrapped.w),
        encryption_context: context,
        encryption_algorithm: algorithm,
        grant_tokens: &service.settings.grant_tokens,
        recipient: attested.as_ref().map(AttestedSecret::recipient),
    };
    let Done { reply, request_id, .. } = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    let fault = |kind| CallFault {
        kind,
        request_id: request_id.clone(),
    };
    let used = reply.key_material_id.as_deref().map(str::as_bytes);
    if wrapped.version.is_some() && wrapped.version.as_deref() != used {
        return Err(fault(KekFault::BadReply));
    }
    let secret = secret(
        reply.plaintext,
        reply.ciphertext_for_recipient.map(|bytes| bytes.0),
        attested.as_ref(),
    );
    Ok(Unwrapped {
        secret: secret.map_err(fault)?,
        request_id,
    })
}

/// Moves a wrapped key under the key's current material without W coming here. The binding has to stay as it is.
pub(super) async fn re_encrypt(
    service: &Service,
    key: &AwsKey,
    wrapped: &WrappedKey,
    context: &Context,
) -> Result<WrappedKey, CallFault> {
    let request = |key_id: String| ReEncrypt {
        ciphertext_blob: Blob(&wrapped.w),
        source_key_id: key_id.clone(),
        source_encryption_context: context,
        destination_key_id: key_id,
        destination_encryption_context: context,
        grant_tokens: &service.settings.grant_tokens,
    };
    let reply = service.at_a_region(key, request, |reply| &reply.key_id).await?.reply;
    if reply.source_key_id.is_some_and(|source| source != reply.key_id) {
        return Err(CallFault::new(KekFault::BadReply));
    }
    Ok(WrappedKey {
        version: reply.destination_key_material_id.map(String::into_bytes),
        w: reply.ciphertext_blob.0,
        params: WrapParams::None,
    })
}

/// What AWS binds and logs.
pub(super) fn context(binding: &Binding<'_>, exposed: &[(&str, &str)]) -> Context {
    let own = [
        ("ks1-b".to_owned(), BASE64URL_NOPAD.encode(binding.digest)),
        ("ks1-dek".to_owned(), HEXLOWER.encode(binding.dek_id)),
    ];
    let exposed = exposed
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    own.into_iter().chain(exposed).collect()
}

fn contexts(binding: &Binding<'_>) -> Vec<Context> {
    let mut contexts = vec![context(binding, binding.exposed)];
    if !binding.exposed.is_empty() {
        contexts.push(context(binding, &[]));
    }
    contexts
}

/// W of a reply.
fn secret(
    plaintext: Option<Base64Secret>,
    for_recipient: Option<Vec<u8>>,
    attested: Option<&AttestedSecret>,
) -> Result<Secret<32>, KekFault> {
    material(plaintext, for_recipient, attested, sized)
}

/// What `take` makes of the secret of a reply. Where an attested reply was asked for, a bare one breaks the protocol:
/// whoever sent it has shown the secret to the network.
pub(super) fn material<T>(
    plaintext: Option<Base64Secret>,
    for_recipient: Option<Vec<u8>>,
    attested: Option<&AttestedSecret>,
    take: impl FnOnce(&[u8]) -> Result<T, KekFault>,
) -> Result<T, KekFault> {
    match (attested, plaintext, for_recipient) {
        (None, Some(plaintext), None) => take(plaintext.expose()),
        (Some(attested), plaintext, Some(enveloped))
            if plaintext.as_ref().is_none_or(|bare| bare.expose().is_empty()) =>
        {
            take(&attested.content(&enveloped)?)
        }
        _ => Err(KekFault::BadReply),
    }
}

/// Versions are AWS' key material ids: 64 hexadecimal digits. Anything else is not worth a call.
fn is_material(wrapped: &WrappedKey) -> bool {
    let is_id = |version: &Vec<u8>| matches!(version.len(), 1..=64) && version.iter().all(u8::is_ascii_alphanumeric);
    wrapped.version.as_ref().is_none_or(is_id)
}

/// The most that Decrypt takes.
pub(super) const CIPHERTEXT_LEN: usize = 6144;
