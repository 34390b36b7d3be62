//! What a sealed table says of itself. Nothing of it is secret, and nothing is believed further than keys bear it out: a
//! ticket that was exchanged does not open, and neither do the records under it.

use std::collections::BTreeMap;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use kms_core::akd::Schema;
use serde::{Deserialize, Serialize};

use crate::error::ViewError;
use crate::form::Form;

/// What a sealed table says of itself, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    keystrand_view: u32,
    /// As in the policy: it enters every token.
    pub table: String,
    schema: String,
    /// The epoch of its keys.
    pub epoch: u16,
    /// The column of the class, where rows have classes.
    pub class: Option<String>,
    /// Protected columns.
    pub columns: BTreeMap<String, ManifestColumn>,
}

/// A protected column of a sealed table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestColumn {
    /// What its tokens say of themselves (`kms_core::fpe::ColumnMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What its deterministic tokens say of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deterministic: Option<String>,
    /// Tickets of the values.
    #[serde(default)]
    pub(crate) sealed: Vec<ManifestTicket>,
    /// Tickets of the masks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) masked: Vec<ManifestTicket>,
}

/// The ticket of one form in rows of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestTicket {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    ticket: String,
}

impl Manifest {
    pub(crate) fn new(table: &str, schema: &Schema, epoch: u16, class: Option<&str>) -> Self {
        Self {
            keystrand_view: VERSION,
            table: table.to_owned(),
            schema: HEXLOWER.encode(&schema.encode()),
            epoch,
            class: class.map(str::to_owned),
            columns: BTreeMap::new(),
        }
    }

    /// The schema that the table was sealed with.
    ///
    /// # Errors
    /// [`ViewError::Manifest`].
    pub fn schema(&self) -> Result<Schema, ViewError> {
        let encoded = HEXLOWER
            .decode(self.schema.as_bytes())
            .map_err(|_| ViewError::Manifest("schema"))?;
        Schema::decode(&encoded).map_err(|_| ViewError::Manifest("schema"))
    }

    /// Reads the JSON.
    ///
    /// # Errors
    /// [`ViewError::Manifest`].
    pub fn parse(json: &[u8]) -> Result<Self, ViewError> {
        let manifest: Self = serde_json::from_slice(json).map_err(|_| ViewError::Manifest("fields"))?;
        match manifest.keystrand_view {
            VERSION => Ok(manifest),
            _ => Err(ViewError::Manifest("version")),
        }
    }

    /// The JSON.
    ///
    /// # Panics
    /// Never: it has text keys and no fallible values.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("text keys and no fallible values");
        json.push(b'\n');
        json
    }
}

impl ManifestColumn {
    pub(crate) fn tickets(&self, form: Form) -> &[ManifestTicket] {
        match form {
            Form::Sealed => &self.sealed,
            Form::Masked => &self.masked,
            Form::Deterministic => &[],
        }
    }
}

impl ManifestTicket {
    pub(crate) fn new(class: Option<&str>, ticket: &[u8]) -> Self {
        Self {
            class: class.map(str::to_owned),
            ticket: BASE64URL_NOPAD.encode(ticket),
        }
    }

    pub(crate) fn bytes(&self) -> Result<Vec<u8>, ViewError> {
        let bytes = BASE64URL_NOPAD.decode(self.ticket.as_bytes());
        bytes.map_err(|_| ViewError::Manifest("ticket"))
    }
}

const VERSION: u32 = 1;
