//! Tag, type, length, value: the binary encoding (KMIP 2.1, section 10).
//!
//! [`Frame`] owns the bytes of one message and wipes them; [`Reader`] walks them in one pass, bounded by [`Limits`]
//! before anything is allocated; [`Writer`] fills one buffer and patches lengths afterwards.

mod error;
mod frame;
mod item;
mod limits;
mod reader;
mod writer;

pub use error::{DecodeError, EncodeError, Fault};
pub use frame::{Frame, RawItem};
pub use item::{ItemType, Tag};
pub use limits::Limits;
pub use reader::{Item, Reader, Source};
pub use writer::{Open, Writer};

/// Bytes of a tag, a type and a length.
pub const HEADER: usize = 8;

/// Values are padded to a multiple of this.
const ALIGNMENT: usize = 8;

#[cfg(test)]
mod tests;
