//! DHKEM (RFC 9180 4.1): a Diffie-Hellman group as a KEM.

use zeroize::Zeroizing;

use super::labeled::{expand, extract};
use super::{DecapsulationKey, Encapsulated, EncapsulationKey, Kem, SharedSecret};
use crate::crypto::{Hkdf, HkdfHash, SecureRandom};
use crate::error::KemFault;

/// A Diffie-Hellman group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum GroupId {
    X25519,
    P256,
    P384,
}

impl GroupId {
    /// The KEM that is this group alone.
    pub(in crate::crypto) fn kem(self) -> Kem {
        match self {
            Self::X25519 => Kem::X25519,
            Self::P256 => Kem::P256,
            Self::P384 => Kem::P384,
        }
    }

    /// Bytes of a private scalar, and of what an agreement gives.
    pub(in crate::crypto) fn scalar_len(self) -> usize {
        self.kem().private_len()
    }

    /// Bytes of a public key.
    pub(in crate::crypto) fn public_len(self) -> usize {
        self.kem().public_len()
    }

    /// The hash of its DHKEM.
    fn hash(self) -> HkdfHash {
        match self {
            Self::X25519 | Self::P256 => HkdfHash::Sha256,
            Self::P384 => HkdfHash::Sha384,
        }
    }
}

/// What a backend brings. Lengths were checked before every call.
pub(in crate::crypto) trait Group: Send + Sync {
    /// Which group.
    fn id(&self) -> GroupId;
    /// The private key of a scalar in wire form; `None` if it is zero or not below the order. X25519 takes any.
    fn private(&self, scalar: &[u8]) -> Option<Box<dyn DhPrivate>>;
    /// Whether the bytes are a point of the group, in uncompressed form, other than the identity. X25519 takes any.
    fn is_public(&self, public: &[u8]) -> bool;
}

/// A private key. Wiped when dropped.
pub(in crate::crypto) trait DhPrivate: Send + Sync {
    fn public(&self) -> &[u8];
    /// Bytes that an agreement gives.
    fn scalar_len(&self) -> usize;
    /// Fills `secret` with the shared x coordinate; `None` where `peer` is no point of the group or, for X25519, the
    /// result is zero (RFC 7748 6.1).
    fn agree(&self, peer: &[u8], secret: &mut [u8]) -> Option<()>;
}

/// A group as a KEM.
#[derive(Clone, Copy)]
pub(super) struct DhKem {
    pub(super) group: &'static dyn Group,
    pub(super) hkdf: &'static dyn Hkdf,
}

impl DhKem {
    /// The private key of this scalar.
    pub(super) fn key(self, scalar: &[u8]) -> Result<DhKey, KemFault> {
        let key = self.group.private(scalar).ok_or(KemFault::PrivateKey)?;
        Ok(DhKey { kem: self, key })
    }

    /// `DeriveKeyPair` (RFC 9180 7.1.3).
    pub(super) fn derive_key(self, ikm: &[u8]) -> Result<DhKey, KemFault> {
        let (hash, suite_id) = (self.group.id().hash(), self.group.id().kem().suite_id());
        let prk = extract(self.hkdf, hash, &suite_id, b"", b"dkp_prk", ikm);
        let mut scalar = Zeroizing::new([0; 48]);
        let scalar = &mut scalar[..self.group.id().scalar_len()];
        if self.group.id() == GroupId::X25519 {
            expand(self.hkdf, &suite_id, &prk, b"sk", &[], scalar);
            return self.key(scalar);
        }
        for counter in 0..=u8::MAX {
            expand(self.hkdf, &suite_id, &prk, b"candidate", &[&[counter]], scalar);
            if let Ok(key) = self.key(scalar) {
                return Ok(key);
            }
        }
        Err(KemFault::PrivateKey)
    }

    /// A validated public key.
    pub(super) fn public(self, public: &[u8]) -> Result<DhPublic, KemFault> {
        check_public(self.group, public)?;
        Ok(DhPublic {
            kem: self,
            bytes: public.into(),
        })
    }

    fn ephemeral(self, random: &dyn SecureRandom) -> Result<DhKey, KemFault> {
        let mut ikm = Zeroizing::new([0; 48]);
        let ikm = &mut ikm[..self.group.id().scalar_len()];
        random.fill(ikm)?;
        self.derive_key(ikm)
    }

    /// `AuthEncap`, or `Encap` without a sender.
    fn encapsulate(
        self,
        recipient: &[u8],
        sender: Option<&DhKey>,
        random: &dyn SecureRandom,
    ) -> Result<Encapsulated, KemFault> {
        let ephemeral = self.ephemeral(random)?;
        let mut agreed = Agreed::default();
        agreed.add(&*ephemeral.key, recipient).ok_or(KemFault::PublicKey)?;
        if let Some(sender) = sender {
            agreed.add(&*sender.key, recipient).ok_or(KemFault::PublicKey)?;
        }
        let ciphertext = ephemeral.key.public().to_vec();
        let sender = sender.map_or(&[][..], |sender| sender.key.public());
        let shared_secret = self.shared_secret(&agreed, &[&ciphertext, recipient, sender])?;
        Ok(Encapsulated {
            ciphertext,
            shared_secret,
        })
    }

