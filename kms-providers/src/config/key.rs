//! `[key.NAME]`: what people and code mean by a name.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use kms_core::{EncryptionContext, Floor, Kind, Posture, Suite, caps};
use toml::Spanned;
use toml::de::DeValue;

use super::policy::suite;
use super::raw_key::{RawFloor, RawKey, RawMember, RawPosture, RawQuorum};
use super::source::Source;
use super::{ConfigError, PolicyConfig, ProviderConfig, Residency};
use crate::uri::{KeyName, KeyUri, UriScheme};

/// A logical key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogicalKey {
    /// Its name; none where a key URI stands for itself.
    pub name: Option<KeyName>,
    /// Who opens.
    pub recipients: Recipients,
    /// The suite of new envelopes; the default one unless said.
    pub suite: Option<Suite>,
    /// Where its keys may live.
    pub residency: Residency,
    /// What no later recipient may undercut.
    pub floor: Floor,
    /// Names of context pairs that providers are shown in clear.
    pub expose: Vec<String>,
    /// Whether a passphrase may stand beside other recipients.
    pub mixed_passphrase: bool,
    /// Names of context pairs that every envelope has to bind.
    pub context: Vec<String>,
}

/// Who opens envelopes of a logical key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipients {
    /// Any of these alone.
    Any(Members),
    /// `k` of these together.
    Quorum {
        /// How many must agree.
        k: u8,
        /// The members.
        of: Members,
    },
}

/// Keys, each with the provider that is to serve it where several could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(Vec<(KeyUri, Option<KeyName>)>);

impl LogicalKey {
    /// The logical key that a key URI stands for.
    #[must_use]
    pub fn of_uri(uri: KeyUri) -> Self {
        Self {
            name: None,
            recipients: Recipients::Any(Members(vec![(uri, None)])),
            suite: None,
            residency: Residency::default(),
            floor: Floor::default(),
            expose: Vec::new(),
            mixed_passphrase: false,
            context: Vec::new(),
        }
    }

    /// The key URIs of all recipients.
    pub fn uris(&self) -> impl Iterator<Item = &KeyUri> {
        self.recipients.members().uris()
    }
}

impl Recipients {
    /// The keys.
    #[must_use]
    pub fn members(&self) -> &Members {
        match self {
            Self::Any(members) | Self::Quorum { of: members, .. } => members,
        }
    }
}

impl Members {
    /// The key URIs.
    pub fn uris(&self) -> impl Iterator<Item = &KeyUri> {
        self.0.iter().map(|(uri, _)| uri)
    }

    /// The key URIs, each with the provider that the configuration names for it.
    pub fn served(&self) -> impl Iterator<Item = (&KeyUri, Option<&KeyName>)> {
        self.0.iter().map(|(uri, provider)| (uri, provider.as_ref()))
    }
}

/// What reading a key needs to know of the rest.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) providers: &'a BTreeMap<KeyName, ProviderConfig>,
    pub(super) policy: &'a PolicyConfig,
}

