//! `kmsctl fpe encrypt`, `decrypt` and `mask`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use data_encoding::HEXLOWER_PERMISSIVE;
use kms_core::audit::Action;
use kms_core::fpe::{
    ColumnMetadata, Direction, FpeKey, LEGACY_TWEAK_LEN, LegacyFf3_1, Method, OnFault, OpaqueTokenizer, Template,
    TokenColumn, Tokenizer, TweakKind,
};
use kms_providers::durable::{self, Sites};
use kms_providers::{KeyState, KeyUri};
use serde::Serialize;
use zeroize::Zeroizing;

use super::job::{Job, Maker, Tokens, Tweak, Work, failure};
use super::sink::{Sink, source};
use super::table::Columns;
use super::{lines, table};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Turn values into tokens
///
/// Values stand one a line, or in a column of CSV; never on the command line. What a template leaves readable stays
/// readable. --table and --column say what tokens are bound to: equal values have equal tokens there and nowhere else;
/// with --row-id a row's id takes part too, and equal values have different tokens.
#[derive(Debug, Args)]
#[command(after_help = ENCRYPT_EXAMPLES)]
pub struct Encrypt {
    /// Key: name or key URI; NAME/VERSION for an older version
    #[arg(long, value_name = "KEY")]
    key: String,
    /// How tokens are made
    #[arg(long, value_enum, default_value_t = How::Ff1)]
    method: How,
    /// What values look like (`kmsctl fpe templates`); siv and hmac go without
    #[arg(long, value_name = "TEMPLATE", required_if_eq("method", "ff1"))]
    template: Option<String>,
    /// Write there what has to be known to read the tokens
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    #[command(flatten)]
    tweak: TweakArgs,
    #[command(flatten)]
    ends: Ends,
}

/// Turn tokens back into values
///
/// Any token of the template decrypts to something that looks right, under any key. With --metadata key version,
/// template and method are those of the tokens; without, they are what is said here.
#[derive(Debug, Args)]
#[command(after_help = DECRYPT_EXAMPLES)]
pub struct Decrypt {
    /// Key: name or key URI; NAME/VERSION where it has several versions and there is no --metadata
    #[arg(long, value_name = "KEY", required_unless_present = "legacy_ff3_1")]
    key: Option<String>,
    /// Read tokens of FF3-1, which NIST has withdrawn, made elsewhere under the AES key in this file (as it is, or in
    /// hex) and the 7 bytes of --tweak-file; nothing is written with it
    #[arg(long, value_name = "KEY FILE", requires_all = ["template", "tweak_file"], conflicts_with_all = ["key", "method", "metadata"])]
    legacy_ff3_1: Option<PathBuf>,
    /// How tokens were made
    #[arg(long, value_enum, default_value_t = How::Ff1)]
    method: How,
    /// What values look like
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// What encrypt wrote with --metadata
    #[arg(long, value_name = "FILE", conflicts_with_all = ["template", "method"])]
    metadata: Option<PathBuf>,
    #[command(flatten)]
    tweak: TweakArgs,
    #[command(flatten)]
    ends: Ends,
}

/// Show values with what is encrypted masked; needs no key
#[derive(Debug, Args)]
#[command(after_help = MASK_EXAMPLES)]
pub struct Mask {
    /// What values look like (`kmsctl fpe templates`)
    #[arg(long, value_name = "TEMPLATE")]
    template: String,
    /// What stands for a masked character
    #[arg(long, default_value_t = '*')]
    mask: char,
    /// Of CSV, the column with the values
    #[arg(long, value_name = "COLUMN", required_if_eq("csv", "true"))]
    column: Option<String>,
    #[command(flatten)]
    ends: Ends,
}

/// What tokens are bound to.
#[derive(Debug, Args)]
struct TweakArgs {
    /// Table that the column belongs to
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "tweak_file",
        requires = "column"
    )]
    table: Option<String>,
    /// Column that the values belong to; of CSV, the one in the header
    #[arg(long, value_name = "NAME", required_if_eq("csv", "true"))]
    column: Option<String>,
    /// Of CSV, the column with the ids of the rows: they must not change as long as tokens are kept
    #[arg(long, value_name = "COLUMN", requires_all = ["csv", "table"])]
    row_id: Option<String>,
    /// File with the tweak itself, in place of --table
    #[arg(long, value_name = "FILE", conflicts_with_all = ["table", "row_id"])]
    tweak_file: Option<PathBuf>,
}

