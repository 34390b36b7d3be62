//! Whole files for everyone to read: signatures, public keys.

use std::io::{self, Write};
use std::path::Path;

use super::failpoint::{self, Sites};
use super::flush::Flush;
use super::staged::{Access, Staged};

/// Writes a file that others may read as far as the umask lets them. When this returns it is on disk under its name;
/// when it fails or the process dies there is the whole file, or what was there before.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] unless it may `overwrite`; what the file system reports.
pub fn publish(path: &Path, content: &[u8], overwrite: bool, sites: &Sites) -> io::Result<()> {
    failpoint::pass(sites.before_temp)?;
    let staged = Staged::create(path, Access::Umask)?;
    staged.file().write_all(content)?;
    failpoint::pass(sites.after_temp_write)?;
    Flush::Now.files([staged.file()])?;
    failpoint::pass(sites.after_temp_sync)?;
    match overwrite {
        true => staged.replace(),
        false => staged.place(),
    }?;
    failpoint::pass(sites.after_rename)?;
    Flush::Now.folders([path])?;
    failpoint::pass(sites.after_dir_sync)
}
