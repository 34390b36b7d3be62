//! ML-KEM and the Diffie-Hellman groups of the RustCrypto and dalek crates.
//!
//! Wiping: `ml-kem`, `x25519-dalek` and `elliptic-curve` wipe private keys when they are dropped; the keys lie on the
//! heap and not in a protected page, since each crate keeps them in a form of its own.

use std::marker::PhantomData;

use ml_kem::array::sizes::U32;
use ml_kem::kem::Decapsulate;
use ml_kem::{Ciphertext, FromSeed, Kem, KeyExport, MlKem512, MlKem768, MlKem1024, TryKeyInit};
use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::kem::{Composed, DhPrivate, Group, GroupId, MlKemPrivate, MlKemPublic, MlKemSet, MlKems};
use crate::crypto::{RandomFailed, SecureRandom};

pub(super) static KEMS: Composed = Composed {
    ml_kem: &RcMlKems,
    x25519: &RcX25519,
    p256: &RcCurve::<p256::NistP256>(GroupId::P256, PhantomData),
    p384: &RcCurve::<p384::NistP384>(GroupId::P384, PhantomData),
    hkdf: &super::hkdf::RcHkdf,
};

struct RcMlKems;

impl MlKems for RcMlKems {
    fn private(&self, set: MlKemSet, seed: &[u8; 64]) -> Box<dyn MlKemPrivate> {
        match set {
            MlKemSet::MlKem512 => RcMlKem::<MlKem512>::boxed(seed),
            MlKemSet::MlKem768 => RcMlKem::<MlKem768>::boxed(seed),
            MlKemSet::MlKem1024 => RcMlKem::<MlKem1024>::boxed(seed),
        }
    }

    fn public(&self, set: MlKemSet, bytes: &[u8]) -> Box<dyn MlKemPublic> {
        match set {
            MlKemSet::MlKem512 => boxed_public::<MlKem512>(bytes),
            MlKemSet::MlKem768 => boxed_public::<MlKem768>(bytes),
            MlKemSet::MlKem1024 => boxed_public::<MlKem1024>(bytes),
        }
    }
}

struct RcMlKem<K: Kem> {
    key: K::DecapsulationKey,
    public: Box<[u8]>,
}

impl<K> RcMlKem<K>
where
    K: FromSeed<SeedSize = ml_kem::array::sizes::U64> + Kem<SharedKeySize = U32>,
    K::DecapsulationKey: Decapsulate<Kem = K> + Send + Sync,
    K::EncapsulationKey: KeyExport,
{
    fn boxed(seed: &[u8; 64]) -> Box<dyn MlKemPrivate> {
        let (key, public) = K::from_seed(seed.into());
        let public = public.to_bytes().to_vec().into();
        Box::new(Self { key, public })
    }
}

impl<K> MlKemPrivate for RcMlKem<K>
where
    K: Kem<SharedKeySize = U32>,
    K::DecapsulationKey: Decapsulate<Kem = K> + Send + Sync,
{
    fn public(&self) -> &[u8] {
        &self.public
    }

    fn decapsulate(&self, ciphertext: &[u8], secret: &mut [u8]) {
        let ciphertext = Ciphertext::<K>::try_from(ciphertext).expect(CHECKED);
        let mut shared = self.key.decapsulate(&ciphertext);
        secret.copy_from_slice(&shared);
        shared.zeroize();
    }
}

fn boxed_public<K>(bytes: &[u8]) -> Box<dyn MlKemPublic>
where
    K: Kem,
    K::EncapsulationKey: TryKeyInit + MlKemPublic + 'static,
{
    Box::new(K::EncapsulationKey::new_from_slice(bytes).expect(CHECKED))
}

/// The crates take arrays; every length, and an ML-KEM key's coefficients, were checked before.
const CHECKED: &str = "the length was checked, and a public key's coefficients";

macro_rules! encapsulate {
    ($($set:ty),+) => {$(
        impl MlKemPublic for ml_kem::EncapsulationKey<$set> {
            fn encapsulate(
                &self,
                random: &dyn SecureRandom,
                ciphertext: &mut [u8],
                secret: &mut [u8],
            ) -> Result<(), RandomFailed> {
                let mut message = Zeroizing::new([0; 32]);
                random.fill(&mut message[..])?;
                let (made, mut shared) = self.encapsulate_deterministic((&*message).into());
                ciphertext.copy_from_slice(&made);
                secret.copy_from_slice(&shared);
                shared.zeroize();
                Ok(())
            }
        }
    )+};
}

