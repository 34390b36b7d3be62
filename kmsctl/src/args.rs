//! The command line: the tree of commands, what all of them take, and what several of them share. Help, man pages and
//! completions come from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, LabelValue, Labels, esdk};
use kms_providers::local::KeyFileKek;
use kms_providers::uri::Label;

use crate::asked::AskedPassphrase;
use crate::command::{
    audit, completions, decrypt, doctor, encrypt, fpe, grant, init, inspect, key, man, migrate, rewrap, rotate, scan,
    sign, verify, view,
};
use crate::failure::Result;

/// One key layer over every KMS and HSM: seal files, rotate keys without re-encrypting, prove what happened
#[derive(Debug, Parser)]
#[command(name = "kmsctl", version, after_help = EXIT_CODES, max_term_width = 120)]
pub struct Cli {
    /// What all commands take.
    #[command(flatten)]
    pub globals: Globals,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What all commands take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Folder of configuration, keystore and audit log [default: ~/.keystrand]
    #[arg(
        long,
        global = true,
        env = "KEYSTRAND_HOME",
        value_name = "DIR",
        hide_env_values = true
    )]
    pub home: Option<PathBuf>,
    /// File that holds the keystore's passphrase; without it the terminal is asked
    #[arg(
        long,
        global = true,
        env = "KEYSTRAND_PASSPHRASE_FILE",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub passphrase_file: Option<PathBuf>,
    /// Write results and errors as JSON, one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but errors and what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a home: configuration, keystore and audit log
    Init(init::Init),
    /// Make, list, switch off and destroy keys
    #[command(subcommand)]
    Key(key::Key),
    /// Seal files
    #[command(visible_alias = "seal")]
    Encrypt(encrypt::Encrypt),
    /// Open files
    #[command(visible_alias = "open")]
    Decrypt(decrypt::Decrypt),
    /// Show what an envelope says about itself; needs no key
    Inspect(inspect::Inspect),
    /// Give a key a new version, and bring envelopes under it
    Rotate(rotate::Rotate),
    /// Change who can open envelopes; payloads are not touched
    Rewrap(rewrap::Rewrap),
    /// Seal anew what is in another format or suite
    Migrate(migrate::Migrate),
    /// Take an inventory: what protects files and keys, and what to do first
    Scan(scan::Scan),
    /// Format-preserving tokens: values that keep their look
    #[command(subcommand)]
    Fpe(fpe::Fpe),
    /// Sign files
    Sign(sign::Sign),
    /// Verify signatures of files; needs no home
    Verify(verify::Verify),
    /// Grant attribute keys, and revoke grants
    #[command(subcommand)]
    Grant(grant::Grant),
    /// Seal a table once, and show each role its view of it
    #[command(subcommand)]
    View(view::View),
    /// Verify, read and prove the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Tokens: a first one, for trying things out
    #[cfg(feature = "pkcs11")]
    #[command(subcommand)]
    Pkcs11(crate::command::pkcs11::Pkcs11),
    /// Check home, keystore, providers, audit log and memory
    Doctor(doctor::Doctor),
    /// Write completions for a shell
    Completions(completions::Completions),
    /// Write the man pages
    Man(man::Man),
}

/// The encryption context of a command line.
#[derive(Debug, Clone, Default, Args)]
pub struct ContextArgs {
    /// A pair of the encryption context; may be repeated
    #[arg(long = "context", value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub pairs: Vec<(String, String)>,
}

impl ContextArgs {
    /// The context.
    ///
    /// # Errors
    /// For malformed or repeated names.
    pub fn context(&self) -> Result<EncryptionContext> {
        Ok(EncryptionContext::from_pairs(self.pairs.iter().cloned())?)
    }

    /// The context of a message of the AWS Encryption SDK.
    ///
    /// # Errors
    /// For repeated and reserved names.
    pub fn of_message(&self) -> Result<esdk::Context> {
        Ok(esdk::Context::from_pairs(self.pairs.iter().cloned())?)
    }
}

/// Secrets that envelopes were sealed for and that no provider keeps.
#[derive(Debug, Clone, Default, Args)]
pub struct RecipientSecrets {
    /// File that holds a passphrase recipient's passphrase; without it the terminal is asked
    #[arg(
        long = "recipient-passphrase-file",
        value_name = "[LABEL=]FILE",
        env = "KEYSTRAND_RECIPIENT_PASSPHRASE_FILE",
        hide_env_values = true,
        value_parser = parse_labelled
    )]
    passphrases: Vec<(Label, PathBuf)>,
    /// Key file of a `keyfile:` recipient
    #[arg(long = "recipient-key-file", value_name = "[LABEL=]FILE", value_parser = parse_labelled)]
    key_files: Vec<(Label, PathBuf)>,
}

impl RecipientSecrets {
    /// The labels of passphrases that files are named for.
    pub fn passphrase_labels(&self) -> impl Iterator<Item = &Label> {
        self.passphrases.iter().map(|(label, _)| label)
    }

    /// A KEK that asks for the passphrase of this label when an envelope needs it.
    #[must_use]
    pub fn passphrase(&self, label: &Label) -> AskedPassphrase {
        let file = self.passphrases.iter().find(|(named, _)| named == label);
        AskedPassphrase::new(CryptoBackend::default(), label, file.map(|(_, file)| file.clone()))
    }

    /// The key files.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn key_files(&self) -> Result<Vec<KeyFileKek>> {
        let open =
            |(label, file): &(Label, PathBuf)| Ok(KeyFileKek::open(file, CryptoBackend::default())?.labelled(label));
        self.key_files.iter().map(open).collect()
    }
}

/// `FILE` or `LABEL=FILE`. A file whose name has an `=` is given as `./FILE`.
fn parse_labelled(text: &str) -> Result<(Label, PathBuf), String> {
    match text.split_once('=').map(|(label, file)| (Label::parse(label), file)) {
        Some((Ok(label), file)) => Ok((label, file.into())),
        _ => Ok((Label::default(), text.into())),
    }
}

/// The labels of a command line.
///
/// # Errors
/// For malformed or repeated names.
pub fn labels(pairs: &[(String, String)]) -> Result<Labels> {
    let pairs = pairs.iter().cloned();
    Ok(Labels::from_pairs(
        pairs.map(|(name, value)| (name, LabelValue::Text(value))),
    )?)
}

/// `NAME=VALUE`; the value may be empty and may hold further `=`.
///
/// # Errors
/// For anything else.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 does not open, 4 provider unavailable, 5 refused by policy, 6 partly done

Start:
  kmsctl init
  kmsctl key create payments
  kmsctl encrypt --key payments report.csv
  kmsctl decrypt report.csv.ks1";
