//! Attribute key derivation (docs/akd.md): keys by what data is, in a tree that can be granted by the branch.
//!
//! A [`Schema`] names the attributes of a tree in order, such as dataset, epoch, column, row class. Every combination of
//! values is a node, and its key is derived from that of the node above (SP 800-108r1, counter mode, HMAC-SHA-512). Who
//! has the key of a node has those of all nodes below, and of no other: two grants together open what each of them
//! opened, and nothing else. The first edge is the [`Usage`], so that the right to make tokens is no right to decrypt.
//!
//! ```text
//! schema    dimensions, their order and their one encoding
//! value     what a node is called in one dimension
//! bits      binary dimensions: epochs and ranges, an interval of which is few nodes
//! path      the name of a node: values in the order of the schema
//! usage     what keys of a tree are for
//! derive    the three steps of the derivation, and nothing else
//! node      the key of a node; its leaf, which is the key that works
//! kek       a leaf as a KEK: envelopes and tickets are sealed to attributes
//! pair      a leaf as a key pair: producers seal to attributes without any secret
//! scope     which nodes a grant is to have, counted before any is derived
//! grant     node keys with their terms: what a grantee gets in a sealed secret
//! ```
//!
//! A grant never stands above the epoch: it would reach into every epoch to come, and nothing could end it.
//!
//! ```
//! use kms_core::akd::{Dimension, NodeKey, Pick, Schema, TreeId, Usage, Value};
//! use kms_core::crypto::CryptoBackend;
//! use kms_core::memory::Secret;
//!
//! let backend = CryptoBackend::default();
//! let schema = Schema::new(
//!     TreeId([7; 16]),
//!     [Dimension::text("dataset"), Dimension::epoch(), Dimension::text("column")],
//! )?;
//! let root = Secret::init_with(|place| place.fill(1)); // kept by a provider
//! let tokens = NodeKey::root(&backend, &schema, Usage::Ff1, &root);
//!
//! let email = schema.path([
//!     ("dataset", Value::text("orders")),
//!     ("epoch", Value::epoch(3)),
//!     ("column", Value::text("email")),
//! ])?;
//! let key = tokens.descend(&backend, &schema, &email)?.leaf(&backend);
//! assert_eq!(key.usage(), Usage::Ff1);
//!
//! // Epochs 3 to 17 of all columns: 4 nodes.
//! let scope = schema.scope([("dataset", Pick::One(Value::text("orders"))), ("epoch", Pick::Interval(3, 17))])?;
//! assert_eq!(scope.nodes(&schema)?.len(), 4);
//! # Ok::<(), kms_core::Error>(())
//! ```

mod bits;
#[cfg(test)]
mod collusion;
mod derive;
mod grant;
mod kek;
#[cfg(test)]
mod known_answers;
mod node;
mod pair;
mod path;
mod schema;
mod scope;
mod usage;
mod value;

pub use bits::Bits;
pub use derive::usage_key;
pub use grant::{Grant, Terms};
pub use kek::LeafKek;
pub use node::{LeafKey, NodeKey};
pub use pair::key_pair;
pub use path::NodePath;
pub use schema::{Dimension, DimensionKind, Schema, TreeId};
pub use scope::{Pick, Scope};
pub use usage::Usage;
pub use value::Value;
