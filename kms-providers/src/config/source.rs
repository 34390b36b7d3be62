//! The text of a configuration, and where in it something is wrong.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::ConfigError;

/// A configuration's text and the folder that its paths are relative to.
#[derive(Debug)]
pub(super) struct Source {
    text: String,
    pub(super) folder: PathBuf,
}

impl Source {
    pub(super) fn new(text: &str, folder: &Path) -> Self {
        Self {
            text: text.to_owned(),
            folder: folder.to_owned(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// An error at the start of `span`.
    pub(super) fn error(&self, span: Range<usize>, message: impl Display) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        ConfigError::at(line, column, message.to_string())
    }

    /// What the TOML reader says. Its message names fields and types; the line that it would quote is left out.
    pub(super) fn reading(&self, error: &toml::de::Error, fallback: Range<usize>) -> ConfigError {
        self.error(error.span().unwrap_or(fallback), error.message())
    }

    /// Reads a value into its type.
    pub(super) fn read<'t, T: Deserialize<'t>>(&self, value: Spanned<DeValue<'t>>) -> Result<T, ConfigError> {
        let span = value.span();
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| self.reading(&error, span))
    }
}

/// The entries of a table.
pub(super) fn table<'t>(source: &Source, value: Spanned<DeValue<'t>>) -> Result<DeTable<'t>, ConfigError> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(table),
        other => Err(source.error(span, format_args!("expected a table, found {}", other.type_str()))),
    }
}
