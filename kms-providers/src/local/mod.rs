//! The embedded keystore: versioned KEKs in one file, which is itself a KS1 envelope.
//!
//! ```text
//! provider      what callers open: a keystore file and the KEK that seals it
//! store         the file in memory: looked at again when another process may have changed it; changes under a lock
//! document      the sealed content: names and states as JSON, key material as plain bytes behind it
//! seal          the envelope around it
//! stamp         whether the file is still the one that was read
//! key_file      the KEK of a 0600 file
//! settings      what the configuration says of a keystore
//! remembered    the KEK of a passphrase, whose derivation is paid for once
//! ```
//!
//! Wrapping touches neither the file nor the seal. A change takes the lock, reads the file again, writes the whole
//! new file beside it and renames it into place: readers see the old keystore or the new one.
//!
//! No copy of an old keystore is kept: it would hold the material of keys that were destroyed since. Back the file up
//! as often as your keys change, and treat backups of it as what they are: destroying a key does not reach them.

mod document;
mod key_file;
mod provider;
mod remembered;
mod seal;
mod settings;
mod stamp;
mod store;

pub use key_file::{KeyFileError, KeyFileKek};
pub use provider::{Keystore, KeystoreError, LocalProvider};
pub use settings::{LocalSettings, SealKind};
