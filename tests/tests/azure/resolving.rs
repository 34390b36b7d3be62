//! What keystrand.toml says of keys at Azure: residency, and whole envelopes.

use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, Header, Opener};
use kms_providers::config::Config;
use kms_providers::{Provider, ResolveError, Resolver};

use crate::support::{Fake, fresh_key, open};

fn config(keys: &str) -> Config {
    let text =
        format!("audit = \"none\"\n[provider.azure]\nkind = \"azure-kv\"\nvault = \"acme.vault.azure.net\"\n{keys}");
    Config::parse(&text, "/".as_ref()).unwrap()
}

fn resolver(config: &Config, provider: Arc<dyn Provider>) -> Result<Resolver, ResolveError> {
    Resolver::new(config, [("azure".parse().unwrap(), provider)])
}

#[test]
fn an_envelope_names_the_version_and_azure_learns_no_context() {
    let fake = Fake::vault();
    let provider: Arc<dyn Provider> = Arc::new(fake.provider());
    let uri = fresh_key(&fake.provider(), "sealed");
    let config = config(&format!("[key.k]\nuri = \"{uri}\"\n"));
    let resolver = resolver(&config, provider).unwrap();
    let key = resolver.logical("k").unwrap();
    let context = EncryptionContext::from_pairs([("patient", "canary")]).unwrap();
    drop(fake.vault.seen());
    let sealer = resolver.sealer(&key, CryptoBackend::default()).unwrap();
    let envelope = block_on(sealer.context(context.clone()).seal(b"hello")).unwrap();
    let header = Header::parse_prefix(&envelope, 16).unwrap();
    let keyring = block_on(resolver.keyring(&header)).unwrap();
    let opener = Opener::new(CryptoBackend::default(), keyring).require(context);
    assert_eq!(block_on(opener.open(&envelope)).unwrap(), b"hello");
    let seen = fake.vault.seen();
    assert!(
        seen.iter()
            .all(|seen| !String::from_utf8_lossy(&seen.request.body).contains("canary"))
    );
    let used: Vec<_> = seen.iter().filter(|seen| seen.line.ends_with("wrapkey")).collect();
    assert_eq!(used.len(), 2);
    // Wrapped and unwrapped by one version, in one line of Azure's log each, under the data key's id.
    let parts = |n: usize| used[n].line.rsplit('/').nth(1).unwrap().to_owned();
    assert_eq!(parts(0), parts(1));
    let id = |n: usize| used[n].request.header("x-ms-client-request-id").unwrap().to_owned();
    assert_eq!(id(0), id(1));
}

#[test]
fn residency_rests_on_the_configured_region() {
    let fake = Fake::vault();
    let uri = fresh_key(&fake.provider(), "resident");
    let of = |region: Option<&str>, replica: Option<&str>, residency: &str| {
        let mut settings = fake.settings();
        settings.region = region.map(str::to_owned);
        settings.replica_regions = replica.map(str::to_owned).into_iter().collect();
        let config = config(&format!("[key.k]\nuri = \"{uri}\"\nresidency = [\"{residency}\"]\n"));
        let resolver = resolver(&config, Arc::new(open(settings)))?;
        let key = resolver.logical("k").unwrap();
        block_on(resolver.check_residency(&key))
    };
    of(Some("westeurope"), None, "westeurope").unwrap();
    of(Some("westeurope"), Some("northeurope"), "westeurope").unwrap_err();
    of(Some("eastus"), None, "westeurope").unwrap_err();
    // Nobody says where it is.
    of(None, None, "westeurope").unwrap_err();
}
