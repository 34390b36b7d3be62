//! Material of objects under the key of their tenant.
//!
//! **The promise.** No byte of key material stands in the store in the clear, and a sealed one opens at its own place
//! only: swapping rows, within a tenant or across, ends in [`SealError::DoesNotOpen`]. A tenant's key is random, seals
//! by AES-256-GCM (SP 800-38D) with random nonces, and stands in the store as a KS1 envelope under a logical key of the
//! configuration: rotating that key rewraps the envelope and touches no object.
//!
//! A sealed value is `format (1 byte) ‖ key version (4, big-endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`.

use std::collections::BTreeMap;

use kms_core::crypto::{AeadKey, CryptoBackend, KEY_LEN, NONCE_LEN, TAG_LEN};
use kms_core::memory::Secret;
use kms_core::{EncryptionContext, FormatFault, Header, Kind, Opener, Sealer};
use zeroize::Zeroizing;

use crate::store::TenantKey;

/// Material is not sealed, or does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The provider of the key that a tenant's key is under, or the policy.
    #[error("the tenant's key: {0}")]
    TenantKey(#[from] kms_core::Error),
    /// The system's random source failed; nothing was made.
    #[error("the system's random source failed; nothing was stored")]
    Random,
    /// Altered, at another place, or under a key that is not the tenant's: without any detail.
    #[error(
        "the stored material does not open: it was altered, or the store holds another tenant's; restore it from a backup"
    )]
    DoesNotOpen,
}

/// Where material stands. It is bound to it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The object.
    pub uid: &'a str,
    /// The number of its object type.
    pub kind: u32,
}

/// The keys of a tenant, in hand.
pub struct TenantSeal {
    tenant: String,
    backend: CryptoBackend,
    keys: BTreeMap<u32, Box<dyn AeadKey>>,
}

impl TenantSeal {
    /// Makes a version of a tenant's key. `sealer` has the recipients of the logical key.
    ///
    /// # Errors
    /// [`SealError::Random`]; [`SealError::TenantKey`] if a provider or the policy refuses.
    pub async fn new_key(
        sealer: Sealer,
        backend: &CryptoBackend,
        tenant: &str,
        version: u32,
    ) -> Result<TenantKey, SealError> {
        let key =
            Secret::<KEY_LEN>::try_init_with(|bytes| backend.random.fill(bytes)).map_err(|_| SealError::Random)?;
        let sealer = sealer.sealed_secret().context(context(tenant, version)?);
        let envelope = sealer.seal(key.expose()).await?;
        Ok(TenantKey { version, envelope })
    }

    /// Opens a tenant's keys.
    ///
    /// # Errors
    /// [`SealError::TenantKey`] if a provider refuses or an envelope is another tenant's.
    pub async fn open(
        opener: &Opener,
        backend: &CryptoBackend,
        tenant: &str,
        envelopes: &[TenantKey],
    ) -> Result<Self, SealError> {
        let mut keys = BTreeMap::new();
        for TenantKey { version, envelope } in envelopes {
            let opener = opener.clone().require(context(tenant, *version)?);
            let key = open_key(&opener, envelope).await?;
            keys.insert(*version, backend.aes_gcm.key(key.expose()));
        }
        Ok(Self {
            tenant: tenant.into(),
            backend: backend.clone(),
            keys,
        })
    }

    /// Seals material under the newest key.
    ///
    /// # Errors
    /// [`SealError::Random`]; [`SealError::DoesNotOpen`] if the tenant has no key.
    pub fn seal(&self, place: Place<'_>, material: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&version, key) = self.keys.last_key_value().ok_or(SealError::DoesNotOpen)?;
        let mut nonce = [0; NONCE_LEN];
        self.backend.random.fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut sealed = Vec::with_capacity(HEAD + material.len() + TAG_LEN);
        sealed.push(FORMAT);
        sealed.extend(version.to_be_bytes());
        sealed.extend(nonce);
        sealed.resize(HEAD + material.len() + TAG_LEN, 0);
        key.seal_into(&nonce, &self.bound(place, version), material, &mut sealed[HEAD..]);
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made for this place.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or(SealError::DoesNotOpen)?;
        let length = rest.len().checked_sub(TAG_LEN).ok_or(SealError::DoesNotOpen)?;
        let [FORMAT, v0, v1, v2, v3, nonce @ ..] = head else {
            return Err(SealError::DoesNotOpen);
        };
        let version = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
        let key = self.keys.get(&version).ok_or(SealError::DoesNotOpen)?;
        let mut material = Zeroizing::new(vec![0; length]);
        key.open_into(nonce, &self.bound(place, version), rest, &mut material)
            .map_err(|_| SealError::DoesNotOpen)?;
        Ok(material)
    }

