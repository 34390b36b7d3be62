//! From facts to a verdict: the only place that knows the date and the policy.

use std::collections::BTreeMap;

use kms_core::Posture;

use crate::algorithm::Weakness;
use crate::asset::{Asset, AssetKind, Purpose};
use crate::finding::{Due, DueReason, Exposure, Finding, Priority, Verdict};
use crate::time::Time;

/// What assets are judged by.
#[derive(Debug, Clone)]
pub struct Judge {
    now: Time,
    max_age_days: u64,
    current: BTreeMap<String, String>,
}

impl Judge {
    /// A judge as of `now`, who lets keys be a year old.
    #[must_use]
    pub fn at(now: Time) -> Self {
        Self {
            now,
            max_age_days: MAX_AGE_DAYS,
            current: BTreeMap::new(),
        }
    }

    /// The same, letting keys be so many days old.
    #[must_use]
    pub fn max_age_days(mut self, days: u64) -> Self {
        self.max_age_days = days;
        self
    }

    /// The same, knowing the current version of keys: what is under another one is due.
    #[must_use]
    pub fn current_versions(mut self, versions: impl IntoIterator<Item = (String, String)>) -> Self {
        self.current.extend(versions);
        self
    }

    /// As of when.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The asset with the verdict on it.
    #[must_use]
    pub fn finding(&self, asset: Asset) -> Finding {
        let weaknesses = weaknesses(&asset);
        let exposure = exposure(&asset);
        let due = self.due(&asset);
        let priority = match () {
            () if !weaknesses.is_empty() => Priority::Weak,
            () if exposure == Exposure::Harvest => Priority::Exposed,
            () if due.is_some_and(|due| due.now) => Priority::Due,
            () if matches!(exposure, Exposure::Possible | Exposure::Forgery) => Priority::Migrate,
            () if exposure == Exposure::Unknown => Priority::Unclear,
            () => Priority::Fine,
        };
        let verdict = Verdict {
            advice: advice(&asset, priority, &weaknesses, due),
            priority,
            exposure,
            weaknesses,
            due,
            age_days: asset.created.or(asset.modified).map(|made| self.now.days_since(made)),
        };
        Finding { asset, verdict }
    }

    fn due(&self, asset: &Asset) -> Option<Due> {
        let due = |at: Time, reason, warning| Due {
            at,
            reason,
            now: at <= self.now.plus_days(warning),
        };
        if let Some(at) = asset.expires {
            // What lives for days is renewed in its last third, as ACME clients do.
            let lives = asset.created.map_or(u64::MAX, |from| at.days_since(from));
            return Some(due(at, DueReason::Expires, RENEWAL_DAYS.min(lives / 3)));
        }
        if self.is_under_an_old_version(asset) {
            return Some(due(self.now, DueReason::OldVersion, 0));
        }
        let rotates = matches!(asset.kind, AssetKind::ProviderKey | AssetKind::PrivateKey);
        let made = asset
            .created
            .or(asset.modified)
            .filter(|_| rotates && asset.fault.is_none())?;
        Some(due(made.plus_days(self.max_age_days), DueReason::Age, 0))
    }

    fn is_under_an_old_version(&self, asset: &Asset) -> bool {
        asset.recipients.iter().any(|recipient| {
            let current = self.current.get(&recipient.id);
            matches!((current, &recipient.version), (Some(current), Some(version)) if current != version)
        })
    }
}

fn weaknesses(asset: &Asset) -> Vec<Weakness> {
    let algorithms = asset.algorithms.iter().filter_map(|used| used.algorithm.weakness);
    let mut all: Vec<_> = algorithms.chain(asset.weaknesses.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn exposure(asset: &Asset) -> Exposure {
    match (asset.posture, asset.purpose) {
        _ if asset.fault.is_some() => Exposure::Unknown,
        (None, _) => Exposure::Unknown,
        (Some(Posture::Classical), Purpose::Confidentiality) => Exposure::Harvest,
        (Some(Posture::Classical), Purpose::Signature) => Exposure::Forgery,
        (Some(Posture::Classical), _) => Exposure::Possible,
        (Some(_), _) => Exposure::None,
    }
}

fn advice(asset: &Asset, priority: Priority, weaknesses: &[Weakness], due: Option<Due>) -> String {
    let advice = match priority {
        Priority::Weak => return weak_advice(weaknesses),
        Priority::Exposed => exposed_advice(asset.kind),
        Priority::Due => due_advice(asset.kind, due.map_or(DueReason::Age, |due| due.reason)),
        Priority::Migrate => match asset.purpose {
            Purpose::Signature => "replace it by ML-DSA, or by a pair with it, before quantum computers can forge",
            _ => "find out what it is used for: if it encrypts, what is recorded today can be opened later",
        },
        Priority::Unclear if asset.fault.is_some() => "look at the file: it is damaged, or not what it seems",
        Priority::Unclear => match asset.kind {
            AssetKind::PrivateKey => {
                "its algorithm is under its passphrase: `openssl pkey -in FILE -noout -text` shows it"
            }
            AssetKind::Container => "it was not looked into: list it with the tool that made it",
            _ => "find out what protects it: this version does not know its algorithm",
        },
        Priority::Fine => "nothing to do",
    };
    advice.to_owned()
}

fn weak_advice(weaknesses: &[Weakness]) -> String {
    let one = |weakness: &Weakness| match weakness {
        Weakness::ShortKey => "replace this key: it can be broken with classical computers",
        Weakness::Dsa => "replace it: DSA has been withdrawn",
        Weakness::Md5 | Weakness::Sha1 => "have it issued again: its signature can be forged by a collision",
        Weakness::OldCipher => "encrypt it again with AES",
        Weakness::Pkcs1Padding => "encrypt again with RSA-OAEP or, better, a KEM",
        Weakness::FastPassphrase => {
            "protect it again with PBES2 and a slow key derivation: `openssl pkcs8 -topk8 -scrypt`"
        }
        Weakness::ReadableByOthers => {
            "take the right to read from others (`chmod go= FILE`), and think of the key as known"
        }
    };
    let all: Vec<_> = weaknesses.iter().map(one).collect();
    all.join("; ")
}

fn exposed_advice(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Envelope | AssetKind::Ticket | AssetKind::SealedSecret | AssetKind::Keystore => {
            "rewrap it to a hedged recipient; copies of the old header stay classical, so what must stay secret for long \
             is to be sealed anew"
        }
        AssetKind::EsdkMessage => {
            "decrypt it and seal it anew as KS1 with a hedged recipient: its header cannot be changed"
        }
        AssetKind::AgeFile | AssetKind::Jwe => "encrypt it anew to a hybrid recipient (for age: mlkem768x25519)",
        AssetKind::Certificate => {
            "do not let it encrypt or agree on keys: sign only, with hybrid key exchange (X25519MLKEM768)"
        }
        _ => "replace it by a hybrid key (X-Wing, ML-KEM with X25519), and encrypt anew what was encrypted to it",
    }
}

fn due_advice(kind: AssetKind, reason: DueReason) -> &'static str {
    match (reason, kind) {
        (DueReason::Expires, _) => "renew it, with a post-quantum or hybrid algorithm where its users can take one",
        (DueReason::OldVersion, _) => {
            "bring it under the current key version: `kmsctl rotate --rewrap` or `kmsctl rewrap`"
        }
        (_, AssetKind::ProviderKey) => "rotate it: `kmsctl rotate KEY --rewrap PATH`",
        _ => "replace it, or raise the age that the policy allows",
    }
}

