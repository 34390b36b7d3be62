//! Making, rotating, disabling, destroying.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{
    Action, CancelKeyDeletion, CreateAlias, CreateKey, DisableKey, DisableKeyRotation, EnableKey, EnableKeyRotation,
    GetKeyRotationStatus, ListKeyRotations, ReplicateKey, RotateKeyOnDemand, RotationStatus, ScheduleKeyDeletion,
};
use super::metadata::{KeyFacts, KeyRotation, time};
use super::provider::{AwsProvider, SETTLES, Service};
use super::settings::KeySpec;
use crate::cloud::{CallFault, to_the_end};
use crate::provider::{DestroyWindow, KeyLifecycle, NeededBy, Swept};
use crate::uri::{AwsKey, KeyName, KeyUri};

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NewKey {
    /// Algorithm and length.
    pub spec: KeySpec,
    /// Whether replicas of it may be made in other regions; cannot be changed later.
    pub multi_region: bool,
    /// The custom key store that it is made in.
    pub custom_key_store: Option<String>,
    /// The id that an external key store has for it.
    pub external_id: Option<String>,
    /// Days between automatic rotations, 90 to 2560.
    pub rotation_days: Option<u32>,
    pub(super) is_imported: bool,
}

impl AwsProvider {
    /// Makes a key of any kind, with an alias of this name. An RSA key is used after it is named in `rsa_keys`.
    ///
    /// # Errors
    /// `AlreadyExists` when the alias is taken; `Unsupported` for what AWS does not have; `Quota`.
    pub async fn create_key(&self, name: &KeyName, new: NewKey) -> Result<KeyUri, KekError> {
        let (service, named) = (Arc::clone(&self.0), name.clone());
        let made = async move { create(&service, &named, &new).await };
        self.change(&self.0.alias(name), made).await
    }

    /// What [`KeyLifecycle::create`] makes.
    #[must_use]
    pub fn new_key(&self) -> NewKey {
        let settings = &self.0.settings;
        NewKey {
            multi_region: settings.multi_region,
            custom_key_store: settings.custom_key_store.clone(),
            rotation_days: settings.rotation_days,
            ..NewKey::default()
        }
    }

    /// Lets AWS rotate a key every so many days, 90 to 2560; `None` stops it.
    ///
    /// # Errors
    /// `Unsupported` for keys that AWS does not rotate: asymmetric, imported, of a custom key store.
    pub async fn rotate_every(&self, uri: &KeyUri, days: Option<u32>) -> Result<(), KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let changed = async move {
            let arn = key.arn();
            match days {
                Some(days) => {
                    let request = EnableKeyRotation {
                        key_id: &arn,
                        rotation_period_in_days: days,
                    };
                    service.at_home(&request).await.map(drop)
                }
                None => service.at_home(&DisableKeyRotation { key_id: &arn }).await.map(drop),
            }
        };
        self.change(&uri.to_string(), changed).await
    }

    /// Days between automatic rotations and the time of the next one, where there are any and AWS tells.
    ///
    /// # Errors
    /// What kept AWS from answering.
    pub async fn rotation(&self, uri: &KeyUri) -> Result<Option<(Option<u32>, Option<SystemTime>)>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        let status = async move {
            let arn = key.arn();
            let status: RotationStatus = service.at_home(&GetKeyRotationStatus { key_id: &arn }).await?;
            let next = status.next_rotation_date.and_then(time);
            Ok(status
                .key_rotation_enabled
                .then_some((status.rotation_period_in_days, next)))
        };
        self.ask(&uri.to_string(), KekOperation::Describe, status).await
    }

    /// The rotations of a key, as AWS lists them.
    ///
    /// # Errors
    /// What kept AWS from answering.
    pub async fn rotations(&self, uri: &KeyUri) -> Result<Vec<KeyRotation>, KekError> {
        let key = self.own(uri, KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        let listed = async move { rotations(&service, &key.arn()).await };
        self.ask(&uri.to_string(), KekOperation::Describe, listed).await
    }

    /// Makes a replica of a multi-region key in another region.
    ///
    /// # Errors
    /// `AlreadyExists`; `Unsupported` for keys of one region.
    pub async fn replicate(&self, uri: &KeyUri, region: &str) -> Result<KeyUri, KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let (service, region) = (Arc::clone(&self.0), region.to_owned());
        let made = async move {
            let arn = key.arn();
            let request = ReplicateKey {
                key_id: &arn,
                replica_region: &region,
            };
            let replica = KeyFacts::of(service.at_home(&request).await?.replica_key_metadata)?.key;
            match replica == key.in_region(&region) {
                true => Ok(KeyUri::AwsKms(replica)),
                false => Err(CallFault::new(KekFault::BadReply)),
            }
        };
        self.change(&uri.to_string(), made).await
    }

    /// Runs a change to its end.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        of: &str,
        change: impl Future<Output = Result<T, CallFault>> + Send + 'static,
    ) -> Result<T, KekError> {
        to_the_end(change)
            .await
            .map_err(|fault| fault.of(of, KekOperation::Lifecycle))
    }
}