    /// `AuthDecap`, or `Decap` without a sender.
    fn decapsulate(self, key: &DhKey, ciphertext: &[u8], sender: Option<&[u8]>) -> Result<SharedSecret, KemFault> {
        if ciphertext.len() != self.group.id().public_len() {
            return Err(KemFault::CiphertextLength);
        }
        let mut agreed = Agreed::default();
        agreed.add(&*key.key, ciphertext).ok_or(KemFault::Ciphertext)?;
        if let Some(sender) = sender {
            agreed.add(&*key.key, sender).ok_or(KemFault::PublicKey)?;
        }
        self.shared_secret(&agreed, &[ciphertext, key.key.public(), sender.unwrap_or_default()])
    }

    /// `ExtractAndExpand` (RFC 9180 4.1).
    fn shared_secret(self, agreed: &Agreed, kem_context: &[&[u8]]) -> Result<SharedSecret, KemFault> {
        let (kem, hash) = (self.group.id().kem(), self.group.id().hash());
        let suite_id = kem.suite_id();
        let prk = extract(self.hkdf, hash, &suite_id, b"", b"eae_prk", agreed.bytes());
        SharedSecret::try_init_with(kem, |secret| {
            expand(self.hkdf, &suite_id, &prk, b"shared_secret", kem_context, secret);
            Ok(())
        })
    }
}

/// One agreement, or two when a sender authenticates.
#[derive(Default)]
struct Agreed {
    bytes: Zeroizing<[[u8; 32]; 3]>,
    length: usize,
}

impl Agreed {
    fn add(&mut self, key: &dyn DhPrivate, peer: &[u8]) -> Option<()> {
        let end = self.length + key.scalar_len();
        key.agree(peer, &mut self.bytes.as_flattened_mut()[self.length..end])?;
        self.length = end;
        Some(())
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes.as_flattened()[..self.length]
    }
}

/// A private key of a group.
pub(super) struct DhKey {
    kem: DhKem,
    key: Box<dyn DhPrivate>,
}

impl DecapsulationKey for DhKey {
    fn kem(&self) -> Kem {
        self.kem.group.id().kem()
    }

    fn public(&self) -> &[u8] {
        self.key.public()
    }

    fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret, KemFault> {
        self.kem.decapsulate(self, ciphertext, None)
    }

    fn auth_encapsulate(
        &self,
        recipient: &dyn EncapsulationKey,
        random: &dyn SecureRandom,
    ) -> Result<Encapsulated, KemFault> {
        if recipient.kem() != self.kem() {
            return Err(KemFault::NotAuthenticating);
        }
        self.kem.encapsulate(recipient.public(), Some(self), random)
    }

    fn auth_decapsulate(&self, ciphertext: &[u8], sender: &dyn EncapsulationKey) -> Result<SharedSecret, KemFault> {
        if sender.kem() != self.kem() {
            return Err(KemFault::NotAuthenticating);
        }
        self.kem.decapsulate(self, ciphertext, Some(sender.public()))
    }
}

/// A public key of a group.
pub(super) struct DhPublic {
    kem: DhKem,
    bytes: Box<[u8]>,
}

impl EncapsulationKey for DhPublic {
    fn kem(&self) -> Kem {
        self.kem.group.id().kem()
    }

    fn public(&self) -> &[u8] {
        &self.bytes
    }

    fn encapsulate(&self, random: &dyn SecureRandom) -> Result<Encapsulated, KemFault> {
        self.kem.encapsulate(&self.bytes, None, random)
    }
}

/// Refuses what is not a point of the group, and X25519 points of low order.
pub(super) fn check_public(group: &dyn Group, public: &[u8]) -> Result<(), KemFault> {
    if public.len() != group.id().public_len() {
        return Err(KemFault::PublicKeyLength);
    }
    let low_order = group.id() == GroupId::X25519 && is_low_order(public);
    if low_order || !group.is_public(public) {
        return Err(KemFault::PublicKey);
    }
    Ok(())
}

/// Whether an X25519 public key has a small order, so that every agreement with it is zero (RFC 7748 7).
pub(super) fn is_low_order(public: &[u8]) -> bool {
    LOW_ORDER.iter().any(|point| {
        let (last, rest) = (public[31] & 0x7f, &public[..31]);
        rest == &point[..31] && last == point[31]
    })
}

/// The u coordinates of order 1, 2, 4 and 8 on the curve and its twist, and the non-canonical forms p and p + 1 of 0
/// and 1. A test shows that each agrees on zero.
pub(super) const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    little_endian(1, 0, 0),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    little_endian(0xec, 0xff, 0x7f),
    little_endian(0xed, 0xff, 0x7f),
    little_endian(0xee, 0xff, 0x7f),
];

const fn little_endian(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    bytes
}
