//! `kmsctl grant create`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use kms_core::akd::{Grant, NodeKey, Pick, Scope, Terms, Usage};
use kms_core::audit::Action;
use kms_core::{Header, Level, caps};
use kms_providers::DerivationKeys;
use kms_providers::durable::{self, Sites};
use kms_providers::grants::{GrantError, IssuedGrant, Issuer, Register, SchemaFile, signature_of};
use serde::Serialize;

use super::view::GrantView;
use super::{issuer, schema_file};
use crate::App;
use crate::args::parse_pair;
use crate::command::key::public_key;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::sealing::Sealing;
use crate::session::Session;

/// Grant keys to somebody
///
/// Derives the keys of the named attributes, seals them for the grantee's key and signs what they are for: FILE is an
/// envelope, FILE.sig a signed note. Attributes are named from the first of the schema down to some depth; everything
/// below is granted with them. A grant always names epochs, and ends with the last of them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Create {
    /// The schema file
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// Signature key of the issuer: mldsa65-ed25519
    #[arg(long, value_name = "KEY")]
    issuer: String,
    /// Key of the grantee; of several, any opens
    #[arg(long = "to", value_name = "KEY", required_unless_present = "public_keys")]
    to: Vec<String>,
    /// Public key of the grantee: a file with it, or its base64url
    #[arg(long = "public-key", value_name = "FILE|TEXT")]
    public_keys: Vec<String>,
    /// Name of the grantee in the grant [default: that of its key]
    #[arg(long, value_name = "TEXT")]
    grantee: Option<String>,
    /// What the keys are for: aead, siv, ff1, beacon, wrap or xwing-seed; may be repeated
    #[arg(long = "usage", value_name = "USAGE", required = true, value_parser = parse_usage)]
    usages: Vec<Usage>,
    /// An attribute: a value, FIRST..LAST of a range, `*` for all that the schema file lists; may be repeated for several
    #[arg(long = "on", value_name = "NAME=VALUE", value_parser = parse_pair)]
    on: Vec<(String, String)>,
    /// One epoch, or FIRST..LAST [default: the one that data is written in now]
    #[arg(long, value_name = "EPOCHS")]
    epochs: Option<String>,
    /// When honest readers stop using it: 90d, 12h, or a date
    #[arg(long, value_name = "TIME", value_parser = parse_expiry)]
    expires: SystemTime,
    /// Overwrite files that exist
    #[arg(short, long)]
    force: bool,
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The result.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    grant: GrantView,
    file: PathBuf,
    signature: PathBuf,
    issuer: String,
    nodes: usize,
    /// Whether a wildcard stands for the values of today only.
    closed: bool,
}

