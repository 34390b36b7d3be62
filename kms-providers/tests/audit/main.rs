//! The transparency log through its public API: what a writer promises, what a reader detects, what survives a crash,
//! a full disk and a hanging one, and what an independent implementation says.

mod crash;
mod faults;
mod headers;
mod independent;
mod proofs;
mod scene;
mod several_writers;
mod speed;
mod tamper;
mod writing;
