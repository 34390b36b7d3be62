//! The payload of a header, wherever it stands.

use std::path::{Path, PathBuf};

use kms_core::Header;

use super::{DiscoverOptions, Walk};
use crate::files::detect::starts_payload;
use crate::files::error::{At, FileError};

/// Files that start as the payload of a header does; made by [`find_payload`].
pub struct OrphanSearch {
    walk: Walk,
    header: Header,
}

/// Looks for the payload of `header` among the files below `paths`: by its first 24 bytes, which name the header.
/// No key is needed; whether the rest is whole shows when it is opened.
pub fn find_payload<P: AsRef<Path>>(header: &Header, paths: impl IntoIterator<Item = P>) -> OrphanSearch {
    OrphanSearch {
        walk: Walk::new(paths, &DiscoverOptions::default()),
        header: header.clone(),
    }
}

impl Iterator for OrphanSearch {
    type Item = Result<PathBuf, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let path = match self.walk.next()? {
                Ok(path) => path,
                Err(error) => return Some(Err(error)),
            };
            match starts_payload(&path, &self.header).at(&path) {
                Ok(Some(true)) => return Some(Ok(path)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
