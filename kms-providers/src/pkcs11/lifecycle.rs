//! Making, rotating, disabling, destroying.

use std::time::SystemTime;

use async_trait::async_trait;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use kms_core::{KekError, KekFault, KekOperation, Kem};

use super::attributes;
use super::calls::Repeat;
use super::fault::Fault;
use super::key::{KeyView, Kind};
use super::mechanism::WrapBy;
use super::pair;
use super::provider::{Pkcs11Provider, Service};
use super::record::Record;
use super::seat::At;
use super::target::{Class, Target, VersionName};
use crate::keyset::State;
use crate::provider::{DestroyWindow, KeyLifecycle, NeededBy, Swept};
use crate::seconds::{from_unix_seconds, unix_seconds};
use crate::uri::{KeyName, KeyUri, UriScheme};

/// What a new version is.
#[derive(Clone, Copy)]
enum Making {
    /// A key for this protection of W.
    Kek(WrapBy),
    Pair(Kem),
}

#[async_trait]
impl KeyLifecycle for Pkcs11Provider {
    /// A key for the best mechanism that the token has: sensitive, not extractable, for wrapping and nothing else.
    async fn create(&self, name: &KeyName) -> Result<KeyUri, KekError> {
        let made = |at: &At<'_>| Ok(Making::Kek(WrapBy::for_new_keys(at)?));
        self.make(name, made).await
    }

    /// Another object of the same label, with the next version in its CKA_ID.
    async fn rotate(&self, key: &KeyUri) -> Result<KeyUri, KekError> {
        let (target, _) = self.target(key, KekOperation::Lifecycle)?;
        let rotated = self.change(key, Repeat::Unsafe, move |at, service| {
            let _turn = service.turn(target.name()?)?;
            let view = KeyView::now(at, &target)?;
            let version = next(at, &view)?;
            let primary = view.primary().ok_or(KekFault::NotFound)?;
            let making = match primary.facts.kind() {
                Kind::MlKem => Making::Pair(pair::kem_of(at, &target, primary)?),
                _ => Making::Kek(primary.by(at)?),
            };
            generate(at, target.name()?, &version, making)?;
            at.token.forget_views();
            Ok(version)
        });
        let version = rotated.await?;
        Ok(key.at_version(version.text()).unwrap_or_else(|| key.clone()))
    }

    async fn enable(&self, key: &KeyUri) -> Result<(), KekError> {
        self.step(key, State::enable).await
    }

    async fn disable(&self, key: &KeyUri) -> Result<(), KekError> {
        self.step(key, State::disable).await
    }

    async fn schedule_destroy(
        &self,
        key: &KeyUri,
        window: DestroyWindow,
        needed_by: NeededBy<'_>,
    ) -> Result<SystemTime, KekError> {
        let due = unix_seconds(self.0.token.clock.now()).saturating_add(window.length().as_secs());
        let step = move |state: State| state.schedule(due);
        let (target, version) = self.target(key, KekOperation::Lifecycle)?;
        let dry = {
            let (target, version) = (target.clone(), version.clone());
            self.change(key, Repeat::Safe, move |at, _| {
                let view = KeyView::now(at, &target)?;
                stepped(&view, version.as_deref(), &step)?;
                Ok(texts(&view))
            })
        };
        let live = dry.await?;
        let versions = version.map_or(live, |version| vec![version]);
        let versions = versions.iter().filter_map(|version| key.at_version(version));
        if versions.map(|version| needed_by(&version)).any(|needed| needed > 0) {
            return Err(error(key, KekFault::StillNeeded));
        }
        self.step(key, step).await?;
        Ok(from_unix_seconds(due))
    }

    async fn cancel_destroy(&self, key: &KeyUri) -> Result<(), KekError> {
        self.step(key, State::cancel).await
    }

