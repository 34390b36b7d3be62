//! Where a key may live.

use std::fmt;

use toml::Spanned;

use super::ConfigError;
use super::source::Source;

/// Regions, or their beginnings: `eu` is `eu-west-1` and `eu`, not `europe-west1` (which begins with `europe`).
/// Empty allows every region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residency(Vec<String>);

impl Residency {
    /// Allows these regions and all that begin with one of them and a dash. `None` unless each is made of a-z 0-9 -.
    #[must_use]
    pub fn new(regions: Vec<String>) -> Option<Self> {
        let is_region = |region: &String| {
            !region.is_empty()
                && region
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        regions.iter().all(is_region).then_some(Self(regions))
    }

    pub(super) fn read(source: &Source, raw: Spanned<Vec<String>>) -> Result<Self, ConfigError> {
        let span = raw.span();
        let residency = Self::new(raw.into_inner()).filter(|residency| !residency.is_anywhere());
        residency.ok_or_else(|| source.error(span, LISTS))
    }

    /// Whether every region is allowed.
    #[must_use]
    pub fn is_anywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key of this region is allowed.
    #[must_use]
    pub fn permits(&self, region: &str) -> bool {
        let begins = |allowed: &String| match region.strip_prefix(allowed.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('-'),
            None => false,
        };
        self.is_anywhere() || self.0.iter().any(begins)
    }
}

impl fmt::Display for Residency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

const LISTS: &str = "residency lists regions or their beginnings, made of a-z 0-9 -";
