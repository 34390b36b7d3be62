//! The inventory, against files that other programs made, and against files that nobody should make.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the test runner counts what is SKIPPED")]

mod formats;
mod hostile;
mod reports;
mod support;
mod tools;
