//! Envelope encryption over any key-management service.
//!
//! **The promise.** Data is sealed once, under a data key that never leaves this process and that no provider chose.
//! Who may open it is a list of recipients in the header: any one of them, or `k` of `n` together. Changing the
//! list, or rotating a key-encryption key (KEK), rewrites the header and never the data. The format is KS1; its page
//! is `docs/format.md`, and files of a released version open forever.
//!
//! **The layers.** This crate does no network, no file and no runtime work: it computes, and calls [`Kek`]s. From
//! the bottom up, each layer uses only those below it:
//!
//! | layer | modules | knows |
//! |---|---|---|
//! | primitives | [`crypto`], [`hpke`], [`memory`] | libraries, locked pages, public keys |
//! | format | `suite`, `schedule`, `header`, `context`, [`caps`] | every byte of KS1 |
//! | data | [`payload`], [`record`], [`quorum`] | chunks, records, shares |
//! | keys | [`Kek`], [`Keyring`], [`PassphraseKek`], [`HpkeKek`], [`HybridKek`] | how a provider protects a secret |
//! | attributes | [`akd`] | keys by what data is, and grants of them |
//! | envelope | [`Sealer`], [`Opener`], [`Rewrapper`], [`cache`], [`audit`] | who may do what, in which order |
//!
//! Beside them stands [`fpe`]: tokens that look like the values they stand for. It uses primitives and the columns of
//! [`record`], and nothing of KS1 uses it. Behind the feature `esdk`, stands the module of that name: messages of the AWS Encryption SDK, for
//! interop and migration. Nothing of KS1 uses it.
//!
//! ```
//! use std::sync::Arc;
//! use kms_core::{EncryptionContext, Keyring, Opener, PassphraseKek, Sealer};
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::memory::SecretBytes;
//!
//! # futures::executor::block_on(async {
//! let backend = CryptoBackend::default();
//! let passphrase = SecretBytes::copy_of(b"correct horse battery staple");
//! let kek = Arc::new(PassphraseKek::new(backend.clone(), passphrase));
//! let context = EncryptionContext::from_pairs([("tenant", "t-17")])?;
//!
//! let envelope = Sealer::new(backend.clone())
//!     .context(context.clone())
//!     .recipient(kek.clone())
//!     .seal(b"attack at dawn")
//!     .await?;
//!
//! let opener = Opener::new(backend, Keyring::new().with(kek)).require(context);
//! assert_eq!(opener.open(&envelope).await?, b"attack at dawn");
//! # Ok::<(), kms_core::Error>(())
//! # }).unwrap();
//! ```

pub mod akd;
pub mod audit;
pub mod cache;
pub mod caps;
mod cbor;
mod context;
pub mod crypto;
mod envelope;
mod error;
#[cfg(feature = "esdk")]
pub mod esdk;
pub mod fpe;
mod header;
pub mod hpke;
mod kek;
mod kem;
mod keyring;
pub mod memory;
mod passphrase;
pub mod payload;
pub mod quorum;
pub mod record;
mod schedule;
mod suite;
mod suite_policy;
#[cfg(test)]
mod test_data;

// Sealing, opening, rewrapping.
pub use context::{EncryptionContext, LabelValue, Labels};
pub use envelope::{
    Asking, Attempt, AttemptOutcome, Criterion, DataKey, HeaderAnchor, Member, Message, MessageKeys, MessageOptions,
    OpenPolicy, Opened, Opener, OpeningOrder, Recipient, RewrapBegun, RewrapOutcome, Rewrapped, Rewrapper, Sealer,
    SeenHeader, ShareCheck, Target, Timer, UnsettledRewrap,
};
pub use suite::{Kind, Suite};
pub use suite_policy::{SuitePolicy, SuiteRule, SuiteStatus};

// Keys of providers.
pub use crypto::kem::Kem;
pub use kek::{
    Binding, ClassicalHalf, Generated, Kek, KekInfo, Posture, Scheme, Unwrapped, WrapMechanism, WrapParams, WrappedKey,
};
pub use kem::{Decapsulated, HpkeKek, HybridKek, KemPublicKey, KemRecipient, VersionedPublicKey};
pub use keyring::Keyring;
pub use passphrase::PassphraseKek;
pub use schedule::{Digest, Domain};

// Headers as they stand in files.
pub use header::{
    Entry, Floor, Header, Immutable, Level, Prelude, Quorum, RecipientId, Reserve, Share, Single, Unknown,
};

// Errors: each names the party at fault.
pub use error::{
    AkdFault, AuditFault, CallerFault, Error, EsdkFault, FormatFault, KekError, KekFault, KekOperation, KemFault,
    LimitFault, PolicyFault, Result, SignatureFault,
};
