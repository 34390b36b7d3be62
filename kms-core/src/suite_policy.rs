//! Which suites may seal, which may still open, and from when: how a suite is retired without losing what it sealed.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::error::PolicyFault;
use crate::suite::{Kind, Suite};

/// What a suite may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuiteStatus {
    /// Neither sealing nor opening.
    Forbidden,
    /// Opening, and rewraps that add nobody.
    DecryptOnly,
    /// Sealing and opening.
    Allowed,
    /// Sealing and opening, and what is sealed with where nothing else is asked for.
    Preferred,
}

impl SuiteStatus {
    /// Every status, weakest first.
    pub const ALL: [Self; 4] = [Self::Forbidden, Self::DecryptOnly, Self::Allowed, Self::Preferred];

    /// Name for people, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::DecryptOnly => "decrypt-only",
            Self::Allowed => "allowed",
            Self::Preferred => "preferred",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The status of a suite, and the times from which it is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuiteRule {
    /// The status until one of the times below.
    pub status: SuiteStatus,
    /// From then on it seals nothing.
    pub decrypt_only_from: Option<SystemTime>,
    /// From then on it opens nothing either.
    pub forbidden_from: Option<SystemTime>,
}

impl SuiteRule {
    /// A status for ever.
    #[must_use]
    pub const fn always(status: SuiteStatus) -> Self {
        Self {
            status,
            decrypt_only_from: None,
            forbidden_from: None,
        }
    }

    fn at(&self, now: SystemTime) -> SuiteStatus {
        let has_come = |time: Option<SystemTime>| time.is_some_and(|time| time <= now);
        let most = if has_come(self.forbidden_from) {
            SuiteStatus::Forbidden
        } else if has_come(self.decrypt_only_from) {
            SuiteStatus::DecryptOnly
        } else {
            SuiteStatus::Preferred
        };
        self.status.min(most)
    }
}

/// A rule for each suite; a suite without one is forbidden.
///
/// ```
/// use kms_core::{Suite, SuitePolicy, SuiteRule, SuiteStatus};
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::now();
/// let retired = SuiteRule {
///     decrypt_only_from: Some(now),
///     ..SuiteRule::always(SuiteStatus::Allowed)
/// };
/// let policy = SuitePolicy::default().with(Suite::ChaCha20Poly1305, retired);
/// assert_eq!(policy.status(Suite::ChaCha20Poly1305, now), SuiteStatus::DecryptOnly);
/// assert_eq!(policy.status(Suite::ChaCha20Poly1305, now - Duration::from_secs(1)), SuiteStatus::Allowed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuitePolicy(BTreeMap<Suite, SuiteRule>);

impl Default for SuitePolicy {
    /// Every suite is allowed.
    fn default() -> Self {
        Self::only(Suite::ALL)
    }
}

impl SuitePolicy {
    /// These suites are allowed, all others forbidden.
    #[must_use]
    pub fn only(suites: impl IntoIterator<Item = Suite>) -> Self {
        let allowed = SuiteRule::always(SuiteStatus::Allowed);
        Self(suites.into_iter().map(|suite| (suite, allowed)).collect())
    }

    /// This policy, with another rule for `suite`.
    #[must_use]
    pub fn with(mut self, suite: Suite, rule: SuiteRule) -> Self {
        self.0.insert(suite, rule);
        self
    }

    /// The rules, in order of the suites' numbers.
    pub fn rules(&self) -> impl Iterator<Item = (Suite, SuiteRule)> {
        self.0.iter().map(|(suite, rule)| (*suite, *rule))
    }

    /// What `suite` may be used for at `now`.
    #[must_use]
    pub fn status(&self, suite: Suite, now: SystemTime) -> SuiteStatus {
        self.0.get(&suite).map_or(SuiteStatus::Forbidden, |rule| rule.at(now))
    }

    /// What to seal `kind` with where nobody says: the preferred suite, else the first allowed one in order of
    /// [`Suite::ALL`].
    #[must_use]
    pub fn preferred(&self, kind: Kind, now: SystemTime) -> Option<Suite> {
        let able = || Suite::ALL.into_iter().filter(|suite| suite.allows(kind));
        let of = |status| able().find(|suite| self.status(*suite, now) == status);
        of(SuiteStatus::Preferred).or_else(|| of(SuiteStatus::Allowed))
    }

    /// Refuses a suite that seals nothing at `now`.
    ///
    /// # Errors
    /// [`PolicyFault::SuiteDecryptOnly`], [`PolicyFault::SuiteForbidden`].
    pub fn check_sealing(&self, suite: Suite, now: SystemTime) -> Result<(), PolicyFault> {
        match self.status(suite, now) {
            SuiteStatus::Preferred | SuiteStatus::Allowed => Ok(()),
            SuiteStatus::DecryptOnly => Err(PolicyFault::SuiteDecryptOnly),
            SuiteStatus::Forbidden => Err(PolicyFault::SuiteForbidden),
        }
    }

    /// Refuses a suite that opens nothing at `now`.
    ///
    /// # Errors
    /// [`PolicyFault::SuiteForbidden`].
    pub fn check_opening(&self, suite: Suite, now: SystemTime) -> Result<(), PolicyFault> {
        match self.status(suite, now) {
            SuiteStatus::Forbidden => Err(PolicyFault::SuiteForbidden),
            _ => Ok(()),
        }
    }
}
