//! The joint between the envelope and key-management services.
//!
//! A provider never sees the data key: it makes and recovers a fresh 32-byte secret `W` for each recipient, and the
//! envelope seals its own secret under `W` and the 32-byte binding `B` (docs/format.md, "Recipients").

use std::sync::Arc;

use async_trait::async_trait;

use crate::crypto::PasswordCost;
pub use crate::crypto::Posture;
use crate::crypto::kem::Kem;
use crate::error::KekError;
use crate::header::RecipientId;
use crate::kem::{HybridKek, KemRecipient};
use crate::memory::Secret;
use crate::schedule::{Digest, Domain};

/// How a recipient's `W` is protected: the wire numbers of docs/format.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Scheme {
    /// A KEK whose service binds additional authenticated data.
    WrapBound = 1,
    /// A KEK whose service binds nothing; the binding is in the seal only.
    Wrap = 2,
    /// A public key, by HPKE.
    Hpke = 3,
    /// A classical KEK and ML-KEM, both needed.
    Hybrid = 4,
    /// A passphrase.
    Passphrase = 5,
}

impl Scheme {
    /// The wire number.
    #[must_use]
    pub fn wire(self) -> u16 {
        self as u16
    }

    /// Name for people and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WrapBound => "wrap-bound",
            Self::Wrap => "wrap",
            Self::Hpke => "hpke",
            Self::Hybrid => "hybrid",
            Self::Passphrase => "passphrase",
        }
    }
}

/// What a provider may bind, and what it derives from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Suite and kind of the envelope.
    pub domain: Domain,
    /// `B`: suite, kind, data-key id, context and recipient in one digest.
    pub digest: &'a Digest,
    /// The data-key id, for the provider's own log.
    pub dek_id: &'a [u8; 16],
    /// The context pairs that this KEK [exposes](Kek::exposes), in the order of its names: the only part of a context
    /// that a provider is ever shown in clear. A name that the context does not have is left out.
    pub exposed: &'a [(&'a str, &'a str)],
}

/// The key-wrapping mechanism of scheme 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum WrapMechanism {
    /// RSA-OAEP with SHA-256 (RFC 8017 7.1).
    RsaOaep256 = 1,
    /// AES key wrap with padding (SP 800-38F 6.3).
    AesKwp = 2,
    /// AES key wrap (SP 800-38F 6.2).
    AesKw = 3,
}

/// How the classical half of a hybrid recipient is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClassicalHalf {
    /// As in scheme 2.
    Mechanism(WrapMechanism),
    /// As in scheme 1: bound by its provider.
    Bound,
    /// By DHKEM P-256.
    P256,
}

/// Parameters of a wrapped secret that stand in the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrapParams {
    /// Scheme 1 has none.
    None,
    /// Scheme 2.
    Mechanism(WrapMechanism),
    /// Scheme 3: the KEM (RFC 9180 7.1).
    Hpke {
        /// The KEM.
        kem: Kem,
    },
    /// Scheme 4. What stands beside it is the classical half's.
    Hybrid {
        /// How the classical half is protected.
        classical: ClassicalHalf,
        /// KEM of the post-quantum half.
        kem: Kem,
        /// Ciphertext of the post-quantum half.
        ciphertext: Vec<u8>,
        /// Key of the post-quantum half.
        id: RecipientId,
        /// Its version, as [`WrappedKey::version`] is the classical half's.
        version: Option<Vec<u8>>,
    },
    /// Scheme 5.
    Passphrase {
        /// Argon2id salt.
        salt: [u8; 16],
        /// Argon2id cost.
        cost: PasswordCost,
    },
}

/// A secret as a provider protects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key version exactly as the provider returned it, where it tells: 1 to 256 bytes.
    pub version: Option<Vec<u8>>,
    /// The protected bytes: 0 to 8192.
    pub w: Vec<u8>,
    /// Parameters of the scheme.
    pub params: WrapParams,
}

