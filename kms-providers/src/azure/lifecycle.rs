//! Making, rotating, disabling, deleting.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use http::Method;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{Bundle, CreateKey, Deleted, NewAttributes, ReleasePolicy, Tags, UpdateKey};
use super::bytes::Url;
use super::facts::{KeyFacts, time};
use super::listing::versions;
use super::provider::{AzureProvider, Service, is_same, path};
use super::rotation;
use super::settings::KeyAlgorithm;
use crate::cloud::{CallFault, Repeat, to_the_end};
use crate::provider::{DestroyWindow, KeyLifecycle, NeededBy, Swept};
use crate::uri::{AzureKey, KeyName, KeyUri};

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewKey {
    /// How it wraps. A key that is to wrap otherwise than the provider's others is named in `algorithms`.
    pub algorithm: KeyAlgorithm,
    /// Whether it is in an HSM; AES keys always are.
    pub hsm: bool,
    /// The length of an RSA key.
    pub rsa_bits: u32,
    /// Days after which Azure rotates it.
    pub rotation_days: Option<u32>,
    /// Where it may be released to: a policy in JSON. Only a key in an HSM can leave it.
    pub release_policy: Option<String>,
}

impl AzureProvider {
    /// Makes a key.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken, also by a key that waits for deletion; `Unsupported` for what this vault
    /// does not have; `Quota`.
    pub async fn create_key(&self, name: &KeyName, new: NewKey) -> Result<KeyUri, KekError> {
        let service = Arc::clone(&self.0);
        let (name, uri) = (name.clone(), self.uri_of(name));
        let made = async move { create(&service, &name, &new).await };
        self.change(&uri, made).await
    }

    /// What [`KeyLifecycle::create`] makes under this name.
    #[must_use]
    pub fn new_key(&self, name: &KeyName) -> NewKey {
        let settings = &self.0.settings;
        NewKey {
            algorithm: self.0.algorithm(&azure_name(name)),
            hsm: settings.hsm,
            rsa_bits: settings.rsa_bits,
            rotation_days: settings.rotation_days,
            release_policy: None,
        }
    }

    /// Erases a key that waits for deletion, now and for good. Vaults with purge protection refuse.
    ///
    /// # Errors
    /// `NotFound` when no such key waits; `Denied`.
    pub async fn purge(&self, uri: &KeyUri) -> Result<(), KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let purged = async move {
            let path = format!("/deletedkeys/{}", key.name());
            service
                .client
                .order("PurgeDeletedKey", Method::DELETE, &path)
                .await
                .map(drop)
        };
        self.change(&uri.to_string(), purged).await
    }

    /// Runs a change to its end.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        of: &str,
        change: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        let changed = to_the_end(change).await;
        changed.map_err(|fault| fault.of(of, KekOperation::Lifecycle))
    }

    pub(super) fn uri_of(&self, name: &KeyName) -> String {
        format!("azure-kv://{}/keys/{}", self.0.client.place.vault, azure_name(name))
    }
}

#[async_trait]
impl KeyLifecycle for AzureProvider {
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        self.create_key(name, self.new_key(name)).await
    }

    /// A new version; older ones go on unwrapping what they wrapped.
    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError> {
        let own = self.own(&key.without_version(), KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let rotated = async move { rotate(&service, &own).await };
        self.change(&key.to_string(), rotated).await
    }

    async fn enable(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let enabled = async move {
            match own.version() {
                Some(_) => enable_version(&service, &own).await,
                None => {
                    recover(&service, &own).await?;
                    enable(&service, &own).await
                }
            }
        };
        self.change(&key.to_string(), enabled).await
    }

    async fn disable(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let disabled = async move {
            match own.version() {
                Some(_) => disable_version(&service, &own).await,
                None => disable(&service, &own).await,
            }
        };
        self.change(&key.to_string(), disabled).await
    }

    /// How long a deleted key is kept is a property of the vault: `Unsupported` where that is less than `window`, and for
    /// single versions, which Azure does not delete. Azure erases keys by itself.
    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        if needed_by(key) > 0 {
            return Err(KekError::new(
                key.to_string(),
                KekOperation::Lifecycle,
                KekFault::StillNeeded,
            ));
        }
        let service = Arc::clone(&self.0);
        let scheduled = async move { delete(&service, &own, window).await };
        self.change(&key.to_string(), scheduled).await
    }

    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let cancelled = async move {
            match recover(&service, &own).await? {
                true => disable(&service, &own).await,
                false => Ok(()),
            }
        };
        self.change(&key.to_string(), cancelled).await
    }

    async fn destroy_due(&self, _: NeededBy<'_>) -> Result<Swept, KekError> {
        Ok(Swept::default())
    }
}

