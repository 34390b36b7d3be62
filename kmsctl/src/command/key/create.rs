//! `kmsctl key create`.

use std::fmt;
use std::fs;

use clap::Args;
use futures::future::BoxFuture;
use kms_core::audit::Action;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::{Kem, KemPublicKey};
use kms_providers::config::Config;
use kms_providers::durable::{self, FileLock, Sites};
use kms_providers::uri::KeyName;
use kms_providers::{CloudRequest, KeyUri};
use serde::Serialize;

use super::show::pair_of;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::session::Session;

/// Make a key, or give a name to keys that exist
///
/// `create NAME` makes a key in the embedded keystore, which goes by its name from then on; with --kem a key pair, whose
/// public key others can seal to, with --signature a key for `kmsctl sign`, with --fpe one for `kmsctl fpe`, and with
/// --derive a root of attribute keys for `kmsctl grant`. With --provider the key is made there. With --uri, --classical
/// and --pq, or --public-key nothing is made. All but keys of the embedded keystore get an entry [key.NAME] in
/// keystrand.toml.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Create {
    /// Name: 1 to 64 characters of a-z 0-9 . _ -
    name: String,
    /// Make the key at this provider of keystrand.toml
    #[arg(long, value_name = "PROVIDER", conflicts_with = "uris")]
    provider: Option<String>,
    /// Make a key pair of this mechanism: x-wing, mlkem768-p256, mlkem1024-p384, mlkem768, mlkem1024 …
    #[arg(long, value_parser = parse_kem, conflicts_with_all = ["uris", "classical", "public_key"])]
    kem: Option<Kem>,
    /// Make a signature key of this scheme: mldsa65-ed25519, ml-dsa-65 or ed25519
    #[arg(long, value_parser = parse_signature, conflicts_with_all = ["uris", "classical", "public_key", "kem"])]
    signature: Option<SignatureScheme>,
    /// Make a root that attribute keys are derived from
    #[arg(long, conflicts_with_all = ["uris", "classical", "public_key", "kem", "signature", "fpe"])]
    derive: bool,
    /// Make a key of tokens that keep their format, for `kmsctl fpe`
    #[arg(long, conflicts_with_all = ["uris", "classical", "public_key", "kem", "signature"])]
    fpe: bool,
    /// Of a hybrid, the key that is not post-quantum; both halves are needed to open
    #[arg(long, value_name = "URI", requires = "pq", conflicts_with_all = ["uris", "provider"])]
    classical: Option<KeyUri>,
    /// Of a hybrid, the post-quantum key pair: its URI, or a file with a public key
    #[arg(long, value_name = "URI|FILE", requires = "classical")]
    pq: Option<String>,
    /// Name a public key: a file with it, or its base64url
    #[arg(long, value_name = "FILE|TEXT", conflicts_with_all = ["uris", "provider", "classical"])]
    public_key: Option<String>,
    /// Name this key; of several, any opens
    #[arg(long = "uri", value_name = "URI")]
    uris: Vec<KeyUri>,
    /// Of several keys, this many must agree
    #[arg(long, value_name = "NUMBER", requires = "uris")]
    quorum: Option<u8>,
}

/// The result.
#[derive(Serialize)]
struct Created {
    name: String,
    keys: Vec<String>,
    /// Whether an entry was written into keystrand.toml.
    configured: bool,
    /// The requests that it took in a cloud.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<CloudRequest>,
}

/// The keys of a name, the line of keystrand.toml that says so, and the requests that they took.
type Keys = (Vec<String>, Option<String>, Vec<CloudRequest>);

