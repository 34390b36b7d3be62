//! KMS with real cryptography.
