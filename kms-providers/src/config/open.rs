//! `[open]`: whom to ask first, and when to ask a second one.

use std::collections::BTreeMap;
use std::time::Duration;

use kms_core::Criterion;
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use super::source::Source;
use super::{ConfigError, ProviderConfig};
use crate::uri::KeyName;

/// How recipients are chosen when an envelope is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenConfig {
    /// What decides among keys of one posture: latency, then cost, unless said.
    pub order: Vec<Criterion>,
    /// How long a first answer may take before a second recipient is asked, as long as too little was measured to
    /// tell; 300 ms unless said, never if `None`.
    pub hedge_after: Option<Duration>,
    /// What a call of a provider costs, in any unit; 1 unless said, and nothing in this house.
    pub cost: BTreeMap<KeyName, u32>,
}

impl Default for OpenConfig {
    fn default() -> Self {
        Self {
            order: vec![Criterion::Latency, Criterion::Cost],
            hedge_after: Some(HEDGE_AFTER),
            cost: BTreeMap::new(),
        }
    }
}

impl OpenConfig {
    pub(super) fn read(
        source: &Source,
        providers: &BTreeMap<KeyName, ProviderConfig>,
        value: Option<Spanned<DeValue<'_>>>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let Some(value) = value else { return Ok(config) };
        let raw: Raw = source.read(value)?;
        if let Some(order) = raw.order {
            config.order = order.into_iter().map(Criterion::from).collect();
        }
        if let Some(millis) = raw.hedge_after_ms {
            let fits = (1..=60_000).contains(millis.get_ref());
            let after = fits.then(|| Duration::from_millis(*millis.get_ref()));
            config.hedge_after =
                Some(after.ok_or_else(|| source.error(millis.span(), "hedge_after_ms is 1 to 60000"))?);
        }
        if raw.hedge == Some(false) {
            config.hedge_after = None;
        }
        for (name, cost) in raw.cost {
            let known = KeyName::parse(name.get_ref())
                .ok()
                .filter(|name| providers.contains_key(name));
            let name = known.ok_or_else(|| source.error(name.span(), "no provider of this name is configured"))?;
            config.cost.insert(name, cost);
        }
        Ok(config)
    }
}

impl From<RawCriterion> for Criterion {
    fn from(raw: RawCriterion) -> Self {
        match raw {
            RawCriterion::Latency => Self::Latency,
            RawCriterion::Cost => Self::Cost,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    order: Option<Vec<RawCriterion>>,
    hedge: Option<bool>,
    hedge_after_ms: Option<Spanned<u64>>,
    #[serde(default)]
    cost: BTreeMap<Spanned<String>, u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawCriterion {
    Latency,
    Cost,
}

const HEDGE_AFTER: Duration = Duration::from_millis(300);
