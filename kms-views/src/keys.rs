//! Attribute keys, wherever they come from.

use futures::FutureExt;
use kms_core::AkdFault;
use kms_core::akd::{Grant, LeafKek, NodeKey, NodePath, Schema, Usage};
use kms_core::crypto::CryptoBackend;
use kms_core::fpe::FpeKey;
use kms_core::memory::Secret;

use crate::error::ViewError;

/// The keys of whoever seals or reads: node keys of a root, grants, or both.
pub struct AttributeKeys {
    backend: CryptoBackend,
    schema: Schema,
    nodes: Vec<NodeKey>,
    grants: Vec<Grant>,
}

impl AttributeKeys {
    /// No keys yet, of the trees of `schema`.
    #[must_use]
    pub fn new(backend: CryptoBackend, schema: Schema) -> Self {
        Self {
            backend,
            schema,
            nodes: Vec::new(),
            grants: Vec::new(),
        }
    }

    /// With a node key.
    #[must_use]
    pub fn with_node(mut self, node: NodeKey) -> Self {
        self.nodes.push(node);
        self
    }

    /// With a grant, which a `GrantReader` accepted.
    ///
    /// # Errors
    /// `AkdFault::OtherTree`, `AkdFault::SchemaChanged`.
    pub fn with_grant(mut self, grant: Grant) -> Result<Self, ViewError> {
        self.schema.check_reads(grant.schema())?;
        self.grants.push(grant);
        Ok(self)
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The primitives.
    #[must_use]
    pub fn backend(&self) -> &CryptoBackend {
        &self.backend
    }

    /// The key of a node; `None` where nothing leads to it.
    fn node(&self, usage: Usage, path: &NodePath) -> Result<Option<NodeKey>, ViewError> {
        let own = self
            .nodes
            .iter()
            .find(|node| node.usage() == usage && node.reaches(&self.schema, path));
        if let Some(node) = own {
            return Ok(Some(node.descend(&self.backend, &self.schema, path)?));
        }
        for grant in &self.grants {
            match grant.node(&self.backend, &self.schema, usage, path) {
                Err(kms_core::Error::Akd(AkdFault::NotGranted)) => {}
                found => return Ok(Some(found?)),
            }
        }
        Ok(None)
    }

    /// The KEK that tickets of a node are sealed for.
    pub(crate) fn kek(&self, path: &NodePath) -> Result<Option<LeafKek>, ViewError> {
        let node = self.node(Usage::Aead, path)?;
        let kek = node.map(|node| LeafKek::new(&self.backend, &self.schema, &node));
        Ok(kek.transpose()?)
    }

    /// The key of a column's tokens. What columns say of it is the tree and the epoch.
    pub(crate) fn tokens(&self, usage: Usage, path: &NodePath, epoch: u16) -> Result<Option<FpeKey>, ViewError> {
        let Some(node) = self.node(usage, path)? else {
            return Ok(None);
        };
        let leaf = node.leaf(&self.backend);
        let secret = Secret::init_with(|place| place.copy_from_slice(leaf.secret().expose()));
        let name = format!("akd:{}", self.schema.tree());
        Ok(Some(FpeKey::new(&self.backend, secret, name, epoch.into())))
    }
}

/// What a future gives that waits for nothing: the KEKs of attributes are at hand, and an audit trail blocks. No executor is
/// entered, so that callers may be inside one.
pub(crate) fn at_once<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("nothing in it waits")
}