impl Reader<'_> {
    pub(super) fn read(&self, name: &KeyName, value: Spanned<DeValue<'_>>) -> Result<LogicalKey, ConfigError> {
        let span = value.span();
        let raw: RawKey = self.source.read(value)?;
        let recipients = self.recipients(span, &raw)?;
        let key = LogicalKey {
            name: Some(name.clone()),
            suite: raw.suite.map(|name| self.suite(&name)).transpose()?,
            residency: self.residency(raw.residency, recipients.members())?,
            floor: raw
                .floor
                .map(|floor| self.floor(&floor, &recipients))
                .transpose()?
                .unwrap_or_default(),
            expose: self.context_names(raw.expose)?,
            mixed_passphrase: raw.mixed_passphrase,
            context: self.context_names(raw.context)?,
            recipients,
        };
        Ok(key)
    }

    fn recipients(&self, span: Range<usize>, raw: &RawKey) -> Result<Recipients, ConfigError> {
        match (&raw.uri, &raw.any, &raw.quorum) {
            (Some(uri), None, None) => Ok(Recipients::Any(self.members(uri.span(), std::slice::from_ref(uri))?)),
            (None, Some(any), None) => {
                let members = self.members(any.span(), any.get_ref())?;
                let is_mixed = members.0.len() > 1 && members.has(UriScheme::Passphrase);
                if is_mixed && !raw.mixed_passphrase {
                    return Err(self.source.error(any.span(), MIXED));
                }
                Ok(Recipients::Any(members))
            }
            (None, None, Some(quorum)) => self.quorum(quorum),
            _ => Err(self
                .source
                .error(span, "a key has exactly one of `uri`, `any` and `quorum`")),
        }
    }

    fn quorum(&self, quorum: &Spanned<RawQuorum>) -> Result<Recipients, ConfigError> {
        let RawQuorum { k, of } = quorum.get_ref();
        let members = self.members(of.span(), of.get_ref())?;
        if !(2..=caps::QUORUM_MEMBERS).contains(&members.0.len()) {
            return Err(self.source.error(of.span(), "a quorum has 2 to 16 members"));
        }
        if *k.get_ref() < 2 || usize::from(*k.get_ref()) > members.0.len() {
            return Err(self
                .source
                .error(k.span(), "`k` is at least 2 and at most the number of members"));
        }
        Ok(Recipients::Quorum {
            k: *k.get_ref(),
            of: members,
        })
    }

    fn members(&self, span: Range<usize>, raw: &[Spanned<RawMember>]) -> Result<Members, ConfigError> {
        if raw.is_empty() || raw.len() > self.policy.max_recipients {
            let most = self.policy.max_recipients;
            return Err(self.source.error(
                span,
                format_args!("a key has 1 to {most} recipients (policy.max_recipients)"),
            ));
        }
        let mut members = Members(Vec::new());
        for member in raw {
            let parsed = self.member(member)?;
            let uri = parsed.0.without_version();
            if members.uris().any(|other| other.without_version() == uri) {
                return Err(self.source.error(member.span(), "this key is already a recipient"));
            }
            members.0.push(parsed);
        }
        Ok(members)
    }

    fn member(&self, raw: &Spanned<RawMember>) -> Result<(KeyUri, Option<KeyName>), ConfigError> {
        let RawMember { uri, provider } = raw.get_ref();
        let wrong = |message: &dyn fmt::Display| self.source.error(raw.span(), message);
        let uri = KeyUri::parse(uri).map_err(|error| wrong(&error))?;
        let Some(provider) = provider else {
            let kind = uri.scheme();
            let is_served = kind.is_supplied_by_caller() || self.providers.values().any(|p| p.kind() == kind);
            return match is_served {
                true => Ok((uri, None)),
                false => Err(wrong(&format_args!(
                    "no provider of this kind is configured; add [provider.NAME] with kind = \"{}\"",
                    kind.name()
                ))),
            };
        };
        let name = KeyName::parse(provider).map_err(|fault| wrong(&fault))?;
        match self.providers.get(&name) {
            None => Err(wrong(&"no provider of this name is configured")),
            Some(config) if config.kind() != uri.scheme() => Err(wrong(&format_args!(
                "this provider is of the kind {}",
                config.kind().name()
            ))),
            Some(_) => Ok((uri, Some(name))),
        }
    }

    fn suite(&self, name: &Spanned<String>) -> Result<Suite, ConfigError> {
        let suite = suite(self.source, name)?;
        if !self.policy.suites.contains(&suite) {
            return Err(self
                .source
                .error(name.span(), "policy.suites does not allow this suite"));
        }
        if !suite.allows(Kind::Message) && !suite.allows(Kind::Ticket) {
            return Err(self.source.error(name.span(), "this suite seals nothing"));
        }
        Ok(suite)
    }

    /// What URIs tell of regions is compared here; what only providers tell, by whoever wraps.
    fn residency(&self, raw: Option<Spanned<Vec<String>>>, members: &Members) -> Result<Residency, ConfigError> {
        let Some(raw) = raw else {
            return Ok(Residency::default());
        };
        let span = raw.span();
        let residency = Residency::new(raw.into_inner()).filter(|residency| !residency.is_anywhere());
        let residency = residency.ok_or_else(|| {
            self.source.error(
                span.clone(),
                "residency lists regions or their beginnings, made of a-z 0-9 -",
            )
        })?;
        let outside = members
            .uris()
            .find_map(|uri| uri.region().filter(|region| !residency.permits(region)));
        match outside {
            Some(region) => Err(self.source.error(
                span,
                format_args!("a recipient is in {region}, which is outside of {residency}"),
            )),
            None => Ok(residency),
        }
    }

    fn floor(&self, raw: &Spanned<RawFloor>, recipients: &Recipients) -> Result<Floor, ConfigError> {
        let RawFloor { posture, quorum } = raw.get_ref();
        let floor = Floor {
            posture: posture.as_ref().map(|posture| match posture {
                RawPosture::QuantumSafe => Posture::PostQuantum,
                RawPosture::Hedged => Posture::Hedged,
            }),
            quorum: *quorum,
        };
        let met = match (quorum, recipients) {
            (None, _) => true,
            (Some(least), Recipients::Quorum { k, .. }) => *least >= 2 && k >= least,
            (Some(_), _) => false,
        };
        match met {
            true => Ok(floor),
            false => Err(self.source.error(
                raw.span(),
                "floor.quorum is at least 2, and the key needs a quorum whose `k` is no less",
            )),
        }
    }

    fn context_names(&self, raw: Option<Spanned<Vec<String>>>) -> Result<Vec<String>, ConfigError> {
        let Some(raw) = raw else {
            return Ok(Vec::new());
        };
        let span = raw.span();
        let names = raw.into_inner();
        // One rule for names, whoever writes them: that of the envelope.
        EncryptionContext::from_pairs(names.iter().map(|name| (name.as_str(), "x")))
            .map_err(|error| self.source.error(span, error))?;
        Ok(names)
    }
}

impl Members {
    fn has(&self, scheme: UriScheme) -> bool {
        self.uris().any(|uri| uri.scheme() == scheme)
    }
}

const MIXED: &str = "a passphrase beside other recipients makes the envelope as weak as the passphrase; say \
                     mixed_passphrase = true if you mean it";
