//! Google Cloud KMS, Cloud HSM, and external key managers (EKM) behind it.
//!
//! ```text
//! provider     what callers open: projects, locations, keys, what it can do
//! settings     what the configuration says
//! names        names of keys and what they tell; resource names
//! credentials  who asks: service accounts, metadata servers, federated identities, users; tokens and their age
//! protocol     what replies mean
//! checksum     CRC32C (RFC 3720 12.1), by which requests and replies are checked both ways
//! api          requests and replies
//! client       one request at one endpoint
//! keys         one call on one key; versions, and which one wraps
//! kek          symmetric keys: W is made here, Encrypt binds it
//! rsa          RSA keys: wrapped here under the public key, unwrapped there
//! kem          key pairs: encapsulated here, decapsulated there
//! mac          HMAC keys: W is derived there; signing and verifying
//! raw          raw symmetric keys, and random bytes
//! facts        what Google tells of keys and versions
//! lifecycle    making, rotating, disabling, destroying
//! off          keys that were taken out of use as a whole
//! import       key material from outside
//! ekm          connections to external key managers
//! autokey      keys that Autokey makes
//! ```
//!
//! **What Google learns.** W of each recipient, 52 bytes of additional data that mean nothing to it (a digest, and the
//! data-key id), and the data-key id once more as the reason of the request; never the data key, nor any of the context.
//!
//! **What is checked.** Every checksum that Google offers, in both directions; the key, and its version, in every answer
//! that names one. Decrypt names none: that the version is there is asked where `usedPrimary` speaks against it, and the
//! tag of the envelope covers its number.

mod api;
mod autokey;
mod checksum;
mod client;
mod credentials;
mod ekm;
mod facts;
mod import;
mod kek;
mod kem;
mod keys;
mod lifecycle;
mod mac;
mod names;
mod off;
mod protocol;
mod provider;
mod raw;
mod rsa;
mod settings;

pub use api::ImportWrapping;
pub use autokey::KeyHandle;
pub use credentials::CredentialsFault;
pub use ekm::{EkmConnection, NewEkmConnection};
pub use facts::{KeyFacts, VersionFacts};
pub use lifecycle::{ExternalKey, NewKey, NewKind, RsaBits};
pub use provider::{GcpError, GcpProvider};
pub use raw::RawCiphertext;
pub use settings::{GcpSettings, Identity, Impersonate, KeyKind, Protection};
