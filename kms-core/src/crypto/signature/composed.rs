//! The schemes out of the parts that a backend brings.

use super::ed25519::{self, Ed25519, Ed25519Private};
use super::ml_dsa::{MlDsa, MlDsaPrivate};
use super::{SignatureScheme, Signatures, SigningKey, VerifyingKey, check_context, composite};
use crate::crypto::{SecureRandom, Sha512};
use crate::error::SignatureFault;
use crate::memory::Secret;

/// A backend's parts.
#[derive(Clone, Copy)]
pub(in crate::crypto) struct Composed {
    pub(in crate::crypto) ed25519: &'static dyn Ed25519,
    /// ML-DSA with any context.
    pub(in crate::crypto) ml_dsa: &'static dyn MlDsa,
    pub(in crate::crypto) hash: &'static dyn Sha512,
}

impl Signatures for Composed {
    fn derive_key(&self, scheme: SignatureScheme, seed: &Secret<32>) -> Box<dyn SigningKey> {
        match scheme {
            SignatureScheme::Ed25519 => Box::new(EdKey(self.ed25519.private(seed.expose()))),
            SignatureScheme::MlDsa65 => Box::new(MlKey(self.ml_dsa.private(seed.expose()))),
            SignatureScheme::MlDsa65Ed25519 => Box::new(composite::Private::new(self, &composite::expand_seed(seed))),
        }
    }

    fn private_key(&self, scheme: SignatureScheme, private: &[u8]) -> Result<Box<dyn SigningKey>, SignatureFault> {
        Ok(match scheme {
            SignatureScheme::Ed25519 => Box::new(EdKey(self.ed25519.private(exact(private)?))),
            SignatureScheme::MlDsa65 => Box::new(MlKey(self.ml_dsa.private(exact(private)?))),
            SignatureScheme::MlDsa65Ed25519 => Box::new(composite::Private::new(self, exact(private)?)),
        })
    }

    fn public_key(&self, scheme: SignatureScheme, public: &[u8]) -> Result<Box<dyn VerifyingKey>, SignatureFault> {
        if public.len() != scheme.public_len() {
            return Err(SignatureFault::PublicKeyLength);
        }
        if let (SignatureScheme::Ed25519 | SignatureScheme::MlDsa65Ed25519, Some(point)) =
            (scheme, public.last_chunk::<{ ed25519::PUBLIC_LEN }>())
            && !(ed25519::is_sound(point) && self.ed25519.is_public(point))
        {
            return Err(SignatureFault::PublicKey);
        }
        Ok(Box::new(Public {
            scheme,
            parts: *self,
            bytes: public.into(),
        }))
    }
}

fn exact<const N: usize>(private: &[u8]) -> Result<&[u8; N], SignatureFault> {
    private.try_into().map_err(|_| SignatureFault::PrivateKeyLength)
}

/// A private key of Ed25519 alone.
struct EdKey(Box<dyn Ed25519Private>);

impl SigningKey for EdKey {
    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::Ed25519
    }

    fn public(&self) -> &[u8] {
        self.0.public()
    }

    fn sign(&self, context: &[u8], message: &[u8], _random: &dyn SecureRandom) -> Result<Vec<u8>, SignatureFault> {
        check_context(context)?;
        Ok(self.0.sign(&ed25519::bound(context, message)).to_vec())
    }
}

/// A private key of ML-DSA-65 alone.
struct MlKey(Box<dyn MlDsaPrivate>);

impl SigningKey for MlKey {
    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::MlDsa65
    }

    fn public(&self) -> &[u8] {
        self.0.public()
    }

    fn sign(&self, context: &[u8], message: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SignatureFault> {
        check_context(context)?;
        Ok(self.0.sign(context, message, random)?.to_vec())
    }
}

/// A public key of any scheme.
struct Public {
    scheme: SignatureScheme,
    parts: Composed,
    bytes: Box<[u8]>,
}

impl VerifyingKey for Public {
    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    fn public(&self) -> &[u8] {
        &self.bytes
    }

    fn verify(&self, context: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        check_context(context)?;
        let holds = match self.scheme {
            SignatureScheme::Ed25519 => {
                ed25519_holds(&self.parts, &self.bytes, &ed25519::bound(context, message), signature)
            }
            SignatureScheme::MlDsa65 => ml_dsa_holds(&self.parts, &self.bytes, context, message, signature),
            SignatureScheme::MlDsa65Ed25519 => composite::holds(&self.parts, &self.bytes, context, message, signature),
        };
        // `None`: a part has the wrong length.
        if holds == Some(true) {
            Ok(())
        } else {
            Err(SignatureFault::DoesNotVerify)
        }
    }
}

pub(super) fn ed25519_holds(parts: &Composed, public: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let (public, signature) = (public.try_into().ok()?, signature.try_into().ok()?);
    Some(ed25519::verify_strict(parts.ed25519, public, message, signature))
}

pub(super) fn ml_dsa_holds(
    parts: &Composed,
    public: &[u8],
    context: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let (public, signature) = (public.try_into().ok()?, signature.try_into().ok()?);
    Some(parts.ml_dsa.verify(public, context, message, signature))
}