/// Where values come from and results go.
#[derive(Debug, Args)]
struct Ends {
    /// The input is CSV with a header
    #[arg(long)]
    csv: bool,
    /// What stands between fields of CSV; one character of ASCII
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = parse_delimiter)]
    delimiter: u8,
    /// What becomes of a value that does not fit the template
    #[arg(long, value_enum, default_value_t = OnError::Stop)]
    on_error: OnError,
    /// Overwrite OUT if it exists
    #[arg(short, long)]
    force: bool,
    /// Input; `-` is stdin
    #[arg(value_name = "IN", default_value = "-")]
    input: PathBuf,
    /// Output; `-` is stdout
    #[arg(value_name = "OUT", default_value = "-")]
    output: PathBuf,
}

/// How tokens are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// Format-preserving encryption (SP 800-38G)
    Ff1,
    /// AES-SIV, as text in base64url: does not keep the format, notices altered tokens
    Siv,
    /// HMAC-SHA-512, as text in base64url: cannot be turned back
    Hmac,
}

/// What becomes of a value that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// The command ends; nothing is written to OUT
    Stop,
    /// The result is empty
    Null,
    /// The result is empty, and a column COLUMN_error, or a warning a line, says why
    Report,
}

/// Rows so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) rows: usize,
    empty: usize,
    failed: usize,
}

/// What was done.
#[derive(Serialize)]
struct Done {
    rows: usize,
    empty: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
}

impl Encrypt {
    pub(super) async fn run(&self, app: &App) -> Result<Exit> {
        let template = self.template.as_deref().map(template).transpose()?;
        let tweak = self.tweak.read()?;
        let session = Session::open(app).await?;
        let key = fpe_key(&session, &session.target(&self.key)?, Action::Tokenize, &self.key).await?;
        let maker = Maker::new(&key, self.method.into(), template)?;
        let metadata = maker.metadata(tweak.kind());
        let work = Work::Tokens(Tokens {
            maker,
            direction: Direction::Encrypt,
            tweak,
        });
        if let Some(path) = &self.metadata {
            let text = format!("{metadata}\n");
            let written = durable::publish(path, text.as_bytes(), self.ends.force, &Sites::PUBLIC_KEY);
            written.map_err(|error| Failure::io(path, &error))?;
        }
        let columns = self
            .ends
            .columns(self.tweak.column.as_deref(), self.tweak.row_id.as_deref());
        self.ends.run(app, work, columns.as_ref(), Some(metadata.to_string()))
    }
}

impl Decrypt {
    pub(super) async fn run(&self, app: &App) -> Result<Exit> {
        let tweak = self.tweak.read()?;
        let metadata = self.metadata.as_deref().map(read_metadata).transpose()?;
        let text = metadata
            .as_ref()
            .map(|metadata| metadata.template.clone())
            .filter(|text| !text.is_empty());
        let template = text
            .as_ref()
            .or(self.template.as_ref())
            .map(|text| template(text))
            .transpose()?;
        let method = metadata
            .as_ref()
            .map_or_else(|| self.method.into(), |metadata| metadata.method);
        let columns = self
            .ends
            .columns(self.tweak.column.as_deref(), self.tweak.row_id.as_deref());
        if let (Some(key), Tweak::Supplied(tweak), Some(text)) = (&self.legacy_ff3_1, &tweak, &self.template) {
            let work = Work::Legacy(Box::new(legacy(key, tweak, text)?));
            return self.ends.run(app, work, columns.as_ref(), None);
        }
        let name = self.key.as_deref().unwrap_or_default();
        let session = Session::open(app).await?;
        let uri = versioned(&session, name, metadata.as_ref()).await?;
        let key = fpe_key(&session, &uri, Action::Detokenize, name).await?;
        let maker = Maker::new(&key, method, template)?;
        if let Some(written) = &metadata {
            expect(&maker.metadata(tweak.kind()), written)?;
        }
        let work = Work::Tokens(Tokens {
            maker,
            direction: Direction::Decrypt,
            tweak,
        });
        self.ends.run(app, work, columns.as_ref(), None)
    }
}