encapsulate!(MlKem512, MlKem768, MlKem1024);

struct RcX25519;

impl Group for RcX25519 {
    fn id(&self) -> GroupId {
        GroupId::X25519
    }

    fn private(&self, scalar: &[u8]) -> Option<Box<dyn DhPrivate>> {
        let key = x25519_dalek::StaticSecret::from(<[u8; 32]>::try_from(scalar).ok()?);
        let public = x25519_dalek::PublicKey::from(&key);
        Some(Box::new(RcX25519Key { key, public }))
    }

    fn is_public(&self, public: &[u8]) -> bool {
        public.len() == 32
    }
}

struct RcX25519Key {
    key: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
}

impl DhPrivate for RcX25519Key {
    fn public(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn scalar_len(&self) -> usize {
        32
    }

    fn agree(&self, peer: &[u8], secret: &mut [u8]) -> Option<()> {
        let shared = self.key.diffie_hellman(&<[u8; 32]>::try_from(peer).ok()?.into());
        secret.copy_from_slice(shared.as_bytes());
        shared.was_contributory().then_some(())
    }
}

/// P-256 or P-384.
struct RcCurve<C>(GroupId, PhantomData<fn() -> C>);

impl<C> Group for RcCurve<C>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    fn id(&self) -> GroupId {
        self.0
    }

    fn private(&self, scalar: &[u8]) -> Option<Box<dyn DhPrivate>> {
        let key = SecretKey::<C>::from_slice(scalar).ok()?;
        let public = key.public_key().to_sec1_point(false).as_bytes().into();
        Some(Box::new(RcCurveKey { key, public }))
    }

    fn is_public(&self, public: &[u8]) -> bool {
        point::<C>(public).is_some()
    }
}

struct RcCurveKey<C: CurveArithmetic> {
    key: SecretKey<C>,
    public: Box<[u8]>,
}

impl<C> DhPrivate for RcCurveKey<C>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    fn public(&self) -> &[u8] {
        &self.public
    }

    fn scalar_len(&self) -> usize {
        self.public.len() / 2
    }

    fn agree(&self, peer: &[u8], secret: &mut [u8]) -> Option<()> {
        let peer = point::<C>(peer)?;
        let shared = diffie_hellman(self.key.to_nonzero_scalar(), peer.as_affine());
        secret.copy_from_slice(shared.raw_secret_bytes());
        Some(())
    }
}

/// An uncompressed point; HPKE has no other form (RFC 9180 7.1.1).
fn point<C>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    if bytes.first() != Some(&UNCOMPRESSED) {
        return None;
    }
    PublicKey::from_sec1_bytes(bytes).ok()
}

/// The first byte of an uncompressed point (SEC 1 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Decapsulation with a private key in expanded form, which only tests have; `None` where it is refused.
#[cfg(test)]
pub(in crate::crypto) fn decapsulate_expanded(set: MlKemSet, private: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    match set {
        MlKemSet::MlKem512 => decapsulate_expanded_as::<MlKem512>(private, ciphertext),
        MlKemSet::MlKem768 => decapsulate_expanded_as::<MlKem768>(private, ciphertext),
        MlKemSet::MlKem1024 => decapsulate_expanded_as::<MlKem1024>(private, ciphertext),
    }
}

#[cfg(test)]
#[expect(deprecated, reason = "the tests have no other form")]
fn decapsulate_expanded_as<K>(private: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>>
where
    K: Kem<SharedKeySize = U32>,
    K::DecapsulationKey: Decapsulate<Kem = K> + ml_kem::ExpandedKeyEncoding,
{
    let key = ml_kem::ExpandedKeyEncoding::from_expanded_bytes(private.try_into().ok()?);
    let key: K::DecapsulationKey = key.ok()?;
    let ciphertext = Ciphertext::<K>::try_from(ciphertext).ok()?;
    Some(key.decapsulate(&ciphertext).to_vec())
}
