//! A key pair of a keyset, as the envelope uses it. The material of a version is its seed; the private key is derived
//! for each use and wiped, so that only the seed is kept, in a protected page.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Decapsulated, HpkeKek, Kek, KekError, KekFault, KekInfo, KekOperation, Kem, KemPublicKey, KemRecipient,
    VersionedPublicKey,
};

use super::kek::{current_or_looked_up, version_in};
use super::{Host, Key, Purpose, Version, create};
use crate::provider::KemKeys;
use crate::uri::{KeyName, KeyUri, NamedKey, Thumbprint, VersionNumber};

/// A handle to a key pair.
pub(super) struct KeysetKem<H> {
    pub(super) uri: String,
    pub(super) name: KeyName,
    pub(super) kem: Kem,
    pub(super) named: Named,
    pub(super) host: Arc<H>,
}

/// What envelopes say of the version.
pub(super) enum Named {
    /// It stands beside the key URI; new wraps use the pinned one, or the primary.
    Openly(Option<VersionNumber>),
    /// The thumbprint in the key URI stands for this one.
    ByThumbprint {
        number: VersionNumber,
        /// The key pair, and the version as envelopes have it.
        of: (String, String),
    },
}

#[async_trait]
impl<H: Host> KemKeys for Arc<H> {
    async fn create_pair(&self, name: &KeyName, kem: Kem) -> Result<KeyUri, KekError> {
        create(&**self, name, Purpose::Pair(kem)).await
    }

    /// Versions that have material.
    async fn published(&self) -> Result<Vec<Arc<dyn Kek>>, KekError> {
        let failed = |fault| KekError::new(self.scheme().name(), KekOperation::Describe, fault);
        let keys = self.look().await.map_err(failed)?;
        let mut found: Vec<Arc<dyn Kek>> = Vec::new();
        for (name, key) in keys.keys() {
            let Some(kem) = key.purpose.kem() else { continue };
            for version in key.versions.iter().filter(|version| version.material.is_some()) {
                let public = version.public_key(self.backend(), kem).map_err(failed)?;
                let number = version.number;
                let pair = KeysetKem {
                    uri: KeyUri::Hpke(Thumbprint::new(*public.thumbprint())).to_string(),
                    name: name.clone(),
                    kem,
                    named: Named::ByThumbprint {
                        number,
                        of: (
                            self.uri(NamedKey::new(name.clone(), None)).to_string(),
                            number.to_string(),
                        ),
                    },
                    host: Arc::clone(self),
                };
                found.push(Arc::new(HpkeKek::new(self.backend().clone(), Arc::new(pair))));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl<H: Host> KemRecipient for KeysetKem<H> {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn kem(&self) -> Kem {
        self.kem
    }

    fn version_of(&self) -> Option<(&str, &[u8])> {
        match &self.named {
            Named::ByThumbprint { of: (uri, version), .. } => Some((uri, version.as_bytes())),
            Named::Openly(_) => None,
        }
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let backend = self.host.backend();
        let found = match version {
            None => {
                let of_new = |key: &Key| {
                    let version = self.new_version(key)?;
                    Ok((version.number, version.public_key(backend, self.kem)?))
                };
                current_or_looked_up(&*self.host, &self.name, of_new).await
            }
            Some(_) => match self.version(version) {
                None => Err(KekFault::NotFound),
                Some(number) => {
                    let of_version = |key: &Key| Ok((number, key.version(number)?.public_key(backend, self.kem)?));
                    current_or_looked_up(&*self.host, &self.name, of_version).await
                }
            },
        };
        let (number, key) = found.map_err(|fault| self.error(KekOperation::Wrap, fault))?;
        let version = match self.named {
            Named::Openly(_) => Some(number.to_string().into_bytes()),
            Named::ByThumbprint { .. } => None,
        };
        Ok(VersionedPublicKey { key, version })
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let recovered = match self.version(version) {
            None => Err(KekFault::DoesNotUnwrap),
            Some(number) => {
                let seed = current_or_looked_up(&*self.host, &self.name, |key: &Key| key.usable(number)).await;
                seed.and_then(|seed| self.recover(&seed, ciphertext))
            }
        };
        recovered.map_err(|fault| self.error(KekOperation::Unwrap, fault))
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let number = |key: &Key| Ok(self.new_version(key)?.number);
        let number = current_or_looked_up(&*self.host, &self.name, number).await;
        let number = number.map_err(|fault| self.error(KekOperation::Describe, fault))?;
        let version = match self.named {
            Named::Openly(_) => Some(number.to_string().into_bytes()),
            Named::ByThumbprint { .. } => None,
        };
        let (posture, domain) = (self.kem.posture(), self.host.trust_domain());
        let mut info = KekInfo::new(self.kem.name(), version, "software", posture, domain);
        info.region = self.host.region();
        Ok(info)
    }
}

impl<H: Host> KeysetKem<H> {
    /// The version that new wraps use.
    fn new_version<'k>(&self, key: &'k Key) -> Result<&'k Version, KekFault> {
        let pinned = match &self.named {
            Named::Openly(pinned) => *pinned,
            Named::ByThumbprint { number, .. } => Some(*number),
        };
        let (number, _) = key.wrapping(pinned)?;
        key.version(number)
    }

    /// The version that an envelope means.
    fn version(&self, written: Option<&[u8]>) -> Option<VersionNumber> {
        match (&self.named, written) {
            (Named::Openly(_), Some(version)) => version_in(version),
            (Named::ByThumbprint { number, .. }, None) => Some(*number),
            _ => None,
        }
    }

    fn recover(&self, seed: &Secret<32>, ciphertext: &[u8]) -> Result<Decapsulated, KekFault> {
        let key = self.host.backend().kems.derive_key(self.kem, seed);
        let shared_secret = key.map_err(|_| KekFault::Corrupt)?.decapsulate(ciphertext);
        Ok(Decapsulated {
            shared_secret: shared_secret.map_err(|_| KekFault::DoesNotUnwrap)?,
            request_id: None,
        })
    }

    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(self.uri.clone(), operation, fault)
    }
}

impl Version {
    /// The public half, derived once.
    fn public_key(&self, backend: &CryptoBackend, kem: Kem) -> Result<KemPublicKey, KekFault> {
        if let Some(known) = self.public.get() {
            return Ok(known.clone());
        }
        let seed = self.material.as_ref().ok_or(KekFault::Destroyed)?;
        let pair = backend.kems.derive_key(kem, seed).map_err(|_| KekFault::Corrupt)?;
        let public = KemPublicKey::new(backend, kem, pair.public()).map_err(|_| KekFault::Corrupt)?;
        Ok(self.public.get_or_init(|| public).clone())
    }
}

/// A handle to the key pair `key`.
pub(super) fn pair<H: Host>(host: &Arc<H>, uri: String, key: &NamedKey, kem: Kem) -> Arc<dyn Kek> {
    let pair = KeysetKem {
        uri,
        name: key.name().clone(),
        kem,
        named: Named::Openly(key.version()),
        host: Arc::clone(host),
    };
    Arc::new(HpkeKek::new(host.backend().clone(), Arc::new(pair)))
}
