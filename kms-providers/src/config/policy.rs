//! `[policy]`.

use kms_core::{Suite, caps};
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use super::ConfigError;
use super::source::Source;

/// What is allowed for all keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyConfig {
    /// Suites that may seal and open; all of them unless said.
    pub suites: Vec<Suite>,
    /// Recipients and shares of an envelope; 16 unless said, 64 at most.
    pub max_recipients: usize,
    /// Days after which an inventory calls a key due for rotation; its own default unless said.
    pub max_age_days: Option<u64>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            suites: Suite::ALL.to_vec(),
            max_recipients: caps::RECIPIENTS_DEFAULT,
            max_age_days: None,
        }
    }
}

impl PolicyConfig {
    pub(super) fn read(source: &Source, value: Option<Spanned<DeValue<'_>>>) -> Result<Self, ConfigError> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        let raw: Raw = source.read(value)?;
        let mut policy = Self::default();
        if let Some(suites) = raw.suites {
            if suites.get_ref().is_empty() {
                return Err(source.error(
                    suites.span(),
                    "no suite is allowed, so nothing could be sealed or opened",
                ));
            }
            let suites = suites.into_inner().into_iter();
            policy.suites = suites.map(|name| suite(source, &name)).collect::<Result<_, _>>()?;
        }
        if let Some(most) = raw.max_recipients {
            if !(1..=caps::RECIPIENTS_HARD).contains(most.get_ref()) {
                return Err(source.error(most.span(), "max_recipients is 1 to 64"));
            }
            policy.max_recipients = most.into_inner();
        }
        if let Some(days) = raw.max_age_days {
            if !(1..=36_500).contains(days.get_ref()) {
                return Err(source.error(days.span(), "max_age_days is 1 to 36500"));
            }
            policy.max_age_days = Some(days.into_inner());
        }
        Ok(policy)
    }
}

/// The suite of this name.
pub(super) fn suite(source: &Source, name: &Spanned<String>) -> Result<Suite, ConfigError> {
    Suite::from_name(name.get_ref()).ok_or_else(|| {
        let names = Suite::ALL.map(Suite::name).join(", ");
        source.error(name.span(), format_args!("unknown suite; it is one of {names}"))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    suites: Option<Spanned<Vec<Spanned<String>>>>,
    max_recipients: Option<Spanned<usize>>,
    max_age_days: Option<Spanned<u64>>,
}
