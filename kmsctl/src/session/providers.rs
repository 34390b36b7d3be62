//! The providers of a session, as the configuration names them.

use std::sync::Arc;

use kms_core::audit::AuditTrail;
use kms_core::crypto::CryptoBackend;
use kms_providers::Provider;
use kms_providers::config::{Config, ProviderConfig};
use kms_providers::local::Keystore;
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::uri::{KeyName, UriScheme};

use crate::App;
use crate::failure::Result;
use crate::passphrase::Passphrase;

/// Opens every provider that this program has.
pub(super) async fn providers(
    app: &App,
    config: &Config,
    backend: &CryptoBackend,
    trail: &AuditTrail,
) -> Result<Vec<(KeyName, Arc<dyn Provider>)>> {
    let mut providers: Vec<(KeyName, Arc<dyn Provider>)> = Vec::new();
    for (name, settings) in &config.providers {
        let provider: Arc<dyn Provider> = match settings.kind() {
            UriScheme::Local => Arc::new(keystore(app, settings, backend)?.audit(trail.clone()).open().await?),
            UriScheme::Memory => Arc::new(MemoryProvider::new(backend.clone(), MemoryWrap::Derive)?),
            #[cfg(feature = "aws")]
            UriScheme::AwsKms => {
                let opened = kms_providers::aws::AwsProvider::configured(settings, backend.clone());
                Arc::new(opened.map_err(kms_providers::Error::from)?)
            }
            #[cfg(feature = "azure")]
            UriScheme::AzureKv => {
                let opened = kms_providers::azure::AzureProvider::configured(settings, backend.clone());
                Arc::new(opened.map_err(kms_providers::Error::from)?)
            }
            #[cfg(feature = "gcp")]
            UriScheme::GcpKms => {
                let opened = kms_providers::gcp::GcpProvider::configured(settings, backend.clone());
                Arc::new(opened.map_err(kms_providers::Error::from)?)
            }
            // A key that needs it is refused by the resolver, which names it; other keys go on working.
            _ => continue,
        };
        providers.push((name.clone(), provider));
    }
    Ok(providers)
}

fn keystore(app: &App, settings: &ProviderConfig, backend: &CryptoBackend) -> Result<Keystore> {
    let mut failure = None;
    let keystore = Keystore::configured(
        settings,
        || {
            let asked = keystore_passphrase(app, "Passphrase of the keystore").ask();
            asked.map_err(|why| failure = Some(why)).ok()
        },
        backend,
    );
    keystore.map_err(|error| failure.unwrap_or_else(|| error.into()))
}

/// Whence the passphrase of the keystore comes.
#[must_use]
pub fn keystore_passphrase<'a>(app: &'a App, prompt: &'a str) -> Passphrase<'a> {
    Passphrase {
        file: app.globals.passphrase_file.as_deref(),
        prompt,
        option: "--passphrase-file or KEYSTRAND_PASSPHRASE_FILE",
    }
}
