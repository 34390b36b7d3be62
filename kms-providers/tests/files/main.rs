//! Envelopes on disk: every promise of `kms_providers::files`, and every bad case.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

mod campaign;
mod discover;
mod disks;
mod recover;
mod rewrap;
mod seal_open;
mod support;
