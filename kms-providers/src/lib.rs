//! Key-management providers: where KEKs live and how they are found.
//!
//! **The promise.** Every provider, from a file to a cloud, is a [`Provider`] that hands out
//! [`Kek`](kms_core::Kek)s by [`KeyUri`] and passes one `conformance` suite. What it can do beyond that is a trait
//! of its own: [`KeyLifecycle`], [`KeyImport`]. The [`Resolver`] leads from the names of `keystrand.toml` to keys;
//! an envelope selects among configured keys and never names an endpoint.
//!
//! **The layers**, from the bottom up:
//!
//! | layer | modules | knows |
//! |---|---|---|
//! | names | [`uri`] | the grammar of key URIs |
//! | files | [`durable`] | atomic replacement, locks between processes |
//! | keys | `keyset` | versions and states of keys whose bytes this process holds |
//! | providers | [`memory`], [`local`] | where such keys are kept |
//! | clouds | `cloud`, `aws`, `azure`, `gcp` (features) | calls that cross a network; a service that keeps its keys to itself |
//! | tokens | `pkcs11` (a feature) | keys that never leave hardware, by a module that is loaded into this process |
//! | configuration | [`config`], [`Resolver`] | who serves which key |
//! | envelopes on disk | [`files`] | crash-safe sealing, opening and rewrapping of files |
//! | attribute keys | [`grants`] | grants, sealed, signed, revoked |
//! | trail | [`audit`] | the transparency log |
//! | proof | `conformance` (a feature) | what every provider must do |
//!
//! ```
//! use std::sync::Arc;
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::{Header, Opener};
//! use kms_providers::config::Config;
//! use kms_providers::memory::{MemoryProvider, MemoryWrap};
//! use kms_providers::{Provider, Resolver};
//!
//! # futures::executor::block_on(async {
//! let config = Config::parse(
//!     r#"
//!     audit = "none"
//!     [provider.scratch]
//!     kind = "memory"
//!     [key.payments]
//!     uri = "memory://p"
//!     "#,
//!     "/etc/keystrand".as_ref(),
//! )?;
//! let backend = CryptoBackend::default();
//! let scratch: Arc<dyn Provider> = Arc::new(MemoryProvider::new(backend.clone(), MemoryWrap::Derive)?);
//! scratch.lifecycle().expect("memory has a life cycle").create(&"p".parse()?).await?;
//! let resolver = Resolver::new(&config, [("scratch".parse()?, scratch)])?;
//!
//! let payments = resolver.logical("payments")?;
//! let envelope = resolver.sealer(&payments, backend.clone())?.seal(b"attack at dawn").await?;
//!
//! let header = Header::parse_prefix(&envelope, 16)?;
//! let opener = Opener::new(backend, resolver.keyring(&header).await?);
//! assert_eq!(opener.open(&envelope).await?, b"attack at dawn");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "azure")]
pub mod azure;
#[cfg(feature = "cloud")]
pub mod cloud;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod durable;
mod error;
#[cfg(feature = "esdk")]
pub mod esdk;
mod exposing;
pub mod files;
#[cfg(feature = "gcp")]
pub mod gcp;
pub mod grants;
mod keyset;
pub mod local;
pub mod memory;
mod pinned;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
mod provider;
mod requests;
mod resident;
mod resolver;
mod seconds;
pub mod signing;
pub mod uri;

pub use error::Error;
pub use provider::*;
pub use requests::{CloudRequest, with_requests};
pub use resolver::{ResolveError, Resolver};
pub use uri::KeyUri;