impl Create {
    /// Runs the command.
    ///
    /// # Errors
    /// When the name is taken or malformed, or the provider cannot make keys.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let name = KeyName::parse(&self.name);
        let name = name.map_err(|_| kms_core::Error::Caller(kms_core::CallerFault::KeyName))?;
        let session = Session::open(app).await?;
        let (keys, entry, requests) = self.keys(&session, &name).await?;
        if let Some(entry) = &entry {
            configure(session.home(), &name, entry)?;
        }
        app.out.say(&Created {
            name: name.to_string(),
            keys,
            configured: entry.is_some(),
            requests,
        });
        Ok(Exit::Done)
    }

    /// The keys that the name stands for, and the line of keystrand.toml that says so, where one is needed.
    async fn keys(&self, session: &Session, name: &KeyName) -> Result<Keys> {
        if let (Some(classical), Some(pq)) = (&self.classical, &self.pq) {
            let (pq, entry) = half(session, pq).await?;
            let entry = format!("hybrid = {{ classical = {:?}, {entry} }}", classical.to_string());
            return Ok((vec![classical.to_string(), pq], Some(entry), Vec::new()));
        }
        if let Some(text) = &self.public_key {
            let public = public_key(text)?;
            let entry = format!("uri = {{ {} }}", pinned("public_key", &public.to_string(), &public));
            return Ok((vec![public.uri()], Some(entry), Vec::new()));
        }
        if !self.uris.is_empty() {
            let keys: Vec<_> = self.uris.iter().map(KeyUri::to_string).collect();
            let entry = entry(&keys, self.quorum);
            return Ok((keys, Some(entry), Vec::new()));
        }
        let (key, requests) = self.make(session, name).await?;
        let keys = vec![key.to_string()];
        let entry = (!matches!(key, KeyUri::Local(_))).then(|| entry(&keys, None));
        Ok((keys, entry, requests))
    }

    async fn make(&self, session: &Session, name: &KeyName) -> Result<(KeyUri, Vec<CloudRequest>)> {
        let (intended, provider) = match &self.provider {
            None => {
                let key: KeyUri = format!("local://{name}").parse()?;
                let provider = session.resolver().provider(&key)?;
                (vec![key], provider)
            }
            Some(wanted) => {
                if session.resolver().keys().any(|(taken, _)| taken == name) {
                    return Err(taken(name));
                }
                let mut providers = session.resolver().providers();
                let provider = providers
                    .find(|(name, _)| name.as_str() == wanted)
                    .map(|(_, provider)| provider);
                (Vec::new(), provider.ok_or_else(|| makes_none(wanted))?)
            }
        };
        let at = || makes_none(provider.kind());
        let made: BoxFuture<'_, _> = match (self.kem, self.signature) {
            (Some(kem), _) => provider.kem_keys().ok_or_else(at)?.create_pair(name, kem),
            (None, Some(scheme)) => provider.signing_keys().ok_or_else(at)?.create_signing_key(name, scheme),
            (None, None) if self.derive => provider.derivation_keys().ok_or_else(at)?.create_derivation_key(name),
            (None, None) if self.fpe => provider.fpe_keys().ok_or_else(at)?.create_fpe_key(name),
            (None, None) => provider.lifecycle().ok_or_else(at)?.create(name),
        };
        session
            .recorded_as(Action::CreateKey, Some(name.as_str()), &intended, made)
            .await
    }
}

pub(super) fn makes_none(provider: &str) -> Failure {
    Failure::usage(
        format!("no provider `{provider}` that makes such keys is configured"),
        "see [provider.NAME] in keystrand.toml",
    )
}

/// The post-quantum half of a hybrid: its name for people, and its part of the entry, with the public key that it has
/// now pinned where it is somebody else's.
async fn half(session: &Session, text: &str) -> Result<(String, String)> {
    let Ok(key) = session.target(text) else {
        let public = public_key(text)?;
        let entry = pinned("public_key", &public.to_string(), &public);
        let (key, pin) = entry.split_once(", ").unwrap_or((&entry, ""));
        return Ok((public.uri(), format!("kem = {{ {key} }}, {pin}")));
    };
    let public = pair_of(session, &key)?.public_key(None).await?.key;
    let is_ours = session.resolver().provider(&key)?.owns_its_keys();
    let key = key.without_version().to_string();
    // Nobody but this installation can change the public key of its own pairs; that of others is believed as it is now.
    let entry = match is_ours {
        true => format!("kem = {key:?}"),
        false => pinned("kem", &key, &public),
    };
    Ok((key, entry))
}

