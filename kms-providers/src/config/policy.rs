//! `[policy]`.

use std::ops::Range;

use kms_core::{Posture, Suite, SuitePolicy, SuiteRule, SuiteStatus, caps};
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;
use toml::value::Datetime;

use super::date::moment;
use super::raw_key::RawPosture;
use super::source::{Source, table};
use super::{ConfigError, Residency};

/// What is allowed for all keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyConfig {
    /// Suites that may seal and open, and until when; all of them unless said.
    pub suites: SuitePolicy,
    /// The least posture of every recipient; any unless said.
    pub posture: Option<Posture>,
    /// Recipients and shares of an envelope; 16 unless said, 64 at most.
    pub max_recipients: usize,
    /// Where keys may live that wrap or unwrap, whatever logical key they are of; anywhere unless said.
    pub residency: Residency,
    /// Days after which an inventory calls a key due for rotation; its own default unless said.
    pub max_age_days: Option<u64>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            suites: SuitePolicy::default(),
            posture: None,
            max_recipients: caps::RECIPIENTS_DEFAULT,
            residency: Residency::default(),
            max_age_days: None,
        }
    }
}

impl PolicyConfig {
    pub(super) fn read(source: &Source, value: Option<Spanned<DeValue<'_>>>) -> Result<Self, ConfigError> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        let span = value.span();
        let mut fields = table(source, value)?;
        let suites = fields.remove("suites");
        let raw: Raw = source.read(Spanned::new(span, DeValue::Table(fields)))?;
        let mut policy = Self {
            posture: raw.posture.map(Posture::from),
            ..Self::default()
        };
        if let Some(suites) = suites {
            policy.suites = self::suites(source, suites)?;
        }
        if let Some(most) = raw.max_recipients {
            if !(1..=caps::RECIPIENTS_HARD).contains(most.get_ref()) {
                return Err(source.error(most.span(), "max_recipients is 1 to 64"));
            }
            policy.max_recipients = most.into_inner();
        }
        if let Some(regions) = raw.residency {
            policy.residency = Residency::read(source, regions)?;
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

/// A list of the suites that are allowed, or a table of what each is allowed for. What it leaves out is forbidden.
fn suites(source: &Source, value: Spanned<DeValue<'_>>) -> Result<SuitePolicy, ConfigError> {
    let span = value.span();
    let mut policy = SuitePolicy::only([]);
    if matches!(value.get_ref(), DeValue::Table(_)) {
        for (name, value) in table(source, value)? {
            let suite = suite(source, &Spanned::new(name.span(), name.get_ref().to_string()))?;
            policy = policy.with(suite, rule(source, value)?);
        }
    } else {
        let names: Vec<Spanned<String>> = source.read(value)?;
        let named = names.iter().map(|name| suite(source, name));
        policy = SuitePolicy::only(named.collect::<Result<Vec<_>, _>>()?);
    }
    let has = |status| policy.rules().filter(move |(_, rule)| rule.status == status).count();
    if policy.rules().count() == has(SuiteStatus::Forbidden) {
        return Err(source.error(span, "no suite is allowed, so nothing could be sealed or opened"));
    }
    if has(SuiteStatus::Preferred) > 1 {
        return Err(source.error(span, "at most one suite is preferred"));
    }
    Ok(policy)
}

/// `"STATUS"`, or `{ status = "STATUS", decrypt_only_from = DATE, forbidden_from = DATE }`.
fn rule(source: &Source, value: Spanned<DeValue<'_>>) -> Result<SuiteRule, ConfigError> {
    let raw = match value.get_ref() {
        DeValue::Table(_) => source.read(value)?,
        _ => RawRule {
            status: source.read(value)?,
            decrypt_only_from: None,
            forbidden_from: None,
        },
    };
    let status = SuiteStatus::from_name(raw.status.get_ref()).ok_or_else(|| {
        let names = SuiteStatus::ALL.map(SuiteStatus::name).join(", ");
        source.error(raw.status.span(), format_args!("unknown status; it is one of {names}"))
    })?;
    let date = |date: Option<Spanned<Datetime>>| {
        let wrong = |span: Range<usize>| source.error(span, "a date, such as 2027-01-01, from 1970 on");
        date.map(|date| moment(date.get_ref()).ok_or_else(|| wrong(date.span())))
            .transpose()
    };
    Ok(SuiteRule {
        status,
        decrypt_only_from: date(raw.decrypt_only_from)?,
        forbidden_from: date(raw.forbidden_from)?,
    })
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
    posture: Option<RawPosture>,
    max_recipients: Option<Spanned<usize>>,
    residency: Option<Spanned<Vec<String>>>,
    max_age_days: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    status: Spanned<String>,
    decrypt_only_from: Option<Spanned<Datetime>>,
    forbidden_from: Option<Spanned<Datetime>>,
}
