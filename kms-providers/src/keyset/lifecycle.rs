//! The life cycle, for every place that keeps a keyset.

use std::time::SystemTime;

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};
use subtle::ConstantTimeEq;

use super::{Host, Key, Keyset, Purpose, State};
use crate::provider::{DestroyWindow, KeyImport, KeyLifecycle, KeyState, KeySummary, NeededBy, Swept, VersionSummary};
use crate::seconds::from_unix_seconds;
use crate::uri::{KeyName, KeyUri, NamedKey, VersionNumber};

#[async_trait]
impl<H: Host> KeyLifecycle for H {
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        let uri = self.uri(NamedKey::new(name.clone(), None));
        let made = self
            .change(|keys| keys.create(name, Purpose::Wrap, self.material()?, self.now()))
            .await;
        made.map(|_| uri.clone()).map_err(|fault| error(&uri, fault))
    }

    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError> {
        add_version(self, key, || self.material()).await
    }

    async fn enable(&self, key: &KeyUri) -> Result<(), KekError> {
        step(self, key, State::enable).await
    }

    async fn disable(&self, key: &KeyUri) -> Result<(), KekError> {
        step(self, key, State::disable).await
    }

    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError> {
        let due = self.now().saturating_add(window.length().as_secs());
        let change = |keys: &mut Keyset| {
            let target = self.named(key)?;
            keys.step(target, |state| state.schedule(due))?;
            match envelopes(self, keys, target, needed_by)? {
                0 => Ok(from_unix_seconds(due)),
                _ => Err(KekFault::StillNeeded),
            }
        };
        self.change(change).await.map_err(|fault| error(key, fault))
    }

    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError> {
        step(self, key, State::cancel).await
    }

    async fn destroy_due(&self, needed_by: NeededBy<'_>) -> Result<Swept, KekError> {
        let now = self.now();
        let failed = |fault| KekError::new(self.scheme().name(), KekOperation::Lifecycle, fault);
        if self.look().await.map_err(failed)?.due(now).is_empty() {
            return Ok(Swept::default());
        }
        let change = |keys: &mut Keyset| {
            let mut swept = Swept::default();
            for target in keys.due(now) {
                let needed = envelopes(self, keys, &target, needed_by)?;
                let uri = self.uri(target.clone());
                if needed > 0 {
                    swept.still_needed.push((uri, needed));
                    continue;
                }
                keys.destroy(&target, now)?;
                swept.destroyed.push(uri);
            }
            Ok(swept)
        };
        self.change(change).await.map_err(failed)
    }
}

#[async_trait]
impl<H: Host> KeyImport for H {
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let uri = self.uri(NamedKey::new(name.clone(), None));
        let made = self
            .change(|keys| keys.create(name, Purpose::Wrap, imported(material)?, self.now()))
            .await;
        made.map(|_| uri.clone()).map_err(|fault| error(&uri, fault))
    }

    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError> {
        add_version(self, key, || imported(material)).await
    }
}

/// Makes a key that is none of the symmetric ones.
pub(crate) async fn create<H: Host>(host: &H, name: &KeyName, purpose: Purpose) -> Result<KeyUri, KekError> {
    let uri = host.uri(NamedKey::new(name.clone(), None));
    if purpose.kem().is_some_and(|kem| !kem.is_recipient()) {
        return Err(error(&uri, KekFault::Unsupported));
    }
    let made = host
        .change(|keys| keys.create(name, purpose, host.material()?, host.now()))
        .await;
    made.map(|_| uri.clone()).map_err(|fault| error(&uri, fault))
}

/// All keys of a host, for a listing.
pub(crate) async fn list<H: Host>(host: &H) -> Result<Vec<KeySummary>, KekError> {
    let keys = host.look().await;
    let keys = keys.map_err(|fault| KekError::new(host.scheme().name(), KekOperation::Describe, fault))?;
    Ok(keys.keys().map(|(name, key)| summary(host, name, key)).collect())
}

async fn add_version<H: Host>(
    host: &H,
    key: &KeyUri,
    material: impl Fn() -> Result<Secret<32>, KekFault> + Send + Sync,
) -> Result<KeyUri, KekError> {
    let change = |keys: &mut Keyset| {
        let name = host.named(key)?.name();
        let version = keys.rotate(name, material()?, host.now())?;
        Ok(host.uri(NamedKey::new(name.clone(), Some(version))))
    };
    host.change(change).await.map_err(|fault| error(key, fault))
}

async fn step<H: Host>(host: &H, key: &KeyUri, step: fn(State) -> Result<State, KekFault>) -> Result<(), KekError> {
    let change = |keys: &mut Keyset| keys.step(host.named(key)?, step).map(drop);
    host.change(change).await.map_err(|fault| error(key, fault))
}

/// How many envelopes need what `target` names: one version, or every version that still has material.
fn envelopes<H: Host>(host: &H, keys: &Keyset, target: &NamedKey, needed_by: NeededBy<'_>) -> Result<u64, KekFault> {
    let version_uri = |number: VersionNumber| host.uri(NamedKey::new(target.name().clone(), Some(number)));
    if let Some(number) = target.version() {
        return Ok(needed_by(&version_uri(number)));
    }
    let live = keys
        .key(target.name())?
        .versions
        .iter()
        .filter(|version| version.material.is_some());
    Ok(live
        .map(|version| needed_by(&version_uri(version.number)))
        .fold(0, u64::saturating_add))
}

fn imported(material: &Secret<32>) -> Result<Secret<32>, KekFault> {
    if bool::from(material.expose().ct_eq(&[0; 32])) {
        return Err(KekFault::WeakMaterial);
    }
    Ok(Secret::init_with(|place| place.copy_from_slice(material.expose())))
}

fn summary<H: Host>(host: &H, name: &KeyName, key: &Key) -> KeySummary {
    let uri = host.uri(NamedKey::new(name.clone(), None));
    let mut summary = KeySummary::new(uri, key.state.into(), Some(from_unix_seconds(key.created)));
    summary.kem = key.purpose.kem();
    summary.signature = key.purpose.signature();
    summary.derives = key.purpose == Purpose::Derive;
    summary.fpe = key.purpose == Purpose::Fpe;
    summary.versions.extend(key.versions.iter().map(|version| {
        let created = Some(from_unix_seconds(version.created));
        let mut entry = VersionSummary::new(version.number.to_string(), version.state.into(), created);
        entry.primary = version.number == key.primary;
        entry
    }));
    summary
}

fn error(uri: &KeyUri, fault: KekFault) -> KekError {
    KekError::new(uri.to_string(), KekOperation::Lifecycle, fault)
}

impl From<State> for KeyState {
    fn from(state: State) -> Self {
        match state {
            State::Enabled => Self::Enabled,
            State::Disabled => Self::Disabled,
            State::PendingDestruction { due } => Self::PendingDestruction {
                due: from_unix_seconds(due),
            },
            State::Destroyed => Self::Destroyed,
        }
    }
}