/// What a key of this name is called in Azure, which knows letters, digits and dashes. The name itself is a tag.
pub(super) fn azure_name(name: &KeyName) -> String {
    name.as_str().replace(['.', '_'], "-")
}

pub(super) fn tags(name: &KeyName) -> Tags {
    Tags::from([(NAME_TAG.to_owned(), name.to_string())])
}

/// Refuses a name that is taken: Azure would make another version of that key.
pub(super) async fn absent(service: &Service, uri: &str) -> Result<AzureKey, CallFault> {
    let Ok(KeyUri::AzureKv(key)) = KeyUri::parse(uri) else {
        return Err(CallFault::new(KekFault::Unsupported));
    };
    match service.facts(&key).await.map_err(|fault| fault.kind) {
        Ok(_) | Err(KekFault::PendingDestruction) => Err(CallFault::new(KekFault::AlreadyExists)),
        Err(KekFault::NotFound) => Ok(key),
        Err(kind) => Err(CallFault::new(kind)),
    }
}

async fn create(service: &Service, name: &KeyName, new: &NewKey) -> Result<KeyUri, CallFault> {
    let uri = format!("azure-kv://{}/keys/{}", service.client.place.vault, azure_name(name));
    let key = absent(service, &uri).await?;
    let is_in_hsm = new.hsm || new.release_policy.is_some() || service.client.place.is_managed_hsm();
    let (kty, key_size) = match (new.algorithm.is_rsa(), is_in_hsm) {
        (true, true) => ("RSA-HSM", new.rsa_bits),
        (true, false) => ("RSA", new.rsa_bits),
        (false, _) => ("oct-HSM", 256),
    };
    let data = new.release_policy.as_ref().map(String::as_bytes);
    let request = CreateKey {
        kty,
        key_size,
        key_ops: &new.algorithm.operations(),
        attributes: NewAttributes {
            enabled: true,
            exportable: data.map(|_| true),
        },
        tags: &tags(name),
        release_policy: data.map(|data| ReleasePolicy {
            content_type: "application/json; charset=utf-8",
            data: Url(data),
        }),
    };
    made(service, &key, &format!("{}/create", path(&key)), Method::POST, &request).await?;
    if let Some(days) = new.rotation_days
        && let Err(fault) = rotation::rotate_after(service, &key, Some(days)).await
    {
        // Should that fail too, the tag tells what the key was to be.
        drop(service.client.order("DeleteKey", Method::DELETE, &path(&key)).await);
        return Err(fault);
    }
    Ok(KeyUri::AzureKv(key))
}

/// Sends what makes a version, and takes only that key for an answer.
pub(super) async fn made(
    service: &Service,
    key: &AzureKey,
    path: &str,
    method: Method,
    request: &(impl serde::Serialize + Sync),
) -> Result<KeyFacts, CallFault> {
    let done = service
        .client
        .write::<Bundle>("CreateKey", method, path, request, Repeat::Unsafe)
        .await?;
    let facts = KeyFacts::of(done.reply, &service.client.place)?;
    service.told.forget(key);
    match is_same(key, &facts.key) {
        true => Ok(facts),
        false => Err(CallFault::new(KekFault::BadReply)),
    }
}

async fn rotate(service: &Service, key: &AzureKey) -> Result<KeyUri, CallFault> {
    let before = service.facts(key).await?;
    before.usable()?;
    let request = serde_json::json!({});
    let after = made(service, key, &format!("{}/rotate", path(key)), Method::POST, &request).await?;
    match after.version() == before.version() {
        true => Err(CallFault::new(KekFault::BadReply)),
        false => Ok(KeyUri::AzureKv(after.key)),
    }
}

/// The current version first, so that nothing more is wrapped. Versions that are disabled already keep their own state.
async fn disable(service: &Service, key: &AzureKey) -> Result<(), CallFault> {
    service.facts(key).await?;
    for (version, item) in versions(service, key.name()).await?.into_iter().rev() {
        if item.attributes.enabled.unwrap_or_default() {
            let mut tags = item.tags.unwrap_or_default();
            tags.insert(WITH_KEY_TAG.to_owned(), "true".to_owned());
            set(service, &version, false, &tags).await?;
        }
    }
    Ok(())
}

/// What was disabled with the key, and its current version in any case: without it, the key is not usable.
async fn enable(service: &Service, key: &AzureKey) -> Result<(), CallFault> {
    let current = service.facts(key).await?;
    for (version, item) in versions(service, key.name()).await? {
        let is_enabled = item.attributes.enabled.unwrap_or_default();
        let mut tags = item.tags.unwrap_or_default();
        let was_with_key = tags.remove(WITH_KEY_TAG).is_some();
        let is_current = version.version() == current.key.version();
        if was_with_key || is_current && !is_enabled {
            set(service, &version, true, &tags).await?;
        }
    }
    Ok(())
}