    /// The associated data: every part with its length or of a fixed one, so that no two places share it.
    fn bound(&self, place: Place<'_>, version: u32) -> Vec<u8> {
        let mut bound = b"keystrand/kmip/material/1".to_vec();
        for text in [&self.tenant, place.uid] {
            bound.extend((text.len() as u64).to_be_bytes());
            bound.extend(text.as_bytes());
        }
        bound.extend(place.kind.to_be_bytes());
        bound.extend(version.to_be_bytes());
        bound
    }
}

/// The key in pages that are not swapped out.
async fn open_key(opener: &Opener, envelope: &[u8]) -> Result<Secret<KEY_LEN>, kms_core::Error> {
    let header = Header::parse_prefix(envelope, opener.max_recipients())?;
    if header.domain().kind != Kind::SealedSecret {
        return Err(FormatFault::WrongKind.into());
    }
    let payload = &envelope[header.len()..];
    header.check_payload_start(payload)?;
    let opened = opener.open_header(header).await?;
    let keys = opened.keys().payload()?;
    Secret::try_init_with(|key| keys.open_into(payload, key))
}

fn context(tenant: &str, version: u32) -> Result<EncryptionContext, SealError> {
    Ok(EncryptionContext::from_pairs([
        ("purpose", "kmip-tenant"),
        ("tenant", tenant),
        ("version", &version.to_string()),
    ])?)
}

const FORMAT: u8 = 1;
/// Format, key version and nonce.
const HEAD: usize = 1 + 4 + NONCE_LEN;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kms_core::memory::SecretBytes;
    use kms_core::{Keyring, PassphraseKek};

    use super::*;

    const HERE: Place<'static> = Place { uid: "one", kind: 2 };

    struct Fixture {
        backend: CryptoBackend,
        kek: Arc<PassphraseKek>,
    }

    impl Fixture {
        fn new() -> Self {
            let backend = CryptoBackend::default();
            let passphrase = SecretBytes::copy_of(b"correct horse battery staple");
            Self {
                kek: Arc::new(PassphraseKek::new(backend.clone(), passphrase)),
                backend,
            }
        }

        async fn key(&self, tenant: &str, version: u32) -> TenantKey {
            let sealer = Sealer::new(self.backend.clone()).recipient(self.kek.clone());
            TenantSeal::new_key(sealer, &self.backend, tenant, version)
                .await
                .unwrap()
        }

        async fn open(&self, tenant: &str, keys: &[TenantKey]) -> Result<TenantSeal, SealError> {
            let opener = Opener::new(self.backend.clone(), Keyring::new().with(self.kek.clone()));
            TenantSeal::open(&opener, &self.backend, tenant, keys).await
        }
    }

    #[tokio::test]
    async fn material_opens_at_its_own_place_only() {
        let fixture = Fixture::new();
        let keys = [fixture.key("acme", 1).await, fixture.key("acme", 2).await];
        let seal = fixture.open("acme", &keys).await.unwrap();
        let old = fixture.open("acme", &keys[..1]).await.unwrap();
        for material in [&b""[..], b"k", &[7; 5000]] {
            let sealed = old.seal(HERE, material).unwrap();
            assert_eq!(
                *seal.unseal(HERE, &sealed).unwrap(),
                material,
                "an older key still opens"
            );
            let sealed = seal.seal(HERE, material).unwrap();
            assert_eq!(sealed[..5], [1, 0, 0, 0, 2], "the newest key seals");
            assert_eq!(*seal.unseal(HERE, &sealed).unwrap(), material);
            for elsewhere in [Place { uid: "onf", ..HERE }, Place { kind: 3, ..HERE }] {
                assert!(matches!(seal.unseal(elsewhere, &sealed), Err(SealError::DoesNotOpen)));
            }
            assert!(
                matches!(old.unseal(HERE, &sealed), Err(SealError::DoesNotOpen)),
                "it lacks the key"
            );
        }
    }

    #[tokio::test]
    async fn no_changed_byte_and_no_cut_opens() {
        let fixture = Fixture::new();
        let seal = fixture.open("acme", &[fixture.key("acme", 1).await]).await.unwrap();
        let sealed = seal.seal(HERE, b"material").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal.unseal(HERE, &changed).is_err(), "byte {at}");
            assert!(seal.unseal(HERE, &sealed[..at]).is_err(), "{at} bytes");
        }
    }

    #[tokio::test]
    async fn a_key_serves_its_tenant_and_version_alone() {
        let fixture = Fixture::new();
        let key = fixture.key("acme", 1).await;
        assert!(matches!(
            fixture.open("other", std::slice::from_ref(&key)).await,
            Err(SealError::TenantKey(_))
        ));
        let renumbered = TenantKey { version: 2, ..key };
        assert!(matches!(
            fixture.open("acme", &[renumbered]).await,
            Err(SealError::TenantKey(_))
        ));
    }
}