#[async_trait]
impl KeyLifecycle for AwsProvider {
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        self.create_key(name, self.new_key()).await
    }

    /// New material under the same ARN; what the old material wrapped goes on opening. Waits until AWS uses it.
    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let rotated = async move { rotate(&service, &own).await };
        self.change(&key.to_string(), rotated).await?;
        Ok(key.without_version())
    }

    async fn enable(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let enabled = async move {
            let arn = own.arn();
            if service.describe(&own).await?.is_pending_deletion() {
                service.at_home(&CancelKeyDeletion { key_id: &arn }).await?;
            }
            service.at_home(&EnableKey { key_id: &arn }).await.map(drop)
        };
        self.change(&key.to_string(), enabled).await
    }

    async fn disable(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let disabled = async move {
            undoomed(&service, &own).await?;
            service.at_home(&DisableKey { key_id: &own.arn() }).await.map(drop)
        };
        self.change(&key.to_string(), disabled).await
    }

    /// AWS keeps keys for 7 to 30 days and deletes them by itself; other windows are `Unsupported`.
    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let refuse = |fault| Err(KekError::new(key.to_string(), KekOperation::Lifecycle, fault));
        if needed_by(key) > 0 {
            return refuse(KekFault::StillNeeded);
        }
        let days = window.length().as_secs() / DAY;
        if !WINDOW_DAYS.contains(&days) {
            return refuse(KekFault::Unsupported);
        }
        let service = Arc::clone(&self.0);
        let scheduled = async move {
            undoomed(&service, &own).await?;
            let arn = own.arn();
            let request = ScheduleKeyDeletion {
                key_id: &arn,
                pending_window_in_days: days,
            };
            let date = service.at_home(&request).await?.deletion_date;
            Ok(date
                .and_then(time)
                .unwrap_or_else(|| SystemTime::now() + window.length()))
        };
        self.change(&key.to_string(), scheduled).await
    }

    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let cancelled = async move {
            match service.describe(&own).await?.is_pending_deletion() {
                true => service
                    .at_home(&CancelKeyDeletion { key_id: &own.arn() })
                    .await
                    .map(drop),
                false => Ok(()),
            }
        };
        self.change(&key.to_string(), cancelled).await
    }

    async fn destroy_due(&self, _: NeededBy<'_>) -> Result<Swept, KekError> {
        Ok(Swept::default())
    }
}

impl Service {
    /// An action on a key of the home region; other regions' keys are read and used there, and changed at their home.
    pub(super) async fn at_home<A: Action>(&self, action: &A) -> Result<A::Reply, CallFault> {
        Ok(self.home().call(action).await?.reply)
    }
}

