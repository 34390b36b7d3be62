//! Key-management providers.

pub mod audit;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod durable;
pub mod files;
mod keyset;
pub mod local;
pub mod memory;
mod provider;
mod seconds;
pub mod uri;

pub use provider::*;
pub use uri::KeyUri;
