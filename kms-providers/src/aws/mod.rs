//! AWS KMS.
//!
//! ```text
//! provider     what callers open: regions, keys, what it can do
//! settings     what the configuration says
//! region       endpoints of a region; which region serves a multi-region key
//! credentials  the chain of credentials, kept until they expire
//! protocol     signatures (SigV4), and what replies mean
//! api          requests and replies of the actions that are used
//! client       one action at one region
//! kek          symmetric keys: W comes from GenerateDataKey, bound by an encryption context
//! rsa          RSA keys: wrapped here under the public key, unwrapped there
//! message      wrapping keys of AWS Encryption SDK messages (feature `esdk`)
//! metadata     what DescribeKey tells
//! lifecycle    making, rotating, disabling, destroying
//! import       key material from outside
//! stores       custom key stores (CloudHSM, external)
//! nitro        replies that only an attested enclave can read
//! cms          the envelope of such replies (RFC 5652)
//! ```
//!
//! **What AWS learns.** W, which it makes, and in its log the binding digest, the data-key id and the pairs that the
//! logical key [exposes](crate::config::LogicalKey::expose); never the data key, nor the rest of the context. Of AWS
//! Encryption SDK messages, whose format wants it so, the data key and the whole context.
//!
//! **What is checked.** The key ARN is given on every Decrypt and compared in every answer, so is the version (AWS'
//! key material id) where an envelope names one. A multi-region key may answer from the configured regions only.
//!
//! **No ReEncrypt in a rewrap.** ReEncrypt keeps W, and the seal of a recipient is keyed by W *and* the binding: where
//! the binding changes (another key, level or context) the seal has to be made anew, which needs W here. Where only
//! the key material changes, a rewrap draws a new W on purpose, so that who once saw the old one learns nothing.
//! [`AwsProvider::re_encrypt`] moves a wrapped key under the current material for those who want just that.

mod api;
mod client;
mod cms;
mod credentials;
mod import;
mod kek;
mod lifecycle;
#[cfg(feature = "esdk")]
mod message;
mod metadata;
mod nitro;
mod protocol;
mod provider;
mod region;
mod rsa;
mod settings;
mod stores;

pub use api::ImportWrapping;
pub use lifecycle::NewKey;
pub use metadata::{KeyFacts, KeyRotation};
pub use nitro::{Attestation, RecipientKey};
pub use provider::{AwsError, AwsProvider, Probe};
pub use settings::{AssumeRole, AwsSettings, KeySpec, SecretSource};
pub use stores::{CustomKeyStore, NewKeyStore, NewXksProxy};
