//! What is known of vendors, as data: how their tokens differ where PKCS #11 leaves it open.
//!
//! A profile says what may be tried; what the token then really does is found by trying it (`mechanism`).

use serde::Deserialize;

use super::mechanism::WrapBy;

/// A vendor whose tokens are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// Nothing is known, so nothing is assumed.
    Generic,
    /// SoftHSM 2: PKCS #11 2.40 in software.
    SoftHsm2,
    /// kryoptic: PKCS #11 3.2 in software.
    Kryoptic,
    /// openCryptoki: IBM's tokens, and one in software.
    OpenCryptoki,
    /// AWS CloudHSM, client SDK 5.
    CloudHsm,
}

/// Who makes the IV of AES-GCM. A wrong guess repeats IVs, which gives the authentication key away: without a rule
/// GCM is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IvRule {
    /// We do, at random: at most 2^32 wraps a key (SP 800-38D 8.3).
    Caller,
    /// The token does, and writes it where we left zeros.
    Token,
}

/// A profile's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    pub(super) name: &'static str,
    /// How the token's manufacturer calls itself; a beginning.
    manufacturer: &'static str,
    /// What to try for new keys, best first.
    pub(super) order: &'static [WrapBy],
    pub(super) iv: Option<IvRule>,
    /// The vendor's number for RFC 5649, where it is not that of PKCS #11.
    pub(super) kwp: Option<u64>,
    /// Whether C_CreateObject takes data objects, in which states of keys are kept.
    pub(super) keeps_data: bool,
    /// Whether a PIN is `user:password`.
    pub(super) pin_names_user: bool,
    /// What an operator should know, for `kmsctl doctor`.
    pub(super) notes: &'static [&'static str],
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Generic,
        Self::SoftHsm2,
        Self::Kryoptic,
        Self::OpenCryptoki,
        Self::CloudHsm,
    ];

    /// The profile of a manufacturer.
    pub(super) fn of(manufacturer: &str) -> Self {
        let is_of = |profile: &Self| {
            let known = profile.traits().manufacturer;
            !known.is_empty() && manufacturer.to_ascii_lowercase().starts_with(known)
        };
        Self::ALL.into_iter().find(is_of).unwrap_or(Self::Generic)
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.traits().name
    }

    pub(super) fn traits(self) -> &'static Traits {
        match self {
            Self::Generic => &GENERIC,
            Self::SoftHsm2 => &SOFTHSM2,
            Self::Kryoptic => &KRYOPTIC,
            Self::OpenCryptoki => &OPENCRYPTOKI,
            Self::CloudHsm => &CLOUDHSM,
        }
    }
}

const GENERIC: Traits = Traits {
    name: "generic",
    manufacturer: "",
    order: &[WrapBy::AesKwp, WrapBy::AesKw, WrapBy::AesGcm, WrapBy::RsaOaep256],
    iv: None,
    kwp: None,
    keeps_data: true,
    pin_names_user: false,
    notes: &["AES-GCM is not used until `gcm_iv` says who makes its IV"],
};

const SOFTHSM2: Traits = Traits {
    name: "softhsm2",
    manufacturer: "softhsm",
    order: &[WrapBy::AesKwp, WrapBy::AesKw, WrapBy::AesGcm],
    iv: Some(IvRule::Caller),
    notes: &[
        "no RSA-OAEP with SHA-256 (it answers CKR_ARGUMENTS_BAD)",
        "no ML-KEM",
        "software: keys lie encrypted in files",
    ],
    ..GENERIC
};

const KRYOPTIC: Traits = Traits {
    name: "kryoptic",
    manufacturer: "kryoptic",
    order: &[WrapBy::AesKwp, WrapBy::AesKw, WrapBy::AesGcm, WrapBy::RsaOaep256],
    iv: Some(IvRule::Caller),
    notes: &["software: keys lie encrypted in a file"],
    ..GENERIC
};

const OPENCRYPTOKI: Traits = Traits {
    name: "opencryptoki",
    manufacturer: "ibm",
    order: &[WrapBy::AesKwp, WrapBy::AesKw, WrapBy::RsaOaep256],
    notes: &["no AES key wrap and no AES-GCM in its software token", "no ML-KEM"],
    ..GENERIC
};

/// Client SDK 5: no CKA_VALUE is ever told, so what was unwrapped cannot be read, and W goes through C_Encrypt. The
/// HSM makes the IV. There are no data objects, and attributes change by the vendor's tool alone.
const CLOUDHSM: Traits = Traits {
    name: "cloudhsm",
    manufacturer: "marvell",
    order: &[WrapBy::AesGcm],
    iv: Some(IvRule::Token),
    kwp: Some(0x8000_216F),
    keeps_data: false,
    pin_names_user: true,
    notes: &[
        "no disabling and no destruction that waits: use `cloudhsm-cli key delete`",
        "no ML-KEM",
    ],
};