/// The version that tokens were made under: nothing in a token would tell a wrong one.
async fn versioned(session: &Session, name: &str, metadata: Option<&ColumnMetadata>) -> Result<KeyUri> {
    let key = session.target(name)?;
    if key.version().is_some() {
        return Ok(key);
    }
    if let Some(metadata) = metadata {
        return Ok(format!("{key}/{}", metadata.version).parse()?);
    }
    let listed = session.resolver().provider(&key)?.list().await?;
    let versions = listed.iter().find(|listed| listed.uri == key).map_or(0, |listed| {
        listed
            .versions
            .iter()
            .filter(|version| version.state != KeyState::Destroyed)
            .count()
    });
    match versions {
        0 | 1 => Ok(key),
        many => Err(Failure::usage(
            format!("the key has {many} versions, and a token does not say under which it was made"),
            format!("give the --metadata that was written with the tokens, or --key {name}/VERSION"),
        )),
    }
}

impl Mask {
    pub(super) fn run(&self, app: &App) -> Result<Exit> {
        let work = Work::Mask(template(&self.template)?, self.mask);
        let columns = self.ends.columns(self.column.as_deref(), None);
        self.ends.run(app, work, columns.as_ref(), None)
    }
}

impl TweakArgs {
    fn read(&self) -> Result<Tweak> {
        let name = |text: &Option<String>| text.clone().unwrap_or_default();
        if let Some(path) = &self.tweak_file {
            let tweak = fs::read(path).map_err(|error| Failure::io(path, &error))?;
            return Ok(Tweak::Supplied(tweak));
        }
        let (table, column) = (name(&self.table), name(&self.column));
        Ok(match self.row_id {
            Some(_) => Tweak::Rows { table, column },
            None => Tweak::Column { table, column },
        })
    }
}

impl Tweak {
    fn kind(&self) -> TweakKind {
        match self {
            Self::Supplied(_) => TweakKind::Supplied,
            Self::Column { .. } => TweakKind::Column,
            Self::Rows { .. } => TweakKind::Row,
        }
    }
}

impl Maker {
    fn new(key: &FpeKey, method: Method, template: Option<Template>) -> Result<Self> {
        match (method, template) {
            (Method::Siv, template) => Ok(Self::Opaque(Box::new(OpaqueTokenizer::siv(key, template)))),
            (Method::Hmac, template) => Ok(Self::Opaque(Box::new(OpaqueTokenizer::hmac(key, template)))),
            (_, Some(template)) => Ok(Self::Ff1(Box::new(Tokenizer::new(key, template)))),
            (_, None) => Err(Failure::usage(
                "tokens that keep their format need a template",
                "give --template; `kmsctl fpe templates` lists data types",
            )),
        }
    }

    fn metadata(&self, tweak: TweakKind) -> ColumnMetadata {
        match self {
            Self::Ff1(tokens) => tokens.metadata(tweak),
            Self::Opaque(tokens) => tokens.metadata(tweak),
        }
    }
}

impl Ends {
    fn columns<'a>(&self, values: Option<&'a str>, ids: Option<&'a str>) -> Option<Columns<'a>> {
        let values = values.filter(|_| self.csv)?;
        Some(Columns {
            values,
            ids,
            delimiter: self.delimiter,
        })
    }

