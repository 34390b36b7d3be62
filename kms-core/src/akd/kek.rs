//! A leaf as a KEK: envelopes and tickets are sealed to attributes, and whoever has a grant at or above the node opens
//! them. Scheme 1, as every KEK whose bytes are at hand.

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;

use super::node::{LeafKey, NodeKey};
use super::path::NodePath;
use super::schema::{Schema, TreeId};
use super::usage::Usage;
use crate::cbor;
use crate::crypto::CryptoBackend;
use crate::error::{AkdFault, KekError, KekFault, KekOperation, Result};
use crate::kek::{Binding, Generated, Kek, KekInfo, Posture, Scheme, Unwrapped, WrapParams, WrappedKey};
use crate::schedule::truncate;

/// The KEK of a node.
pub struct LeafKek {
    backend: CryptoBackend,
    uri: String,
    domain: String,
    leaf: LeafKey,
}

impl LeafKek {
    /// The KEK of `node`, which is of the usage `aead` or `wrap`.
    ///
    /// # Errors
    /// [`AkdFault::Usage`] for another usage.
    pub fn new(backend: &CryptoBackend, schema: &Schema, node: &NodeKey) -> Result<Self> {
        if !matches!(node.usage(), Usage::Aead | Usage::Wrap) {
            return Err(AkdFault::Usage.into());
        }
        Ok(Self {
            backend: backend.clone(),
            uri: Self::uri_of(backend, schema.tree(), node.usage(), node.path()),
            domain: format!("akd:{}", schema.tree()),
            leaf: node.leaf(backend),
        })
    }

    /// How envelopes name the KEK of a node: a digest, which shows no attribute.
    #[must_use]
    pub fn uri_of(backend: &CryptoBackend, tree: TreeId, usage: Usage, path: &NodePath) -> String {
        let encoded = cbor::encode(|out| {
            out.array(3);
            out.bytes(&tree.0);
            out.uint(usage.wire());
            path.encode(out);
        });
        let digest = truncate(&backend.hash.digest(&[NAME_LABEL, &encoded]));
        format!("akd:{tree}/{}", BASE64URL_NOPAD.encode(&digest))
    }
}

#[async_trait]
impl Kek for LeafKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::WrapBound
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let mut salt = [0; 32];
        let drawn = self.backend.random.fill(&mut salt);
        drawn.map_err(|_| KekError::new(&self.uri, KekOperation::Wrap, KekFault::Random))?;
        let secret = binding
            .domain
            .derive_local(&self.backend, self.leaf.secret(), &salt, binding.digest);
        Ok(Generated {
            secret,
            wrapped: WrappedKey {
                version: None,
                w: salt.to_vec(),
                params: WrapParams::None,
            },
            request_id: None,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let salt = wrapped.w.as_slice().try_into().ok();
        let salt = salt.filter(|_| wrapped.params == WrapParams::None && wrapped.version.is_none());
        let salt = salt.ok_or_else(|| KekError::new(&self.uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap))?;
        let secret = binding
            .domain
            .derive_local(&self.backend, self.leaf.secret(), salt, binding.digest);
        Ok(Unwrapped {
            secret,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let algorithm = "HKDF-SHA-512 derivation, attribute key";
        Ok(KekInfo::new(
            algorithm,
            None,
            "software",
            Posture::Hedged,
            &*self.domain,
        ))
    }
}

const NAME_LABEL: &[u8] = b"keystrand/AKD/1/name\0";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::executor::block_on;

    use super::*;
    use crate::akd::{Dimension, Value};
    use crate::memory::Secret;
    use crate::{Error, Keyring, Opener, Sealer};

    #[test]
    fn what_is_sealed_to_attributes_opens_with_a_key_above_them_and_no_other() {
        let backend = CryptoBackend::default();
        let schema = Schema::new(TreeId([1; 16]), [Dimension::epoch(), Dimension::text("column")]).unwrap();
        let root = Secret::init_with(|place| place.fill(5));
        let path = |epoch, column: &str| {
            let values = [("epoch", Value::epoch(epoch)), ("column", Value::text(column))];
            schema.path(values).unwrap()
        };
        let kek = |usage, path: NodePath| {
            let node = NodeKey::root(&backend, &schema, usage, &root).descend(&backend, &schema, &path);
            LeafKek::new(&backend, &schema, &node.unwrap())
        };
        let email = Arc::new(kek(Usage::Wrap, path(3, "email")).unwrap());
        let sealed = block_on(Sealer::new(backend.clone()).recipient(email.clone()).seal(b"x")).unwrap();
        let open = |kek| block_on(Opener::new(backend.clone(), Keyring::new().with(kek)).open(&sealed));
        assert_eq!(open(email).unwrap(), b"x");
        for (usage, other) in [
            (Usage::Wrap, path(3, "phone")),
            (Usage::Wrap, path(4, "email")),
            (Usage::Aead, path(3, "email")),
        ] {
            let opened = open(Arc::new(kek(usage, other).unwrap()));
            assert!(matches!(opened, Err(Error::Caller(_))), "the name is another one");
        }
        assert_eq!(kek(Usage::Ff1, path(3, "email")).err(), Some(AkdFault::Usage.into()));
    }
}
