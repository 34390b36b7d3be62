//! Messages of the AWS Encryption SDK: AWS's own vectors, our messages read back, and what must not open.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

mod archive;
mod commitment;
mod kms;
mod messages;
mod negative;
mod support;
mod vectors;
