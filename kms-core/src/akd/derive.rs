//! The derivation (docs/akd.md 3): SP 800-108r1 counter mode with HMAC-SHA-512, L = 256, one block a step.
//!
//! ```text
//! KDF(K, label, ctx) = HMAC-SHA-512(K, 00000001 || label || 00 || ctx || 00000100)[0..32]
//! usage key = KDF(R,   "keystrand/AKD/1/usage", [tree, usage])
//! child     = KDF(K,   "keystrand/AKD/1/node",  [tree, usage, depth, dimension, value])
//! leaf      = KDF(K,   "keystrand/AKD/1/leaf",  [tree, usage, depth])
//! ```

use zeroize::Zeroizing;

use super::path::Edge;
use super::schema::TreeId;
use super::usage::Usage;
use super::value::EdgeValue;
use crate::cbor::{Writer, encode};
use crate::crypto::CryptoBackend;
use crate::memory::Secret;

/// The key of one usage's tree, from the root secret: the one step that a provider does which never gives its root away.
#[must_use]
pub fn usage_key(backend: &CryptoBackend, root: &Secret<32>, tree: TreeId, usage: Usage) -> Secret<32> {
    let context = encode(|out| {
        out.array(2);
        whose(out, tree, usage);
    });
    Secret::init_with(|place| kdf(backend, root.expose(), b"keystrand/AKD/1/usage", &context, place))
}

/// The key below `key` along `edges`, the first of which leads down from `depth`.
pub(super) fn walk(
    backend: &CryptoBackend,
    key: &Secret<32>,
    tree: TreeId,
    usage: Usage,
    depth: usize,
    edges: &[Edge<'_>],
) -> Secret<32> {
    let mut current = Zeroizing::new(*key.expose());
    for (depth, edge) in (depth..).zip(edges) {
        let context = encode(|out| {
            out.array(5);
            whose(out, tree, usage);
            out.uint(depth as u64);
            out.text(edge.dimension);
            match edge.value {
                EdgeValue::Text(text) => out.text(text),
                EdgeValue::Number(number) => out.uint(number),
            }
        });
        let above = Zeroizing::new(*current);
        kdf(backend, &above, b"keystrand/AKD/1/node", &context, &mut current);
    }
    Secret::init_with(|place| place.copy_from_slice(&*current))
}

/// The key that works at a node: a step of its own, so that no node key is ever a working key.
pub(super) fn leaf(backend: &CryptoBackend, key: &Secret<32>, tree: TreeId, usage: Usage, depth: usize) -> Secret<32> {
    let context = encode(|out| {
        out.array(3);
        whose(out, tree, usage);
        out.uint(depth as u64);
    });
    Secret::init_with(|place| kdf(backend, key.expose(), b"keystrand/AKD/1/leaf", &context, place))
}

fn whose(out: &mut Writer<'_>, tree: TreeId, usage: Usage) {
    out.bytes(&tree.0);
    out.uint(usage.wire());
}

fn kdf(backend: &CryptoBackend, key: &[u8; 32], label: &[u8], context: &[u8], out: &mut [u8; 32]) {
    let parts: [&[u8]; 5] = [&COUNTER, label, &[0], context, &LENGTH];
    let block = Zeroizing::new(backend.hash.hmac(key, &parts));
    out.copy_from_slice(&block[..32]);
}

/// `[i]`: there is one block.
const COUNTER: [u8; 4] = 1u32.to_be_bytes();
/// `[L]`, in bits.
const LENGTH: [u8; 4] = 256u32.to_be_bytes();
