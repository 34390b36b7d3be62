//! `[audit]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use super::ConfigError;
use super::source::Source;

/// Where uses of keys are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditConfig {
    /// Nowhere, and somebody said so.
    None,
    /// In a transparency log.
    Tlog {
        /// The folder of the log.
        dir: PathBuf,
        /// How long a request waits for its record to be durable before it fails.
        deadline: Duration,
    },
}

impl AuditConfig {
    pub(super) fn read(source: &Source, value: Option<Spanned<DeValue<'_>>>) -> Result<Self, ConfigError> {
        let Some(value) = value else {
            return Err(ConfigError::without_place(UNSAID));
        };
        match value.get_ref() {
            DeValue::String(word) if word == "none" => Ok(Self::None),
            DeValue::Table(_) => Self::from_table(source, value),
            _ => Err(source.error(value.span(), "audit is \"none\" or a table [audit] with a kind")),
        }
    }

    fn from_table(source: &Source, value: Spanned<DeValue<'_>>) -> Result<Self, ConfigError> {
        let raw: Raw = source.read(value)?;
        let misplaced = raw
            .dir
            .as_ref()
            .map(Spanned::span)
            .or(raw.deadline_ms.as_ref().map(Spanned::span));
        match (raw.kind.get_ref(), misplaced) {
            (Kind::None, Some(span)) => Err(source.error(span, "this does not belong to the audit kind \"none\"")),
            (Kind::None, None) => Ok(Self::None),
            (Kind::Tlog, _) => {
                let deadline_ms = raw.deadline_ms.map_or(DEADLINE_MS, Spanned::into_inner);
                let dir = raw.dir.map_or_else(|| PathBuf::from(DIR), Spanned::into_inner);
                Ok(Self::Tlog {
                    dir: source.folder.join(dir),
                    deadline: Duration::from_millis(deadline_ms),
                })
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    kind: Spanned<Kind>,
    dir: Option<Spanned<PathBuf>>,
    deadline_ms: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    None,
    Tlog,
}

const UNSAID: &str = "it does not say where uses of keys are recorded; write [audit] with kind = \"tlog\", or \
                      audit = \"none\" if you mean nowhere";
const DIR: &str = "audit";
const DEADLINE_MS: u64 = 5_000;
