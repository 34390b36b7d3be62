//! What keystrand.toml says of keys at Google: places, kinds, residency.

use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{Header, Opener};
use kms_providers::config::Config;
use kms_providers::gcp::{GcpError, GcpProvider};
use kms_providers::{KemKeys, Provider, ResolveError, Resolver};

use crate::support::{Fake, fresh_key};

/// A configuration with one provider, and these keys.
fn config(endpoint: &str, provider: &str, keys: &str) -> Config {
    let text = format!(
        "audit = \"none\"\n[provider.gcp]\nkind = \"gcp-kms\"\nproject = \"acme\"\nlocation = \"europe-west1\"\n\
         endpoint = \"{endpoint}\"\nidentity = \"nobody\"\n{provider}\n{keys}"
    );
    Config::parse(&text, "/".as_ref()).unwrap()
}

fn configured(config: &Config) -> Result<GcpProvider, GcpError> {
    GcpProvider::configured(&config.providers["gcp"], CryptoBackend::default())
}

fn resolver(config: &Config) -> Result<Resolver, ResolveError> {
    let provider: Arc<dyn Provider> = Arc::new(configured(config).unwrap());
    Resolver::new(config, [("gcp".parse().unwrap(), provider)])
}

#[test]
fn a_configured_key_and_a_configured_pair_open_what_was_sealed_to_them() {
    let fake = Fake::start();
    let provider = fake.provider();
    let key = fresh_key(&provider, "payments");
    let pair = block_on(provider.create_pair(&"inbox".parse().unwrap(), kms_core::Kem::XWing)).unwrap();
    for uri in [key, pair] {
        let config = config(&fake.gcp.endpoint(), "", &format!("[key.k]\nuri = \"{uri}\"\n"));
        let resolver = resolver(&config).unwrap();
        let sealer = resolver
            .sealer(&resolver.logical("k").unwrap(), CryptoBackend::default())
            .unwrap();
        let envelope = block_on(sealer.seal(b"hello")).unwrap();
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        let opener = Opener::new(CryptoBackend::default(), block_on(resolver.keyring(&header)).unwrap());
        assert_eq!(block_on(opener.open(&envelope)).unwrap(), b"hello", "{uri}");
    }
}

/// An envelope selects among configured keys; that this provider could reach another one is not enough.
#[test]
fn a_key_that_is_not_configured_is_not_asked_for_by_an_envelope() {
    let fake = Fake::start();
    let (known, other) = (
        fresh_key(&fake.provider(), "known"),
        fresh_key(&fake.provider(), "other"),
    );
    let with = |uri| config(&fake.gcp.endpoint(), "", &format!("[key.k]\nuri = \"{uri}\"\n"));
    let sealing = resolver(&with(other)).unwrap();
    let sealer = sealing
        .sealer(&sealing.logical("k").unwrap(), CryptoBackend::default())
        .unwrap();
    let envelope = block_on(sealer.seal(b"hello")).unwrap();
    drop(fake.gcp.seen());
    let opening = resolver(&with(known)).unwrap();
    let header = Header::parse_prefix(&envelope, 16).unwrap();
    let opener = Opener::new(CryptoBackend::default(), block_on(opening.keyring(&header)).unwrap());
    assert!(block_on(opener.open(&envelope)).is_err());
    assert!(fake.gcp.seen().is_empty());
}

#[test]
fn a_location_outside_of_a_keys_residency_is_refused() {
    let fake = Fake::start();
    let of = |location: &str| format!("gcp-kms://projects/acme/locations/{location}/keyRings/r/cryptoKeys/k");
    for (location, residency, is_refused) in [
        ("europe-west1", "europe", false),
        ("europe", "europe", false),
        ("us-east1", "europe", true),
        // A multi-region by another name, and everywhere: neither is in `europe` unless it is said so.
        ("eur4", "europe", true),
        ("global", "europe", true),
        ("global", "global", false),
    ] {
        let places = "locations = [\"us-east1\", \"eur4\", \"global\", \"europe\"]";
        let keys = format!("[key.k]\nuri = \"{}\"\nresidency = [\"{residency}\"]\n", of(location));
        // The URI tells, so the configuration itself may be refused.
        let text = format!(
            "audit = \"none\"\n[provider.gcp]\nkind = \"gcp-kms\"\nproject = \"acme\"\nlocation = \"europe-west1\"\n\
             endpoint = \"{}\"\nidentity = \"nobody\"\n{places}\n{keys}",
            fake.gcp.endpoint()
        );
        let refused = match Config::parse(&text, "/".as_ref()) {
            Err(_) => true,
            Ok(config) => matches!(resolver(&config), Err(ResolveError::Residency { .. })),
        };
        assert_eq!(refused, is_refused, "{location} in {residency}");
    }
}

#[test]
fn what_is_configured_wrongly_is_told() {
    let fake = Fake::start();
    let with = |provider: &str| configured(&config(&fake.gcp.endpoint(), provider, ""));
    assert!(with("").is_ok());
    for (provider, part) in [
        ("key_ring = \"a/b\"", "key_ring"),
        ("projects = [\"ACME\"]", "projects"),
        ("locations = [\"\"]", "locations"),
        ("destroy_days = 0", "destroy_days"),
        ("rotation_days = 0", "rotation_days"),
        ("protection = \"external-vpc\"", "ekm_connection"),
        (
            "ekm_connection = \"projects/acme/locations/europe-west1/ekmConnections/c\"",
            "ekm_connection",
        ),
        (
            "keys = { \"projects/other/locations/europe-west1/keyRings/r/cryptoKeys/k\" = \"rsa\" }",
            "keys",
        ),
        ("keys = { k = \"rsa\" }", "keys"),
        ("keys = { k = \"md5\" }", "md5"),
        ("unknown = 1", "unknown"),
    ] {
        let told = with(provider)
            .err()
            .unwrap_or_else(|| panic!("{provider} is taken"))
            .to_string();
        assert!(told.contains(part), "{provider}: {told}");
    }
}

#[test]
fn each_location_has_its_endpoint() {
    let (here, there) = (Fake::start(), Fake::start());
    let port = |fake: &Fake| fake.gcp.endpoint().rsplit(':').next().unwrap().to_owned();
    // Two locations whose names are ports: what fills in the endpoint.
    let provider = here.provider_of(|settings| {
        (settings.location, settings.locations) = (port(&here), vec![port(&there)]);
        settings.endpoint = Some("http://127.0.0.1:{location}".into());
    });
    let key = fresh_key(&provider, "here");
    assert!(!here.gcp.seen().is_empty() && there.gcp.seen().is_empty());
    let elsewhere = key.to_string().replace(&port(&here), &port(&there)).parse().unwrap();
    assert!(block_on(provider.kek(&elsewhere).unwrap().describe()).is_err());
    assert!(here.gcp.seen().is_empty() && !there.gcp.seen().is_empty());
}
