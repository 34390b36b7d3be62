//! Key material from outside, by unwrapping: the token makes an RSA key for the occasion, the material is encrypted to
//! it here and unwrapped there, so that it is never given to the module in clear.

use async_trait::async_trait;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
    PublicKeyComponents,
};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};

use super::attributes;
use super::calls::Repeat;
use super::fault::Fault;
use super::key::KeyView;
use super::lifecycle::{error, next, of_a_kek};
use super::mechanism::{WrapBy, oaep256};
use super::provider::Pkcs11Provider;
use super::seat::At;
use super::target::{Class, VersionName};
use crate::provider::KeyImport;
use crate::uri::{KeyName, KeyUri};

#[async_trait]
impl KeyImport for Pkcs11Provider {
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let material = strong(material).map_err(|kind| KekError::new(name.as_str(), KekOperation::Lifecycle, kind))?;
        self.add(name, move |at, label, version| {
            import(at, label, version, WrapBy::for_new_keys(at)?, &material)?;
            Ok(Class::Secret)
        })
        .await
    }

    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let (target, _) = self.target(key, KekOperation::Lifecycle)?;
        let material = strong(material).map_err(|fault| error(key, fault))?;
        let imported = self.change(key, Repeat::Unsafe, move |at, service| {
            let _turn = service.turn(target.name()?)?;
            let view = KeyView::now(at, &target)?;
            let version = next(at, &view)?;
            let primary = view.primary().ok_or(KekFault::NotFound)?;
            import(at, target.name()?, &version, primary.by(at)?, &material)?;
            at.token.forget_views();
            Ok(version)
        });
        let version = imported.await?;
        Ok(key.at_version(version.text()).unwrap_or_else(|| key.clone()))
    }
}

fn import(at: &At<'_>, label: &[u8], version: &VersionName, by: WrapBy, material: &Secret<32>) -> Result<(), Fault> {
    if by == WrapBy::RsaOaep256 {
        return Err(Fault::new(KekFault::Unsupported));
    }
    let (public, private) = once(at)?;
    let template = of_a_kek(label, version, by);
    let imported = unwrap_in(at, public, private, &template, material);
    at.session.destroy_object(public)?;
    at.session.destroy_object(private)?;
    imported
}

/// With SHA-256, or SHA-1 where the token has no other; OAEP's strength does not rest on its collisions.
fn unwrap_in(
    at: &At<'_>,
    public: ObjectHandle,
    private: ObjectHandle,
    template: &[Attribute],
    material: &Secret<32>,
) -> Result<(), Fault> {
    let key = public_key(at, public)?;
    let mut refused = Fault::new(KekFault::Unsupported);
    for (here, there) in [(&OAEP_SHA256_MGF1SHA256, oaep256()), (&OAEP_SHA1_MGF1SHA1, oaep1())] {
        let wrapped = encrypt(&key, here, material)?;
        match at.session.unwrap_key(&there, private, &wrapped, template) {
            Ok(_) => return Ok(()),
            Err(error) => refused = error.into(),
        }
        if refused.loss != super::fault::Loss::None {
            break;
        }
    }
    Err(refused)
}

/// A key pair that lives as long as the session, and unwraps.
fn once(at: &At<'_>) -> Result<(ObjectHandle, ObjectHandle), Fault> {
    let public = [
        Attribute::Token(false),
        Attribute::ModulusBits(2048.into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
        Attribute::Wrap(true),
    ];
    let private = [
        Attribute::Token(false),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Unwrap(true),
        Attribute::Decrypt(false),
    ];
    Ok(at
        .session
        .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)?)
}

fn public_key(at: &At<'_>, public: ObjectHandle) -> Result<OaepPublicEncryptingKey, Fault> {
    let part = |attribute| {
        let bytes = attributes::bytes(at.session, public, attribute, MODULUS)?;
        bytes.ok_or_else(Fault::contract)
    };
    let (n, e) = (part(AttributeType::Modulus)?, part(AttributeType::PublicExponent)?);
    let key: Result<PublicEncryptingKey, _> = PublicKeyComponents { n: &n[..], e: &e[..] }.try_into();
    let key = key.map_err(|_| Fault::contract())?;
    OaepPublicEncryptingKey::new(key).map_err(|_| Fault::contract())
}

fn encrypt(
    key: &OaepPublicEncryptingKey,
    algorithm: &'static OaepAlgorithm,
    material: &Secret<32>,
) -> Result<Vec<u8>, Fault> {
    let mut wrapped = vec![0; key.ciphertext_size()];
    let length = key.encrypt(algorithm, material.expose(), &mut wrapped, None);
    let length = length.map_err(|_| Fault::new(KekFault::Random))?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

fn oaep1() -> Mechanism<'static> {
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(
        MechanismType::SHA1,
        PkcsMgfType::MGF1_SHA1,
        PkcsOaepSource::empty(),
    ))
}

fn strong(material: &Secret<32>) -> Result<Secret<32>, KekFault> {
    let copy = Secret::init_with(|place: &mut [u8; 32]| place.copy_from_slice(material.expose()));
    match copy.ct_eq(&Secret::init_with(|_| ())) {
        true => Err(KekFault::WeakMaterial),
        false => Ok(copy),
    }
}

const MODULUS: usize = 2_048;
