//! The transparency log through its public API: what a writer promises, what a reader detects, what survives a crash,
//! a full disk and a hanging one, and what an independent implementation says.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panic, and say what they skip"
)]

mod crash;
mod faults;
mod headers;
mod independent;
mod mount;
mod power_cut;
mod proofs;
mod scene;
mod several_writers;
mod speed;
mod tamper;
mod writing;
