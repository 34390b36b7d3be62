//! A file, as far as it was read.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use kms_core::payload::ReadAt;
use zeroize::Zeroizing;

use crate::limits;

/// A file and its beginning. What is read may be a private key, so it is wiped.
pub(super) struct Sample<'a> {
    pub(super) path: &'a Path,
    pub(super) size: u64,
    head: Zeroizing<Vec<u8>>,
    bytes: &'a dyn ReadAt,
}

impl<'a> Sample<'a> {
    pub(super) fn take(path: &'a Path, bytes: &'a dyn ReadAt) -> io::Result<Self> {
        let size = bytes.size()?;
        let mut sample = Self {
            path,
            size,
            head: Zeroizing::default(),
            bytes,
        };
        sample.head = sample.start(limits::HEAD)?;
        Ok(sample)
    }

    /// The beginning, up to [`limits::HEAD`].
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The first `most` bytes, or all there are.
    pub(super) fn start(&self, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let length = usize::try_from(self.size).map_or(most, |size| size.min(most));
        self.range(0, length)
    }

    /// `length` bytes from `offset`; the caller has held both against the size.
    pub(super) fn range(&self, offset: u64, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(vec![0; length]);
        self.bytes.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Whether it can be searched as a text: no zero byte at its beginning, and its first characters are UTF-8.
    pub(super) fn is_text(&self) -> bool {
        let probe = self.head.get(..PROBE).unwrap_or(&self.head);
        let is_utf8 = match std::str::from_utf8(probe) {
            Ok(_) => true,
            // A character may be cut in two.
            Err(error) => error.error_len().is_none(),
        };
        is_utf8 && memchr::memchr(0, &self.head).is_none()
    }

    /// Whether its name ends with one of these extensions.
    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        let own = self.path.extension().and_then(OsStr::to_str).unwrap_or_default();
        extensions.iter().any(|extension| extension.eq_ignore_ascii_case(own))
    }
}

const PROBE: usize = 64;
