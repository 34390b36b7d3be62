//! Secrets in memory (docs/threat-model.md, "Memory").
//!
//! [`Secret`] holds a key of fixed size, [`SecretBytes`] anything longer. Both are filled in their final place, are
//! wiped when they are dropped, and have no `Debug`, `Clone`, `PartialEq` or `Serialize`. Their pages stay out of swap
//! and core dumps where the system allows it; [`protection`] tells how far it did. What a library or the compiler
//! copies to the stack is outside this promise.
//!
//! ```text
//! secret, bytes   what callers hold
//! pool            64-byte slots, handed out and taken back wiped
//! heap            where no pages can be had
//! pages           mapping, locking, raw slots: the only unsafe code of the crate
//! fork, process   what a fork does to a process that holds secrets; what our binaries forbid
//! ```

mod bytes;
mod fork;
mod heap;
mod pages;
mod pool;
mod process;
mod protection;
mod secret;

pub use bytes::SecretBytes;
pub use fork::ForkSentinel;
pub(crate) use fork::process_id;
pub use process::harden_process;
pub use protection::{Protection, protection};
pub use secret::Secret;