impl Create {
    /// Runs the command.
    ///
    /// # Errors
    /// When attributes, keys or the home are at fault; nothing was granted.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let file = schema_file(&self.schema)?;
        let signature = signature_of(&self.file);
        self.check_outputs(&signature)?;
        let session = Session::open(app).await?;
        let register = Register::new(session.home().grants());
        let locked = register.lock()?;
        locked.check_schema(file.schema())?;
        let current = register.revocations(file.schema().tree())?.epoch();
        let scope = self.scope(&file, current)?;
        scope.count(file.schema())?;
        let (grant, issued, issuer) = self.issue(&session, &file, &scope).await?;
        // What exists can be revoked: it stands in the register before it stands anywhere else.
        locked.record(file.schema(), &issued)?;
        self.write(&session, &signature, &issued).await?;
        app.out.say(&Created {
            grant: GrantView::new(&issued.statement),
            file: self.file.clone(),
            signature,
            issuer,
            nodes: grant.nodes().len(),
            closed: grant.is_closed(),
        });
        Ok(Exit::Done)
    }

    fn check_outputs(&self, signature: &Path) -> Result<()> {
        for path in [self.file.as_path(), signature] {
            if !self.force && path.exists() {
                return Err(Failure::io(path, &std::io::ErrorKind::AlreadyExists.into()));
            }
        }
        Ok(())
    }

    fn scope(&self, file: &SchemaFile, current: u16) -> Result<Scope> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.on {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let current = current.to_string();
        let epochs = match names.contains(&"epoch") {
            true => self.epochs.as_deref(),
            false => Some(self.epochs.as_deref().unwrap_or(&current)),
        };
        let of_name = |name: &str| -> Vec<&str> {
            let given = self.on.iter().filter(|(given, _)| given == name);
            given.map(|(_, value)| value.as_str()).collect()
        };
        let mut picks: Vec<(&str, Pick)> = Vec::new();
        for name in names {
            picks.push((name, file.pick(name, &of_name(name))?));
        }
        if let Some(epochs) = epochs {
            picks.push(("epoch", file.pick("epoch", &[epochs])?));
        }
        Ok(file.schema().scope(picks)?)
    }

    /// Derives, seals and signs under one entry of the audit log, which names root and signature key; the seal has its own.
    async fn issue(&self, session: &Session, file: &SchemaFile, scope: &Scope) -> Result<(Grant, IssuedGrant, String)> {
        let (issuer, key) = issuer(session, &self.issuer).await?;
        let roots = session.resolver().provider(file.root())?.derivation_keys();
        let roots = roots.ok_or_else(|| {
            Failure::usage(
                format!("{}: the provider has no roots of attribute keys", file.root()),
                "name a key made with `kmsctl key create NAME --derive`",
            )
        })?;
        let sealing = Sealing {
            keys: self
                .to
                .iter()
                .map(|name| session.logical(name))
                .collect::<Result<_>>()?,
            public_keys: self
                .public_keys
                .iter()
                .map(|text| public_key(text))
                .collect::<Result<_>>()?,
            suite: None,
            level: Level::DataKey,
            hidden: false,
        };
        let sealer = sealing.sealer(session).await?;
        let terms = self.terms(session, &issuer, &sealing)?;
        let issue = async {
            let sources = sources(roots, file, &self.usages).await?;
            let grant = Grant::issue(session.backend(), file.schema(), &sources, &self.usages, scope, terms)?;
            let issued = issuer.issue(session.backend(), sealer, &grant).await?;
            Ok::<_, GrantError>((grant, issued))
        };
        let keys = [file.root().clone(), key];
        let ((grant, issued), _) = session.recorded_as(Action::Grant, None, &keys, issue).await?;
        Ok((grant, issued, issuer.name().to_owned()))
    }

    fn terms(&self, session: &Session, issuer: &Issuer<'_>, sealing: &Sealing) -> Result<Terms> {
        let thumbprint = || sealing.public_keys.first().map(kms_core::KemPublicKey::uri);
        let grantee = self
            .grantee
            .clone()
            .or_else(|| self.to.first().cloned())
            .or_else(thumbprint);
        let mut id = [0; 16];
        session.backend().random.fill(&mut id).map_err(kms_core::Error::from)?;
        Ok(Terms {
            id,
            issuer: issuer.name().to_owned(),
            grantee: grantee.unwrap_or_default(),
            issued: seconds(SystemTime::now()),
            not_after: seconds(self.expires),
        })
    }

    async fn write(&self, session: &Session, signature: &Path, issued: &IssuedGrant) -> Result<()> {
        let publish = |path: &Path, content: &[u8], sites| {
            let written = durable::publish(path, content, self.force, sites);
            written.map_err(|error| Failure::io(path, &error))
        };
        publish(&self.file, &issued.envelope, &Sites::SEALED)?;
        publish(signature, &issued.note, &Sites::SIGNATURE)?;
        let header = Header::parse_prefix(&issued.envelope, caps::RECIPIENTS_HARD)?;
        let opener = session.opener(session.open_policy()).await?;
        Ok(session.index().record(&self.file, &header, &opener)?)
    }
}

/// The top of each usage's tree, from the root that stays where it is.
async fn sources(
    roots: &dyn DerivationKeys,
    file: &SchemaFile,
    usages: &[Usage],
) -> std::result::Result<Vec<NodeKey>, GrantError> {
    let mut sources = Vec::new();
    for usage in usages {
        let key = roots.usage_key(file.root(), file.schema().tree(), *usage).await?;
        sources.push(NodeKey::of_usage_key(file.schema(), *usage, key));
    }
    Ok(sources)
}

fn parse_usage(text: &str) -> Result<Usage, String> {
    Usage::from_name(text).ok_or_else(|| {
        let names = Usage::ALL.map(Usage::name);
        format!("the usages are {}", names.join(", "))
    })
}

/// A time from now on, or a date.
fn parse_expiry(text: &str) -> Result<SystemTime, String> {
    let from_now = || {
        humantime::parse_duration(text)
            .ok()
            .and_then(|time| SystemTime::now().checked_add(time))
    };
    let date =
        || humantime::parse_rfc3339_weak(text).or_else(|_| humantime::parse_rfc3339_weak(&format!("{text} 00:00:00")));
    let found = from_now().or_else(|| date().ok());
    found.ok_or_else(|| "a time is 90d, 12h, or a date such as 2027-01-31".to_owned())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.grant)?;
        let nodes = crate::printable::count(self.nodes, "node key");
        write!(f, "  {nodes}: {}, {}", self.file.display(), self.signature.display())?;
        match self.closed {
            true => f.write_str("\n  `*` stands for the values of today; grant again when there are others"),
            false => Ok(()),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl grant create --schema orders.toml --issuer issuer --to analysts --usage ff1 --on dataset=orders --epochs 3..17 --expires 90d analysts.grant
  kmsctl grant create --schema orders.toml --issuer issuer --public-key partner.pub --usage aead --on dataset=orders --epochs 3 --on column=email --expires 2027-01-31 partner.grant";
