//! W under a key of the token, and back.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use kms_core::memory::Secret;
use kms_core::{Binding, KekFault};
use zeroize::{Zeroize, Zeroizing};

use super::attributes;
use super::fault::{Fault, Loss};
use super::mechanism::{WrapBy, gcm, iv_rule, key_wrap, oaep256};
use super::profile::IvRule;
use super::seat::At;

/// Length of what GCM binds.
pub(super) const AAD: usize = 52;

/// What a token binds, where it binds anything (docs/format.md, "Recipients").
pub(super) fn aad(binding: &Binding<'_>) -> [u8; AAD] {
    let mut aad = [0; AAD];
    aad[..4].copy_from_slice(b"KS1\0");
    aad[4..36].copy_from_slice(binding.digest);
    aad[36..].copy_from_slice(binding.dek_id);
    aad
}

/// A fresh W. The token's own random numbers are mixed in where that is configured; they come first, so that they
/// cannot depend on ours.
pub(super) fn fresh(at: &At<'_>) -> Result<Secret<32>, Fault> {
    let mut theirs = Zeroizing::new([0; 32]);
    if at.token.settings.token_random {
        if !at.place.has_random {
            return Err(Fault::new(KekFault::Random));
        }
        at.session.generate_random_slice(&mut *theirs)?;
    }
    let mixed = Secret::try_init_with(|place: &mut [u8; 32]| {
        at.token.backend.random.fill(place)?;
        place
            .iter_mut()
            .zip(theirs.iter())
            .for_each(|(ours, theirs)| *ours ^= theirs);
        Ok::<_, kms_core::crypto::RandomFailed>(())
    });
    mixed.map_err(|_| Fault::new(KekFault::Random))
}

/// Protects W.
pub(super) fn protect(
    at: &At<'_>,
    by: WrapBy,
    key: ObjectHandle,
    secret: &Secret<32>,
    aad: &[u8; AAD],
) -> Result<Vec<u8>, Fault> {
    match by {
        WrapBy::AesKwp | WrapBy::AesKw => wrap(at, by, key, secret),
        WrapBy::AesGcm => seal(at, key, secret, aad),
        WrapBy::RsaOaep256 => Ok(at.session.encrypt(&oaep256(), key, secret.expose())?),
    }
}

/// Recovers W.
pub(super) fn recover(
    at: &At<'_>,
    by: WrapBy,
    key: ObjectHandle,
    w: &[u8],
    aad: &[u8; AAD],
) -> Result<Secret<32>, Fault> {
    let recovered = match by {
        WrapBy::AesKwp | WrapBy::AesKw => unwrap(at, by, key, w),
        WrapBy::AesGcm => open(at, key, w, aad),
        WrapBy::RsaOaep256 => match w.len() {
            256..=1024 => at
                .session
                .decrypt(&oaep256(), key, w)
                .map_err(Fault::from)
                .and_then(sized),
            _ => Err(Fault::new(KekFault::DoesNotUnwrap)),
        },
    };
    recovered.map_err(|fault| vague(at, fault))
}

/// Some tokens answer wrong bytes with CKR_GENERAL_ERROR, CKR_DEVICE_ERROR or CKR_FUNCTION_FAILED. One that still
/// answers other questions is not gone.
fn vague(at: &At<'_>, fault: Fault) -> Fault {
    match fault.loss == Loss::Doubtful && at.session.get_session_info().is_ok() {
        true => Fault::new(KekFault::DoesNotUnwrap),
        false => fault,
    }
}

/// C_WrapKey wraps objects, so W becomes one for the moment.
fn wrap(at: &At<'_>, by: WrapBy, key: ObjectHandle, secret: &Secret<32>) -> Result<Vec<u8>, Fault> {
    let mechanism = key_wrap(by, at.place.profile.traits())?;
    let mut template = transient();
    template.push(Attribute::Value(secret.expose().to_vec()));
    let made = at.session.create_object(&template);
    wipe(&mut template);
    let object = made?;
    let wrapped = at.session.wrap_key(&mechanism, key, object);
    at.session.destroy_object(object)?;
    let wrapped = wrapped?;
    match wrapped.len() == WRAPPED {
        true => Ok(wrapped),
        // PKCS #7 padding inside of key wrap, as some tokens understand CKM_AES_KEY_WRAP_PAD, gives another length.
        false => Err(Fault::contract()),
    }
}

fn unwrap(at: &At<'_>, by: WrapBy, key: ObjectHandle, w: &[u8]) -> Result<Secret<32>, Fault> {
    if w.len() != WRAPPED {
        return Err(Fault::new(KekFault::DoesNotUnwrap));
    }
    let mechanism = key_wrap(by, at.place.profile.traits())?;
    let object = at.session.unwrap_key(&mechanism, key, w, &transient())?;
    let value = value(at, object);
    at.session.destroy_object(object)?;
    value
}

/// The value of a secret that was unwrapped or decapsulated.
pub(super) fn value(at: &At<'_>, object: ObjectHandle) -> Result<Secret<32>, Fault> {
    let value = attributes::bytes(at.session, object, AttributeType::Value, VALUE)?;
    let value = value.ok_or_else(|| Fault::new(KekFault::Unsupported))?;
    sized_of(&value)
}

/// The template of an object that is W and lives for a moment.
pub(super) fn transient() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ]
}

fn wipe(template: &mut [Attribute]) {
    for attribute in template {
        if let Attribute::Value(value) = attribute {
            value.zeroize();
        }
    }
}

/// IV ‖ ciphertext ‖ tag.
fn seal(at: &At<'_>, key: ObjectHandle, secret: &Secret<32>, aad: &[u8; AAD]) -> Result<Vec<u8>, Fault> {
    let rule = iv_rule(at).ok_or_else(|| Fault::new(KekFault::Unsupported))?;
    let mut iv = [0; IV];
    if rule == IvRule::Caller {
        let filled = at.token.backend.random.fill(&mut iv);
        filled.map_err(|_| Fault::new(KekFault::Random))?;
    }
    let asked = iv;
    let sealed = at.session.encrypt(&gcm(&mut iv, aad)?, key, secret.expose())?;
    // A token that keeps our zeros would use them again: one IV for two secrets ends GCM's promises.
    let is_kept = iv == asked;
    if sealed.len() != SEALED || is_kept != (rule == IvRule::Caller) {
        return Err(Fault::contract());
    }
    Ok([&iv[..], &sealed].concat())
}

fn open(at: &At<'_>, key: ObjectHandle, w: &[u8], aad: &[u8; AAD]) -> Result<Secret<32>, Fault> {
    let Some((iv, sealed)) = w.split_at_checked(IV).filter(|(_, sealed)| sealed.len() == SEALED) else {
        return Err(Fault::new(KekFault::DoesNotUnwrap));
    };
    let mut iv = iv.to_vec();
    sized(at.session.decrypt(&gcm(&mut iv, aad)?, key, sealed)?)
}

fn sized(bytes: Vec<u8>) -> Result<Secret<32>, Fault> {
    sized_of(&Zeroizing::new(bytes))
}

fn sized_of(bytes: &[u8]) -> Result<Secret<32>, Fault> {
    let bytes: &[u8; 32] = bytes.try_into().map_err(|_| Fault::new(KekFault::DoesNotUnwrap))?;
    Ok(Secret::init_with(|place| place.copy_from_slice(bytes)))
}

/// RFC 3394 and RFC 5649 add 8 bytes to 32.
const WRAPPED: usize = 40;
const IV: usize = 12;
const SEALED: usize = 48;
const VALUE: usize = 4_096;
