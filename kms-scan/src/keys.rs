//! Keys of providers as assets: what they are, and how old.

use kms_core::{KekError, KekInfo, Posture};
use kms_providers::{KeyState, KeySummary, Provider};

use crate::algorithm::{Algorithm, Primitive, by_name, hpke_kem};
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
    let purpose = match key.signature {
        Some(_) => Purpose::Signature,
        // A root of attribute keys protects what they protect.
        None => Purpose::Confidentiality,
    };
    let mut asset = Asset::at(place, AssetKind::ProviderKey, purpose);
    if let Some(info) = info {
        asset = asset
            .with(Role::Key, algorithm(key, info))
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

/// By its mechanism or its scheme; a symmetric key by the provider's name of it.
fn algorithm(key: &KeySummary, info: &KekInfo) -> Algorithm {
    if let Some(kem) = key.kem {
        return hpke_kem(kem);
    }
    if key.fpe {
        return Algorithm::symmetric(info.algorithm.clone(), Primitive::BlockCipher, 256);
    }
    let name: &str = match key.signature {
        Some(scheme) => scheme.name(),
        None => &info.algorithm,
    };
    if let Some(known) = by_name(name) {
        return known;
    }
    let name = cut(name);
    match info.posture {
        Posture::Classical => Algorithm {
            posture: Some(Posture::Classical),
            quantum_level: Some(0),
            ..Algorithm::unknown(name)
        },
        _ if name.contains("256") => Algorithm::symmetric(name, Primitive::Ae, 256),
        posture => Algorithm {
            posture: Some(posture),
            ..Algorithm::unknown(name)
        },
    }
}
