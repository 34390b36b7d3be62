//! Which mechanism protects W. What a token lists is not believed: each is tried with a key of the session.

use std::sync::Arc;

use cryptoki::context::Function;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, ObjectHandle};
use kms_core::memory::Secret;
use kms_core::{KekFault, Posture, Scheme, WrapMechanism, WrapParams};
use serde::Deserialize;

use super::fault::Fault;
use super::profile::{IvRule, Traits};
use super::seat::At;
use super::wrap;

/// How W is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WrapBy {
    /// AES key wrap with padding (SP 800-38F 6.3, RFC 5649): CKM_AES_KEY_WRAP_PAD, or the vendor's number for it.
    AesKwp,
    /// AES key wrap (SP 800-38F 6.2, RFC 3394): CKM_AES_KEY_WRAP.
    AesKw,
    /// AES-GCM with the binding as additional data, by C_Encrypt.
    AesGcm,
    /// RSA-OAEP with SHA-256 (RFC 8017 7.1).
    #[serde(rename = "rsa-oaep-256")]
    RsaOaep256,
}

/// What was found to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Negotiated {
    /// Best first.
    pub(super) usable: Vec<WrapBy>,
    /// And what did not, with the reason.
    pub(super) refused: Vec<(WrapBy, String)>,
    /// Whether ML-KEM pairs can be made and used.
    pub(super) has_ml_kem: bool,
}

impl WrapBy {
    /// Name, as configurations write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AesKwp => "aes-kwp",
            Self::AesKw => "aes-kw",
            Self::AesGcm => "aes-gcm",
            Self::RsaOaep256 => "rsa-oaep-256",
        }
    }

    /// Algorithm in the words of the standards.
    pub(super) fn algorithm(self) -> &'static str {
        match self {
            Self::AesKwp => "AES-256-KWP",
            Self::AesKw => "AES-256-KW",
            Self::AesGcm => "AES-256-GCM",
            Self::RsaOaep256 => "RSA-OAEP, SHA-256",
        }
    }

    pub(super) fn scheme(self) -> Scheme {
        match self {
            Self::AesGcm => Scheme::WrapBound,
            _ => Scheme::Wrap,
        }
    }

    pub(super) fn posture(self) -> Posture {
        match self {
            Self::RsaOaep256 => Posture::Classical,
            _ => Posture::Hedged,
        }
    }

    pub(super) fn params(self) -> WrapParams {
        match self {
            Self::AesKwp => WrapParams::Mechanism(WrapMechanism::AesKwp),
            Self::AesKw => WrapParams::Mechanism(WrapMechanism::AesKw),
            Self::RsaOaep256 => WrapParams::Mechanism(WrapMechanism::RsaOaep256),
            Self::AesGcm => WrapParams::None,
        }
    }

    /// What an envelope records.
    pub(super) fn of_params(params: &WrapParams) -> Option<Self> {
        [Self::AesKwp, Self::AesKw, Self::AesGcm, Self::RsaOaep256]
            .into_iter()
            .find(|by| by.params() == *params)
    }

    pub(super) fn is_key_wrap(self) -> bool {
        matches!(self, Self::AesKwp | Self::AesKw)
    }

    /// What works at this token, found at the first time of asking.
    pub(super) fn negotiated(at: &At<'_>) -> Result<Arc<Negotiated>, Fault> {
        if let Some(known) = &*at.token.negotiated() {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(Negotiated::find(at)?);
        *at.token.negotiated() = Some(Arc::clone(&found));
        Ok(found)
    }

    /// What new keys are for.
    pub(super) fn for_new_keys(at: &At<'_>) -> Result<Self, Fault> {
        let negotiated = Self::negotiated(at)?;
        let wanted = at.token.settings.mechanism;
        let chosen = match wanted {
            Some(wanted) => negotiated.usable.iter().find(|by| **by == wanted),
            None => negotiated.usable.first(),
        };
        chosen.copied().ok_or_else(|| Fault::new(KekFault::Unsupported))
    }

    /// The attributes of a key for this and nothing else.
    pub(super) fn uses(self) -> [Attribute; 8] {
        let wraps = self.is_key_wrap();
        [
            Attribute::Wrap(wraps),
            Attribute::Unwrap(wraps),
            Attribute::Encrypt(!wraps),
            Attribute::Decrypt(!wraps),
            Attribute::Sign(false),
            Attribute::Verify(false),
            Attribute::Derive(false),
            Attribute::Sensitive(true),
        ]
    }
}

impl Negotiated {
    fn find(at: &At<'_>) -> Result<Self, Fault> {
        let mut found = Self {
            usable: Vec::new(),
            refused: Vec::new(),
            has_ml_kem: has_ml_kem(at)?,
        };
        let traits = at.place.profile.traits();
        let wanted = at.token.settings.mechanism;
        let order = traits
            .order
            .iter()
            .copied()
            .chain(wanted.filter(|by| !traits.order.contains(by)));
        for by in order {
            // Making an RSA key takes a second: only where nothing else works, or it was asked for.
            if by == WrapBy::RsaOaep256 && !found.usable.is_empty() && wanted != Some(by) {
                continue;
            }
            match tried(at, by) {
                Ok(()) => found.usable.push(by),
                Err(Trial::Lost(fault)) => return Err(fault),
                Err(Trial::Refused(why)) => found.refused.push((by, why)),
            }
        }
        Ok(found)
    }
}

