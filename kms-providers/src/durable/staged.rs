//! A file that is written beside its place and takes it when it is complete.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file under a temporary name, `.NAME.kstmp`: one a target, locked by who writes it, so that what a crash leaves
/// is told from what is being written. It goes away unless it takes the target's place.
pub(crate) struct Staged {
    path: PathBuf,
    target: PathBuf,
    file: File,
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner alone.
    Owner,
    /// Whoever the process's umask lets.
    Umask,
}

impl Staged {
    /// Makes the temporary file of `target`; a leftover of a dead process is removed first.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] while another process writes the same target; what the file system reports.
    pub(crate) fn create(target: &Path, access: Access) -> io::Result<Self> {
        let path = temporary_of(target)?;
        for _ in 0..ATTEMPTS {
            match make(&path, access) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_stale(&path)?,
                Err(error) => return Err(error),
                Ok(file) if is_ours(&path, &file)? => {
                    let target = target.to_owned();
                    return Ok(Self { path, target, file });
                }
                Ok(_) => {}
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// The file, for reading and writing.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether the file has its target's name.
    pub(crate) fn is_placed(&self) -> bool {
        is_same(&self.target, &self.file)
    }

    /// Leaves the file under its temporary name, for whoever recovers.
    pub(crate) fn leave(mut self) {
        self.path = PathBuf::new();
    }

    /// Takes the target's place, whatever stands there. Durable when the folder is synced.
    pub(crate) fn replace(&self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)
    }

    /// Takes the target's place if nothing stands there.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`].
    pub(crate) fn place(&self) -> io::Result<()> {
        match rename_to_free(&self.path, &self.target) {
            // File systems without an exclusive rename: a link is exclusive everywhere.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
                fs::hard_link(&self.path, &self.target)?;
                fs::remove_file(&self.path)
            }
            outcome => outcome,
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a rename the name is free or somebody else's; after a failure the first error is the one to report.
        if is_same(&self.path, &self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The temporary name of `target`. Only for names near the longest that a file system takes is it not unique.
pub(crate) fn temporary_of(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = std::ffi::OsString::from(".");
    if name.len() + 1 + SUFFIX.len() <= LONGEST_NAME {
        temporary.push(name);
    } else {
        let text = name.to_string_lossy();
        let cut = (0..=LONGEST_STEM).rev().find(|&at| text.is_char_boundary(at));
        temporary.push(&text[..cut.unwrap_or(0)]);
    }
    temporary.push(SUFFIX);
    Ok(target.with_file_name(temporary))
}

/// The target of the temporary file `path`, if that is what its name says.
pub(crate) fn target_of(path: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let name = path.file_name()?.as_bytes();
    let target = name.strip_prefix(b".")?.strip_suffix(SUFFIX.as_bytes())?;
    (!target.is_empty()).then(|| path.with_file_name(std::ffi::OsStr::from_bytes(target)))
}

/// Opens and locks the temporary file `path` if a dead process left it; `None` when there is none.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] when somebody is writing it; what the file system reports.
pub(crate) fn stale_temporary(path: &Path) -> io::Result<Option<File>> {
    let file = match OpenOptions::new().read(true).custom_flags(NO_FOLLOW_NO_WAIT).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => Ok(is_same(path, &file).then_some(file)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether `path` still names `file`.
pub(crate) fn is_same(path: &Path, file: &File) -> bool {
    let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => same(&named, &open),
        _ => false,
    }
}

fn make(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(match access {
        Access::Owner => 0o600,
        Access::Umask => 0o666,
    });
    options.open(path)
}

/// Locks a file that was just made. Who saw it before the lock took it for a leftover, and removes it.
fn is_ours(path: &Path, file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(is_same(path, file)),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove_stale(path: &Path) -> io::Result<()> {
    match stale_temporary(path)? {
        Some(_locked) => fs::remove_file(path),
        None => Ok(()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_to_free(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

const SUFFIX: &str = ".kstmp";
/// `NAME_MAX` of every common file system.
const LONGEST_NAME: usize = 255;
/// What fits between the dot and the suffix, also where a character was replaced by a longer one.
const LONGEST_STEM: usize = 200;
/// Each leftover, and each cleaner that mistook the file for one, costs one.
const ATTEMPTS: usize = 100;
const NO_FOLLOW_NO_WAIT: i32 =
    (rustix::fs::OFlags::NOFOLLOW.bits() | rustix::fs::OFlags::NONBLOCK.bits()).cast_signed();

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_dropped_leaves_nothing_and_what_is_placed_stands() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("f");
        drop(Staged::create(&target, Access::Umask).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let staged = Staged::create(&target, Access::Owner).unwrap();
        staged.file().write_all(b"new").unwrap();
        staged.place().unwrap();
        drop(staged);
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o600);

        let second = Staged::create(&target, Access::Umask).unwrap();
        assert_eq!(second.place().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        second.replace().unwrap();
        drop(second);
        assert_eq!(fs::read(&target).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_writer_a_target_and_leftovers_are_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("f");
        fs::write(temporary_of(&target).unwrap(), "torn").unwrap();
        let first = Staged::create(&target, Access::Umask).unwrap();
        assert_eq!(first.file().metadata().unwrap().len(), 0);
        let second = Staged::create(&target, Access::Umask).err().unwrap();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_planted_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, victim) = (folder.path().join("f"), folder.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, temporary_of(&target).unwrap()).unwrap();
        assert!(Staged::create(&target, Access::Umask).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }

    #[test]
    fn temporary_names_are_told_apart_and_fit() {
        let target = Path::new("/a/b.ks1");
        let temporary = temporary_of(target).unwrap();
        assert_eq!(temporary, Path::new("/a/.b.ks1.kstmp"));
        assert_eq!(target_of(&temporary).unwrap(), target);
        assert_eq!(target_of(Path::new("/a/..kstmp")), None);
        assert_eq!(target_of(Path::new("/a/b.kstmp")), None);
        let long = "é".repeat(127) + "x";
        let temporary = temporary_of(&Path::new("/a").join(long)).unwrap();
        assert!(temporary.file_name().unwrap().len() <= LONGEST_NAME);
    }
}