    async fn destroy_due(&self, needed_by: NeededBy<'_>) -> Result<Swept, KekError> {
        let now = unix_seconds(self.0.token.clock.now());
        let all = KekError::new(UriScheme::Pkcs11.name(), KekOperation::Lifecycle, KekFault::Unsupported);
        let failed = |kind| KekError { kind, ..all.clone() };
        let listed = self.0.calls.call(Repeat::Safe, move |at| due(at, now));
        let mut swept = Swept::default();
        for due in listed.await.map_err(failed)? {
            let needed = due.versions.iter().map(needed_by).fold(0, u64::saturating_add);
            if needed > 0 {
                swept.still_needed.push((due.uri, needed));
                continue;
            }
            let (target, version, service) = (due.target, due.version, std::sync::Arc::clone(&self.0));
            let destroyed = self.0.calls.call(Repeat::Unsafe, move |at| {
                let _turn = service.turn(target.name()?)?;
                destroy(at, &target, version.as_deref(), now)
            });
            if destroyed.await.map_err(failed)? {
                swept.destroyed.push(due.uri);
            }
        }
        Ok(swept)
    }
}

/// Makes an ML-KEM pair.
pub(super) async fn create_pair(provider: &Pkcs11Provider, name: &KeyName, kem: Kem) -> Result<KeyUri, KekError> {
    provider.make(name, move |_| Ok(Making::Pair(kem))).await
}

impl Pkcs11Provider {
    async fn make(
        &self,
        name: &KeyName,
        making: impl Fn(&At<'_>) -> Result<Making, Fault> + Send + 'static,
    ) -> Result<KeyUri, KekError> {
        self.add(name, move |at, label, version| {
            let making = making(at)?;
            generate(at, label, version, making)?;
            Ok(making.class())
        })
        .await
    }

    /// Makes the first version of a key, if the name is free.
    pub(super) async fn add(
        &self,
        name: &KeyName,
        make: impl Fn(&At<'_>, &[u8], &VersionName) -> Result<Class, Fault> + Send + 'static,
    ) -> Result<KeyUri, KekError> {
        let uri = KeyUri::parse(&format!("pkcs11:object={name}"));
        let uri = uri.map_err(|_| KekError::new(name.as_str(), KekOperation::Lifecycle, KekFault::Unsupported))?;
        let label = name.as_str().as_bytes().to_vec();
        let made = self.change(&uri, Repeat::Unsafe, move |at, service| {
            let _turn = service.turn(&label)?;
            // What was destroyed keeps its name: another key of that name would answer for its envelopes.
            let is_taken = [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY].iter().map(|class| {
                let template = [
                    Attribute::Class(*class),
                    Attribute::Token(true),
                    Attribute::Label(label.clone()),
                ];
                Ok::<_, Fault>(!attributes::find(at.session, &template)?.is_empty())
            });
            let is_taken = is_taken.collect::<Result<Vec<_>, _>>()?.contains(&true);
            if is_taken || Record::read(at, &label)? != Record::default() {
                return Err(Fault::new(KekFault::AlreadyExists));
            }
            let class = make(at, &label, &VersionName::new(1, unique(at)?))?;
            at.token.forget_views();
            uri_of(at, &label, class)
        });
        made.await
    }

    /// Makes a change, to its end.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        key: &KeyUri,
        repeat: Repeat,
        change: impl Fn(&At<'_>, &Service) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, KekError> {
        let service = std::sync::Arc::clone(&self.0);
        let changed = self.0.calls.call(repeat, move |at| change(at, &service));
        changed.await.map_err(|fault| error(key, fault))
    }

    async fn step(
        &self,
        key: &KeyUri,
        step: impl Fn(State) -> Result<State, KekFault> + Send + 'static,
    ) -> Result<(), KekError> {
        let (target, version) = self.target(key, KekOperation::Lifecycle)?;
        self.change(key, Repeat::Unsafe, move |at, service| {
            let name = target.name()?;
            let _turn = service.turn(name)?;
            let view = KeyView::now(at, &target)?;
            let mut record = stepped(&view, version.as_deref(), &step)?;
            if record != view.record {
                record.write(at, name)?;
                at.token.forget_views();
            }
            Ok(())
        })
        .await
    }
}

impl Making {
    fn class(self) -> Class {
        match self {
            Self::Kek(WrapBy::RsaOaep256) | Self::Pair(_) => Class::Private,
            Self::Kek(_) => Class::Secret,
        }
    }
}

/// The record after a step of the key, or of one version.
fn stepped(
    view: &KeyView,
    version: Option<&str>,
    step: &impl Fn(State) -> Result<State, KekFault>,
) -> Result<Record, KekFault> {
    let mut record = view.record.clone();
    let Some(version) = version else {
        record.key = step(record.key)?;
        return Ok(record);
    };
    // The key's state overrules the version's, so a change below a destroyed key would be a false promise.
    if record.key == State::Destroyed {
        return Err(KekFault::Destroyed);
    }
    view.named(Some(version))?;
    let next = step(record.version(version))?;
    let is_primary = view
        .primary()
        .is_some_and(|primary| primary.text.as_deref() == Some(version));
    if is_primary && next != State::Enabled {
        return Err(KekFault::Primary);
    }
    record.set(version, next);
    Ok(record)
}

/// The name of the version that a rotation makes.
pub(super) fn next(at: &At<'_>, view: &KeyView) -> Result<VersionName, Fault> {
    view.record.key.usable()?;
    Ok(VersionName::new(view.next_number()?, unique(at)?))
}

fn unique(at: &At<'_>) -> Result<[u8; 4], Fault> {
    let mut unique = [0; 4];
    let filled = at.token.backend.random.fill(&mut unique);
    filled.map_err(|_| Fault::new(KekFault::Random))?;
    Ok(unique)
}

fn generate(at: &At<'_>, label: &[u8], version: &VersionName, making: Making) -> Result<(), Fault> {
    match making {
        Making::Pair(kem) => pair::generate(at, label, version, kem),
        Making::Kek(WrapBy::RsaOaep256) => generate_rsa(at, label, version),
        Making::Kek(by) => {
            let mut template = of_a_kek(label, version, by);
            template.push(Attribute::ValueLen(32.into()));
            at.session.generate_key(&Mechanism::AesKeyGen, &template)?;
            Ok(())
        }
    }
}

/// Attributes of a KEK: it never leaves, and wraps or encrypts, never both.
pub(super) fn of_a_kek(label: &[u8], version: &VersionName, by: WrapBy) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Extractable(false),
        Attribute::Label(label.to_vec()),
        Attribute::Id(version.id()),
    ];
    template.extend(by.uses());
    template
}

