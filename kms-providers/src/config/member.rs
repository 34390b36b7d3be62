//! One recipient of a logical key.

use std::fmt::Display;
use std::ops::Range;

use kms_core::crypto::CryptoBackend;
use kms_core::{KemFault, KemPublicKey};
use toml::Spanned;

use super::ConfigError;
use super::key::Reader;
use super::raw_key::{OneOrMore, RawFields, RawMember};
use crate::uri::{KeyName, KeyUri, Thumbprint, UriScheme};

/// The recipients of a logical key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(pub(super) Vec<Member>);

/// A recipient: a key, or two of which both are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The key; of a hybrid, its classical half.
    pub key: ConfiguredKey,
    /// Of a hybrid, the post-quantum half.
    pub pq: Option<ConfiguredKey>,
}

/// A key as a logical key names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfiguredKey {
    /// The key.
    pub uri: KeyUri,
    /// The provider that is to serve it, where several could.
    pub provider: Option<KeyName>,
    /// The public key, where it stands in the configuration.
    pub public: Option<KemPublicKey>,
    /// What the public key may be, where that is pinned: a directory that answers with another one is not believed.
    pub thumbprints: Vec<Thumbprint>,
}

impl Members {
    /// The recipients.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.iter()
    }

    /// The keys: of hybrids, both halves.
    pub fn keys(&self) -> impl Iterator<Item = &ConfiguredKey> {
        self.0
            .iter()
            .flat_map(|member| std::iter::once(&member.key).chain(&member.pq))
    }

    /// Their URIs.
    pub fn uris(&self) -> impl Iterator<Item = &KeyUri> {
        self.keys().map(|key| &key.uri)
    }

    /// Their URIs, each with the provider that the configuration names for it.
    pub fn served(&self) -> impl Iterator<Item = (&KeyUri, Option<&KeyName>)> {
        self.keys().map(|key| (&key.uri, key.provider.as_ref()))
    }

    pub(super) fn has(&self, scheme: UriScheme) -> bool {
        self.uris().any(|uri| uri.scheme() == scheme)
    }
}

impl Member {
    pub(super) fn of_uri(uri: KeyUri) -> Self {
        Self {
            key: ConfiguredKey::of_uri(uri),
            pq: None,
        }
    }

    /// Whether both are the same keys, of whatever version.
    pub(super) fn is_same_key(&self, other: &Self) -> bool {
        let keys = |member: &Self| {
            let pq = member.pq.as_ref().map(|key| key.uri.without_version());
            (member.key.uri.without_version(), pq)
        };
        keys(self) == keys(other)
    }
}

