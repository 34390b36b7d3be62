//! The codec from outside: published cases, hostile input, properties.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

mod data;
mod hostile;
mod oasis;
mod properties;
mod pykmip;
mod session;
mod versions;