/// A year: within what SP 800-57 part 1, 5.3.6 recommends for each type of key.
const MAX_AGE_DAYS: u64 = 365;
/// A certificate is due so many days before it ends.
const RENEWAL_DAYS: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::{by_name, rsa};
    use crate::asset::{Place, Recipient, Role};

    fn asset(kind: AssetKind, purpose: Purpose) -> Asset {
        Asset::at(Place::Key { key: "k".into() }, kind, purpose)
    }

    fn day(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn classical_keys_are_told_apart_by_what_they_are_for() {
        let judge = Judge::at(day("2026-11-22"));
        let exposure = |name: &str, purpose| {
            let asset = asset(AssetKind::PublicKey, purpose).with(Role::Key, by_name(name).unwrap());
            judge.finding(asset).verdict.exposure
        };
        assert_eq!(exposure("X25519", Purpose::Confidentiality), Exposure::Harvest);
        assert_eq!(exposure("Ed25519", Purpose::Signature), Exposure::Forgery);
        assert_eq!(exposure("ML-KEM-768", Purpose::Confidentiality), Exposure::None);
        let either = asset(AssetKind::PublicKey, Purpose::Either).with(Role::Key, rsa(3072));
        assert_eq!(judge.finding(either).verdict.exposure, Exposure::Possible);
    }

    #[test]
    fn weak_comes_before_exposed_and_exposed_before_due() {
        let judge = Judge::at(day("2026-11-22"));
        let key = |bits, expires| {
            let mut asset = asset(AssetKind::Certificate, Purpose::Confidentiality).with(Role::Key, rsa(bits));
            asset.expires = Some(day(expires));
            judge.finding(asset).verdict
        };
        assert_eq!(key(1024, "2020-01-01").priority, Priority::Weak);
        assert_eq!(key(2048, "2020-01-01").priority, Priority::Exposed);
        let mut fine = asset(AssetKind::Certificate, Purpose::Signature).with(Role::Key, by_name("ML-DSA-65").unwrap());
        fine.expires = Some(day("2026-12-21"));
        assert_eq!(judge.finding(fine.clone()).verdict.priority, Priority::Due);
        fine.expires = Some(day("2026-12-23"));
        assert_eq!(judge.finding(fine).verdict.priority, Priority::Fine);
    }

    #[test]
    fn keys_come_of_age_and_envelopes_fall_behind() {
        let judge = Judge::at(day("2026-11-22")).max_age_days(30);
        let judge = judge.current_versions([("local://k".to_owned(), "2".to_owned())]);
        let mut key = asset(AssetKind::ProviderKey, Purpose::Confidentiality);
        key.created = Some(day("2026-10-23"));
        assert_eq!(judge.finding(key.clone()).verdict.due.unwrap().at, day("2026-11-22"));
        assert!(judge.finding(key.clone()).is_due());
        key.created = Some(day("2026-10-24"));
        assert!(!judge.finding(key).is_due());

        let mut envelope = asset(AssetKind::Envelope, Purpose::Confidentiality);
        let mut recipient = Recipient {
            id: "local://k".into(),
            scheme: "wrap-bound".into(),
            version: Some("1".into()),
            posture: Some(Posture::Hedged),
        };
        envelope.recipients.push(recipient.clone());
        assert_eq!(
            judge.finding(envelope.clone()).verdict.due.unwrap().reason,
            DueReason::OldVersion
        );
        recipient.version = Some("2".into());
        envelope.recipients = vec![recipient];
        assert_eq!(judge.finding(envelope).verdict.due, None);
    }
}
