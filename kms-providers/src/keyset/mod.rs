//! Versioned keys whose bytes this process holds, and what may happen to them. No input, no output, no clock: the
//! memory and the local backend host a [`Keyset`] and differ only in where it lives.
//!
//! A keyset is a value: a change works on a copy that shares every key it does not touch, so that readers never
//! wait and a change that could not be made durable never happened.

mod change;
mod derivation;
mod host;
mod kek;
mod kem;
mod lifecycle;
mod purpose;
mod signing;
mod state;
mod tokens;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use kms_core::memory::Secret;
use kms_core::{KekFault, KemPublicKey};

pub(crate) use change::Moment;
pub(crate) use host::{Host, WrapStyle, random_id, random_secret};
pub(crate) use kek::{kek, random_salt};
pub(crate) use lifecycle::{create, list};
pub(crate) use purpose::Purpose;
pub(crate) use state::State;

use crate::uri::{KeyName, VersionNumber};

/// Keys by name.
#[derive(Clone, Default)]
pub(crate) struct Keyset {
    keys: BTreeMap<KeyName, Arc<Key>>,
}

/// A key: its versions, the one that new wraps use, and a state that overrules theirs.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) purpose: Purpose,
    pub(crate) created: u64,
    pub(crate) state: State,
    pub(crate) primary: VersionNumber,
    pub(crate) versions: Vec<Version>,
}

/// A version: 32 bytes of key material until it is destroyed, a tombstone after.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) number: VersionNumber,
    pub(crate) created: u64,
    pub(crate) state: State,
    pub(crate) material: Option<Arc<Secret<32>>>,
    /// Of a key pair: the public key, when it was asked for.
    pub(crate) public: Arc<OnceLock<KemPublicKey>>,
}

impl Keyset {
    /// All keys, by name.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&KeyName, &Key)> {
        self.keys.iter().map(|(name, key)| (name, &**key))
    }

    /// The key of this name.
    pub(crate) fn key(&self, name: &KeyName) -> Result<&Key, KekFault> {
        self.keys.get(name).map(|key| &**key).ok_or(KekFault::NotFound)
    }

    /// Adds a key as it was read, in order of names.
    pub(crate) fn append(&mut self, name: KeyName, key: Key) -> Result<(), KekFault> {
        let in_order = self.keys.last_key_value().is_none_or(|(last, _)| *last < name);
        if !in_order || !key.is_consistent() {
            return Err(KekFault::Corrupt);
        }
        self.keys.insert(name, Arc::new(key));
        Ok(())
    }
}

impl Key {
    /// What wraps: the primary version, or the one that the caller pinned.
    pub(crate) fn wrapping(&self, pinned: Option<VersionNumber>) -> Result<(VersionNumber, Arc<Secret<32>>), KekFault> {
        let number = pinned.unwrap_or(self.primary);
        Ok((number, self.usable(number)?))
    }

    /// The material of a version that may be used.
    pub(crate) fn usable(&self, number: VersionNumber) -> Result<Arc<Secret<32>>, KekFault> {
        let version = self.version(number)?;
        // A destroyed version stays destroyed whatever the key's state is: the final answer comes first.
        if version.state == State::Destroyed {
            return Err(KekFault::Destroyed);
        }
        self.state.usable()?;
        version.state.usable()?;
        version.material.clone().ok_or(KekFault::Destroyed)
    }

    pub(crate) fn version(&self, number: VersionNumber) -> Result<&Version, KekFault> {
        self.versions
            .binary_search_by_key(&number, |version| version.number)
            .map(|place| &self.versions[place])
            .map_err(|_| KekFault::NotFound)
    }

    /// What every change keeps true.
    fn is_consistent(&self) -> bool {
        let in_order = self.versions.is_sorted_by(|a, b| a.number < b.number);
        let tombstones = self
            .versions
            .iter()
            .all(|v| (v.state == State::Destroyed) == v.material.is_none());
        let primary = self.version(self.primary).map(|version| version.state);
        match self.state {
            State::Destroyed => in_order && tombstones && self.versions.iter().all(|v| v.material.is_none()),
            _ => in_order && tombstones && primary == Ok(State::Enabled),
        }
    }
}
