//! Providers.

pub mod audit;
