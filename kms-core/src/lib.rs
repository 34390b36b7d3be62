//! Envelope encryption over any key-management service.

pub mod audit;
pub mod caps;
mod cbor;
mod context;
pub mod crypto;
mod envelope;
mod error;
mod header;
mod kek;
mod keyring;
pub mod memory;
mod passphrase;
pub mod payload;
pub mod quorum;
pub mod record;
mod schedule;
mod suite;

pub use context::{EncryptionContext, LabelValue, Labels};
pub use envelope::*;
pub use error::*;
pub use header::{
    Entry, Floor, Header, Immutable, Level, Prelude, Quorum, RecipientId, Reserve, Share, Single, Unknown,
};
pub use kek::*;
pub use keyring::Keyring;
pub use passphrase::PassphraseKek;
pub use schedule::{Digest, Domain};
pub use suite::{Kind, Suite};
