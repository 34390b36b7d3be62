//! What a token is and can do, for `kmsctl doctor`.

use super::fault::Fault;
use super::key::KeyFacts;
use super::mechanism::WrapBy;
use super::seat::At;
use super::target::{Class, Target};
use super::{key, lifecycle};
use crate::provider::Remark;
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
    /// What is known of the vendor's tokens.
    pub notes: &'static [&'static str],
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
            notes: at.place.profile.traits().notes,
            weak,
            keys,
        })
    }
}

impl Survey {
    /// The same in sentences.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = vec![plain(format!("{}, {}", self.library, self.token))];
        remarks.extend(self.slots.iter().map(|slot| {
            let which = if slot.is_configured { "in use" } else { "not configured" };
            plain(format!(
                "slot {}: token `{}`, serial {}, {which}",
                slot.number, slot.label, slot.serial
            ))
        }));
        let threads = if self.is_serial {
            "one call at a time"
        } else {
            "calls at once"
        };
        remarks.push(plain(format!(
            "profile {}, {} mechanisms, {threads}",
            self.profile, self.mechanisms
        )));
        remarks.extend(self.ways());
        remarks.extend(
            self.notes
                .iter()
                .map(|note| plain(format!("of {}: {note}", self.profile))),
        );
        remarks.extend(self.weak.iter().map(|(key, why)| Remark {
            text: format!("{key} is refused: {why}"),
            advice: Some("make another key and rewrap; `allow_weak_keys` uses it all the same".into()),
        }));
        remarks
    }

    fn ways(&self) -> Vec<Remark> {
        let mut ways: Vec<_> = self
            .usable
            .iter()
            .map(|by| plain(format!("{} works", by.name())))
            .collect();
        if self.has_ml_kem {
            ways.push(plain(
                "ML-KEM key pairs can be made (`kmsctl key create --kem mlkem768`)".into(),
            ));
        }
        ways.extend(
            self.refused
                .iter()
                .map(|(by, why)| plain(format!("{} is not used: {why}", by.name()))),
        );
        if self.usable.is_empty() {
            ways.push(Remark {
                text: "no mechanism protects a secret here in a way that Keystrand accepts".into(),
                advice: Some("see docs/providers/pkcs11.md for what a token has to offer".into()),
            });
        }
        ways
    }
}

fn plain(text: String) -> Remark {
    Remark { text, advice: None }
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