impl ConfiguredKey {
    fn of_uri(uri: KeyUri) -> Self {
        Self {
            uri,
            provider: None,
            public: None,
            thumbprints: Vec::new(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn member(&self, raw: &Spanned<RawMember>) -> Result<Member, ConfigError> {
        let RawMember(fields) = raw.get_ref();
        match (&fields.classical, &fields.kem) {
            (None, None) => Ok(Member {
                key: self.key(raw.span(), fields)?,
                pq: None,
            }),
            (Some(classical), Some(kem)) if !fields.names_a_key() => self.hybrid(raw.span(), fields, classical, kem),
            _ => Err(self.source.error(raw.span(), HYBRID)),
        }
    }

    fn hybrid(
        &self,
        span: Range<usize>,
        fields: &RawFields,
        RawMember(classical): &RawMember,
        RawMember(kem): &RawMember,
    ) -> Result<Member, ConfigError> {
        if classical.classical.is_some() || kem.classical.is_some() || classical.kem.is_some() || kem.kem.is_some() {
            return Err(self.source.error(span, HYBRID));
        }
        let key = self.key(span.clone(), classical)?;
        let mut pq = self.key(span.clone(), kem)?;
        pq.thumbprints.extend(self.thumbprints(&span, fields)?);
        pq.check_pin()
            .map_err(|message| self.source.error(span.clone(), message))?;
        let no_half = [UriScheme::Passphrase, UriScheme::KeyFile];
        if key.uri.scheme() == UriScheme::Passphrase || no_half.contains(&pq.uri.scheme()) {
            return Err(self
                .source
                .error(span, "a passphrase is no half of a hybrid, and a key file no key pair"));
        }
        Ok(Member { key, pq: Some(pq) })
    }

    fn key(&self, span: Range<usize>, fields: &RawFields) -> Result<ConfiguredKey, ConfigError> {
        let wrong = |message: &dyn Display| self.source.error(span.clone(), message);
        let public = match (&fields.uri, &fields.public_key, &fields.public_key_file) {
            (Some(_), None, None) => None,
            (None, Some(text), None) => Some(KemPublicKey::from_text(&CryptoBackend::default(), text)),
            (None, None, Some(path)) => {
                let path = self.source.folder.join(path);
                let content = std::fs::read(&path);
                let content = content.map_err(|error| wrong(&format_args!("{}: {error}", path.display())))?;
                Some(KemPublicKey::from_file(&CryptoBackend::default(), &content))
            }
            _ => return Err(wrong(&"a key is one of `uri`, `public_key` and `public_key_file`")),
        };
        let public = public.transpose().map_err(|fault: KemFault| wrong(&fault))?;
        let mut key = match (&public, &fields.uri) {
            (Some(public), _) => ConfiguredKey::of_uri(KeyUri::Hpke(Thumbprint::new(*public.thumbprint()))),
            (None, Some(uri)) => ConfiguredKey::of_uri(KeyUri::parse(uri).map_err(|error| wrong(&error))?),
            (None, None) => return Err(wrong(&"the key is missing")),
        };
        key.public = public;
        key.provider = self.provider(&key.uri, fields.provider.as_deref(), &wrong)?;
        key.thumbprints = self.thumbprints(&span, fields)?;
        key.check_pin().map_err(|message| wrong(&message))?;
        Ok(key)
    }

    /// The provider that is named for `uri`; without one, whether there is any of its kind.
    fn provider(
        &self,
        uri: &KeyUri,
        named: Option<&str>,
        wrong: &dyn Fn(&dyn Display) -> ConfigError,
    ) -> Result<Option<KeyName>, ConfigError> {
        let kind = uri.scheme();
        let Some(named) = named else {
            let is_served = kind.is_supplied_by_caller() || self.providers.values().any(|p| p.kind() == kind);
            return match is_served {
                true => Ok(None),
                false => Err(wrong(&format_args!(
                    "no provider of this kind is configured; add [provider.NAME] with kind = \"{}\"",
                    kind.name()
                ))),
            };
        };
        let name = KeyName::parse(named).map_err(|fault| wrong(&fault))?;
        match self.providers.get(&name) {
            None => Err(wrong(&"no provider of this name is configured")),
            Some(config) if config.kind() != kind => Err(wrong(&format_args!(
                "this provider is of the kind {}",
                config.kind().name()
            ))),
            Some(_) => Ok(Some(name)),
        }
    }

    fn thumbprints(&self, span: &Range<usize>, fields: &RawFields) -> Result<Vec<Thumbprint>, ConfigError> {
        let texts = fields.thumbprint.iter().flat_map(OneOrMore::texts);
        let parse = |text: &String| match KeyUri::parse(&format!("hpke:{}", text.trim_start_matches("hpke:"))) {
            Ok(KeyUri::Hpke(thumbprint)) => Ok(thumbprint),
            Ok(_) => Err(self.source.error(span.clone(), "this is no thumbprint")),
            Err(error) => Err(self.source.error(span.clone(), error)),
        };
        texts.map(parse).collect()
    }
}

impl ConfiguredKey {
    /// A public key that stands beside its own thumbprint has to have it.
    fn check_pin(&self) -> Result<(), &'static str> {
        match &self.uri {
            KeyUri::Hpke(own) if !self.thumbprints.is_empty() && !self.thumbprints.contains(own) => {
                Err("the public key does not have the pinned thumbprint")
            }
            _ => Ok(()),
        }
    }
}

impl RawFields {
    fn names_a_key(&self) -> bool {
        self.uri.is_some() || self.provider.is_some() || self.public_key.is_some() || self.public_key_file.is_some()
    }
}

const HYBRID: &str = "a hybrid has `classical` and `kem`, each a key, and perhaps a `thumbprint` of the second";
