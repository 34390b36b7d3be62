//! `kmsctl pkcs11`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault};
use kms_providers::durable::{self, Sites};
use kms_providers::pkcs11::init_token;
use kms_providers::uri::KeyName;
use serde::Serialize;
use zeroize::Zeroizing;

use super::key::add_section;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Party, Result};
use crate::home::Home;

/// Tokens
#[derive(Debug, Subcommand)]
pub enum Pkcs11 {
    /// Make a token of SoftHSM 2 and a provider for it, to try things out
    Init(Init),
}

/// Make a token of SoftHSM 2 and a provider for it, to try things out
///
/// The token gets random PINs, which stand in files of the home that only its owner can read, and keystrand.toml gets a
/// provider. Keys of SoftHSM lie in files, encrypted under the PIN: this is for learning and for tests. A real token is
/// set up with its vendor's tool, and its provider is written into keystrand.toml.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// Name of the provider, and label of the token
    #[arg(default_value = "softhsm", value_name = "NAME")]
    name: String,
    /// The module, where it is not found by itself
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
}

/// The result.
#[derive(Serialize)]
struct Made {
    provider: String,
    module: PathBuf,
    pin_file: PathBuf,
    /// The configuration of SoftHSM, where one was written.
    softhsm_config: Option<PathBuf>,
}

impl Pkcs11 {
    /// Runs the command.
    ///
    /// # Errors
    /// As the command.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Init(command) => command.run(app),
        }
    }
}

impl Init {
    /// Runs the command.
    ///
    /// # Errors
    /// When SoftHSM is not installed, or has a token of that label; when the name is taken.
    fn run(&self, app: &App) -> Result<Exit> {
        let home = Home::locate(&app.globals)?;
        let config = home.load()?;
        let name = KeyName::parse(&self.name);
        let name = name.map_err(|_| kms_core::Error::Caller(kms_core::CallerFault::KeyName))?;
        if config.providers.contains_key(&name) {
            return Err(taken(&name));
        }
        let module = self.module()?;
        let softhsm_config = configure_softhsm(&home)?;
        let pins = [
            home.dir().join(format!("{name}.pin")),
            home.dir().join(format!("{name}.so-pin")),
        ];
        let [pin, so_pin] = [new_pin(&pins[0])?, new_pin(&pins[1])?];
        if let Err(error) = init_token(&module, name.as_str(), &so_pin, &pin) {
            pins.iter().for_each(|pin| drop(fs::remove_file(pin)));
            return Err(explained(&error, &name));
        }
        let section = format!(
            "[provider.{:?}]\nkind = \"pkcs11\"\nmodule = {:?}\ntoken = \"pkcs11:token={name}\"\npin_file = \"{name}.pin\"\n",
            name.as_str(),
            module.display().to_string(),
        );
        add_section(
            &home,
            |config| config.providers.contains_key(&name).then(|| taken(&name)),
            &section,
        )?;
        let [pin_file, _] = pins;
        app.out.say(&Made {
            provider: name.to_string(),
            module,
            pin_file,
            softhsm_config,
        });
        Ok(Exit::Done)
    }

    fn module(&self) -> Result<PathBuf> {
        if let Some(module) = &self.module {
            return fs::canonicalize(module).map_err(|error| Failure::io(module, &error));
        }
        let mut places = PLACES.iter().map(PathBuf::from);
        places.find(|place| place.exists()).ok_or_else(|| {
            Failure::usage(
                "SoftHSM 2 is not installed where it usually is",
                "install it (`apt install softhsm2`), or name its library with --module",
            )
        })
    }
}

/// SoftHSM reads its configuration where its environment says, then in the user's folder, then in /etc. Where the user
/// has none, tokens would need rights on the machine's own, so one is written for tokens in this home.
fn configure_softhsm(home: &Home) -> Result<Option<PathBuf>> {
    if std::env::var_os("SOFTHSM2_CONF").is_some() {
        return Ok(None);
    }
    let Some(user) = std::env::home_dir() else {
        return Ok(None);
    };
    let path = user.join(".config/softhsm2/softhsm2.conf");
    if path.exists() {
        return Ok(None);
    }
    let tokens = std::path::absolute(home.dir().join("softhsm")).map_err(|error| Failure::io(home.dir(), &error))?;
    let folder = path.parent().unwrap_or(&path);
    for made in [folder, &tokens] {
        fs::create_dir_all(made).map_err(|error| Failure::io(made, &error))?;
    }
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\n",
        tokens.display()
    );
    durable::create(&path, text.as_bytes(), &Sites::CONFIG).map_err(|error| Failure::io(&path, &error))?;
    Ok(Some(path))
}

/// A random PIN, in a file that only its owner can read.
fn new_pin(path: &Path) -> Result<SecretBytes> {
    let mut bytes = Zeroizing::new([0; 8]);
    let random = CryptoBackend::default().random;
    random.fill(&mut *bytes).map_err(|_| kms_core::Error::Random)?;
    let digits = Zeroizing::new(format!("{:020}", u64::from_be_bytes(*bytes)));
    durable::create(path, digits.as_bytes(), &Sites::CONFIG).map_err(|error| Failure::io(path, &error))?;
    Ok(SecretBytes::copy_of(digits.as_bytes()))
}

fn explained(error: &KekError, name: &KeyName) -> Failure {
    match error.kind {
        KekFault::AlreadyExists => Failure::exists(
            &format!("there is a token of the label `{name}` already"),
            "choose another name, or write its provider into keystrand.toml yourself",
        ),
        _ => Failure::new(
            "provider.Token",
            Exit::Unavailable,
            Party::Provider,
            "the module does not make a token",
            "check that this user may write where SoftHSM keeps its tokens (softhsm2.conf, directories.tokendir)",
        ),
    }
}

fn taken(name: &KeyName) -> Failure {
    Failure::exists(
        &format!("keystrand.toml has a provider named `{name}` already"),
        "choose another name",
    )
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "made a token, and the provider `{}` for it", self.provider)?;
        writeln!(f, "  module  {}", self.module.display())?;
        writeln!(f, "  PIN     {}", self.pin_file.display())?;
        if let Some(config) = &self.softhsm_config {
            writeln!(f, "  SoftHSM keeps its tokens in this home now: {}", config.display())?;
        }
        write!(f, "next: kmsctl key create NAME --provider {}", self.provider)
    }
}

const PLACES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

const EXAMPLES: &str = "\
Examples:
  kmsctl pkcs11 init
  kmsctl pkcs11 init lab --module /opt/softhsm/lib/libsofthsm2.so";
