//! What a token is and can do, for `kmsctl doctor`.

use super::fault::Fault;
use super::key::KeyFacts;
use super::mechanism::WrapBy;
use super::seat::At;
use super::target::{Class, Target};
use super::{key, lifecycle};
use crate::uri::KeyUri;

/// A token, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Every slot with a token: number, label, serial number, and whether it is the configured one.
    pub slots: Vec<SlotFound>,
    /// The version of PKCS #11 that the module speaks, and what it calls itself.
    pub library: String,
    /// Manufacturer and model of the token.
    pub token: String,
    /// The vendor's profile that is in use.
    pub profile: &'static str,
    /// Whether the module is called by one thread at a time.
    pub is_serial: bool,
    /// How many mechanisms the token lists.
    pub mechanisms: usize,
    /// Ways to protect W that work here, best first: the first is for new keys.
    pub usable: Vec<WrapBy>,
    /// Those that do not, and why.
    pub refused: Vec<(WrapBy, String)>,
    /// Whether ML-KEM key pairs can be made.
    pub has_ml_kem: bool,
    /// What the vendor's tokens lack, as far as the profile knows.
    pub lacks: &'static [&'static str],
    /// Keys that are refused for their attributes.
    pub weak: Vec<(KeyUri, &'static str)>,
    /// Keys by URI, with the attributes of the version that new wraps use.
    pub keys: Vec<(KeyUri, KeyFacts)>,
}

/// A slot with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotFound {
    /// Its number: `slot-id` of RFC 7512.
    pub number: u64,
    /// The token's label.
    pub label: String,
    /// The token's serial number.
    pub serial: String,
    /// Whether this is the token of the configuration.
    pub is_configured: bool,
}

impl Survey {
    pub(super) fn of(at: &At<'_>) -> Result<Self, Fault> {
        let context = &at.module.context;
        let library = context.get_library_info()?;
        let listed = context.get_mechanism_list(at.place.slot)?;
        let negotiated = WrapBy::negotiated(at)?;
        let (keys, weak) = keys(at)?;
        Ok(Self {
            slots: slots(at)?,
            library: format!(
                "PKCS #11 {}, {} {}.{}",
                library.cryptoki_version(),
                library.library_description(),
                library.library_version().major(),
                library.library_version().minor(),
            ),
            token: format!("{} {}", at.place.manufacturer, at.place.model),
            profile: at.place.profile.name(),
            is_serial: at.module.is_serial(),
            mechanisms: listed.len(),
            usable: negotiated.usable.clone(),
            refused: negotiated.refused.clone(),
            has_ml_kem: negotiated.has_ml_kem,
            lacks: at.place.profile.traits().lacks,
            weak,
            keys,
        })
    }
}

fn slots(at: &At<'_>) -> Result<Vec<SlotFound>, Fault> {
    let mut slots = Vec::new();
    for slot in at.module.context.get_slots_with_token()? {
        let Ok(token) = at.module.context.get_token_info(slot) else {
            continue;
        };
        slots.push(SlotFound {
            number: slot.id(),
            label: token.label().to_owned(),
            serial: token.serial_number().to_owned(),
            is_configured: slot == at.place.slot,
        });
    }
    Ok(slots)
}

type Keys = (Vec<(KeyUri, KeyFacts)>, Vec<(KeyUri, &'static str)>);

fn keys(at: &At<'_>) -> Result<Keys, Fault> {
    let (mut keys, mut weak) = (Vec::new(), Vec::new());
    for class in [Class::Secret, Class::Private] {
        for label in lifecycle::labels(at, class)? {
            let uri = lifecycle::uri_of(at, &label, class)?;
            let KeyUri::Pkcs11(of) = &uri else { continue };
            let Ok(view) = key::KeyView::now(at, &Target::of(of)?) else {
                continue;
            };
            for version in &view.versions {
                weak.extend(version.facts.weakness().map(|why| (uri.clone(), why)));
            }
            keys.extend(view.primary().map(|version| (uri, version.facts)));
        }
    }
    Ok((keys, weak))
}
