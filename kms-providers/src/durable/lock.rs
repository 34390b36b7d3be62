//! Locks between processes: a file beside the one that they protect, because that one is replaced by rename.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use futures::channel::oneshot;

/// An exclusive lock, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    // The operating system unlocks when this closes.
    _file: File,
}

/// Why a lock was not had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process held it all the time.
    #[error("another process holds the lock; try again when it has finished")]
    Held,
    /// The lock file cannot be made or locked.
    #[error("the lock file cannot be used: {0}")]
    Io(#[from] io::Error),
}

impl FileLock {
    /// Takes the lock of `path`, waiting for at most `patience`. No thread of the caller's executor blocks: a thread
    /// of its own waits, and gives the lock back when the caller has stopped waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] after `patience`; [`LockError::Io`] when the lock file cannot be used.
    pub async fn acquire(path: &Path, patience: Duration) -> Result<Self, LockError> {
        if let Some(lock) = Self::try_acquire(path)? {
            return Ok(lock);
        }
        let (sender, receiver) = oneshot::channel();
        let path = path.to_owned();
        let waiter = thread::Builder::new().name("keystrand-lock".into());
        waiter.spawn(move || sender.send(Self::wait(&path, patience)))?;
        receiver.await.map_err(|_| LockError::Held)?
    }

    /// Takes the lock of `path` where it is free.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The lock file of `path`: `keystore.lock` of `keystore.ks1`.
    #[must_use]
    pub fn beside(path: &Path) -> PathBuf {
        path.with_extension("lock")
    }

    fn wait(path: &Path, patience: Duration) -> Result<Self, LockError> {
        let file = open(path)?;
        if lock_within(&file, patience, PAUSES)? {
            Ok(Self { _file: file })
        } else {
            Err(LockError::Held)
        }
    }
}

/// Locks `file` within `patience`, asking again after pauses that double from the first to the longest; `false` if
/// another process held it all the time. A blocking wait could not be given up.
pub(crate) fn lock_within(file: &File, patience: Duration, (first, longest): (Duration, Duration)) -> io::Result<bool> {
    let since = Instant::now();
    let mut pause = first;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if since.elapsed() >= patience => return Ok(false),
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
        }
        pause = (pause * 2).min(longest);
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn a_held_lock_is_waited_for_and_then_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = FileLock::beside(&folder.path().join("keystore.ks1"));
        assert!(path.ends_with("keystore.lock"));

        let held = block_on(FileLock::acquire(&path, Duration::ZERO)).unwrap();
        let patience = Duration::from_millis(50);
        let start = Instant::now();
        assert!(matches!(
            block_on(FileLock::acquire(&path, patience)),
            Err(LockError::Held)
        ));
        assert!(start.elapsed() >= patience);

        let release = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            drop(held);
        });
        assert!(block_on(FileLock::acquire(&path, Duration::from_secs(30))).is_ok());
        release.join().unwrap();
    }

    #[test]
    fn a_caller_that_stops_waiting_leaves_the_lock_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = FileLock::try_acquire(&path).unwrap().unwrap();
        let mut waiting = Box::pin(FileLock::acquire(&path, Duration::from_secs(30)));
        assert!(futures::poll_once(&mut waiting).is_none());
        drop(waiting);
        drop(held);
        assert!(block_on(FileLock::acquire(&path, Duration::from_secs(30))).is_ok());
    }

    #[test]
    fn an_impossible_lock_file_is_reported() {
        let nowhere = Path::new("/nonexistent-folder/lock");
        assert!(matches!(
            block_on(FileLock::acquire(nowhere, Duration::ZERO)),
            Err(LockError::Io(_))
        ));
    }

    mod futures {
        pub(super) use ::futures::*;

        pub(super) fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
            match FutureExt::poll_unpin(
                future,
                &mut ::futures::task::Context::from_waker(task::noop_waker_ref()),
            ) {
                task::Poll::Ready(output) => Some(output),
                task::Poll::Pending => None,
            }
        }
    }
}
