//! Atomic replacement of a whole file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::failpoint::{self, Sites};

/// Replaces the content of `path`, or makes the file readable and writable by its owner alone. When this returns,
/// the new content is on disk; when it fails or the process dies, the file is the old one or the new one.
///
/// An existing file keeps its mode and owner, and a symbolic link keeps pointing at it. Callers hold a
/// [`super::FileLock`]: two replacements of one file at once are an error, not a mixture.
///
/// # Errors
/// What the file system reports. Up to the rename the old file stands and the temporary one is removed; a failure
/// after it leaves the new file in place, possibly not yet on disk.
pub fn replace(path: &Path, content: &[u8], sites: &Sites) -> io::Result<()> {
    let target = follow_links(path)?;
    failpoint::pass(sites.before_temp)?;
    let temporary = Temporary::create(&target)?;
    temporary.fill(&target, content, sites)?;
    temporary.persist(&target)?;
    failpoint::pass(sites.after_rename)?;
    sync_folder_of(&target)?;
    failpoint::pass(sites.after_dir_sync)
}

/// Makes the file `path`, readable and writable by its owner alone, unless there is one. Callers hold a
/// [`super::FileLock`], so that nobody else makes it meanwhile.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when anything of that name exists; otherwise as [`replace`].
pub fn create(path: &Path, content: &[u8], sites: &Sites) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(path, content, sites),
        Err(error) => Err(error),
    }
}

fn follow_links(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        found => found,
    }
}

/// A file beside the target that goes away unless it takes the target's place.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    /// One fixed name a target: a crash leaves at most one such file, and the next write removes it.
    fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let path = target.with_file_name(format!(".{}.new", name.to_string_lossy()));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = owner_only(OpenOptions::new().write(true).create_new(true)).open(&path)?;
        Ok(Self { path, file })
    }

    fn fill(&self, target: &Path, content: &[u8], sites: &Sites) -> io::Result<()> {
        let mut file = &self.file;
        file.write_all(content)?;
        keep_mode_and_owner(target, file)?;
        failpoint::pass(sites.after_temp_write)?;
        file.sync_all()?;
        failpoint::pass(sites.after_temp_sync)
    }

    fn persist(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; after a failure the first error is the one to report.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Without this, root rotating a service's keystore would lock the service out.
#[cfg(unix)]
pub(crate) fn keep_mode_and_owner(target: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let old = match fs::metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        old => old?,
    };
    let new = file.metadata()?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
pub(crate) fn keep_mode_and_owner(_target: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// A rename is durable once its folder is (fsync(2)).
#[cfg(unix)]
pub(crate) fn sync_folder_of(target: &Path) -> io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder_of(_target: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for content in [&b"first"[..], b"second, longer", b""] {
            replace(&path, content, &Sites::KEYSTORE).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_leftover_of_a_crash_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".f.new"), "torn").unwrap();
        replace(&folder.path().join("f"), b"whole", &Sites::KEYSTORE).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn failure_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "old").unwrap();
        // A folder in the way of the temporary file cannot be removed as a file.
        fs::create_dir(folder.path().join(".f.new")).unwrap();
        assert!(replace(&path, b"new", &Sites::KEYSTORE).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_private_and_old_ones_keep_their_mode() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        replace(&path, b"1", &Sites::KEYSTORE).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"2", &Sites::KEYSTORE).unwrap();
        assert_eq!(mode(), 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"new", &Sites::KEYSTORE).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