fn has_ml_kem(at: &At<'_>) -> Result<bool, Fault> {
    let context = &at.module.context;
    let listed = context.get_mechanism_list(at.place.slot)?;
    let can = [Function::EncapsulateKey, Function::DecapsulateKey];
    let has_all = listed.contains(&MechanismType::ML_KEM) && listed.contains(&MechanismType::ML_KEM_KEY_PAIR_GEN);
    // An old number may mean something else: the functions came with the mechanism, in PKCS #11 3.2.
    Ok(has_all && can.into_iter().all(|function| context.is_fn_supported(function)))
}

enum Trial {
    /// The token went away: this says nothing of the mechanism.
    Lost(Fault),
    Refused(String),
}

impl From<Fault> for Trial {
    fn from(fault: Fault) -> Self {
        match fault.kind.is_unavailable() && fault.loss != super::fault::Loss::None {
            true => Self::Lost(fault),
            false => Self::Refused(fault.kind.to_string()),
        }
    }
}

impl From<cryptoki::error::Error> for Trial {
    fn from(error: cryptoki::error::Error) -> Self {
        match (&error, Fault::of(&error)) {
            (cryptoki::error::Error::Pkcs11(value, function), fault) if fault.loss == super::fault::Loss::None => {
                Self::Refused(format!("C_{function} answers {value:?}"))
            }
            (_, fault) => fault.into(),
        }
    }
}

/// Protects a known secret under a key of the session, gets it back, and sees altered bytes refused.
fn tried(at: &At<'_>, by: WrapBy) -> Result<(), Trial> {
    if by == WrapBy::AesGcm && iv_rule(at).is_none() {
        return Err(Trial::Refused(
            "who makes its IV is not known of this token; `gcm_iv` in keystrand.toml says it".into(),
        ));
    }
    let (wrapping, unwrapping) = session_key(at, by)?;
    let outcome = round_trip(at, by, wrapping, unwrapping);
    let destroyed = at.session.destroy_object(wrapping);
    if unwrapping != wrapping {
        at.session.destroy_object(unwrapping)?;
    }
    destroyed?;
    outcome
}

fn round_trip(at: &At<'_>, by: WrapBy, wrapping: ObjectHandle, unwrapping: ObjectHandle) -> Result<(), Trial> {
    let secret = Secret::init_with(|place| place.fill(0x4b));
    let aad = [0x53; wrap::AAD];
    let mut w = wrap::protect(at, by, wrapping, &secret, &aad)?;
    let back = wrap::recover(at, by, unwrapping, &w, &aad)?;
    if !back.ct_eq(&secret) {
        return Err(Trial::Refused("it gives another secret back".into()));
    }
    w[0] ^= 1;
    match wrap::recover(at, by, unwrapping, &w, &aad) {
        Ok(_) => Err(Trial::Refused("altered bytes unwrap all the same".into())),
        Err(_) => Ok(()),
    }
}

/// A key that lives as long as the session: the handle that wraps and the one that unwraps.
fn session_key(at: &At<'_>, by: WrapBy) -> Result<(ObjectHandle, ObjectHandle), Trial> {
    if by == WrapBy::RsaOaep256 {
        let public = [
            Attribute::Token(false),
            Attribute::ModulusBits(2048.into()),
            Attribute::PublicExponent(vec![1, 0, 1]),
            Attribute::Encrypt(true),
        ];
        let private = [
            Attribute::Token(false),
            Attribute::Sensitive(true),
            Attribute::Decrypt(true),
        ];
        return Ok(at
            .session
            .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)?);
    }
    let mut template = vec![
        Attribute::Token(false),
        Attribute::Extractable(false),
        Attribute::ValueLen(32.into()),
    ];
    template.extend(by.uses());
    let key = at.session.generate_key(&Mechanism::AesKeyGen, &template)?;
    Ok((key, key))
}

/// The rule that holds: what the configuration says, else what is known of the vendor.
pub(super) fn iv_rule(at: &At<'_>) -> Option<IvRule> {
    at.token.settings.gcm_iv.or(at.place.profile.traits().iv)
}

/// AES key wrap, by the number that this vendor has for it.
pub(super) fn key_wrap(by: WrapBy, traits: &Traits) -> Result<Mechanism<'static>, Fault> {
    let vendor = |number| {
        let number = MechanismType::new_vendor_defined(number)?;
        Ok(Mechanism::VendorDefined(VendorDefinedMechanism::new::<u8>(
            number, None,
        )))
    };
    match (by, traits.kwp) {
        (WrapBy::AesKwp, Some(number)) => vendor(number),
        (WrapBy::AesKwp, None) => Ok(Mechanism::AesKeyWrapPad),
        _ => Ok(Mechanism::AesKeyWrap),
    }
}

pub(super) fn gcm<'a>(iv: &'a mut [u8], aad: &'a [u8]) -> Result<Mechanism<'a>, Fault> {
    Ok(Mechanism::AesGcm(GcmParams::new(iv, aad, 128.into())?))
}

pub(super) fn oaep256() -> Mechanism<'static> {
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(
        MechanismType::SHA256,
        PkcsMgfType::MGF1_SHA256,
        PkcsOaepSource::empty(),
    ))
}
