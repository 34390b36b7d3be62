//! One call on one key; versions, and which one wraps.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kms_core::{KekFault, WrappedKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api::Version;
use super::client::{Call, Done};
use super::facts::{KeyFacts, VersionFacts};
use super::names;
use super::provider::Service;
use crate::cloud::CallFault;
use crate::uri::{GcpKey, VersionNumber, version_number};

impl Service {
    /// Calls a method that leaves nothing behind. A reply whose checksums do not match was damaged on its way: it is
    /// asked for once more, as Google asks for.
    pub(super) async fn intact<R: DeserializeOwned>(
        &self,
        key: &GcpKey,
        call: &Call<R>,
        body: &(impl Serialize + Sync),
        is_intact: impl Fn(&R) -> bool + Send,
    ) -> Result<Done<R>, CallFault> {
        let mut request_id = None;
        for _ in 0..TRIES {
            let done = self.at(key)?.send(call, body).await?;
            if is_intact(&done.reply) {
                return Ok(done);
            }
            request_id = done.request_id;
        }
        Err(CallFault {
            kind: KekFault::BadReply,
            request_id,
        })
    }

    /// Every version of a key, oldest first.
    pub(super) async fn versions(&self, key: &GcpKey) -> Result<Vec<VersionFacts>, CallFault> {
        let key = key.with_version(None);
        let collection = format!("{key}/cryptoKeyVersions");
        let listed: Vec<Version> = self.at(&key)?.list("ListCryptoKeyVersions", &collection, "").await?;
        let versions: Result<Vec<_>, _> = listed.into_iter().map(VersionFacts::of).collect();
        let mut versions = versions?;
        if versions.iter().any(|version| version.key.with_version(None) != key) {
            return Err(CallFault::new(KekFault::BadReply));
        }
        versions.sort_by_key(|version| version.number);
        Ok(versions)
    }

    /// One version.
    pub(super) async fn version(&self, key: &GcpKey, number: VersionNumber) -> Result<VersionFacts, CallFault> {
        let name = key.with_version(Some(number)).resource_name();
        let done: Done<Version> = self.at(key)?.fetch(&Call::get("GetCryptoKeyVersion", &name)).await?;
        let version = VersionFacts::of(done.reply)?;
        match version.key.resource_name() == name {
            true => Ok(version),
            false => Err(CallFault::new(KekFault::BadReply)),
        }
    }

    /// The version that new wraps use: of a handle to a version, that one; of a symmetric key, its primary; of others,
    /// the newest that is enabled.
    pub(super) async fn current(&self, key: &GcpKey, has_primary: bool) -> Result<VersionFacts, CallFault> {
        if let Some(pinned) = key.version() {
            return self.version(key, pinned).await;
        }
        if has_primary {
            let primary = self.facts(key).await?.primary;
            return primary.ok_or_else(|| CallFault::new(KekFault::NotFound));
        }
        let versions = self.versions(key).await?;
        newest(&versions)
            .cloned()
            .ok_or_else(|| CallFault::new(KekFault::NotFound))
    }

    /// Which state is in the way: one refusal stands for several. `version` is the one that was used.
    pub(super) async fn explained(&self, key: &GcpKey, version: Option<VersionNumber>, fault: CallFault) -> CallFault {
        if !matches!(
            fault.kind,
            KekFault::Disabled | KekFault::PendingDestruction | KekFault::Destroyed
        ) {
            return fault;
        }
        let told = match version {
            Some(number) => self.version(key, number).await,
            None => self.current(key, true).await,
        };
        let kind = match told {
            Ok(told) => match told.usable() {
                Err(kind) => kind,
                // Nothing is wrong with it at Google's.
                Ok(()) if told.is_external() => KekFault::Unavailable,
                Ok(()) => KekFault::Unsupported,
            },
            Err(_) => fault.kind,
        };
        CallFault { kind, ..fault }
    }
}

/// The version that new wraps use, of those that there are.
pub(super) fn current<'v>(facts: &KeyFacts, versions: &'v [VersionFacts]) -> Option<&'v VersionFacts> {
    match (&facts.primary, facts.has_primary()) {
        (Some(primary), _) => versions.iter().find(|version| version.number == primary.number),
        (None, true) => versions.last(),
        (None, false) => newest(versions),
    }
}

