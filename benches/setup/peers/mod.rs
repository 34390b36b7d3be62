//! Other people's ways to do the same, each behind the same two calls.
//!
//! Streaming peers write to a sink: that spares them the copy which Keystrand's figures include.

pub mod age;
pub mod bare;
pub mod tink;
