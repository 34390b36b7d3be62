//! A key as its token has it: versions, attributes, states.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use kms_core::KekFault;

use super::attributes;
use super::fault::Fault;
use super::mechanism::WrapBy;
use super::record::Record;
use super::seat::At;
use super::target::{Target, VersionName};

/// A key, as it was a moment ago.
pub(super) struct KeyView {
    /// Oldest first; the last is the one that new wraps use.
    pub(super) versions: Vec<Version>,
    pub(super) record: Record,
    generation: u64,
    read: Instant,
}

/// An object that is a version of a key.
#[derive(Clone)]
pub(super) struct Version {
    /// Of objects that Keystrand made.
    pub(super) name: Option<VersionName>,
    /// What stands in envelopes: the name, or CKA_ID in hexadecimal; none where an object has no CKA_ID.
    pub(super) text: Option<String>,
    pub(super) handle: ObjectHandle,
    pub(super) facts: KeyFacts,
}

/// What a token tells of a key object (PKCS #11 4.7 to 4.10). An attribute that it does not tell counts as false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is one attribute of the standard")]
pub struct KeyFacts {
    /// CKA_SENSITIVE: the value is not told.
    pub sensitive: bool,
    /// CKA_EXTRACTABLE: another key may wrap it out of the token.
    pub extractable: bool,
    /// CKA_ALWAYS_SENSITIVE.
    pub always_sensitive: bool,
    /// CKA_NEVER_EXTRACTABLE: it has never been anywhere else.
    pub never_extractable: bool,
    /// CKA_LOCAL: the token made it.
    pub local: bool,
    /// CKA_WRAP.
    pub wrap: bool,
    /// CKA_UNWRAP.
    pub unwrap: bool,
    /// CKA_ENCRYPT.
    pub encrypt: bool,
    /// CKA_DECRYPT.
    pub decrypt: bool,
    kind: Kind,
}

/// The algorithm that a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    Aes,
    Rsa,
    MlKem,
    #[default]
    Other,
}

impl KeyFacts {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What makes the key weaker than a KEK may be.
    #[must_use]
    pub fn weakness(&self) -> Option<&'static str> {
        if !self.sensitive {
            return Some("CKA_SENSITIVE is false: its value can be read");
        }
        if self.extractable {
            return Some("CKA_EXTRACTABLE is true: it can be wrapped out of the token");
        }
        // What a key wraps it must not decrypt: that reads every key under it (Bortolozzo et al., 2010).
        if self.kind == Kind::Aes && self.decrypt && (self.wrap || self.unwrap) {
            return Some("CKA_DECRYPT stands beside CKA_WRAP or CKA_UNWRAP: it decrypts what it wraps");
        }
        if self.kind == Kind::Aes && self.encrypt && self.unwrap {
            return Some("CKA_ENCRYPT stands beside CKA_UNWRAP: chosen values can be made into keys");
        }
        None
    }
}

impl Version {
    /// How W is protected under this version: its own attributes decide.
    pub(super) fn by(&self, at: &At<'_>) -> Result<WrapBy, Fault> {
        let unsupported = || Fault::new(KekFault::Unsupported);
        match self.facts.kind {
            Kind::Rsa => Ok(WrapBy::RsaOaep256),
            Kind::Aes if self.facts.wrap || self.facts.unwrap => {
                let usable = WrapBy::negotiated(at)?;
                let mut key_wraps = usable.usable.iter().filter(|by| by.is_key_wrap());
                key_wraps.next().copied().ok_or_else(unsupported)
            }
            Kind::Aes if self.facts.encrypt || self.facts.decrypt => Ok(WrapBy::AesGcm),
            _ => Err(unsupported()),
        }
    }

    fn read(at: &At<'_>, handle: ObjectHandle) -> Result<Self, Fault> {
        let mut facts = KeyFacts::default();
        let mut id = Vec::new();
        for attribute in attributes::read(at.session, handle, ATTRIBUTES, ATTRIBUTE_LENGTH)? {
            match attribute {
                Attribute::Id(bytes) => id = bytes,
                Attribute::KeyType(kind) => facts.kind = Kind::of(kind),
                Attribute::Sensitive(yes) => facts.sensitive = yes,
                Attribute::Extractable(yes) => facts.extractable = yes,
                Attribute::AlwaysSensitive(yes) => facts.always_sensitive = yes,
                Attribute::NeverExtractable(yes) => facts.never_extractable = yes,
                Attribute::Local(yes) => facts.local = yes,
                Attribute::Wrap(yes) => facts.wrap = yes,
                Attribute::Unwrap(yes) => facts.unwrap = yes,
                Attribute::Encrypt(yes) => facts.encrypt = yes,
                Attribute::Decrypt(yes) => facts.decrypt = yes,
                _ => {}
            }
        }
        let name = VersionName::of_id(&id);
        let text = match &name {
            Some(name) => Some(name.text().to_owned()),
            None if id.is_empty() => None,
            None => Some(data_encoding::HEXLOWER.encode(&id)),
        };
        Ok(Self {
            name,
            text,
            handle,
            facts,
        })
    }
}

