//! Files that are either old or new, never in between: what a crash, a full disk or a second process may not break.

mod failpoint;
mod lock;
mod replace;

#[cfg(feature = "failpoints")]
pub use failpoint::arm_from_environment;
pub use failpoint::{FAILPOINTS, Sites};
pub use lock::{FileLock, LockError};
pub use replace::{create, replace};
