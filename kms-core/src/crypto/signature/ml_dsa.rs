//! ML-DSA-65 (FIPS 204).

use ml_dsa::{EncodedSignature, ExpandedSigningKey, MlDsa65, Signature, VerifyingKey};
use zeroize::Zeroizing;

use crate::crypto::{RandomFailed, SecureRandom};

pub(super) const PUBLIC_LEN: usize = 1952;
pub(super) const SIGNATURE_LEN: usize = 3309;

/// What a backend brings. Contexts were checked to be at most 255 bytes.
pub(in crate::crypto) trait MlDsa: Send + Sync {
    /// The private key of the seed `ξ` (FIPS 204 5.1).
    fn private(&self, seed: &[u8; 32]) -> Box<dyn MlDsaPrivate>;
    fn verify(
        &self,
        public: &[u8; PUBLIC_LEN],
        context: &[u8],
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> bool;
}

/// A private key. Wiped when dropped.
pub(in crate::crypto) trait MlDsaPrivate: Send + Sync {
    fn public(&self) -> &[u8];
    fn sign(
        &self,
        context: &[u8],
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<[u8; SIGNATURE_LEN], RandomFailed>;
}

/// The `ml-dsa` crate, which has contexts; `aws-lc-rs` has none.
pub(in crate::crypto) struct RustMlDsa;

impl MlDsa for RustMlDsa {
    fn private(&self, seed: &[u8; 32]) -> Box<dyn MlDsaPrivate> {
        let key = ExpandedSigningKey::from_seed(seed.into());
        let public = key.verifying_key().encode().to_vec().into();
        Box::new(RustPrivate { key, public })
    }

    fn verify(
        &self,
        public: &[u8; PUBLIC_LEN],
        context: &[u8],
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> bool {
        let encoded = EncodedSignature::<MlDsa65>::from(*signature);
        let key = VerifyingKey::<MlDsa65>::decode(public.into());
        Signature::decode(&encoded).is_some_and(|signature| key.verify_with_context(message, context, &signature))
    }
}

struct RustPrivate {
    key: ExpandedSigningKey<MlDsa65>,
    public: Box<[u8]>,
}

impl MlDsaPrivate for RustPrivate {
    fn public(&self) -> &[u8] {
        &self.public
    }

    /// `ML-DSA.Sign` (FIPS 204 5.2), hedged.
    fn sign(
        &self,
        context: &[u8],
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<[u8; SIGNATURE_LEN], RandomFailed> {
        let mut hedge = Zeroizing::new([0; 32]);
        random.fill(&mut hedge[..])?;
        let length = u8::try_from(context.len()).expect("the context's length was checked");
        let signature = self
            .key
            .sign_internal(&[&[0, length], context, message], (&*hedge).into());
        Ok(signature.encode().into())
    }
}
