//! Raw ECDH keys: framework/raw-ecdh-keyring.md and key-agreement-schemas.md.
//!
//! The label of the key derivation is lower case on the wire, whatever the page says; vectors decide.

use async_trait::async_trait;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Keyring, Materials, Unwrapped, Wrapped, pem};
use crate::crypto::{CryptoBackend, NONCE_LEN, OpenFailed, TAG_LEN};
use crate::error::{CallerFault, KekError, KekFault, KekOperation, Result};
use crate::esdk::edk::EncryptedDataKey;
use crate::esdk::primitives::{Curve, EcdhPrivate, Gcm, Hash, compressed};
use crate::memory::SecretBytes;

/// Keys of two parties on one curve, whose shared secret wraps data keys. Classical.
pub struct RawEcdhKeyring {
    curve: EcdhCurve,
    schema: Schema,
    backend: CryptoBackend,
    uri: String,
}

/// The curve of both parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EcdhCurve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

/// Who has which half. Public keys are compressed points.
enum Schema {
    /// Our private key and another's public one: wraps as the sender, unwraps as either.
    Static {
        private: EcdhPrivate,
        public: Vec<u8>,
        peer: Vec<u8>,
    },
    /// A fresh key for each data key: only wraps.
    Ephemeral { recipient: Vec<u8> },
    /// Whoever the sender: only unwraps.
    Discovery { private: EcdhPrivate, public: Vec<u8> },
}

impl RawEcdhKeyring {
    /// Between our private key (PKCS#8 or SEC 1) and the other's public one (`SubjectPublicKeyInfo`), in PEM or DER.
    ///
    /// # Errors
    /// [`CallerFault::EsdkKey`].
    pub fn between(backend: CryptoBackend, curve: EcdhCurve, private: &[u8], peer: &[u8]) -> Result<Self> {
        let (private, public) = own(curve, private)?;
        let schema = Schema::Static {
            private,
            public,
            peer: point(curve, peer)?,
        };
        Ok(Self::new(backend, curve, schema))
    }

    /// To this public key, from a fresh one for each message.
    ///
    /// # Errors
    /// [`CallerFault::EsdkKey`].
    pub fn to(backend: CryptoBackend, curve: EcdhCurve, recipient: &[u8]) -> Result<Self> {
        let recipient = point(curve, recipient)?;
        Ok(Self::new(backend, curve, Schema::Ephemeral { recipient }))
    }

    /// For this private key, whoever the sender.
    ///
    /// # Errors
    /// [`CallerFault::EsdkKey`].
    pub fn of(backend: CryptoBackend, curve: EcdhCurve, private: &[u8]) -> Result<Self> {
        let (private, public) = own(curve, private)?;
        Ok(Self::new(backend, curve, Schema::Discovery { private, public }))
    }

    fn new(backend: CryptoBackend, curve: EcdhCurve, schema: Schema) -> Self {
        let named = match &schema {
            Schema::Static { public, .. } | Schema::Discovery { public, .. } => public,
            Schema::Ephemeral { recipient } => recipient,
        };
        let uri = format!("esdk://{PROVIDER}/{}", data_encoding::HEXLOWER.encode(named));
        Self {
            curve,
            schema,
            backend,
            uri,
        }
    }

    /// Our private key and the sender's public key for these keys of a message, if they are ours.
    fn parties<'k>(&'k self, keys: &Keys<'k>) -> Option<(&'k EcdhPrivate, &'k [u8])> {
        match &self.schema {
            Schema::Static { private, public, peer } => {
                let ours =
                    (keys.sender, keys.recipient) == (public, peer) || (keys.recipient, keys.sender) == (public, peer);
                ours.then_some((private, peer))
            }
            Schema::Discovery { private, public } => (keys.recipient == public).then_some((private, keys.sender)),
            Schema::Ephemeral { .. } => None,
        }
    }

    fn failed(&self, operation: KekOperation, kind: KekFault) -> KekError {
        KekError::new(&self.uri, operation, kind)
    }

    fn try_unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<SecretBytes, OpenFailed> {
        let keys = Keys::parse(self.curve.into(), &data_key.provider_info).ok_or(OpenFailed)?;
        let (private, peer) = self.parties(&keys).ok_or(OpenFailed)?;
        let (salt, rest) = data_key.ciphertext.split_first_chunk::<32>().ok_or(OpenFailed)?;
        let (commitment, sealed) = rest.split_first_chunk::<32>().ok_or(OpenFailed)?;
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(OpenFailed)?;
        let fixed_info = self.fixed_info(&keys, materials)?;
        let derived = derive(&private.agree(peer)?, &fixed_info, salt);
        let (expected, key) = derived.split_at(32);
        if !bool::from(expected.ct_eq(commitment)) {
            return Err(OpenFailed);
        }
        let mut secret = Zeroizing::new(ciphertext.to_vec());
        Gcm::new(key)?.open([0; NONCE_LEN], &fixed_info, &mut secret, tag)?;
        Ok(SecretBytes::copy_of(&secret))
    }

    fn try_wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, OpenFailed> {
        let (fresh, own_public);
        let (private, sender, recipient) = match &self.schema {
            Schema::Static { private, public, peer } => (private, public, peer),
            Schema::Ephemeral { recipient } => {
                fresh = EcdhPrivate::generate(self.curve.into())?;
                own_public = fresh.public()?;
                (&fresh, &own_public, recipient)
            }
            Schema::Discovery { .. } => return Err(OpenFailed),
        };
        let keys = Keys { sender, recipient };
        let mut salt = [0; 32];
        self.backend.random.fill(&mut salt).map_err(|_| OpenFailed)?;
        let fixed_info = self.fixed_info(&keys, materials)?;
        let derived = derive(&private.agree(recipient)?, &fixed_info, &salt);
        let (commitment, key) = derived.split_at(32);
        let mut secret = data_key.expose().to_vec();
        // The key is fresh by its salt, so a nonce of zero serves once.
        let tag = Gcm::new(key)?.seal([0; NONCE_LEN], &fixed_info, &mut secret);
        let ciphertext = [&salt[..], commitment, &secret, &tag].concat();
        Ok(Wrapped::local(PROVIDER, keys.encode(), ciphertext))
    }

    /// What both the key derivation and the wrapping bind.
    fn fixed_info(&self, keys: &Keys<'_>, materials: &Materials<'_>) -> Result<Vec<u8>, OpenFailed> {
        let curve: &[u8] = match self.curve {
            EcdhCurve::P256 => b"p256",
            EcdhCurve::P384 => b"p384",
            EcdhCurve::P521 => b"p521",
        };
        let context = materials.context.encode().map_err(|_| OpenFailed)?;
        let parties = [keys.sender, keys.recipient].concat();
        let fields: [&[u8]; 6] = [
            b"ecdh-key-derivation",
            curve,
            b"HMAC_SHA384",
            &parties,
            &[VERSION],
            &context,
        ];
        Ok(fields.join(&0))
    }
}