    fn run(&self, app: &App, work: Work, columns: Option<&Columns<'_>>, metadata: Option<String>) -> Result<Exit> {
        let on_fault = match self.on_error {
            OnError::Stop => OnFault::Stop,
            OnError::Null => OnFault::Null,
            OnError::Report => OnFault::Report,
        };
        let job = Job { work, on_fault };
        let source = source(&self.input)?;
        let mut sink = Sink::open(app, &self.output, self.force)?;
        let tally = match columns {
            Some(columns) => table::run(&job, columns, &self.input, source, &mut sink)?,
            None => lines::run(app, &job, &self.input, source, &mut sink)?,
        };
        sink.finish()?;
        app.out.say(&Done {
            rows: tally.rows,
            empty: tally.empty,
            failed: tally.failed,
            metadata,
        });
        match tally.failed {
            0 => Ok(Exit::Done),
            _ => Ok(Exit::Partly),
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, out: &TokenColumn<i64>) {
        self.rows += out.len();
        self.empty += out.nulls() - out.failed();
        self.failed += out.failed();
    }
}

impl From<How> for Method {
    fn from(how: How) -> Self {
        match how {
            How::Ff1 => Self::Ff1,
            How::Siv => Self::Siv,
            How::Hmac => Self::Hmac,
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.rows)?;
        if self.empty > 0 {
            write!(f, ", {} empty", self.empty)?;
        }
        if self.failed > 0 {
            write!(f, ", {} without a result", self.failed)?;
        }
        match &self.metadata {
            Some(metadata) => write!(f, "; {metadata}"),
            None => Ok(()),
        }
    }
}

/// Tokens of another system.
fn legacy(key: &Path, tweak: &[u8], text: &str) -> Result<LegacyFf3_1> {
    let read = Zeroizing::new(fs::read(key).map_err(|error| Failure::io(key, &error))?);
    let hex = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(read.trim_ascii()).unwrap_or_default());
    let bytes = if matches!(hex.len(), 16 | 24 | 32) { &hex } else { &read };
    let tweak: [u8; LEGACY_TWEAK_LEN] = tweak.try_into().map_err(|_| {
        Failure::usage(
            "a tweak of FF3-1 has 7 bytes",
            "write them into the file of --tweak-file as they are",
        )
    })?;
    let legacy = LegacyFf3_1::dangerously_decrypt_only(bytes, tweak, template(text)?);
    legacy.map_err(|error| Failure::usage(error.to_string(), "give a file with the key as it is, or in hex").at(key))
}

/// A template of the command line.
///
/// # Errors
/// When it is none, or is too weak.
pub(super) fn template(text: &str) -> Result<Template> {
    text.parse().map_err(|error: kms_core::fpe::TemplateError| {
        Failure::usage(
            error.to_string(),
            "`kmsctl fpe templates` lists data types and alphabets; docs/fpe.md explains patterns",
        )
    })
}

async fn fpe_key(session: &Session, key: &KeyUri, action: Action, name: &str) -> Result<FpeKey> {
    let none = || {
        Failure::usage(
            format!("`{name}` is no key of tokens"),
            "`kmsctl key create NAME --fpe` makes one",
        )
    };
    let keys = session.resolver().provider(key)?.fpe_keys().ok_or_else(none)?;
    let listed = session.resolver().provider(key)?.list().await?;
    let is_other = |listed: &kms_providers::KeySummary| listed.uri == key.without_version() && !listed.fpe;
    if listed.iter().any(is_other) {
        return Err(none());
    }
    let (key, _) = session
        .recorded(action, std::slice::from_ref(key), keys.fpe_key(key))
        .await?;
    Ok(key)
}

fn read_metadata(path: &Path) -> Result<ColumnMetadata> {
    let text = fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    text.trim_end().parse().map_err(|error| failure(&error, 0, "").at(path))
}

fn expect(own: &ColumnMetadata, written: &ColumnMetadata) -> Result<()> {
    let differs = [
        ("key", own.key != written.key),
        ("key version", own.version != written.version),
        ("tweak source", own.tweak != written.tweak),
        ("template", own.template != written.template),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => Err(failure(&kms_core::fpe::ColumnError::Metadata(what), 0, "")),
        None => Ok(()),
    }
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("one character of ASCII, or \\t".to_owned()),
    }
}

const ENCRYPT_EXAMPLES: &str = "\
Examples:
  kmsctl key create cards --fpe
  kmsctl fpe encrypt --key cards --template pan --table orders --column card < cards.txt > tokens.txt
  kmsctl fpe encrypt --key cards --template pan:bin=6,last=4,luhn=ignore,length=16 --table orders --column card --row-id id --csv --metadata card.fpe orders.csv tokens.csv
  kmsctl fpe encrypt --key cards --method hmac --table people --column born --csv --on-error report people.csv";
const DECRYPT_EXAMPLES: &str = "\
Examples:
  kmsctl fpe decrypt --key cards --template pan --table orders --column card < tokens.txt
  kmsctl fpe decrypt --key cards --metadata card.fpe --table orders --column card --row-id id --csv tokens.csv orders.csv
  kmsctl fpe decrypt --legacy-ff3-1 old.key --tweak-file old.tweak --template ssn < old.txt";
const MASK_EXAMPLES: &str = "\
Examples:
  kmsctl fpe mask --template pan:bin=6,last=4,luhn=ignore,length=16 < cards.txt
  kmsctl fpe mask --template email --csv --column mail people.csv masked.csv";