impl Kind {
    fn of(kind: KeyType) -> Self {
        match kind {
            KeyType::AES => Self::Aes,
            KeyType::RSA => Self::Rsa,
            KeyType::ML_KEM => Self::MlKem,
            _ => Self::Other,
        }
    }
}

impl KeyView {
    /// The key as it was at most a second ago.
    pub(super) fn of(at: &At<'_>, target: &Target) -> Result<Arc<Self>, Fault> {
        match at.token.view(target) {
            Some(view) if view.generation == at.generation && view.read.elapsed() < FRESHNESS => Ok(view),
            _ => Self::now(at, target),
        }
    }

    /// The key as it was at most a second ago, or as it is now where that has not what is asked for: another thread, or
    /// another process, may have rotated it meanwhile.
    pub(super) fn having(
        at: &At<'_>,
        target: &Target,
        asked: impl Fn(&Self) -> Result<&Version, KekFault>,
    ) -> Result<Version, Fault> {
        match asked(&*Self::of(at, target)?) {
            Err(KekFault::NotFound) => Ok(asked(&*Self::now(at, target)?)?.clone()),
            found => Ok(found?.clone()),
        }
    }

    /// The key as it is now.
    pub(super) fn now(at: &At<'_>, target: &Target) -> Result<Arc<Self>, Fault> {
        if !at.token.is_of(at.module, at.place, &target.key)? {
            return Err(Fault::new(KekFault::NotFound));
        }
        let record = match target.name() {
            Ok(name) => Record::read(at, name)?,
            Err(_) => Record::default(),
        };
        let template = target.template(target.class.object_class());
        let objects = attributes::find(at.session, &template)?;
        let versions = objects.into_iter().map(|object| Version::read(at, object));
        let mut versions = versions.collect::<Result<Vec<_>, _>>()?;
        if versions.is_empty() && record.key != crate::keyset::State::Destroyed {
            return Err(Fault::new(KekFault::NotFound));
        }
        // Which of two objects that others made is meant cannot be told.
        if versions.iter().filter(|version| version.name.is_none()).count() > 1 {
            return Err(Fault::new(KekFault::Unsupported));
        }
        versions.sort_by(|one, other| one.name.cmp(&other.name));
        let view = Arc::new(Self {
            versions,
            record,
            generation: at.generation,
            read: Instant::now(),
        });
        at.token.keep_view(target, &view);
        Ok(view)
    }

    /// Whether Keystrand made the key, or a version of it.
    pub(super) fn is_ours(&self) -> bool {
        self.versions.iter().any(|version| version.name.is_some())
    }

    /// The version that new wraps use.
    pub(super) fn primary(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The version that new wraps use, or the pinned one, if it may be used.
    pub(super) fn wrapping(&self, pinned: Option<&str>, allow_weak: bool) -> Result<&Version, KekFault> {
        self.record.key.usable()?;
        let version = match pinned {
            Some(pinned) => self.named(Some(pinned))?,
            None => self.primary().ok_or(KekFault::NotFound)?,
        };
        self.usable(version, allow_weak)
    }

    /// The version that an envelope names, if it may be used.
    pub(super) fn unwrapping(&self, version: Option<&[u8]>, allow_weak: bool) -> Result<&Version, KekFault> {
        self.record.key.usable()?;
        let text = version.map(std::str::from_utf8).transpose();
        let version = self.named(text.map_err(|_| KekFault::DoesNotUnwrap)?)?;
        self.usable(version, allow_weak)
    }

    /// A version by what stands in envelopes.
    pub(super) fn named(&self, text: Option<&str>) -> Result<&Version, KekFault> {
        let found = self.versions.iter().find(|version| version.text.as_deref() == text);
        found.ok_or_else(|| match text {
            Some(text) if self.record.version(text) == crate::keyset::State::Destroyed => KekFault::Destroyed,
            _ => KekFault::NotFound,
        })
    }

    fn usable<'k>(&self, version: &'k Version, allow_weak: bool) -> Result<&'k Version, KekFault> {
        if let Some(text) = &version.text {
            self.record.version(text).usable()?;
        }
        match version.facts.weakness() {
            Some(_) if !allow_weak => Err(KekFault::WeakKey),
            _ => Ok(version),
        }
    }

    /// The number that the next version gets: no number is given out twice, also of what was destroyed.
    pub(super) fn next_number(&self) -> Result<u32, KekFault> {
        let live = self.versions.iter().filter_map(|version| version.name.as_ref());
        let dead = self.record.versions.keys().filter_map(|text| VersionName::parse(text));
        let highest = live.map(|name| name.number).chain(dead.map(|name| name.number)).max();
        highest.unwrap_or(0).checked_add(1).ok_or(KekFault::Quota)
    }
}

/// How long a change of another process may go unseen.
const FRESHNESS: Duration = Duration::from_secs(1);
const ATTRIBUTE_LENGTH: usize = 512;
const ATTRIBUTES: &[AttributeType] = &[
    AttributeType::Id,
    AttributeType::KeyType,
    AttributeType::Sensitive,
    AttributeType::Extractable,
    AttributeType::AlwaysSensitive,
    AttributeType::NeverExtractable,
    AttributeType::Local,
    AttributeType::Wrap,
    AttributeType::Unwrap,
    AttributeType::Encrypt,
    AttributeType::Decrypt,
];
