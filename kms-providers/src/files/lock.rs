//! The exclusive lock of an envelope on disk.
//!
//! The file that holds the header is its own lock: nothing is left beside it, and whoever waits sees by the inode
//! whether the file was replaced meanwhile. Where the file system has no such locks, a file beside it is one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{At, FileError, FileFault};
use crate::durable::is_same;

/// A locked file. The lock ends with it, or with the process, however that ends.
pub(super) struct LockedFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    _beside: Option<LockBeside>,
}

impl LockedFile {
    /// Locks the regular file at `path`, or what a symbolic link there leads to, waiting for at most `patience`.
    ///
    /// # Errors
    /// [`FileFault::Locked`] after `patience`; [`FileFault::Directory`], [`FileFault::NotRegular`]; what the file
    /// system reports.
    pub(super) fn acquire(path: &Path, patience: Duration) -> Result<Self, FileError> {
        let path = resolved(path)?;
        let mut waiting = Waiting::for_at_most(patience);
        loop {
            let file = open(&path).at(&path)?;
            match file.try_lock() {
                // Whoever had the lock may have put another file in its place.
                Ok(()) if is_same(&path, &file) => {
                    return Ok(Self {
                        path,
                        file,
                        _beside: None,
                    });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => waiting.pause().at(&path)?,
                Err(TryLockError::Error(error)) if has_no_locks(&error) => {
                    return Self::with_lock_beside(path, file, waiting);
                }
                Err(TryLockError::Error(error)) => return Err(error).at(&path),
            }
        }
    }

    fn with_lock_beside(path: PathBuf, file: File, mut waiting: Waiting) -> Result<Self, FileError> {
        let beside = loop {
            match LockBeside::make(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    waiting.pause().map_err(|_| FileFault::LockFile).at(&path)?;
                }
                made => break made.at(&path)?,
            }
        };
        let file = if is_same(&path, &file) {
            file
        } else {
            open(&path).at(&path)?
        };
        Ok(Self {
            path,
            file,
            _beside: Some(beside),
        })
    }
}

/// The regular file that `path` leads to.
pub(super) fn resolved(path: &Path) -> Result<PathBuf, FileError> {
    let own = fs::symlink_metadata(path).at(path)?;
    if own.is_file() {
        return Ok(path.to_owned());
    }
    let path = fs::canonicalize(path).at(path)?;
    match fs::metadata(&path).at(&path)? {
        metadata if metadata.is_file() => Ok(path),
        metadata if metadata.is_dir() => Err(FileFault::Directory).at(&path),
        _ => Err(FileFault::NotRegular).at(&path),
    }
}

/// For writing where that is allowed: a rewrap in place needs it, and NFS locks only such files.
fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            File::open(path)
        }
        file => file,
    }
}

fn has_no_locks(error: &io::Error) -> bool {
    const ENOLCK: i32 = rustix::io::Errno::NOLCK.raw_os_error();
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(ENOLCK)
}

/// A lock file, `.NAME.kslock`. It stays behind when its process dies, and a person has to remove it.
struct LockBeside(PathBuf);

impl LockBeside {
    fn make(path: &Path) -> io::Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(".kslock");
        let lock = path.with_file_name(name);
        OpenOptions::new().write(true).create_new(true).open(&lock)?;
        Ok(Self(lock))
    }
}

impl Drop for LockBeside {
    fn drop(&mut self) {
        // A lock file that cannot be removed is reported to the next one who wants the lock.
        let _ = fs::remove_file(&self.0);
    }
}

struct Waiting {
    deadline: Instant,
    next: Duration,
}

impl Waiting {
    fn for_at_most(patience: Duration) -> Self {
        Self {
            deadline: Instant::now() + patience,
            next: FIRST_PAUSE,
        }
    }

    fn pause(&mut self) -> Result<(), FileFault> {
        if Instant::now() >= self.deadline {
            return Err(FileFault::Locked);
        }
        thread::sleep(self.next);
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(outcome: Result<LockedFile, FileError>) -> FileFault {
        outcome.err().unwrap().into_fault()
    }

    #[test]
    fn the_second_waits_and_sees_the_file_that_took_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("f"), folder.path().join("new"));
        fs::write(&path, "old").unwrap();
        fs::write(&new, "new").unwrap();
        let first = LockedFile::acquire(&path, Duration::ZERO).unwrap();
        assert!(matches!(
            fault(LockedFile::acquire(&path, Duration::from_millis(5))),
            FileFault::Locked
        ));
        let waiting = thread::spawn({
            let path = path.clone();
            move || LockedFile::acquire(&path, Duration::from_secs(30)).unwrap()
        });
        thread::sleep(Duration::from_millis(20));
        fs::rename(&new, &path).unwrap();
        drop(first);
        let second = waiting.join().unwrap();
        assert!(is_same(&path, &second.file));
    }

    #[test]
    fn links_lead_to_the_file_and_folders_to_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("f"), folder.path().join("link"));
        fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let locked = LockedFile::acquire(&link, Duration::ZERO).unwrap();
        assert_eq!(locked.path, fs::canonicalize(&path).unwrap());
        assert!(matches!(
            fault(LockedFile::acquire(folder.path(), Duration::ZERO)),
            FileFault::Directory
        ));
        assert!(matches!(
            fault(LockedFile::acquire(Path::new("/dev/null"), Duration::ZERO)),
            FileFault::NotRegular
        ));
    }

    #[test]
    fn without_locks_of_the_file_system_a_file_beside_it_excludes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "").unwrap();
        let lock = |patience| {
            let file = open(&path).unwrap();
            LockedFile::with_lock_beside(path.clone(), file, Waiting::for_at_most(patience))
        };
        let first = lock(Duration::ZERO).unwrap();
        assert!(matches!(fault(lock(Duration::from_millis(3))), FileFault::LockFile));
        drop(first);
        assert!(lock(Duration::ZERO).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
