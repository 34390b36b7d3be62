//! ML-KEM key pairs (PKCS #11 3.2): the private half decapsulates in the token, HPKE's key schedule runs here.

use std::sync::Arc;

use async_trait::async_trait;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, MlKemParameterSetType};
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::kem::SharedSecret;
use kms_core::memory::SecretBytes;
use kms_core::{
    Decapsulated, HpkeKek, Kek, KekError, KekFault, KekInfo, KekOperation, Kem, KemPublicKey, KemRecipient,
    VersionedPublicKey,
};

use super::attributes;
use super::calls::Repeat;
use super::fault::Fault;
use super::kek::{describe, public_half};
use super::key::{KeyView, Kind, Version};
use super::lifecycle;
use super::provider::{Pkcs11Provider, Service};
use super::seat::At;
use super::target::{Class, Target, VersionName};
use super::wrap;
use crate::provider::KemKeys;
use crate::uri::{KeyName, KeyUri, Thumbprint, UriScheme};

/// A handle to an ML-KEM key pair.
pub(super) struct TokenPair {
    pub(super) service: Arc<Service>,
    pub(super) target: Target,
    pub(super) uri: String,
    pub(super) named: Named,
    pub(super) kem: Kem,
}

/// What envelopes say of the version.
#[derive(Clone)]
pub(super) enum Named {
    /// It stands beside the key URI; new wraps use the pinned one, or the newest.
    Openly(Option<String>),
    /// The thumbprint in the key URI stands for this version of the pair of this URI.
    ByThumbprint { version: String, of: String },
}

impl Named {
    fn pinned(&self) -> Option<&str> {
        match self {
            Self::Openly(pinned) => pinned.as_deref(),
            Self::ByThumbprint { version, .. } => Some(version),
        }
    }

    /// The version that an envelope means.
    fn meant<'v>(&'v self, written: Option<&'v [u8]>) -> Result<&'v str, KekFault> {
        match (self, written) {
            (Self::Openly(_), Some(version)) => std::str::from_utf8(version).map_err(|_| KekFault::NotFound),
            (Self::ByThumbprint { version, .. }, None) => Ok(version),
            _ => Err(KekFault::DoesNotUnwrap),
        }
    }

    /// How envelopes are told of a version.
    fn told(&self, version: &Version) -> Option<Vec<u8>> {
        match self {
            Self::Openly(_) => version.text.clone().map(String::into_bytes),
            Self::ByThumbprint { .. } => None,
        }
    }
}

#[async_trait]
impl KemRecipient for TokenPair {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn kem(&self) -> Kem {
        self.kem
    }

    fn version_of(&self) -> Option<(&str, &[u8])> {
        match &self.named {
            Named::Openly(_) => None,
            Named::ByThumbprint { version, of } => Some((of, version.as_bytes())),
        }
    }

    async fn public_key(&self, version: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        let (target, named, kem) = (self.target.clone(), self.named.clone(), self.kem);
        let (wanted, weak) = (version.map(<[u8]>::to_vec), self.service.allows_weak());
        let found = self.service.calls.call(Repeat::Safe, move |at| {
            let version = &KeyView::having(at, &target, |view| match &wanted {
                None => view.wrapping(named.pinned(), weak),
                Some(_) => view.named(Some(named.meant(wanted.as_deref())?)),
            })?;
            Ok(VersionedPublicKey {
                key: public_key(at, &target, version, kem)?,
                version: named.told(version),
            })
        });
        found.await.map_err(|fault| self.error(KekOperation::Wrap, fault))
    }

    async fn decapsulate(&self, ciphertext: &[u8], version: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        let (target, named, ciphertext) = (self.target.clone(), self.named.clone(), ciphertext.to_vec());
        let (version, weak) = (version.map(<[u8]>::to_vec), self.service.allows_weak());
        let length = self.kem.ciphertext_len();
        let decapsulated = self.service.calls.call(Repeat::Safe, move |at| {
            if ciphertext.len() != length {
                return Err(Fault::new(KekFault::DoesNotUnwrap));
            }
            let meant = Some(named.meant(version.as_deref())?.as_bytes());
            let version = KeyView::having(at, &target, |view| view.unwrapping(meant, weak))?;
            let mut template = wrap::transient();
            template.push(Attribute::ValueLen(32.into()));
            let object = at
                .session
                .decapsulate_key(&Mechanism::MlKem, version.handle, &template, &ciphertext)?;
            let secret = wrap::value(at, object);
            at.session.destroy_object(object)?;
            secret
        });
        let secret = decapsulated
            .await
            .map_err(|fault| self.error(KekOperation::Unwrap, fault))?;
        Ok(Decapsulated {
            shared_secret: SharedSecret::from_remote(self.kem, SecretBytes::copy_of(secret.expose()))
                .map_err(|_| self.error(KekOperation::Unwrap, KekFault::BadReply))?,
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (target, named, kem) = (self.target.clone(), self.named.clone(), self.kem);
        let region = self.service.token.settings.region.clone();
        let described = self.service.calls.call(Repeat::Safe, move |at| {
            let view = KeyView::of(at, &target)?;
            let version = match named.pinned() {
                Some(pinned) => view.named(Some(pinned))?,
                None => view.primary().ok_or(KekFault::Destroyed)?,
            };
            let mut info = describe(at, kem.name(), kem.posture(), version);
            info.version = named.told(version);
            info.region.clone_from(&region);
            Ok(info)
        });
        described
            .await
            .map_err(|fault| self.error(KekOperation::Describe, fault))
    }
}

impl TokenPair {
    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(&self.uri, operation, fault)
    }
}

#[async_trait]
impl KemKeys for Pkcs11Provider {
    fn mechanisms(&self) -> Vec<Kem> {
        RECIPIENTS.to_vec()
    }

