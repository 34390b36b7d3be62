//! `kmsctl init`.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kms_core::audit::AuditTrail;
use kms_core::crypto::CryptoBackend;
use kms_core::{Kek, KekFault, PassphraseKek};
use kms_providers::audit::{LogError, LogKey, TlogSink, this_process};
use kms_providers::config::initial;
use kms_providers::durable::{self, Sites};
use kms_providers::local::{KeyFileKek, Keystore, SealKind};
use serde::Serialize;

use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::home::Home;
use crate::session::{keystore_passphrase, open_at};

/// Make a home: configuration, keystore and audit log
///
/// The keystore is sealed under a passphrase, which the terminal is asked for twice or --passphrase-file names, or
/// under a key file that only its owner can read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// Seal the keystore under a key file in the home, for services that have nobody to type a passphrase
    #[arg(long)]
    key_file: bool,
    /// Name of the audit log, like a URL without scheme [default: keystrand.local/ and random digits]
    #[arg(long, value_name = "NAME")]
    log_name: Option<String>,
}

#[derive(Serialize)]
struct Made {
    home: PathBuf,
    config: PathBuf,
    keystore: PathBuf,
    sealed_by: &'static str,
    audit_log: PathBuf,
    audit_verifier: String,
}

impl Init {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is a home already, or it cannot be made. The configuration is written last: a home without one was
    /// not finished, and `init` goes on with it.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let home = Home::locate(&app.globals)?;
        if home.config().exists() {
            let next = "use it as it is, or name another home with --home";
            return Err(Failure::exists("this is a home already", next).at(&home.config()));
        }
        make_dir(home.dir())?;
        // Asked for before anything is made, so that a mistyped passphrase leaves nothing behind.
        let (seal, kind) = self.seal(app, &home)?;
        let log_key = self.audit_log(&home)?;
        let log = open_at(&home.log(), LogKey::load(&home.log_key())?)?;
        keystore(&home, seal, AuditTrail::new(Arc::new(log), this_process())).await?;
        let config = home.config();
        let written = durable::create(&config, initial(kind).as_bytes(), &Sites::CONFIG);
        written.map_err(|error| Failure::io(&config, &error))?;
        app.out.say(&Made {
            home: home.dir().to_owned(),
            config,
            keystore: home.keystore(),
            sealed_by: if self.key_file { "key-file" } else { "passphrase" },
            audit_log: home.log(),
            audit_verifier: log_key.verifier().to_string(),
        });
        Ok(Exit::Done)
    }

    fn seal(&self, app: &App, home: &Home) -> Result<(Arc<dyn Kek>, SealKind)> {
        let backend = CryptoBackend::default();
        if self.key_file {
            let path = home.key_file();
            let key = match path.exists() {
                true => KeyFileKek::open(&path, backend)?,
                false => KeyFileKek::create(&path, backend)?,
            };
            return Ok((Arc::new(key), SealKind::KeyFile));
        }
        let passphrase = keystore_passphrase(app, "Passphrase for the new keystore").ask_new()?;
        Ok((Arc::new(PassphraseKek::new(backend, passphrase)), SealKind::Passphrase))
    }

    fn audit_log(&self, home: &Home) -> Result<LogKey> {
        let path = home.log_key();
        let key = match path.exists() {
            true => LogKey::load(&path)?,
            false => LogKey::create(&path, &self.log_name()?)?,
        };
        match TlogSink::create(&home.log(), &key) {
            Ok(()) | Err(LogError::Exists(_)) => Ok(key),
            Err(error) => Err(error.into()),
        }
    }

    /// Two logs with one name could be taken for each other, so a name that nobody chose is random.
    fn log_name(&self) -> Result<String> {
        if let Some(name) = &self.log_name {
            return Ok(name.clone());
        }
        let mut digits = [0; 8];
        let random = CryptoBackend::default().random;
        random.fill(&mut digits).map_err(|_| kms_core::Error::Random)?;
        Ok(format!("keystrand.local/{}", crate::printable::hex(&digits)))
    }
}

/// A new keystore, or the one that an earlier attempt made.
async fn keystore(home: &Home, seal: Arc<dyn Kek>, trail: AuditTrail) -> Result<()> {
    let keystore = || Keystore::new(home.keystore(), seal.clone()).audit(trail.clone());
    match keystore().create().await {
        Ok(_) => Ok(()),
        Err(error) if error.fault == KekFault::AlreadyExists => Ok(keystore().open().await.map(drop)?),
        Err(error) => Err(error.into()),
    }
}

fn make_dir(dir: &Path) -> Result<()> {
    if fs::metadata(dir).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Failure::io(dir, &error))
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "made {}", self.home.display())?;
        writeln!(
            f,
            "  keystore   {}, sealed under a {}",
            self.keystore.display(),
            self.sealed_by
        )?;
        writeln!(f, "  audit log  {}", self.audit_log.display())?;
        writeln!(
            f,
            "  its key    {}",
            self.audit_verifier.split(' ').next().unwrap_or_default()
        )?;
        write!(f, "next: kmsctl key create NAME")
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl init
  kmsctl init --home /srv/keystrand --passphrase-file /run/secrets/keystrand
  kmsctl init --key-file --log-name example.com/backup-host";
