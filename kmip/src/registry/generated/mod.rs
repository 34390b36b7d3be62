//! Tables. Nothing here is written by hand.

pub(super) mod attributes;
pub(super) mod enumerations;
pub(super) mod masks;
pub mod tags;