/// One version. While the key as a whole is disabled, it is enabled with the key.
async fn enable_version(service: &Service, version: &AzureKey) -> Result<(), CallFault> {
    let current = service.facts(&of_key(version)?).await?;
    let facts = service.facts(version).await?;
    let is_with_key = !current.is_enabled && current.tags.contains_key(WITH_KEY_TAG);
    let mut tags = facts.tags;
    match is_with_key {
        true => drop(tags.insert(WITH_KEY_TAG.to_owned(), "true".to_owned())),
        false => drop(tags.remove(WITH_KEY_TAG)),
    }
    set(service, version, !is_with_key, &tags).await
}

async fn disable_version(service: &Service, version: &AzureKey) -> Result<(), CallFault> {
    if service.facts(&of_key(version)?).await?.key.version() == version.version() {
        return Err(CallFault::new(KekFault::Primary));
    }
    let mut tags = service.facts(version).await?.tags;
    tags.remove(WITH_KEY_TAG);
    set(service, version, false, &tags).await
}

async fn set(service: &Service, version: &AzureKey, is_enabled: bool, tags: &Tags) -> Result<(), CallFault> {
    let request = UpdateKey {
        attributes: Some(NewAttributes {
            enabled: is_enabled,
            exportable: None,
        }),
        tags,
    };
    let client = &service.client;
    let done = client
        .write::<Bundle>("UpdateKey", Method::PATCH, &path(version), &request, Repeat::Safe)
        .await;
    service.told.forget(version);
    let facts = KeyFacts::of(done?.reply, &client.place)?;
    match is_same(version, &facts.key) && facts.is_enabled == is_enabled {
        true => Ok(()),
        false => Err(CallFault::new(KekFault::BadReply)),
    }
}

/// Deletes, and waits until Azure has.
async fn delete(service: &Service, key: &AzureKey, window: DestroyWindow) -> Result<SystemTime, CallFault> {
    let current = service.facts(&of_key(key)?).await?;
    if key.version().is_some() {
        return Err(CallFault::new(match key.version() == current.key.version() {
            true => KekFault::Primary,
            false => KekFault::Unsupported,
        }));
    }
    let kept = Duration::from_secs(current.recoverable_days * DAY);
    if window.length().is_zero() || kept < window.length() {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    let answer = service.client.order("DeleteKey", Method::DELETE, &path(key)).await?;
    service.told.forget(key);
    let deleted: Deleted = serde_json::from_slice(&answer.reply.body).map_err(|_| KekFault::BadReply)?;
    settled(|| async { service.deleted(key).await.map(drop) }).await?;
    let due = deleted.scheduled_purge_date.and_then(time);
    Ok(due.unwrap_or_else(|| SystemTime::now() + kept))
}

/// Takes a deletion back, and waits until Azure has; `false` where there is none.
async fn recover(service: &Service, key: &AzureKey) -> Result<bool, CallFault> {
    let key = of_key(key)?;
    match service.facts(&key).await {
        Ok(_) => return Ok(false),
        Err(fault) if fault.kind == KekFault::PendingDestruction => {}
        Err(fault) => return Err(fault),
    }
    let path = format!("/deletedkeys/{}/recover", key.name());
    service.client.order("RecoverDeletedKey", Method::POST, &path).await?;
    service.told.forget(&key);
    settled(|| async { service.facts(&key).await.map(drop) }).await?;
    Ok(true)
}

/// Asks until it is found.
async fn settled<F, A>(ask: F) -> Result<(), CallFault>
where
    F: Fn() -> A + Send,
    A: Future<Output = Result<(), CallFault>> + Send,
{
    let ordered = Instant::now();
    loop {
        match ask().await {
            Err(fault) if matches!(fault.kind, KekFault::NotFound | KekFault::PendingDestruction) => {}
            decided => return decided,
        }
        if ordered.elapsed() >= SETTLES {
            return Err(CallFault::new(KekFault::Timeout));
        }
        tokio::time::sleep(SETTLES / 60).await;
    }
}

pub(super) fn of_key(key: &AzureKey) -> Result<AzureKey, KekFault> {
    match KeyUri::AzureKv(key.clone()).without_version() {
        KeyUri::AzureKv(key) => Ok(key),
        _ => Err(KekFault::Unsupported),
    }
}

/// The name that a key has here.
pub(super) const NAME_TAG: &str = "keystrand-name";
/// On a version that is disabled because its key is.
const WITH_KEY_TAG: &str = "keystrand-disabled-with-key";
const DAY: u64 = 86_400;
/// How long a change may take to show everywhere.
const SETTLES: Duration = Duration::from_secs(30);
