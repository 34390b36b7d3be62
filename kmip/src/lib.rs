//! The Key Management Interoperability Protocol, versions 1.0 to 2.1.
//!
//! **The promise.** Every message of the seven versions reads into one model, and the model writes in the form of each
//! version; nothing is lost on the way, and nothing is sent that the other side's version does not have. Reading is
//! bounded by [`ttlv::Limits`] before memory is taken, copies nothing out of the message, and gives key material only as
//! [`Secret`], which is wiped with the message.
//!
//! **The layers**, from the bottom up:
//!
//! | layer | modules | knows |
//! |---|---|---|
//! | bytes | [`ttlv`] | tags, types, lengths, padding; caps |
//! | tables | [`registry`] | names and numbers of tags, enumerations, masks; rules of attributes; reasons by version |
//! | model | [`RequestMessage`], [`ResponseMessage`], [`payload`] | what is in a message, shaped like 2.1 |
//! | text | `xml`, `json` | the same TTLV spelled out, behind features |
//! | client | `client` | a session over mutual TLS, behind features |
//!
//! ```
//! use kmip::payload::{GetRequest, RequestPayload};
//! use kmip::ttlv::{Frame, Limits};
//! use kmip::{ProtocolVersion, RequestMessage};
//!
//! let get = GetRequest { unique_identifier: Some("7f3a".into()), ..GetRequest::default() };
//! let bytes = RequestMessage::new(ProtocolVersion::V1_2, get).encode()?;
//!
//! let request = RequestMessage::decode(&Frame::new(bytes), &Limits::DEFAULT)?;
//! let RequestPayload::Get(get) = &request.items[0].payload else { panic!("another operation") };
//! assert_eq!(get.unique_identifier, Some("7f3a".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "client")]
pub mod client;
mod model;
pub mod registry;
#[cfg(any(feature = "json", feature = "xml"))]
mod text;
pub mod ttlv;
mod value;
mod version;
mod wire;

pub use model::*;
#[cfg(feature = "json")]
pub use text::json;
#[cfg(feature = "xml")]
pub use text::xml;
pub use value::{BigInteger, DateTime, DateTimeExtended, Interval, Secret, Text};
pub use version::ProtocolVersion;
pub use wire::{Unknown, Wire};
