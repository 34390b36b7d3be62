//! The cryptographic library of this module: AWS-LC through `aws-lc-rs`, and nothing else. The suites of the AWS
//! Encryption SDK need AES-128 and AES-192, SHA-256 and SHA-384, RSA and ECDSA, none of which KS1 does: they stay out of
//! [`crate::crypto::CryptoBackend`], so that no backend of it carries them.

use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyCompressedBin};
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use aws_lc_rs::{aead, agreement, digest, hkdf, kdf, rsa};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::{NONCE_LEN, OpenFailed, TAG_LEN};
use crate::memory::SecretBytes;

/// A scheduled AES-GCM key of 16, 24 or 32 bytes (SP 800-38D). It wipes itself when it is dropped.
pub(super) struct Gcm(aead::LessSafeKey);

impl Gcm {
    /// # Errors
    /// [`OpenFailed`] for any other length.
    pub(super) fn new(key: &[u8]) -> Result<Self, OpenFailed> {
        let algorithm = match key.len() {
            16 => &aead::AES_128_GCM,
            24 => &aead::AES_192_GCM,
            32 => &aead::AES_256_GCM,
            _ => return Err(OpenFailed),
        };
        let key = aead::UnboundKey::new(algorithm, key).map_err(|_| OpenFailed)?;
        Ok(Self(aead::LessSafeKey::new(key)))
    }

    /// Encrypts in place and returns the tag.
    pub(super) fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_LEN] {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), in_out);
        let tag = tag.expect("a frame is far below the 64 GiB that GCM takes");
        tag.as_ref().try_into().expect("GCM's tag has 16 bytes")
    }

    /// Decrypts in place. On failure `in_out` is zeroed.
    pub(super) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), OpenFailed> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let opened = self
            .0
            .open_in_place_separate_tag(nonce, aead::Aad::from(aad), tag, in_out);
        opened.map(|_| ()).map_err(|_| {
            in_out.zeroize();
            OpenFailed
        })
    }
}

/// A hash of a key derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// HKDF (RFC 5869): extract `secret` with `salt`, expand with the concatenation of `info` into `out`.
    pub(super) fn hkdf(self, salt: &[u8], secret: &[u8], info: &[&[u8]], out: &mut [u8]) {
        let algorithm = match self {
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha384 => hkdf::HKDF_SHA384,
            Self::Sha512 => hkdf::HKDF_SHA512,
        };
        let prk = hkdf::Salt::new(algorithm, salt).extract(secret);
        prk.expand(info, OutLen(out.len()))
            .and_then(|okm| okm.fill(out))
            .expect("at most 32 bytes are asked for, fewer than 255 hashes");
    }

    /// KDF in counter mode with HMAC (SP 800-108r1 4.1): `label`, a zero byte, `context`, the length in bits.
    pub(super) fn counter_kdf(self, secret: &[u8], label: &[u8], context: &[u8], out: &mut [u8]) {
        let id = match self {
            Self::Sha256 => kdf::KbkdfCtrHmacAlgorithmId::Sha256,
            Self::Sha384 => kdf::KbkdfCtrHmacAlgorithmId::Sha384,
            Self::Sha512 => kdf::KbkdfCtrHmacAlgorithmId::Sha512,
        };
        let algorithm = kdf::get_kbkdf_ctr_hmac_algorithm(id).expect("AWS-LC has all three");
        let bits = u32::try_from(out.len() * 8).expect("at most 64 bytes are asked for");
        let info = [label, &[0], context, &bits.to_be_bytes()].concat();
        kdf::kbkdf_ctr_hmac(algorithm, secret, &info, out).expect("neither secret nor output is empty");
    }
}

/// The length of an expansion, as `aws-lc-rs` wants to hear it.
struct OutLen(usize);

impl hkdf::KeyType for OutLen {
    fn len(&self) -> usize {
        self.0
    }
}

