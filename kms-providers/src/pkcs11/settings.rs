//! The settings of `kind = "pkcs11"`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::mechanism::WrapBy;
use super::profile::{IvRule, Profile};
use super::token_uri::TokenUri;

/// What `[provider.NAME]` says of a token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pkcs11Settings {
    /// The vendor's module. It is loaded into this process and can do whatever this process can.
    pub module: PathBuf,
    /// Which token, by RFC 7512: `pkcs11:token=LABEL`, and `?pin-source=file:PATH` where the PIN stands in a file.
    pub token: TokenUri,
    /// A file with the PIN, in place of `pin-source`.
    #[serde(default)]
    pub pin_file: Option<PathBuf>,
    /// What is known of the vendor; by the token's manufacturer unless said.
    #[serde(default)]
    pub profile: Option<Profile>,
    /// How W is protected under new keys; negotiated unless said.
    #[serde(default)]
    pub mechanism: Option<WrapBy>,
    /// Who makes the IV of AES-GCM; the profile knows unless said.
    #[serde(default)]
    pub gcm_iv: Option<IvRule>,
    /// Use keys that can leave the token, or that decrypt what they wrap.
    #[serde(default)]
    pub allow_weak_keys: bool,
    /// Mix the token's random numbers into each W.
    #[serde(default)]
    pub token_random: bool,
    /// Never call the module from two threads at once. A module that says it cannot lock is treated so anyway.
    #[serde(default)]
    pub single_threaded: bool,
    /// How many sessions are open at once; further calls wait.
    #[serde(default = "sessions")]
    pub sessions: usize,
    /// How long a call may take, with its wait for a session, in milliseconds.
    #[serde(default = "call_ms")]
    pub call_ms: u64,
    /// Where the token stands, for keys that may not live everywhere.
    #[serde(default)]
    pub region: Option<String>,
}

impl Pkcs11Settings {
    /// Settings for one token of a module, everything else by default.
    #[must_use]
    pub fn new(module: impl Into<PathBuf>, token: TokenUri) -> Self {
        Self {
            module: module.into(),
            token,
            pin_file: None,
            profile: None,
            mechanism: None,
            gcm_iv: None,
            allow_weak_keys: false,
            token_random: false,
            single_threaded: false,
            sessions: sessions(),
            call_ms: call_ms(),
            region: None,
        }
    }

    pub(super) fn call(&self) -> Duration {
        Duration::from_millis(self.call_ms)
    }
}

fn sessions() -> usize {
    8
}

fn call_ms() -> u64 {
    10_000
}
