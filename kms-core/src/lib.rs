//! Envelope encryption over any key-management service.

pub mod caps;
pub mod crypto;
mod error;
mod kek;
pub mod memory;
pub mod payload;
pub mod quorum;
pub mod record;
mod schedule;
mod suite;

pub use error::*;
pub use kek::*;
pub use schedule::{Digest, Domain};
pub use suite::{Kind, Suite};