/// A curve of signatures and of key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }

    /// Bytes of a point in compressed form (SEC 1 2.3.3).
    pub(super) fn point_len(self) -> usize {
        match self {
            Self::P256 => 33,
            Self::P384 => 49,
            Self::P521 => 67,
        }
    }
}

/// The running digest of a message that is signed, or to be.
pub(super) struct SignedBytes(digest::Context);

impl SignedBytes {
    /// For a signature on P-256 or P-384, the only curves of the suites.
    pub(super) fn new(curve: Curve) -> Self {
        Self(digest::Context::new(match curve {
            Curve::P256 => &digest::SHA256,
            _ => &digest::SHA384,
        }))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Checks an ECDSA signature (ASN.1) of all bytes under a public key in compressed form.
    pub(super) fn verify(self, curve: Curve, public: &[u8], signature: &[u8]) -> Result<(), OpenFailed> {
        let algorithm: &dyn signature::VerificationAlgorithm = match curve {
            Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1,
            _ => &signature::ECDSA_P384_SHA384_ASN1,
        };
        signature::UnparsedPublicKey::new(algorithm, public)
            .verify_digest(&self.0.finish(), signature)
            .map_err(|_| OpenFailed)
    }

    /// The ECDSA signature (ASN.1) of all bytes.
    pub(super) fn sign(self, key: &SigningKey) -> Result<Vec<u8>, OpenFailed> {
        let signature = key.0.sign_digest(&self.0.finish()).map_err(|_| OpenFailed)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// An ECDSA P-384 key for one message.
pub(super) struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    pub(super) fn generate() -> Result<Self, OpenFailed> {
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_ASN1_SIGNING);
        pair.map(Self).map_err(|_| OpenFailed)
    }

    /// The public key, compressed.
    pub(super) fn public(&self) -> Result<Vec<u8>, OpenFailed> {
        let point: EcPublicKeyCompressedBin<'_> = self.0.public_key().as_be_bytes().map_err(|_| OpenFailed)?;
        Ok(point.as_ref().to_vec())
    }
}

/// The padding of RSA encryption (RFC 8017 7).
#[derive(Clone, Copy)]
pub(super) enum Padding {
    Pkcs1,
    Oaep(&'static rsa::OaepAlgorithm),
}

pub(super) const OAEP_SHA1: Padding = Padding::Oaep(&rsa::OAEP_SHA1_MGF1SHA1);
pub(super) const OAEP_SHA256: Padding = Padding::Oaep(&rsa::OAEP_SHA256_MGF1SHA256);
pub(super) const OAEP_SHA384: Padding = Padding::Oaep(&rsa::OAEP_SHA384_MGF1SHA384);
pub(super) const OAEP_SHA512: Padding = Padding::Oaep(&rsa::OAEP_SHA512_MGF1SHA512);

/// An RSA public key.
pub(super) struct RsaPublic(rsa::PublicEncryptingKey);

impl RsaPublic {
    /// From `SubjectPublicKeyInfo`.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, OpenFailed> {
        rsa::PublicEncryptingKey::from_der(der)
            .map(Self)
            .map_err(|_| OpenFailed)
    }

    pub(super) fn encrypt(&self, padding: Padding, secret: &[u8]) -> Result<Vec<u8>, OpenFailed> {
        let mut out = vec![0; self.0.key_size_bytes()];
        let key = self.0.clone();
        let length = match padding {
            Padding::Pkcs1 => rsa::Pkcs1PublicEncryptingKey::new(key)
                .and_then(|key| key.encrypt(secret, &mut out).map(|written| written.len())),
            Padding::Oaep(algorithm) => rsa::OaepPublicEncryptingKey::new(key).and_then(|key| {
                key.encrypt(algorithm, secret, &mut out, None)
                    .map(|written| written.len())
            }),
        };
        out.truncate(length.map_err(|_| OpenFailed)?);
        Ok(out)
    }
}

/// An RSA private key, on AWS-LC's heap, which is wiped when it is freed.
pub(super) struct RsaPrivate(rsa::PrivateDecryptingKey);

impl RsaPrivate {
    /// From PKCS#8.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, OpenFailed> {
        rsa::PrivateDecryptingKey::from_pkcs8(der)
            .map(Self)
            .map_err(|_| OpenFailed)
    }