    async fn create_pair(&self, name: &KeyName, kem: Kem) -> Result<KeyUri, KekError> {
        lifecycle::create_pair(self, name, kem).await
    }

    async fn published(&self) -> Result<Vec<Arc<dyn Kek>>, KekError> {
        let found = self.0.calls.call(Repeat::Safe, published);
        let failed = |fault| KekError::new(UriScheme::Pkcs11.name(), KekOperation::Describe, fault);
        let pair = |found: Published| {
            handle(TokenPair {
                service: Arc::clone(&self.0),
                uri: KeyUri::Hpke(found.thumbprint).to_string(),
                target: found.target,
                named: Named::ByThumbprint {
                    version: found.version,
                    of: found.uri,
                },
                kem: found.kem,
            })
        };
        Ok(found.await.map_err(failed)?.into_iter().map(pair).collect())
    }
}

/// A version of a pair by its public key.
struct Published {
    thumbprint: Thumbprint,
    target: Target,
    /// Of the pair.
    uri: String,
    version: String,
    kem: Kem,
}

fn published(at: &At<'_>) -> Result<Vec<Published>, Fault> {
    let mut found = Vec::new();
    for label in lifecycle::labels(at, Class::Private)? {
        let uri = lifecycle::uri_of(at, &label, Class::Private)?;
        let KeyUri::Pkcs11(key) = &uri else {
            continue;
        };
        let target = Target::of(key)?;
        let view = KeyView::now(at, &target)?;
        for version in view
            .versions
            .iter()
            .filter(|version| version.facts.kind() == Kind::MlKem)
        {
            let (Ok(kem), Some(text)) = (kem_of(at, &target, version), &version.text) else {
                continue;
            };
            found.push(Published {
                thumbprint: Thumbprint::new(*public_key(at, &target, version, kem)?.thumbprint()),
                target: target.clone(),
                uri: uri.to_string(),
                version: text.clone(),
                kem,
            });
        }
    }
    Ok(found)
}

/// The mechanism of a pair whose public key has this length.
pub(super) fn kem_of(at: &At<'_>, target: &Target, version: &Version) -> Result<Kem, Fault> {
    let bytes = public_bytes(at, target, version)?;
    let kem = RECIPIENTS.into_iter().find(|kem| kem.public_len() == bytes.len());
    kem.ok_or_else(|| Fault::new(KekFault::Unsupported))
}

fn public_key(at: &At<'_>, target: &Target, version: &Version, kem: Kem) -> Result<KemPublicKey, Fault> {
    let backend: &CryptoBackend = &at.token.backend;
    KemPublicKey::new(backend, kem, &public_bytes(at, target, version)?).map_err(|_| Fault::contract())
}

fn public_bytes(at: &At<'_>, target: &Target, version: &Version) -> Result<Vec<u8>, Fault> {
    let public = public_half(at, target, version)?;
    let value = attributes::bytes(at.session, public, AttributeType::Value, PUBLIC)?;
    value.map(|value| value.to_vec()).ok_or_else(Fault::contract)
}

/// The halves of a new version.
pub(super) fn generate(at: &At<'_>, label: &[u8], version: &VersionName, kem: Kem) -> Result<(), Fault> {
    let set = match kem {
        Kem::MlKem768 => MlKemParameterSetType::ML_KEM_768,
        Kem::MlKem1024 => MlKemParameterSetType::ML_KEM_1024,
        _ => return Err(Fault::new(KekFault::Unsupported)),
    };
    let named = [
        Attribute::Token(true),
        Attribute::Label(label.to_vec()),
        Attribute::Id(version.id()),
    ];
    let mut public = named.to_vec();
    public.extend([Attribute::ParameterSet(set.into()), Attribute::Encapsulate(true)]);
    let mut private = named.to_vec();
    private.extend([
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Decapsulate(true),
    ]);
    at.session
        .generate_key_pair(&Mechanism::MlKemKeyPairGen, &public, &private)?;
    Ok(())
}

/// A handle to a pair.
pub(super) fn handle(pair: TokenPair) -> Arc<dyn Kek> {
    let backend = pair.service.token.backend.clone();
    Arc::new(HpkeKek::new(backend, Arc::new(pair)))
}

const RECIPIENTS: [Kem; 2] = [Kem::MlKem768, Kem::MlKem1024];
const PUBLIC: usize = 4_096;
