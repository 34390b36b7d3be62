//! A client: one session over mutual TLS, blocking or for tokio.
//!
//! ```text
//! blocking, tokio   the session over a stream
//! exchange          what both share: requests, answers, frames
//! tls               certificates and versions of TLS
//! error             what can go wrong, and who is at fault
//! ```

#[cfg(feature = "client-tokio")]
mod asynchronous;
mod blocking;
mod error;
mod exchange;
mod tls;

#[cfg(feature = "client-tokio")]
pub use asynchronous::AsyncClient;
pub use blocking::Client;
pub use error::ClientError;
pub use exchange::{Options, Prepare};
pub use tls::{Identity, tls_config};
