//! Sixty ways to be wrong, one named test each. A test says whose fault the reader must name, how many provider calls
//! it may make before it does (none for everything that can be seen without a key), and with both backends. Errors
//! never repeat the input: [`hostile::reader::Reader::refuses`] looks at each.
//!
//! The envelopes are forged: all seals and the TAG are right for the bytes as they stand, so that nothing but the one
//! broken rule keeps them from opening.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

#[path = "../hostile/mod.rs"]
mod hostile;
#[path = "../support/mod.rs"]
mod support;

mod cbor;
mod context;
mod limits;
mod payload;
mod prelude;
mod providers;
mod quorum;
mod recipients;
mod records;
mod rewrap;
mod tampering;
mod writer;
