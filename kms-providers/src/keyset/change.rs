//! Changes of a keyset. Each is all or nothing: it is tried on a copy.

use std::sync::Arc;

use kms_core::KekFault;
use kms_core::memory::Secret;

use super::{Key, Keyset, Purpose, State, Version};
use crate::uri::{KeyName, NamedKey, VersionNumber};

/// Seconds since 1970.
pub(crate) type Moment = u64;

impl Keyset {
    /// Makes a key with a first version. A destroyed key keeps its name: envelopes may still carry it, and another
    /// key of that name would answer for it.
    pub(crate) fn create(
        &mut self,
        name: &KeyName,
        purpose: Purpose,
        material: Secret<32>,
        now: Moment,
    ) -> Result<VersionNumber, KekFault> {
        if self.keys.contains_key(name) {
            return Err(KekFault::AlreadyExists);
        }
        let key = Key {
            purpose,
            created: now,
            state: State::Enabled,
            primary: VersionNumber::MIN,
            versions: vec![Version::new(VersionNumber::MIN, material, now)],
        };
        self.keys.insert(name.clone(), Arc::new(key));
        Ok(VersionNumber::MIN)
    }

    /// Adds a version and makes it primary; older versions only unwrap from now on.
    pub(crate) fn rotate(
        &mut self,
        name: &KeyName,
        material: Secret<32>,
        now: Moment,
    ) -> Result<VersionNumber, KekFault> {
        let key = self.key_mut(name)?;
        key.state.usable()?;
        let newest = key.versions.last().map_or(key.primary, |version| version.number);
        let next = newest.checked_add(1).ok_or(KekFault::Unsupported)?;
        key.versions.push(Version::new(next, material, now));
        key.primary = next;
        Ok(next)
    }

    /// Takes a key or a version from its state to another.
    pub(crate) fn step(
        &mut self,
        target: &NamedKey,
        step: impl FnOnce(State) -> Result<State, KekFault>,
    ) -> Result<State, KekFault> {
        let key = self.key_mut(target.name())?;
        let Some(number) = target.version() else {
            key.state = step(key.state)?;
            return Ok(key.state);
        };
        // The key's state overrules the version's, so a change below a destroyed key would be a false promise.
        if key.state == State::Destroyed {
            return Err(KekFault::Destroyed);
        }
        let is_primary = number == key.primary;
        let version = key.version_mut(number)?;
        let next = step(version.state)?;
        if is_primary && next != State::Enabled {
            return Err(KekFault::Primary);
        }
        version.state = next;
        Ok(next)
    }

    /// Every key and version whose time has come.
    pub(crate) fn due(&self, now: Moment) -> Vec<NamedKey> {
        let mut due = Vec::new();
        for (name, key) in self.keys() {
            if key.state.is_due(now) {
                due.push(NamedKey::new(name.clone(), None));
                continue;
            }
            let versions = key.versions.iter().filter(|version| version.state.is_due(now));
            due.extend(versions.map(|version| NamedKey::new(name.clone(), Some(version.number))));
        }
        due
    }

    /// Erases what is due; anything else stays.
    pub(crate) fn destroy(&mut self, target: &NamedKey, now: Moment) -> Result<(), KekFault> {
        let key = self.key_mut(target.name())?;
        match target.version() {
            Some(number) => {
                let version = key.version_mut(number)?;
                if version.state.is_due(now) {
                    version.erase();
                }
            }
            None if key.state.is_due(now) => {
                key.state = State::Destroyed;
                key.versions.iter_mut().for_each(Version::erase);
            }
            None => {}
        }
        Ok(())
    }

    fn key_mut(&mut self, name: &KeyName) -> Result<&mut Key, KekFault> {
        self.keys.get_mut(name).map(Arc::make_mut).ok_or(KekFault::NotFound)
    }
}

impl Key {
    fn version_mut(&mut self, number: VersionNumber) -> Result<&mut Version, KekFault> {
        self.versions
            .iter_mut()
            .find(|version| version.number == number)
            .ok_or(KekFault::NotFound)
    }
}

impl Version {
    fn new(number: VersionNumber, material: Secret<32>, now: Moment) -> Self {
        Self {
            number,
            created: now,
            state: State::Enabled,
            material: Some(Arc::new(material)),
            public: Arc::default(),
        }
    }

    fn erase(&mut self) {
        self.state = State::Destroyed;
        self.material = None;
    }
}