fn generate_rsa(at: &At<'_>, label: &[u8], version: &VersionName) -> Result<(), Fault> {
    let named = [
        Attribute::Token(true),
        Attribute::Label(label.to_vec()),
        Attribute::Id(version.id()),
    ];
    let mut public = named.to_vec();
    public.extend([
        Attribute::ModulusBits(3072.into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
        Attribute::Encrypt(true),
        Attribute::Wrap(false),
        Attribute::Verify(false),
    ]);
    let mut private = named.to_vec();
    private.extend([
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Decrypt(true),
        Attribute::Unwrap(false),
        Attribute::Sign(false),
    ]);
    at.session
        .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)?;
    Ok(())
}

/// The URI of a key that was made here.
pub(super) fn uri_of(at: &At<'_>, label: &[u8], class: Class) -> Result<KeyUri, Fault> {
    let serial = at.token.settings.token.label().is_none();
    let token = match serial {
        true => ("serial", at.place.serial.as_bytes()),
        false => ("token", at.place.label.as_bytes()),
    };
    let attributes = [token, ("object", label), ("type", class.name().as_bytes())];
    let key = crate::uri::Pkcs11Key::of(&attributes).ok_or_else(|| Fault::new(KekFault::Unsupported))?;
    Ok(KeyUri::Pkcs11(key))
}