#[async_trait]
impl Keyring for RawEcdhKeyring {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn matches(&self, data_key: &EncryptedDataKey) -> bool {
        let keys = Keys::parse(self.curve.into(), &data_key.provider_info);
        matches!(&*data_key.provider_id, PROVIDER | "aws-kms-ecdh")
            && keys.is_some_and(|keys| self.parties(&keys).is_some())
    }

    async fn wrap(&self, data_key: &SecretBytes, materials: &Materials<'_>) -> Result<Wrapped, KekError> {
        self.try_wrap(data_key, materials)
            .map_err(|_| self.failed(KekOperation::Wrap, KekFault::Unsupported))
    }

    async fn unwrap(&self, data_key: &EncryptedDataKey, materials: &Materials<'_>) -> Result<Unwrapped, KekError> {
        let secret = self.try_unwrap(data_key, materials);
        let secret = secret.map_err(|_| self.failed(KekOperation::Unwrap, KekFault::DoesNotUnwrap))?;
        Ok(Unwrapped::local(secret))
    }
}

/// The public keys of a data key's two parties, compressed.
struct Keys<'k> {
    sender: &'k [u8],
    recipient: &'k [u8],
}

impl<'k> Keys<'k> {
    fn parse(curve: Curve, info: &'k [u8]) -> Option<Self> {
        let (&version, mut rest) = info.split_first()?;
        let recipient = counted(&mut rest)?;
        let sender = counted(&mut rest)?;
        let sound = version == VERSION
            && rest.is_empty()
            && [sender, recipient].iter().all(|key| key.len() == curve.point_len());
        sound.then_some(Self { sender, recipient })
    }

    fn encode(&self) -> Vec<u8> {
        let mut info = vec![VERSION];
        for key in [self.recipient, self.sender] {
            let length = u32::try_from(key.len()).expect("a point has at most 67 bytes");
            info.extend(length.to_be_bytes());
            info.extend_from_slice(key);
        }
        info
    }
}

fn counted<'k>(bytes: &mut &'k [u8]) -> Option<&'k [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (taken, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Commitment and wrapping key.
fn derive(shared: &SecretBytes, fixed_info: &[u8], salt: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut derived = Zeroizing::new([0; 64]);
    Hash::Sha384.counter_kdf(shared.expose(), fixed_info, salt, &mut *derived);
    derived
}

fn own(curve: EcdhCurve, private: &[u8]) -> Result<(EcdhPrivate, Vec<u8>)> {
    let key = EcdhPrivate::from_der(curve.into(), &pem::private(private)?).map_err(|_| CallerFault::EsdkKey)?;
    let public = key.public().map_err(|_| CallerFault::EsdkKey)?;
    Ok((key, public))
}

fn point(curve: EcdhCurve, public: &[u8]) -> Result<Vec<u8>> {
    Ok(compressed(curve.into(), &pem::public(public)?).map_err(|_| CallerFault::EsdkKey)?)
}

impl From<EcdhCurve> for Curve {
    fn from(curve: EcdhCurve) -> Self {
        match curve {
            EcdhCurve::P256 => Self::P256,
            EcdhCurve::P384 => Self::P384,
            EcdhCurve::P521 => Self::P521,
        }
    }
}

const PROVIDER: &str = "raw-ecdh";
const VERSION: u8 = 1;