/// Key first, then alias: an alias cannot be made of nothing. A key whose alias cannot be made is deleted again.
pub(super) async fn create(service: &Service, name: &KeyName, new: &NewKey) -> Result<KeyUri, CallFault> {
    let alias = service.alias(name);
    match service.facts(&alias).await {
        Ok(_) => return Err(CallFault::new(KekFault::AlreadyExists)),
        Err(fault) if fault.kind == KekFault::NotFound => {}
        Err(fault) => return Err(fault),
    }
    let request = CreateKey {
        description: &format!("Keystrand key {name}"),
        key_usage: "ENCRYPT_DECRYPT",
        key_spec: new.spec.name(),
        origin: origin(new),
        multi_region: new.multi_region,
        custom_key_store_id: new.custom_key_store.as_deref(),
        xks_key_id: new.external_id.as_deref(),
    };
    let made = KeyFacts::of(service.at_home(&request).await?.key_metadata)?;
    let arn = made.key.arn();
    let named = finish(service, &arn, &alias, new).await;
    if let Err(fault) = named {
        let request = ScheduleKeyDeletion {
            key_id: &arn,
            pending_window_in_days: *WINDOW_DAYS.start(),
        };
        // Should that fail too, the description tells what the key was to be.
        drop(service.at_home(&request).await);
        return Err(fault);
    }
    Ok(KeyUri::AwsKms(made.key))
}

async fn finish(service: &Service, arn: &str, alias: &str, new: &NewKey) -> Result<(), CallFault> {
    let request = CreateAlias {
        alias_name: alias,
        target_key_id: arn,
    };
    service.at_home(&request).await?;
    if let Some(days) = new.rotation_days {
        let request = EnableKeyRotation {
            key_id: arn,
            rotation_period_in_days: days,
        };
        service.at_home(&request).await?;
    }
    Ok(())
}

fn origin(new: &NewKey) -> &'static str {
    match (new.is_imported, &new.custom_key_store, &new.external_id) {
        (true, ..) => "EXTERNAL",
        (false, Some(_), Some(_)) => "EXTERNAL_KEY_STORE",
        (false, Some(_), None) => "AWS_CLOUDHSM",
        (false, None, _) => "AWS_KMS",
    }
}

async fn rotate(service: &Service, key: &AwsKey) -> Result<(), CallFault> {
    let before = service.describe(key).await?;
    before.usable()?;
    if !before.is_symmetric() || before.origin != "AWS_KMS" {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    rotate_from(service, key, before.current_material.as_deref()).await
}

/// Orders a rotation and waits until new wraps use it, so that a rewrap that follows finds it.
pub(super) async fn rotate_from(service: &Service, key: &AwsKey, before: Option<&str>) -> Result<(), CallFault> {
    service.at_home(&RotateKeyOnDemand { key_id: &key.arn() }).await?;
    let Some(before) = before else { return Ok(()) };
    let ordered = Instant::now();
    while ordered.elapsed() < SETTLES {
        if service.describe(key).await?.current_material.as_deref() != Some(before) {
            return Ok(());
        }
        tokio::time::sleep(SETTLES / 60).await;
    }
    Err(CallFault::new(KekFault::Timeout))
}

async fn rotations(service: &Service, arn: &str) -> Result<Vec<KeyRotation>, CallFault> {
    let (mut rotations, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES {
        let request = ListKeyRotations {
            key_id: arn,
            include_key_material: "ALL_KEY_MATERIAL",
            limit: 1_000,
            marker,
        };
        let page = service.at_home(&request).await?;
        rotations.extend(page.rotations.into_iter().map(KeyRotation::of));
        if !page.truncated {
            return Ok(rotations);
        }
        marker = page.next_marker;
    }
    Err(CallFault::new(KekFault::BadReply))
}

/// Refuses what waits for deletion: other orders must not take that back by accident.
async fn undoomed(service: &Service, key: &AwsKey) -> Result<(), CallFault> {
    match service.describe(key).await?.is_pending_deletion() {
        true => Err(CallFault::new(KekFault::PendingDestruction)),
        false => Ok(()),
    }
}

const WINDOW_DAYS: std::ops::RangeInclusive<u64> = 7..=30;
const DAY: u64 = 86_400;
const PAGES: usize = 100;
