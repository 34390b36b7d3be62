//! `kmsctl key show`.

use std::fmt;
use std::sync::Arc;

use clap::Args;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::{Kek, KekFault, KemPublicKey, KemRecipient};
use kms_providers::files::KeyIndex;
use kms_providers::signing::VerifierKey;
use kms_providers::{KeyState, KeySummary, KeyUri};
use serde::Serialize;

use super::view::{KeyView, NameView, VersionView};
use super::{needed_by, sweep};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::{count, version};
use crate::session::Session;

/// Show a key, its versions, and what needs them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    /// Logical name or key URI
    key: String,
}

/// A member of the key, with what its provider says of it.
#[derive(Serialize)]
struct Details {
    #[serde(flatten)]
    key: KeyView,
    /// Algorithm in the provider's terms; absent while the key cannot be used.
    algorithm: Option<String>,
    /// `software`, `hsm` …
    protection: Option<String>,
    /// Where it lives.
    region: Option<String>,
    /// Quantum posture.
    posture: &'static str,
    /// Who could be compelled or breached as one.
    trust_domain: Option<String>,
    /// The version that new envelopes use, as it stands in them.
    envelope_version: Option<String>,
    /// Known envelopes that need each version.
    needed: Vec<Needed>,
    /// Of a key pair, or a signature key: the public key of each version that there is.
    public_keys: Vec<Public>,
}

#[derive(Serialize)]
struct Public {
    version: String,
    /// How envelopes and configurations name it; of a signature key, name and id of each half.
    thumbprint: String,
    /// In base64url, or as `kmsctl verify --pin` takes it.
    public_key: String,
}

#[derive(Serialize)]
struct Needed {
    version: String,
    envelopes: u64,
}

impl Show {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such key.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        sweep(app, &session).await?;
        let key = session.logical(&self.key)?;
        if let Some((name, key)) = session.resolver().keys().find(|(name, _)| name.as_str() == self.key) {
            app.out.answer(&NameView::new(name.as_str(), key));
        }
        for uri in key.uris() {
            if !uri.scheme().is_supplied_by_caller() {
                app.out.answer(&details(&session, uri).await?);
            }
        }
        Ok(Exit::Done)
    }
}

async fn details(session: &Session, uri: &KeyUri) -> Result<Details> {
    let (provider, summary) = find(session, uri).await?;
    let kek = session.resolver().kek(&uri.without_version())?;
    let info = match kek.describe().await {
        Ok(info) => Some(info),
        Err(error) if error.kind.is_key_state() => None,
        Err(error) => return Err(error.into()),
    };
    let key = KeyView::new(&provider, &summary);
    let needed = summary
        .versions
        .iter()
        .map(|version| needed(&session.index(), &summary.uri, &version.version));
    Ok(Details {
        public_keys: public_keys(session, &*kek, &summary).await?,
        needed: needed.collect(),
        algorithm: info.as_ref().map(|info| info.algorithm.clone()),
        protection: info.as_ref().map(|info| info.protection.clone()),
        region: info.as_ref().and_then(|info| info.region.clone()),
        posture: crate::envelope::posture_name(summary.signature.map_or(kek.posture(), SignatureScheme::posture)),
        trust_domain: info.as_ref().map(|info| info.trust_domain.clone()),
        envelope_version: info.and_then(|info| info.version).map(|bytes| version(&bytes)),
        key,
    })
}

/// The key pair that `uri` names.
///
/// # Errors
/// When it names a symmetric key, or none.
pub(super) fn pair_of(session: &Session, uri: &KeyUri) -> Result<Arc<dyn KemRecipient>> {
    let kek = session.resolver().kek(&uri.without_version())?;
    kek.kem().cloned().ok_or_else(|| {
        Failure::usage(
            format!("{uri} is no key pair"),
            "`kmsctl key create NAME --kem x-wing` makes one",
        )
    })
}

async fn public_keys(session: &Session, kek: &dyn Kek, summary: &KeySummary) -> Result<Vec<Public>> {
    let signing = session.resolver().provider(&summary.uri)?.signing_keys();
    let signing = signing.filter(|_| summary.signature.is_some());
    let mut keys = Vec::new();
    for version in summary
        .versions
        .iter()
        .filter(|version| version.state != KeyState::Destroyed)
    {
        let number = version.version.clone();
        if let Some(signing) = signing {
            let verifier = signing.verifier(&format!("{}/{number}", summary.uri).parse()?).await?;
            keys.push(Public::of_signature(number, &verifier));
        } else if let Some(pair) = kek.kem() {
            let public = pair.public_key(Some(number.as_bytes())).await?.key;
            keys.push(Public::of_pair(number, &public));
        }
    }
    Ok(keys)
}

impl Public {
    fn of_pair(version: String, public: &KemPublicKey) -> Self {
        Self {
            version,
            thumbprint: public.uri(),
            public_key: public.to_string(),
        }
    }

    fn of_signature(version: String, verifier: &VerifierKey) -> Self {
        let text = verifier.to_string();
        let ids = text.split(' ').filter_map(|half| half.rsplit_once('+'));
        Self {
            version,
            thumbprint: ids.map(|(name_and_id, _)| name_and_id).collect::<Vec<_>>().join(" "),
            public_key: text.clone(),
        }
    }
}

/// The listing of the provider that serves the key is where its states stand.
async fn find(session: &Session, uri: &KeyUri) -> Result<(String, KeySummary)> {
    let wanted = uri.without_version();
    let serving = session.resolver().provider(uri)?;
    for (name, provider) in session.resolver().providers() {
        if !std::sync::Arc::ptr_eq(serving, provider) {
            continue;
        }
        if let Some(summary) = provider.list().await?.into_iter().find(|key| key.uri == wanted) {
            return Ok((name.to_string(), summary));
        }
    }
    let missing = kms_core::KekError::new(
        wanted.to_string(),
        kms_core::KekOperation::Lifecycle,
        KekFault::NotFound,
    );
    Err(Failure::from(missing))
}

fn needed(index: &KeyIndex, uri: &KeyUri, version: &str) -> Needed {
    let key = uri.at_version(version);
    Needed {
        version: version.to_owned(),
        envelopes: key.map_or(0, |key| needed_by(index, &key)),
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.key)?;
        for (name, value) in [
            ("algorithm", &self.algorithm),
            ("protection", &self.protection),
            ("region", &self.region),
            ("domain", &self.trust_domain),
        ] {
            if let Some(value) = value {
                writeln!(f, "  {name:<12} {value}")?;
            }
        }
        writeln!(f, "  {:<12} {}", "posture", self.posture)?;
        for version in &self.key.versions {
            writeln!(f, "  {}", Line(version, &self.needed))?;
        }
        for public in &self.public_keys {
            writeln!(
                f,
                "  {:<12} of version {}: {}",
                "public key", public.version, public.thumbprint
            )?;
            writeln!(f, "    {}", public.public_key)?;
        }
        Ok(())
    }
}

struct Line<'a>(&'a VersionView, &'a [Needed]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(version, needed) = self;
        let envelopes = needed.iter().find(|needed| needed.version == version.version);
        let envelopes = envelopes.map_or(0, |needed| needed.envelopes);
        write!(f, "{version}, needed by {}", count(envelopes, "known envelope"))
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key show payments
  kmsctl key show local://payments --json";
