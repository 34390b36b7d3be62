//! Format-preserving encryption: the published vectors, the `fpe` crate as oracle, and what templates promise.

mod golden;
mod oracle;
mod templates;
mod vectors;