    pub(super) fn public(&self) -> RsaPublic {
        RsaPublic(self.0.public_key())
    }

    pub(super) fn decrypt(&self, padding: Padding, wrapped: &[u8]) -> Result<SecretBytes, OpenFailed> {
        if wrapped.len() != self.0.key_size_bytes() {
            return Err(OpenFailed);
        }
        let mut room = Zeroizing::new(vec![0; self.0.key_size_bytes()]);
        let key = self.0.clone();
        let secret = match padding {
            Padding::Pkcs1 => {
                rsa::Pkcs1PrivateDecryptingKey::new(key).and_then(|key| Ok(key.decrypt(wrapped, &mut room)?.len()))
            }
            Padding::Oaep(algorithm) => rsa::OaepPrivateDecryptingKey::new(key)
                .and_then(|key| Ok(key.decrypt(algorithm, wrapped, &mut room, None)?.len())),
        };
        Ok(SecretBytes::copy_of(&room[..secret.map_err(|_| OpenFailed)?]))
    }
}

/// A private key of key agreement.
pub(super) struct EcdhPrivate {
    key: agreement::PrivateKey,
    curve: Curve,
}

impl EcdhPrivate {
    /// From PKCS#8 or SEC 1.
    pub(super) fn from_der(curve: Curve, der: &[u8]) -> Result<Self, OpenFailed> {
        let key = agreement::PrivateKey::from_private_key_der(curve.agreement(), der).map_err(|_| OpenFailed)?;
        Ok(Self { key, curve })
    }

    pub(super) fn generate(curve: Curve) -> Result<Self, OpenFailed> {
        let key = agreement::PrivateKey::generate(curve.agreement()).map_err(|_| OpenFailed)?;
        Ok(Self { key, curve })
    }

    /// The public key, compressed.
    pub(super) fn public(&self) -> Result<Vec<u8>, OpenFailed> {
        let public = self.key.compute_public_key().map_err(|_| OpenFailed)?;
        let point: EcPublicKeyCompressedBin<'_> = public.as_be_bytes().map_err(|_| OpenFailed)?;
        Ok(point.as_ref().to_vec())
    }

    /// The x coordinate of the shared point. `peer` is any encoding of a public key on the same curve.
    pub(super) fn agree(&self, peer: &[u8]) -> Result<SecretBytes, OpenFailed> {
        let peer = agreement::UnparsedPublicKey::new(self.curve.agreement(), peer);
        agreement::agree(&self.key, peer, OpenFailed, |shared| Ok(SecretBytes::copy_of(shared)))
    }
}

/// The public key of a `SubjectPublicKeyInfo` as a compressed point (SEC 1 2.3.3), checked to lie on the curve.
pub(super) fn compressed(curve: Curve, spki: &[u8]) -> Result<Vec<u8>, OpenFailed> {
    let public = agreement::UnparsedPublicKey::new(curve.agreement(), spki);
    agreement::ParsedPublicKey::try_from(&public).map_err(|_| OpenFailed)?;
    let coordinate = curve.point_len() - 1;
    // The point is the last field.
    let tail = |length: usize| spki.len().checked_sub(length).map(|start| &spki[start..]);
    match (tail(2 * coordinate + 1), tail(coordinate + 1)) {
        (Some([4, point @ ..]), _) => {
            let parity = point.last().expect("two coordinates were taken") & 1;
            Ok([&[2 + parity], &point[..coordinate]].concat())
        }
        (_, Some(point @ [2 | 3, ..])) => Ok(point.to_vec()),
        _ => Err(OpenFailed),
    }
}
