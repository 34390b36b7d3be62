//! The payload: exactly C2SP chunked-encryption@v1 (<https://c2sp.org/chunked-encryption>), for each suite that
//! has an AEAD name there. Suite 0x0001 is Cobblestone-256.
//!
//! ```text
//! salt(24) || commitment(32) || chunk 0 || chunk 1 || …      chunk = at most 16 KiB of ciphertext || tag(16)
//! ```
//!
//! The last chunk is always shorter than 16 KiB, perhaps empty: that is the end-of-message mark, so a payload that
//! is cut anywhere does not open. [`PayloadKeys`] is one message's key, scheduled once; the paths over it are
//!
//! - whole buffers, on one thread or several: [`PayloadKeys::seal_into`], [`PayloadKeys::open_into`];
//! - push and pull streams: [`SealWriter`], [`OpenReader`];
//! - bulk copies that overlap reading, work and writing: [`seal_stream`], [`open_stream`];
//! - random access by plaintext offset: [`RandomAccess`], [`PayloadCursor`].
//!
//! ```
//! use kms_core::Suite;
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::memory::Secret;
//! use kms_core::payload::{PayloadKeys, RandomAccess, sealed_len};
//!
//! // An opened envelope derives these; a key and salt of your own must be random.
//! let (key, salt) = (Secret::init_with(|bytes| bytes.fill(1)), [2; 24]);
//! let keys = PayloadKeys::new(&CryptoBackend::default(), Suite::Aes256Gcm, &key, &salt, b"")?;
//!
//! let mut payload = vec![0; 72 + 11];
//! keys.seal_into(b"hello world", &mut payload)?;
//! assert_eq!(sealed_len(11), Some(83));
//!
//! let access = RandomAccess::new(keys, payload, 0)?;
//! assert_eq!(access.read_range(6..11)?, b"world");
//! # Ok::<(), kms_core::Error>(())
//! ```
//!
//! No path releases a byte that was not authenticated at its offset, and each opens exactly the same payloads.

mod buffer;
mod cursor;
mod geometry;
mod keys;
mod line;
mod open_reader;
mod random_access;
mod read_at;
mod seal_writer;
mod stream;

pub use cursor::PayloadCursor;
pub use geometry::{
    COMMITMENT_LEN, PREFIX_LEN, SALT_LEN, SEALED_CHUNK, chunk_offset, chunk_range, ciphertext_range_for, plaintext_len,
    sealed_len,
};
pub use keys::PayloadKeys;
pub use open_reader::OpenReader;
pub use random_access::RandomAccess;
pub use read_at::ReadAt;
pub use seal_writer::SealWriter;
pub use stream::{StreamOptions, open_stream, seal_stream};
