//! Keys of nodes, and the keys that work there.

use super::derive;
use super::path::NodePath;
use super::schema::{Schema, TreeId};
use super::usage::Usage;
use crate::crypto::CryptoBackend;
use crate::error::{AkdFault, Result};
use crate::memory::Secret;

/// The key of a node of one usage's tree. It leads to every node below, and does no work itself.
pub struct NodeKey {
    tree: TreeId,
    usage: Usage,
    path: NodePath,
    /// Edges above.
    depth: usize,
    key: Secret<32>,
}

/// The key that works at a node.
pub struct LeafKey {
    usage: Usage,
    key: Secret<32>,
}

impl NodeKey {
    /// The top of one usage's tree, from the root secret.
    #[must_use]
    pub fn root(backend: &CryptoBackend, schema: &Schema, usage: Usage, root: &Secret<32>) -> Self {
        Self::of_usage_key(schema, usage, derive::usage_key(backend, root, schema.tree(), usage))
    }

    /// The same from the key of the usage, which a provider derived.
    #[must_use]
    pub fn of_usage_key(schema: &Schema, usage: Usage, key: Secret<32>) -> Self {
        Self::new(schema, usage, NodePath::root(), key)
    }

    pub(super) fn new(schema: &Schema, usage: Usage, path: NodePath, key: Secret<32>) -> Self {
        Self {
            tree: schema.tree(),
            usage,
            depth: path.edges(schema).len(),
            path,
            key,
        }
    }

    /// What it is for.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Which node it is of.
    #[must_use]
    pub fn path(&self) -> &NodePath {
        &self.path
    }

    /// Whether it leads to `path`.
    #[must_use]
    pub fn reaches(&self, schema: &Schema, path: &NodePath) -> bool {
        self.tree == schema.tree() && self.path.reaches(path)
    }

    /// The key of a node at or below this one.
    ///
    /// # Errors
    /// [`AkdFault::NotGranted`] for a node elsewhere; [`AkdFault::OtherTree`].
    pub fn descend(&self, backend: &CryptoBackend, schema: &Schema, path: &NodePath) -> Result<Self> {
        if self.tree != schema.tree() {
            return Err(AkdFault::OtherTree.into());
        }
        if !self.path.reaches(path) {
            return Err(AkdFault::NotGranted.into());
        }
        let edges = path.edges(schema);
        let key = derive::walk(
            backend,
            &self.key,
            self.tree,
            self.usage,
            self.depth,
            &edges[self.depth..],
        );
        Ok(Self::new(schema, self.usage, path.clone(), key))
    }

    /// The key that works at this node.
    #[must_use]
    pub fn leaf(&self, backend: &CryptoBackend) -> LeafKey {
        LeafKey {
            usage: self.usage,
            key: derive::leaf(backend, &self.key, self.tree, self.usage, self.depth),
        }
    }

    /// The bytes, for a grant.
    pub(super) fn secret(&self) -> &Secret<32> {
        &self.key
    }
}

impl LeafKey {
    /// What it is for.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The key.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.key
    }
}
