//! What the cross-crate tests share.

#[cfg(unix)]
pub mod site;
