//! Messages of the AWS Encryption SDK: every version and suite is read, those that commit to their key are written.
//!
//! For interop and for moving away: new data belongs in KS1. The recipients of such a message cannot be changed.
//! Its header is authenticated by AES-GCM under the content key with an IV of zero, so a second header of the same
//! message gives two tags under one key and nonce, and from those GHASH's key and with it every frame can be forged
//! (docs/esdk.md). Nothing here rewrites a header; who needs other keys opens the message and seals it anew.
//!
//! ```text
//! suite       the eleven algorithm suites, one table
//! context     the encryption context, its two serializations
//! header      what stands before the body: parsing, writing
//! edk         a data key as one wrapping key protects it
//! derive      from data key to content key and commitment
//! frame       nonces and associated data of the body
//! keyring     wrapping keys: raw AES, RSA and ECDH, branch keys, any KMS that takes a context
//! opener      Opener, OpenReader     sealer   Sealer, SealWriter
//! primitives  the only file that names a cryptographic library
//! ```
//!
//! ```
//! use std::sync::Arc;
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::esdk::{Context, Opener, RawAesKeyring, Sealer, Suite};
//!
//! # futures::executor::block_on(async {
//! let backend = CryptoBackend::default();
//! let keyring = Arc::new(RawAesKeyring::new(backend.clone(), "my-app", "key-2026", &[7; 32])?);
//! let context = Context::from_pairs([("tenant", "t-17")])?;
//!
//! let message = Sealer::new(backend)
//!     .suite(Suite::Committing)
//!     .context(context.clone())
//!     .keyring(keyring.clone())
//!     .seal(b"attack at dawn")
//!     .await?;
//!
//! let opener = Opener::new().keyring(keyring).require(context);
//! assert_eq!(*opener.open(&message).await?, b"attack at dawn");
//! # Ok::<(), kms_core::Error>(())
//! # }).unwrap();
//! ```

mod context;
mod derive;
mod edk;
mod frame;
mod header;
mod keyring;
mod opener;
mod primitives;
mod read;
mod sealer;
mod suite;

pub use context::Context;
pub use edk::EncryptedDataKey;
pub use header::{Body, Header, MessageVersion};
pub use keyring::{
    BranchKeyring, EcdhCurve, Generated, Keyring, KmsKey, KmsKeyring, KmsUnwrapped, KmsWrapped, Materials,
    RawAesKeyring, RawEcdhKeyring, RawRsaKeyring, RsaPadding, Unwrapped, Wrapped,
};
pub use opener::{CommitmentPolicy, OpenReader, Opener};
pub use sealer::{SealWriter, Sealer};
pub use suite::{Commitment, Suite};
