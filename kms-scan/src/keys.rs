//! Keys of providers as assets: what they are, and how old.

use kms_core::{KekError, KekInfo};
use kms_providers::{KeyState, KeySummary, Provider};

use crate::algorithm::{Algorithm, by_name};
use crate::asset::{Asset, AssetKind, Place, Purpose, Role, cut};
use crate::format::ks1::version_text;
use crate::time::Time;

/// The keys of a provider that are in use, and the current version of each as it stands in envelopes.
///
/// # Errors
/// When the provider does not list or describe its keys.
pub async fn provider_keys(provider: &dyn Provider) -> Result<Vec<(Asset, Option<String>)>, KekError> {
    let mut keys = Vec::new();
    for key in provider.list().await? {
        if key.state == KeyState::Destroyed {
            continue;
        }
        let info = match provider.kek(&key.uri)?.describe().await {
            Ok(info) => Some(info),
            Err(error) if error.kind.is_key_state() => None,
            Err(error) => return Err(error),
        };
        let current = info.as_ref().and_then(|info| info.version.as_deref()).map(version_text);
        keys.push((asset(&key, info.as_ref()), current));
    }
    Ok(keys)
}

fn asset(key: &KeySummary, info: Option<&KekInfo>) -> Asset {
    let place = Place::Key {
        key: key.uri.to_string(),
    };
    let mut asset = Asset::at(place, AssetKind::ProviderKey, Purpose::Confidentiality);
    if let Some(info) = info {
        asset = asset
            .with(Role::Key, algorithm(info))
            .note(format!("kept in {}", cut(&info.protection)));
        if info.exportable {
            asset = asset.note("can leave its provider");
        }
    }
    match key.state {
        KeyState::Disabled => asset = asset.note("disabled"),
        KeyState::PendingDestruction { .. } => asset = asset.note("waits for its destruction"),
        _ => {}
    }
    let older = key
        .versions
        .iter()
        .filter(|version| !version.primary && version.state == KeyState::Enabled)
        .count();
    if older > 0 {
        asset = asset.note(format!("older versions that still open: {older}"));
    }
    let primary = key.versions.iter().find(|version| version.primary);
    asset.created = primary
        .and_then(|version| version.created)
        .or(key.created)
        .and_then(Time::of);
    asset
}

/// By the provider's name of it; its posture is what the provider says.
fn algorithm(info: &KekInfo) -> Algorithm {
    let known = by_name(&info.algorithm).unwrap_or_else(|| Algorithm::unknown(cut(&info.algorithm)));
    let level = known.quantum_level;
    Algorithm {
        posture: Some(info.posture),
        quantum_level: match info.posture {
            kms_core::Posture::Classical => Some(0),
            _ => level,
        },
        ..known
    }
}
