//! Where things stand on disk.

use std::path::{Path, PathBuf};

use kms_providers::config::Config;

use crate::args::Globals;
use crate::failure::{Failure, Result};

/// The folder of configuration, keystore and audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// `--home`, KEYSTRAND_HOME, or `~/.keystrand`.
    ///
    /// # Errors
    /// When none of them is known.
    pub fn locate(globals: &Globals) -> Result<Self> {
        if let Some(dir) = &globals.home {
            return Ok(Self(dir.clone()));
        }
        match std::env::home_dir() {
            Some(user) if !user.as_os_str().is_empty() => Ok(Self(user.join(DEFAULT))),
            _ => Err(Failure::usage(
                "this user has no home folder",
                "name a folder with --home or KEYSTRAND_HOME",
            )),
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("keystrand.toml")
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// When there is none, or something is wrong with it.
    pub fn load(&self) -> Result<Config> {
        Ok(Config::load(&self.config())?)
    }

    /// The keystore that `init` makes.
    #[must_use]
    pub fn keystore(&self) -> PathBuf {
        self.0.join("keystore.ks1")
    }

    /// The key file that `init` makes.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.0.join("keystore.key")
    }

    /// The audit log that `init` makes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("audit")
    }

    /// What was granted from here.
    #[must_use]
    pub fn grants(&self) -> PathBuf {
        self.0.join("grants")
    }

    /// The key that signs the audit log.
    #[must_use]
    pub fn log_key(&self) -> PathBuf {
        self.0.join("audit.key")
    }
}

const DEFAULT: &str = ".keystrand";
