//! Where a store is.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::schema::Dialect;
use super::{Result, StoreError};

/// Where a store is.
pub enum Location {
    /// A file, for one server.
    Sqlite(PathBuf),
    /// An address such as `postgres://user@host/database?sslmode=verify-full`, for several servers. It may hold a
    /// password.
    Postgres(Zeroizing<String>),
}

impl Location {
    /// SQLite makes its files as the process' mask says; this one is its owner's alone, and SQLite gives the files
    /// beside it the same mode.
    pub(super) fn prepare(&self) -> Result<()> {
        let Self::Sqlite(path) = self else {
            return Ok(());
        };
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        match opened {
            Ok(_) => Ok(()),
            Err(fault) => Err(StoreError::Unavailable(format!("{}: {fault}", path.display()))),
        }
    }

    pub(super) fn url(&self) -> Url {
        match self {
            Self::Sqlite(path) => Url(Zeroizing::new(format!("sqlite://{}?mode=rw", percent_encoded(path)))),
            Self::Postgres(url) => Url(url.clone()),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// An address that may hold a password.
pub(super) struct Url(Zeroizing<String>);

impl Url {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// A path as a URL has it: every byte but the plain ones by its number.
fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write;
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes whatever is written");
        }
    }
    encoded
}