/// The public key in a file, or in the text itself.
///
/// # Errors
/// When it is none.
pub(in crate::command) fn public_key(text: &str) -> Result<KemPublicKey> {
    let backend = CryptoBackend::default();
    let read = match fs::read(text) {
        Ok(content) => KemPublicKey::from_file(&backend, &content),
        Err(_) => KemPublicKey::from_text(&backend, text),
    };
    read.map_err(|fault| {
        Failure::usage(
            format!("this is no public key: {fault}"),
            "give a file that `kmsctl key export-public` wrote, or its text",
        )
    })
}

fn pinned(field: &str, value: &str, public: &KemPublicKey) -> String {
    let uri = public.uri();
    let thumbprint = uri.trim_start_matches("hpke:");
    format!("{field} = {value:?}, thumbprint = {thumbprint:?}")
}

fn parse_kem(text: &str) -> Result<Kem, String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let recipients = || Kem::ALL.into_iter().filter(|kem| kem.is_recipient());
    recipients()
        .find(|kem| plain(kem.name()) == plain(text))
        .ok_or_else(|| {
            let names: Vec<_> = recipients().map(Kem::name).collect();
            format!("the mechanisms are {}", names.join(", "))
        })
}

fn parse_signature(text: &str) -> Result<SignatureScheme, String> {
    SignatureScheme::from_name(text).ok_or_else(|| {
        let names = SignatureScheme::ALL.map(SignatureScheme::name);
        format!("the schemes are {}", names.join(", "))
    })
}

/// Adds [key.NAME] to the configuration.
pub(super) fn configure(home: &Home, name: &KeyName, entry: &str) -> Result<()> {
    let is_taken = |config: &Config| config.keys.contains_key(name).then(|| taken(name));
    add_section(home, is_taken, &format!("[key.{:?}]\n{entry}\n", name.as_str()))
}

/// Adds a section to the configuration. What stands in it stays as it is, comments and all.
pub(in crate::command) fn add_section(
    home: &Home,
    is_taken: impl FnOnce(&Config) -> Option<Failure>,
    section: &str,
) -> Result<()> {
    let path = home.config();
    let failed = |error: std::io::Error| Failure::io(&path, &error);
    let _lock = FileLock::try_acquire(&FileLock::beside(&path))
        .map_err(failed)?
        .ok_or_else(|| Failure::io(&path, &std::io::ErrorKind::ResourceBusy.into()).advise("run the command again"))?;
    let text = fs::read_to_string(&path).map_err(failed)?;
    if let Some(failure) = is_taken(&Config::parse(&text, home.dir())?) {
        return Err(failure);
    }
    let text = format!("{}\n\n{section}", text.trim_end_matches('\n'));
    // Parsed as a whole before it is written: a configuration that does not load would lock everybody out.
    Config::parse(&text, home.dir())?;
    durable::replace(&path, text.as_bytes(), &Sites::CONFIG).map_err(failed)
}

pub(super) fn entry(keys: &[String], quorum: Option<u8>) -> String {
    let list: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
    let list = list.join(", ");
    match quorum {
        Some(k) => format!("quorum = {{ k = {k}, of = [{list}] }}"),
        None => format!("any = [{list}]"),
    }
}

pub(super) fn taken(name: &KeyName) -> Failure {
    Failure::exists(
        &format!("keystrand.toml has a key named `{name}` already"),
        "choose another name",
    )
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.name, self.keys.join(", "))
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key create payments
  kmsctl key create inbox --kem x-wing                                       others seal with its public key
  kmsctl key create release --signature mldsa65-ed25519                      signs files
  kmsctl key create data-root --derive                                       roots attribute keys
  kmsctl key create vault --classical local://payments --pq local://inbox    both halves are needed
  kmsctl key create partner --public-key partner.pub                         seals, and opens at the partner
  kmsctl key create ledger --uri local://payments --uri local://backup       either opens
  kmsctl key create board --quorum 2 --uri local://a --uri aws-kms://arn:…   both must agree";
