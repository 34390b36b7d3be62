//! Views: a table is sealed once, and each role sees it in its own way.
//!
//! A [`Policy`] says for each role and column, by class of rows, what is seen: the value in clear, a token that keeps its
//! format, a deterministic token, a mask, or nothing. [`TableSealer`] makes every form that some role may see, under keys
//! of attributes (`kms_core::akd`); [`TableReader`] shows one role what its policy gives it **and its grants can open**.
//! The policy is how a table looks; the grants are what keeps it from being read. A role without the key of a value gets
//! its token, never a failure.
//!
//! Both work on columns in Arrow's layout and know no file format; [`csv`] is one.
//!
//! ```text
//! policy    roles, columns, classes
//! form      the forms of a value, and what the columns of a sealed table are called
//! keys      attribute keys from a root or from grants
//! place     which node of the tree a cell belongs to
//! manifest  what a sealed table says of itself: tickets, templates, schema
//! seal      columns of values to columns of forms
//! read      columns of forms to what a role sees
//! text      columns that are written
//! csv       the same for files of comma-separated values, in batches, columns in parallel
//! ```

pub mod csv;
mod error;
mod form;
mod keys;
mod manifest;
mod place;
mod policy;
mod read;
mod seal;
mod text;

pub use error::ViewError;
pub use form::{Form, Seen};
pub use keys::AttributeKeys;
pub use manifest::Manifest;
pub use policy::{ColumnPolicy, Policy, RoleView};
pub use read::{ColumnReader, StoredColumn, TableReader};
pub use seal::{ColumnSealer, SealedColumn, TableSealer};
pub use text::TextColumn;
