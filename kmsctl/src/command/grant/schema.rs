//! `kmsctl grant schema`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use kms_core::akd::{self, Dimension, DimensionKind, TreeId};
use kms_providers::durable::{self, Sites};
use kms_providers::grants::SchemaFile;
use kms_providers::uri::KeyUri;
use serde::Serialize;

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::session::Session;

/// Make a schema: the attributes that keys are derived by
///
/// Writes a TOML file with a new tree, its root and its dimensions in order. `epoch` is one of them; put before it what
/// grants always name, such as the dataset. Dimensions may be added at the end later; any other change is another tree.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Schema {
    /// Root of attribute keys: a key made with `kmsctl key create NAME --derive`
    #[arg(long, value_name = "KEY")]
    root: String,
    /// A dimension, in order: NAME for text, `epoch`, or NAME:text|number|path|range/BITS
    #[arg(long = "dimension", value_name = "NAME[:KIND]", required = true, value_parser = parse_dimension)]
    dimensions: Vec<Dimension>,
    /// Overwrite a file that exists
    #[arg(short, long)]
    force: bool,
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The result.
#[derive(Serialize)]
struct Made {
    file: PathBuf,
    tree: String,
    root: String,
    schema: String,
}

impl Schema {
    /// Runs the command.
    ///
    /// # Errors
    /// When the key is no root, or the dimensions are no schema.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        let backend = session.backend();
        let tree = TreeId::random(backend).map_err(kms_core::Error::from)?;
        let schema = akd::Schema::new(tree, self.dimensions.iter().cloned())?;
        let id = schema.id(backend);
        let file = SchemaFile::new(schema, self.root(&session).await?)?;
        let written = durable::publish(&self.file, file.to_text().as_bytes(), self.force, &Sites::SIGNATURE);
        written.map_err(|error| Failure::io(&self.file, &error))?;
        app.out.say(&Made {
            file: self.file.clone(),
            tree: tree.to_string(),
            root: file.root().to_string(),
            schema: crate::printable::hex(&id),
        });
        Ok(Exit::Done)
    }

    /// The root with the version that it has now.
    async fn root(&self, session: &Session) -> Result<KeyUri> {
        let key = session.target(&self.root)?;
        let wanted = key.without_version();
        let keys = session.resolver().provider(&key)?.list().await?;
        let known = keys.iter().find(|known| known.uri == wanted && known.derives);
        let known = known.ok_or_else(|| {
            Failure::usage(
                format!("`{}` is no root of attribute keys", self.root),
                "`kmsctl key create NAME --derive` makes one",
            )
        })?;
        if key.version().is_some() {
            return Ok(key);
        }
        let primary = known.versions.iter().find(|version| version.primary);
        let version = primary.map_or("1", |version| &version.version);
        Ok(format!("{wanted}/{version}").parse()?)
    }
}

fn parse_dimension(text: &str) -> Result<Dimension, String> {
    let (name, kind) = text
        .split_once(':')
        .unwrap_or((text, if text == "epoch" { "epoch" } else { "text" }));
    let kind = match (kind, kind.strip_prefix("range/").map(str::parse)) {
        ("text", _) => DimensionKind::Text,
        ("number", _) => DimensionKind::Number,
        ("path", _) => DimensionKind::Path,
        ("epoch", _) => DimensionKind::Epoch,
        (_, Some(Ok(bits))) => DimensionKind::Range { bits },
        _ => return Err("a kind is text, number, path, epoch or range/BITS".to_owned()),
    };
    Ok(Dimension::new(name, kind))
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: tree {} under {}", self.file.display(), self.tree, self.root)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key create data-root --derive
  kmsctl grant schema --root data-root --dimension dataset --dimension epoch --dimension column orders.toml
  kmsctl grant schema --root data-root --dimension dataset --dimension epoch --dimension class:path people.toml";