/// What is known of a KEK.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KekInfo {
    /// Algorithm in the provider's terms.
    pub algorithm: String,
    /// The version that new wraps use, as it would stand in [`WrappedKey::version`].
    pub version: Option<Vec<u8>>,
    /// Where the key lives.
    pub region: Option<String>,
    /// Protection level in the provider's terms ("software", "hsm" …).
    pub protection: String,
    /// Whether key bytes can leave the provider.
    pub exportable: bool,
    /// Quantum posture: the lesser of the key's and of the connection's.
    pub posture: Posture,
    /// The key exchange of the connection to it; none where there is no TLS, or no connection.
    pub key_exchange: Option<String>,
    /// Who could be compelled or breached as one: counted by quorums instead of URIs.
    pub trust_domain: String,
}

impl KekInfo {
    /// A description with the given facts and nothing further known.
    #[must_use]
    pub fn new(
        algorithm: impl Into<String>,
        version: Option<Vec<u8>>,
        protection: impl Into<String>,
        posture: Posture,
        trust_domain: impl Into<String>,
    ) -> Self {
        Self {
            algorithm: algorithm.into(),
            version,
            region: None,
            protection: protection.into(),
            exportable: false,
            posture,
            key_exchange: None,
            trust_domain: trust_domain.into(),
        }
    }
}

/// A fresh secret together with its protected form.
pub struct Generated {
    /// `W`, never to be stored. Of scheme 3 the KEM's shared secret, from which the envelope derives HPKE's keys.
    pub secret: Secret<32>,
    /// What goes into the envelope.
    pub wrapped: WrappedKey,
    /// The provider's own request id, for the audit trail.
    pub request_id: Option<String>,
}

/// A recovered secret.
pub struct Unwrapped {
    /// `W`; of scheme 3 the KEM's shared secret.
    pub secret: Secret<32>,
    /// The provider's own request id, for the audit trail.
    pub request_id: Option<String>,
}

/// A key-encryption key of some provider.
///
/// Every implementation must pass `kms_providers::conformance`.
#[async_trait]
pub trait Kek: Send + Sync {
    /// The key URI without version, as it stands in envelopes.
    fn uri(&self) -> &str;

    /// How this key protects a secret.
    fn scheme(&self) -> Scheme;

    /// The posture that envelopes may count on: that of the key or, where it is less and known, that of the connection
    /// which carries its secrets.
    fn posture(&self) -> Posture;

    /// The posture, after finding out how the service is reached: where nothing is known of the connection yet, something
    /// is asked that has no secret in it.
    ///
    /// # Errors
    /// [`KekError`] when the provider does not answer.
    async fn settled_posture(&self) -> Result<Posture, KekError> {
        Ok(self.posture())
    }

    /// Names of context pairs that the provider is shown in clear, where it can use them (conditions of IAM policies),
    /// and that land in its log. Pairs that an envelope does not store are shown too when they are named here, and only
    /// then. None, unless the operator names some.
    fn exposes(&self) -> &[String] {
        &[]
    }

    /// Whether this handle can recover what it protects. A public key alone cannot.
    fn opens(&self) -> bool {
        true
    }

    /// The key pair behind a KEK of scheme 3.
    fn kem(&self) -> Option<&Arc<dyn KemRecipient>> {
        None
    }

    /// The halves of a KEK of scheme 4.
    fn hybrid(&self) -> Option<&HybridKek> {
        None
    }

    /// Makes a fresh secret and protects it. Local keys derive it, AWS generates it, others wrap random bytes.
    ///
    /// # Errors
    /// [`KekError`] with the reason; nothing was made.
    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError>;

    /// Recovers a secret. A wrong `w` may also give a wrong secret: the seal decides.
    ///
    /// # Errors
    /// [`KekError`]; the reason reaches the audit trail, never the reader of the envelope.
    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError>;

    /// Algorithm, current version, location and protection.
    ///
    /// # Errors
    /// [`KekError`] when the provider does not answer.
    async fn describe(&self) -> Result<KekInfo, KekError>;
}
