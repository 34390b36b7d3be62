//! For tests only: emulators that others wrote, started and stopped, and stand-ins for what no emulator has.
//!
//! ```text
//! emulator   moto and ministack, in a virtual environment that `make test` makes
//! aws        AWS KMS with real cryptography, made to fail, to hang and to lie
//! azure      a vault and a managed HSM, and who issues tokens for them
//! gcp        Google Cloud KMS, and the servers that give tokens for it
//! fault      what goes wrong next
//! clock      times as stand-ins tell them
//! server     as much of HTTP as these need
//! tls        the same under certificates of their own
//! proxy      a proxy that connects
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

pub mod aws;
pub mod azure;
mod clock;
pub mod emulator;
mod fault;
pub mod gcp;
pub mod proxy;
pub mod server;
pub mod tls;
