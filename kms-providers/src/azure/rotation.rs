//! Rotation policies: Azure makes a new version by itself.

use std::sync::Arc;

use http::Method;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{Action, LifetimeAction, Policy, PolicyAttributes, Trigger};
use super::provider::{AzureProvider, Service, path};
use crate::cloud::{CallFault, Repeat};
use crate::uri::{AzureKey, KeyUri};

/// When Azure rotates a key, in the durations of ISO 8601 that it uses: `P90D`, `P1Y6M`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RotationPolicy {
    /// So long after a version was made.
    pub after_creation: Option<String>,
    /// So long before a version expires.
    pub before_expiry: Option<String>,
    /// How long new versions are good; for ever unless said.
    pub lifetime: Option<String>,
}

impl AzureProvider {
    /// The rotation policy of a key.
    ///
    /// # Errors
    /// What kept Azure from answering.
    pub async fn rotation_policy(&self, uri: &KeyUri) -> Result<RotationPolicy, KekError> {
        let key = self.own(&uri.without_version(), KekOperation::Describe)?;
        let service = Arc::clone(&self.0);
        let told = async move {
            let path = format!("{}/rotationpolicy", path(&key));
            Ok(read(
                service
                    .client
                    .read::<Policy>("GetKeyRotationPolicy", &path)
                    .await?
                    .reply,
            ))
        };
        self.ask(&uri.to_string(), KekOperation::Describe, told).await
    }

    /// Lets Azure rotate a key every so many days, from 7 on; `None` stops it.
    ///
    /// # Errors
    /// `Unsupported` for what Azure does not take.
    pub async fn rotate_every(&self, uri: &KeyUri, days: Option<u32>) -> Result<(), KekError> {
        let key = self.own(&uri.without_version(), KekOperation::Lifecycle)?;
        let service = Arc::clone(&self.0);
        let changed = async move { rotate_after(&service, &key, days).await };
        self.change(&uri.to_string(), changed).await
    }
}

pub(super) async fn rotate_after(service: &Service, key: &AzureKey, days: Option<u32>) -> Result<(), CallFault> {
    if days.is_some_and(|days| days < LEAST_DAYS) {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    let rotate = |days: u32| LifetimeAction {
        trigger: Trigger {
            time_after_create: Some(format!("P{days}D")),
            time_before_expiry: None,
        },
        action: Action {
            kind: "Rotate".to_owned(),
        },
    };
    let policy = Policy {
        lifetime_actions: days.map(rotate).into_iter().collect(),
        attributes: PolicyAttributes::default(),
    };
    let path = format!("{}/rotationpolicy", path(key));
    let client = &service.client;
    let set = client
        .write::<Policy>("UpdateKeyRotationPolicy", Method::PUT, &path, &policy, Repeat::Safe)
        .await?;
    let expected = policy
        .lifetime_actions
        .first()
        .and_then(|action| action.trigger.time_after_create.clone());
    match read(set.reply).after_creation == expected {
        true => Ok(()),
        false => Err(CallFault::new(KekFault::BadReply)),
    }
}

/// Azure notifies too, which is nobody's rotation.
fn read(policy: Policy) -> RotationPolicy {
    let mut actions = policy.lifetime_actions.into_iter();
    let rotates = actions.find(|action| action.action.kind.eq_ignore_ascii_case("rotate"));
    let trigger = rotates.map(|action| action.trigger).unwrap_or_default();
    RotationPolicy {
        after_creation: trigger.time_after_create,
        before_expiry: trigger.time_before_expiry,
        lifetime: policy.attributes.expiry_time,
    }
}

const LEAST_DAYS: u32 = 7;
