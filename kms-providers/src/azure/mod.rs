//! Azure Key Vault and Managed HSM.
//!
//! ```text
//! provider     what callers open: one vault and its keys
//! settings     what the configuration says
//! place        the vault's cloud; which keys, links and tokens are its own
//! challenge    whose token the vault wants, verified
//! identity     who asks: applications, managed identities; tokens until they expire
//! protocol     tokens on requests, and what replies mean
//! api          requests and replies
//! bytes        base64url of secrets and others
//! client       one request at the vault
//! facts        what Azure tells of a key version; kept for a minute
//! kek          keys as KEKs: wrapKey, or encrypt in GCM
//! rsa          RSA-OAEP under a key of the vault, here
//! lifecycle    making, rotating, disabling, deleting
//! listing      all keys of the vault, those that wait for deletion too
//! rotation     rotation policies
//! import       key material from outside
//! jwk          RSA keys in PKCS#8 as JWK
//! release      keys that leave for an attested enclave
//! ```
//!
//! **What Azure learns.** W, 32 bytes that protect one recipient, and the data-key id as id of the request; a key in GCM
//! also gets the binding digest as additional data. Never the data key, nor the context.
//!
//! **What is checked.** Azure's answer names the key and the version that it used (`kid`). It has to be the one that was
//! asked, in this vault; the version is what stands in the envelope, and an envelope is unwrapped by that version only.
//!
//! **Keys and versions.** Azure disables versions, deletes keys, and knows no state of a key as a whole. Here a key is
//! disabled by disabling each of its versions and marking those with a tag, so that enabling the key brings back just
//! them.

mod api;
mod bytes;
mod challenge;
mod client;
mod facts;
mod identity;
mod import;
mod jwk;
mod kek;
mod lifecycle;
mod listing;
mod place;
mod protocol;
mod provider;
mod release;
mod rotation;
mod rsa;
mod settings;

pub use facts::KeyFacts;
pub use identity::IdentityFault;
pub use import::ImportWrapping;
pub use lifecycle::NewKey;
pub use provider::{AzureError, AzureProvider};
pub use release::{ReleaseKey, ReleaseTarget, Released};
pub use rotation::RotationPolicy;
pub use settings::{AzureSettings, CredentialKind, CredentialSettings, KeyAlgorithm};
