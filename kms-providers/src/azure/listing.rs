//! All keys of the vault, those that wait for deletion too.

use std::time::UNIX_EPOCH;

use futures::future::join_all;
use kms_core::KekFault;

use super::api::{Deleted, Item};
use super::facts::{KeyFacts, time};
use super::lifecycle::{NAME_TAG, of_key};
use super::provider::Service;
use crate::cloud::CallFault;
use crate::provider::{KeyState, KeySummary, VersionSummary};
use crate::uri::{AzureKey, KeyName, KeyUri};

/// The keys that can wrap. Those that may not be read are somebody else's.
pub(super) async fn list(service: &Service) -> Result<Vec<KeySummary>, CallFault> {
    let items: Vec<Item> = service.client.all("GetKeys", "/keys").await?;
    let mut keys = Vec::new();
    // A certificate's key goes with the certificate.
    for item in items.iter().filter(|item| !item.managed) {
        let key = service.client.place.key(&item.kid).ok_or(KekFault::BadReply)?;
        keys.push((of_key(&key)?, item));
    }
    let mut summaries = Vec::new();
    for some in keys.chunks(DESCRIBED_AT_ONCE) {
        let described = join_all(some.iter().map(|(key, _)| summary(service, key))).await;
        for described in described {
            match described {
                Ok(found) => summaries.extend(found),
                Err(fault) if is_not_ours(fault.kind) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    match deleted(service).await {
        Ok(waiting) => summaries.extend(waiting),
        // To see what was deleted is a permission of its own.
        Err(fault) if is_not_ours(fault.kind) => {}
        Err(fault) => return Err(fault),
    }
    summaries.sort_by(|one, other| one.uri.cmp(&other.uri));
    Ok(summaries)
}

/// Every version of a key, oldest first.
pub(super) async fn versions(service: &Service, name: &str) -> Result<Vec<(AzureKey, Item)>, CallFault> {
    let path = format!("/keys/{name}/versions");
    let items: Vec<Item> = service.client.all("GetKeyVersions", &path).await?;
    let mut versions = Vec::with_capacity(items.len());
    for item in items {
        let key = service.client.place.key(&item.kid);
        let key = key.filter(|key| key.version().is_some() && key.name().eq_ignore_ascii_case(name));
        versions.push((key.ok_or(KekFault::BadReply)?, item));
    }
    versions.sort_by_key(|(_, item)| item.attributes.created);
    Ok(versions)
}

async fn summary(service: &Service, key: &AzureKey) -> Result<Option<KeySummary>, CallFault> {
    let current = service.facts(key).await?;
    let is_for_wrapping = ["wrapKey", "encrypt"]
        .iter()
        .any(|use_| current.operations.iter().any(|has| has == use_));
    if !is_for_wrapping || current.kind.starts_with("EC") {
        return Ok(None);
    }
    let versions = versions(service, key.name()).await?;
    let mut summary = KeySummary::new(
        KeyUri::AzureKv(key.clone()),
        state(current.is_enabled),
        versions
            .first()
            .and_then(|(_, oldest)| time(oldest.attributes.created?)),
    );
    summary.name = name_of(&current);
    summary.versions = versions
        .iter()
        .map(|version| version_summary(version, &current))
        .collect();
    Ok(Some(summary))
}

fn version_summary((key, item): &(AzureKey, Item), current: &KeyFacts) -> VersionSummary {
    let version = key.version().unwrap_or_default();
    let state = state(item.attributes.enabled.unwrap_or_default());
    let mut summary = VersionSummary::new(version, state, item.attributes.created.and_then(time));
    summary.primary = current.version() == version;
    summary
}

fn state(is_enabled: bool) -> KeyState {
    match is_enabled {
        true => KeyState::Enabled,
        false => KeyState::Disabled,
    }
}

/// What it was called when it was made here, or in Azure.
fn name_of(facts: &KeyFacts) -> Option<KeyName> {
    let tagged = facts.tags.get(NAME_TAG).and_then(|name| KeyName::parse(name).ok());
    tagged.or_else(|| KeyName::parse(facts.key.name()).ok())
}

async fn deleted(service: &Service) -> Result<Vec<KeySummary>, CallFault> {
    let items: Vec<Deleted> = service.client.all("GetDeletedKeys", "/deletedkeys").await?;
    let mut summaries = Vec::new();
    for item in items {
        let kid = item.kid.or(item.key.map(|key| key.kid)).ok_or(KekFault::BadReply)?;
        let key = of_key(&service.client.place.key(&kid).ok_or(KekFault::BadReply)?)?;
        let due = item.scheduled_purge_date.and_then(time).unwrap_or(UNIX_EPOCH);
        let state = KeyState::PendingDestruction { due };
        let created = item.attributes.created.and_then(time);
        summaries.push(KeySummary::new(KeyUri::AzureKv(key), state, created));
    }
    Ok(summaries)
}

fn is_not_ours(fault: KekFault) -> bool {
    matches!(
        fault,
        KekFault::Denied | KekFault::NotFound | KekFault::PendingDestruction
    )
}

const DESCRIBED_AT_ONCE: usize = 16;
