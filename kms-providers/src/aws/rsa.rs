//! RSA keys: wrapped here under the public key (RFC 8017 7.1, SHA-256), unwrapped at AWS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kms_core::memory::Secret;
use kms_core::{Generated, KekFault, Unwrapped, WrapMechanism, WrapParams, WrappedKey};

use super::api::GetPublicKey;
use super::kek::decrypt;
use super::provider::Service;
use crate::cloud::{CallFault, OaepKey};
use crate::uri::AwsKey;

/// Public keys that were asked for lately. So long a key that was disabled still wraps here; it does not unwrap.
#[derive(Default)]
pub(super) struct PublicKeys(Mutex<HashMap<String, (Instant, Arc<OaepKey>)>>);

pub(super) async fn generate(service: &Service, key: &AwsKey) -> Result<Generated, CallFault> {
    let (public, request_id) = public_key(service, key).await?;
    let secret = Secret::try_init_with(|place| service.backend.random.fill(place)).map_err(|_| KekFault::Random)?;
    Ok(Generated {
        wrapped: WrappedKey {
            version: None,
            w: public.encrypt(secret.expose())?,
            params: WrapParams::Mechanism(WrapMechanism::RsaOaep256),
        },
        secret,
        request_id,
    })
}

pub(super) async fn unwrap(service: &Service, key: &AwsKey, wrapped: &WrappedKey) -> Result<Unwrapped, CallFault> {
    decrypt(service, key, wrapped, None, Some("RSAES_OAEP_SHA_256")).await
}

async fn public_key(service: &Service, key: &AwsKey) -> Result<(Arc<OaepKey>, Option<String>), CallFault> {
    let arn = key.arn();
    if let Some(kept) = service.public_keys.fresh(&arn) {
        return Ok((kept, None));
    }
    let request = |key_id| GetPublicKey {
        key_id,
        grant_tokens: &service.settings.grant_tokens,
    };
    let done = service.at_a_region(key, request, |reply| &reply.key_id).await?;
    let is_for_wrapping = done.reply.key_usage.as_deref() == Some("ENCRYPT_DECRYPT")
        && done
            .reply
            .key_spec
            .as_deref()
            .is_some_and(|spec| spec.starts_with("RSA_"));
    if !is_for_wrapping {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    let public = Arc::new(OaepKey::parse(&done.reply.public_key.0)?);
    service.public_keys.keep(arn, Arc::clone(&public));
    Ok((public, done.request_id))
}

impl PublicKeys {
    fn fresh(&self, arn: &str) -> Option<Arc<OaepKey>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = kept.get(arn)?;
        (since.elapsed() < KEPT).then(|| Arc::clone(key))
    }

    fn keep(&self, arn: String, key: Arc<OaepKey>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(arn, (Instant::now(), key));
    }
}

const KEPT: Duration = Duration::from_secs(300);
