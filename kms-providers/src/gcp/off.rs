//! Keys that were taken out of use as a whole. Google knows states of versions only: so a key is disabled by disabling
//! every version, and a label of the key says which of them were out of use before, so that they stay so afterwards.

use std::collections::BTreeSet;
use std::time::SystemTime;

use kms_core::KekFault;

use super::api::{CryptoKey, UpdateLabels};
use super::client::Call;
use super::facts::{KeyFacts, VersionFacts};
use super::keys::current;
use super::provider::Service;
use crate::cloud::CallFault;
use crate::uri::{GcpKey, VersionNumber, version_number};

impl Service {
    /// Disables every version.
    pub(super) async fn disable_all(&self, key: &GcpKey) -> Result<(), CallFault> {
        let (facts, versions) = self.standing(key).await?;
        self.note(&facts, &versions).await?;
        for version in versions.iter().filter(|version| version.is_enabled()) {
            self.set_state(&version.key, "DISABLED").await?;
        }
        self.primaries.forget(key);
        Ok(())
    }

    /// Orders the destruction of every version. Returns the time of the last.
    pub(super) async fn destroy_all(&self, key: &GcpKey) -> Result<Option<SystemTime>, CallFault> {
        let (facts, versions) = self.standing(key).await?;
        self.note(&facts, &versions).await?;
        let mut due = None;
        let doomed = |version: &&VersionFacts| matches!(version.usable(), Ok(()) | Err(KekFault::Disabled));
        for version in versions.iter().filter(doomed) {
            due = due.max(self.destroy_version(&version.key).await?);
        }
        self.primaries.forget(key);
        Ok(due)
    }

    /// Takes back the destruction of every version that can be saved.
    pub(super) async fn restore_all(&self, key: &GcpKey) -> Result<(), CallFault> {
        let (_, versions) = self.looked_at(key).await?;
        for version in versions.iter().filter(|version| !is_gone(version)) {
            self.restore_version(version).await?;
        }
        Ok(())
    }

    /// Allows use again: of the versions that were in use when the key was taken out of it; where nobody noted that, of
    /// the one that wraps.
    pub(super) async fn bring_back(&self, key: &GcpKey) -> Result<(), CallFault> {
        let (facts, versions) = self.looked_at(key).await?;
        let wraps = current(&facts, &versions).map(|version| version.number);
        let noted = facts.labels.get(LABEL).map(|label| numbers(label));
        for version in versions.iter().filter(|version| !is_gone(version)) {
            let was_in_use = match &noted {
                Some(off) => !off.contains(&version.number),
                None => Some(version.number) == wraps,
            };
            if was_in_use {
                self.enable_version(version).await?;
            }
        }
        match noted {
            Some(_) => self.label(&facts, None).await,
            None => Ok(()),
        }
    }

    /// A key that can be taken out of use.
    async fn standing(&self, key: &GcpKey) -> Result<(KeyFacts, Vec<VersionFacts>), CallFault> {
        let (facts, versions) = self.looked_at(key).await?;
        let state = current(&facts, &versions).map_or(Err(KekFault::NotFound), VersionFacts::usable);
        match state {
            Ok(()) | Err(KekFault::Disabled) => Ok((facts, versions)),
            Err(fault) => Err(CallFault::new(fault)),
        }
    }

    /// A key that is not destroyed, and its versions.
    async fn looked_at(&self, key: &GcpKey) -> Result<(KeyFacts, Vec<VersionFacts>), CallFault> {
        let facts = self.facts(key).await?;
        let versions = self.versions(key).await?;
        match !versions.is_empty() && versions.iter().all(is_gone) {
            true => Err(CallFault::new(KekFault::Destroyed)),
            false => Ok((facts, versions)),
        }
    }

    /// Notes what is out of use already, before anything is changed. A note that is there is of an order that was not
    /// taken back yet, or broke off half-way.
    async fn note(&self, facts: &KeyFacts, versions: &[VersionFacts]) -> Result<(), CallFault> {
        if facts.labels.contains_key(LABEL) {
            return Ok(());
        }
        let off = versions.iter().filter(|version| !version.is_enabled());
        let off = off.map(|version| version.number).collect();
        let label = text(&off).ok_or_else(|| CallFault::new(KekFault::Quota))?;
        self.label(facts, Some(label)).await
    }

    async fn label(&self, facts: &KeyFacts, label: Option<String>) -> Result<(), CallFault> {
        let mut labels = facts.labels.clone();
        match label {
            Some(label) => labels.insert(LABEL.to_owned(), label),
            None => labels.remove(LABEL),
        };
        let call: Call<CryptoKey> = Call::patch("UpdateCryptoKey", &format!("{}?updateMask=labels", facts.key));
        let body = UpdateLabels { labels: &labels };
        self.at(&facts.key)?.send(&call, &body).await.map(drop)
    }
}

fn is_gone(version: &VersionFacts) -> bool {
    matches!(version.usable(), Err(KekFault::Destroyed | KekFault::NotFound))
}

/// `1-3_7`: what a label can hold. `None` where it cannot.
fn text(numbers: &BTreeSet<VersionNumber>) -> Option<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers.iter().map(|number| number.get()) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |&(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let text = runs.iter().map(run).collect::<Vec<_>>().join("_");
    (text.len() <= LABEL_LEN).then_some(text)
}

/// What a label says; parts that somebody else wrote say nothing.
fn numbers(text: &str) -> BTreeSet<VersionNumber> {
    let run = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (version_number(first).ok()?.get(), version_number(last).ok()?.get());
        (last.saturating_sub(first) < RUN).then_some(first..=last)
    };
    let runs = text.split('_').filter_map(run).flatten();
    runs.filter_map(VersionNumber::new).collect()
}

const LABEL: &str = "keystrand-off-before";
/// Google's limit of a label's value.
const LABEL_LEN: usize = 63;
/// No key has that many versions.
const RUN: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_noted_as_runs() {
        for (off, expected) in [(vec![], ""), (vec![2], "2"), (vec![1, 2, 3, 7, 9, 10], "1-3_7_9-10")] {
            let off: BTreeSet<_> = off.into_iter().filter_map(VersionNumber::new).collect();
            assert_eq!(text(&off).as_deref(), Some(expected));
            assert_eq!(numbers(expected), off);
        }
        let sparse: BTreeSet<_> = (1..60).map(|n| VersionNumber::new(n * 2).unwrap()).collect();
        assert_eq!(text(&sparse), None);
    }

    #[test]
    fn foreign_labels_say_nothing() {
        for foreign in ["", "x", "1-", "-1", "0", "1-4294967295", "9-1"] {
            assert!(numbers(foreign).is_empty(), "{foreign}");
        }
        assert_eq!(numbers("x_3").len(), 1);
    }
}