/// The newest that is enabled; where none is, the newest.
pub(super) fn newest(versions: &[VersionFacts]) -> Option<&VersionFacts> {
    versions
        .iter()
        .rfind(|version| version.is_enabled())
        .or(versions.last())
}

/// The version that a reply names, if it is one of `key`, and the pinned one where one is pinned.
pub(super) fn version_of(reply: &str, key: &GcpKey) -> Result<VersionNumber, KekFault> {
    let told = names::parse(reply).filter(|told| told.with_version(None) == key.with_version(None));
    let number = told.and_then(|told| told.version()).ok_or(KekFault::BadReply)?;
    match key.version().is_none_or(|pinned| pinned == number) {
        true => Ok(number),
        false => Err(KekFault::BadReply),
    }
}

/// The version that an envelope names; it has to name one.
pub(super) fn version_in(wrapped: &WrappedKey) -> Result<VersionNumber, KekFault> {
    version_of_bytes(wrapped.version.as_deref())
}

pub(super) fn version_of_bytes(version: Option<&[u8]>) -> Result<VersionNumber, KekFault> {
    let text = version.and_then(|version| std::str::from_utf8(version).ok());
    text.and_then(|text| version_number(text).ok())
        .ok_or(KekFault::DoesNotUnwrap)
}

/// Looking again and again, at growing intervals, until time is up.
pub(super) struct Waiting {
    until: Instant,
    pause: Duration,
}

impl Waiting {
    pub(super) fn of(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
            pause: Duration::from_millis(50),
        }
    }

    /// Waits until the next look.
    pub(super) async fn on(&mut self) -> Result<(), CallFault> {
        if Instant::now() >= self.until {
            return Err(CallFault::new(KekFault::Timeout));
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_secs(2));
        Ok(())
    }
}

/// Primary versions as far as they were told, so that what was just rotated, or described, wraps under that version:
/// Google takes up to three hours until a new primary is used everywhere.
#[derive(Default)]
pub(super) struct Primaries(Mutex<HashMap<GcpKey, Told>>);

#[derive(Clone, Copy)]
struct Told {
    number: VersionNumber,
    until: Instant,
}

impl Primaries {
    /// Google says so.
    pub(super) fn told(&self, key: &GcpKey, number: VersionNumber) {
        self.note(key, number, DESCRIBED);
    }

    /// It wrapped just now. That says nothing of the next wrap.
    pub(super) fn used(&self, key: &GcpKey, number: VersionNumber) {
        self.note(key, number, Duration::ZERO);
    }

    /// It was made so here.
    pub(super) fn made(&self, key: &GcpKey, number: VersionNumber) {
        self.note(key, number, ROTATED);
    }

    /// The version that wraps are to name, if any.
    pub(super) fn wrapping(&self, key: &GcpKey) -> Option<VersionNumber> {
        let known = self.known();
        let told = known.get(&key.with_version(None))?;
        (told.until > Instant::now()).then_some(told.number)
    }

    /// The last that was told, however long ago.
    pub(super) fn last(&self, key: &GcpKey) -> Option<VersionNumber> {
        self.known().get(&key.with_version(None)).map(|told| told.number)
    }

    /// Its version may not be used any more.
    pub(super) fn forget(&self, key: &GcpKey) {
        self.known().remove(&key.with_version(None));
    }

    fn note(&self, key: &GcpKey, number: VersionNumber, time: Duration) {
        let until = Instant::now() + time;
        let mut known = self.known();
        let key = key.with_version(None);
        // Of two times for one version the longer counts.
        let earlier = known.get(&key).filter(|earlier| earlier.number == number);
        let until = earlier.map_or(until, |earlier| earlier.until.max(until));
        known.insert(key, Told { number, until });
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<GcpKey, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Between a description and the wrap that it was asked for.
const DESCRIBED: Duration = Duration::from_secs(60);
/// "Up to three hours", says Google.
const ROTATED: Duration = Duration::from_secs(3 * 3_600);
const TRIES: usize = 2;
