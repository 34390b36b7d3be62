//! Records: many small sealed values under one ticket (docs/format.md, "Records").
//!
//! ```text
//! suites 0x0001, 0x0002    tid(6) || wid(10) || ctr(4) || ciphertext || tag(16)     36 bytes over the plaintext
//! suite  0x0010            tid(6) || siv(16) || ciphertext                          22 bytes, deterministic
//! ```
//!
//! [`TicketKeys`] is an opened ticket. Each thread takes a [`RecordSealer`] from it, which owns a random writer id and
//! counts its nonces; a [`RecordOpener`] holds any number of tickets and finds the right one by the record's first
//! six bytes. A record opens only in the [`RecordPlace`] it was sealed for.
//!
//! ```
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::memory::Secret;
//! use kms_core::record::{RecordMode, RecordOpener, RecordPlace, TicketKeys};
//! use kms_core::{Domain, Kind, Suite};
//!
//! // An opened ticket gives these.
//! let (secret, message_id) = (Secret::init_with(|bytes| bytes.fill(1)), [2; 32]);
//! let domain = Domain { suite: Suite::Aes256Gcm, kind: Kind::Ticket };
//! let ticket = TicketKeys::new(&CryptoBackend::default(), domain, secret, &message_id, RecordMode::Column)?;
//!
//! let mut record = Vec::new();
//! ticket.sealer()?.seal(RecordPlace::Column("email"), b"alice@example.org", &mut record)?;
//!
//! let mut opener = RecordOpener::new();
//! opener.insert(ticket);
//! let mut plaintext = Vec::new();
//! opener.open(RecordPlace::Column("email"), &record, &mut plaintext)?;
//! assert_eq!(plaintext, b"alice@example.org");
//! # Ok::<(), kms_core::Error>(())
//! ```
//!
//! Not protected: dropping, replaying or reordering records within one column, or within one row of it. Records are
//! not key-committing.

mod aad;
mod batch;
mod clock;
mod layout;
mod opener;
mod place;
mod sealer;
mod ticket;
mod writer;
mod writer_keys;

pub use batch::{BatchPlace, ByteColumn, ByteColumnBuf, Offset, RecordFailure};
pub use layout::{TICKET_ID_LEN, TicketId, overhead, ticket_id};
pub use opener::RecordOpener;
pub use place::{RecordMode, RecordPlace};
pub use sealer::RecordSealer;
pub use ticket::TicketKeys;
