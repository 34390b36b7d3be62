//! Grants of attribute keys on their way from issuer to grantee (docs/akd.md 4, 5). What a grant holds and what is checked
//! about it is `kms_core::akd`; here it is sealed, signed, opened, listed and revoked.
//!
//! ```text
//! schema_file   keystrand's TOML form of a schema, with its root and the values that wildcards stand for
//! statement     what an issuer signs about a grant
//! issuer        sealing and signing
//! reader        verifying and opening, in the order of the page
//! revocation    the signed list of grants that are no more
//! register      what was issued from this home
//! ```

mod error;
mod issuer;
mod lines;
mod reader;
mod register;
mod revocation;
mod schema_file;
mod statement;

pub use error::GrantError;
pub use issuer::{IssuedGrant, Issuer};
pub use reader::GrantReader;
pub use register::{LockedRegister, Register};
pub use revocation::Revocations;
pub use schema_file::SchemaFile;
pub use statement::Statement;

use std::path::{Path, PathBuf};

/// Where the signature of the grant at `path` stands.
#[must_use]
pub fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}
