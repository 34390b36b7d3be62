//! `[key.NAME]`: what people and code mean by a name.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use kms_core::{EncryptionContext, Floor, Kind, Posture, Recipient, Sealer, Suite, SuiteStatus, caps};
use toml::Spanned;
use toml::de::DeValue;

use super::member::{Member, Members};
use super::policy::suite;
use super::raw_key::{RawFloor, RawKey, RawMember, RawQuorum};
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
    /// How many of recipients any of which opens have to be wrapped for, the others being put in by a rewrap later; all
    /// of them unless said.
    pub wrap_at_least: Option<usize>,
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

impl LogicalKey {
    /// The logical key that a key URI stands for.
    #[must_use]
    pub fn of_uri(uri: KeyUri) -> Self {
        Self {
            name: None,
            recipients: Recipients::Any(Members(vec![Member::of_uri(uri)])),
            wrap_at_least: None,
            suite: None,
            residency: Residency::default(),
            floor: Floor::default(),
            expose: Vec::new(),
            mixed_passphrase: false,
            context: Vec::new(),
        }
    }

    /// `sealer` with `recipients`, which are those of this key: how many of them have to be wrapped for is the key's.
    #[must_use]
    pub fn add_to(&self, sealer: Sealer, recipients: Vec<Recipient>) -> Sealer {
        match self.wrap_at_least {
            Some(at_least) => sealer.any_of(recipients, at_least),
            None => recipients.into_iter().fold(sealer, Sealer::add),
        }
    }

    /// The key URIs of all recipients: of hybrids, those of both halves.
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
            wrap_at_least: self.at_least(raw.wrap_at_least.as_ref(), &recipients)?,
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
        match (raw.uri.as_ref().or(raw.hybrid.as_ref()), &raw.any, &raw.quorum) {
            _ if raw.uri.is_some() && raw.hybrid.is_some() => Err(self.source.error(span, ONE_OF)),
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
            _ => Err(self.source.error(span, ONE_OF)),
        }
    }

    fn at_least(&self, raw: Option<&Spanned<usize>>, recipients: &Recipients) -> Result<Option<usize>, ConfigError> {
        let Some(raw) = raw else { return Ok(None) };
        let fits = match recipients {
            Recipients::Any(members) => (1..=members.0.len()).contains(raw.get_ref()),
            Recipients::Quorum { .. } => false,
        };
        match fits {
            true => Ok(Some(*raw.get_ref())),
            false => Err(self.source.error(raw.span(), AT_LEAST)),
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
            if members.iter().any(|other| other.is_same_key(&parsed)) {
                return Err(self.source.error(member.span(), "this key is already a recipient"));
            }
            members.0.push(parsed);
        }
        Ok(members)
    }

    fn suite(&self, name: &Spanned<String>) -> Result<Suite, ConfigError> {
        let suite = suite(self.source, name)?;
        // By what it is until its dates: a configuration does not stop to load when a suite is retired.
        let rule = self.policy.suites.rules().find(|(ruled, _)| *ruled == suite);
        if rule.is_none_or(|(_, rule)| rule.status < SuiteStatus::Allowed) {
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
        let residency = Residency::read(self.source, raw)?;
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
            posture: posture.map(Posture::from),
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

const AT_LEAST: &str = "`wrap_at_least` is 1 up to the number of keys in `any`; a quorum is always wrapped whole";
const ONE_OF: &str = "a key has exactly one of `uri`, `hybrid`, `any` and `quorum`";
const MIXED: &str = "a passphrase beside other recipients makes the envelope as weak as the passphrase; say \
                     mixed_passphrase = true if you mean it";
