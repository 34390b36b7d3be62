//! The Key Management Interoperability Protocol, 1.0 to 2.1.
mod model;
pub mod registry;
pub mod ttlv;
mod value;
mod version;
mod wire;
pub use model::*;
pub use value::{BigInteger, DateTime, DateTimeExtended, Interval, Secret, Text};
pub use version::ProtocolVersion;
pub use wire::{Unknown, Wire};
