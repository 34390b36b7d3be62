//! Tables. Nothing here is written by hand.

pub(super) mod attributes;
pub mod enumerations;
pub mod masks;
pub mod tags;
