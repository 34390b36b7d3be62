//! The published sets.
