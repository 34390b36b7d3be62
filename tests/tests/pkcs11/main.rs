//! Tokens by PKCS #11: those that others wrote, a module of ours that misbehaves, and one with AWS CloudHSM's rules.
//!
//! SoftHSM 2 and kryoptic read where they keep their keys from the environment of the process, so each test runs in a
//! process of its own (`scene`).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows the first in test functions; their helpers are no less test code"
)]

mod cloudhsm;
mod conformance;
mod faults;
mod scene;
mod tokens;
