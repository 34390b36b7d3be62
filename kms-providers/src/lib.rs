//! Key-management providers.

mod clock;
pub mod durable;
pub mod files;
mod keyset;
pub mod memory;
mod provider;
pub mod uri;

pub use clock::{Clock, SystemClock};
pub use provider::*;
pub use uri::KeyUri;
