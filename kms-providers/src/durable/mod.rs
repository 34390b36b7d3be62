//! Files that are either old or new, never in between: what a crash, a full disk or a second process may not break.

pub(crate) mod failpoint;
mod flush;
mod lock;
mod publish;
mod replace;
mod staged;

#[cfg(feature = "failpoints")]
pub use failpoint::arm_from_environment;
pub use failpoint::{FAILPOINTS, Sites};
pub(crate) use flush::Flush;
pub(crate) use lock::lock_within;
pub use lock::{FileLock, LockError};
pub use publish::{NewFile, publish};
pub use replace::{create, replace};
pub(crate) use replace::{keep_mode_and_owner, sync_folder_of};
pub(crate) use staged::{Access, Staged, is_same, stale_temporary, target_of, temporary_of};
