//! `[provider.NAME]`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::source::{Source, table};
use crate::uri::{KeyName, UriScheme};

/// A configured provider: its kind, and settings that the module of that kind reads.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    name: KeyName,
    kind: UriScheme,
    source: Arc<Source>,
}

impl ProviderConfig {
    /// The kind of provider.
    #[must_use]
    pub fn kind(&self) -> UriScheme {
        self.kind
    }

    /// The settings, without `kind`, as their module wants them. `T` denies unknown fields.
    ///
    /// # Errors
    /// [`ConfigError`] at the setting that is wrong.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        // The text was parsed before; parsing it again keeps every position without keeping the tree.
        let root = DeTable::parse(self.source.text()).map_err(|error| self.source.reading(&error, 0..0))?;
        let mut root = root.into_inner();
        let missing = || ConfigError::without_place("the provider is not in the configuration any more");
        let mut providers = table(&self.source, root.remove("provider").ok_or_else(missing)?)?;
        let provider = providers.remove(self.name.as_str()).ok_or_else(missing)?;
        let span = provider.span();
        let mut settings = table(&self.source, provider)?;
        settings.remove("kind");
        self.source.read(Spanned::new(span, DeValue::Table(settings)))
    }

    /// A path of the settings: relative to the configuration's folder.
    #[must_use]
    pub fn path(&self, written: &Path) -> PathBuf {
        self.source.folder.join(written)
    }

    pub(super) fn read(source: &Arc<Source>, name: &KeyName, value: Spanned<DeValue<'_>>) -> Result<Self, ConfigError> {
        let span = value.span();
        let kind = table(source, value)?.remove("kind");
        let kind = kind.ok_or_else(|| source.error(span, format_args!("`kind` is missing; {KINDS}")))?;
        let known = kind.get_ref().as_str().and_then(UriScheme::from_name);
        let known = known.filter(|scheme| !scheme.is_supplied_by_caller());
        Ok(Self {
            name: name.clone(),
            kind: known.ok_or_else(|| source.error(kind.span(), format_args!("unknown kind; {KINDS}")))?,
            source: Arc::clone(source),
        })
    }
}

const KINDS: &str = "it is one of local, memory, aws-kms, gcp-kms, azure-kv, pkcs11, kmip";