/// What may be destroyed.
struct Due {
    uri: KeyUri,
    target: Target,
    version: Option<String>,
    /// Every version that goes with it.
    versions: Vec<KeyUri>,
}

fn due(at: &At<'_>, now: u64) -> Result<Vec<Due>, Fault> {
    let mut found = Vec::new();
    for (label, class) in recorded(at)? {
        let key = uri_of(at, &label, class)?;
        let KeyUri::Pkcs11(of) = &key else { continue };
        let target = Target::of(of)?;
        let view = KeyView::now(at, &target)?;
        let is_due = |state: State, is_live: bool| state.is_due(now) || state == State::Destroyed && is_live;
        if is_due(view.record.key, !view.versions.is_empty()) {
            let versions = texts(&view).iter().filter_map(|text| key.at_version(text)).collect();
            found.push(Due {
                uri: key,
                target,
                version: None,
                versions,
            });
            continue;
        }
        for (text, state) in &view.record.versions {
            let is_live = view.versions.iter().any(|version| version.text.as_ref() == Some(text));
            if let Some(uri) = key.at_version(text).filter(|_| is_due(*state, is_live)) {
                let (target, versions) = (target.clone(), vec![uri.clone()]);
                found.push(Due {
                    uri,
                    target,
                    version: Some(text.clone()),
                    versions,
                });
            }
        }
    }
    Ok(found)
}

/// Keys that have a record and objects.
fn recorded(at: &At<'_>) -> Result<Vec<(Vec<u8>, Class)>, Fault> {
    let labels = Record::labels(at)?;
    let mut keys = Vec::new();
    for label in labels {
        for class in [Class::Secret, Class::Private] {
            let template = [
                Attribute::Class(class.object_class()),
                Attribute::Token(true),
                Attribute::Label(label.clone()),
            ];
            if !attributes::find(at.session, &template)?.is_empty() {
                keys.push((label.clone(), class));
            }
        }
    }
    Ok(keys)
}

/// Erases what is due still: first the record says so, then the objects go. A crash between leaves objects that the
/// record forbids, and the next sweep takes.
fn destroy(at: &At<'_>, target: &Target, version: Option<&str>, now: u64) -> Result<bool, Fault> {
    let view = KeyView::now(at, target)?;
    let mut record = view.record.clone();
    let state = version.map_or(record.key, |version| record.version(version));
    if !state.is_due(now) && state != State::Destroyed {
        return Ok(false);
    }
    match version {
        Some(version) => record.set(version, State::Destroyed),
        None => record.key = State::Destroyed,
    }
    if record != view.record {
        record.write(at, target.name()?)?;
    }
    for doomed in &view.versions {
        if version.is_some() && doomed.text.as_deref() != version {
            continue;
        }
        if target.class == Class::Private
            && let Ok(public) = super::kek::public_half(at, target, doomed)
        {
            at.session.destroy_object(public)?;
        }
        at.session.destroy_object(doomed.handle)?;
    }
    at.token.forget_views();
    Ok(true)
}

fn texts(view: &KeyView) -> Vec<String> {
    view.versions
        .iter()
        .filter_map(|version| version.text.clone())
        .collect()
}

/// Labels of every key object of a class, each once.
pub(super) fn labels(at: &At<'_>, class: Class) -> Result<Vec<Vec<u8>>, Fault> {
    let template = [Attribute::Class(class.object_class()), Attribute::Token(true)];
    let mut labels = std::collections::BTreeSet::new();
    for object in attributes::find(at.session, &template)? {
        let label = attributes::bytes(at.session, object, AttributeType::Label, LABEL)?;
        labels.extend(label.filter(|label| !label.is_empty()).map(|label| label.to_vec()));
    }
    Ok(labels.into_iter().collect())
}

pub(super) fn error(key: &KeyUri, fault: KekFault) -> KekError {
    KekError::new(key.to_string(), KekOperation::Lifecycle, fault)
}

const LABEL: usize = 256;
