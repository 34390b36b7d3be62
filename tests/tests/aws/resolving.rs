//! What keystrand.toml says of keys at AWS: exposed pairs, residency of replicas.

use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::{EncryptionContext, Header, Opener};
use kms_providers::config::Config;
use kms_providers::{KeyUri, Provider, ResolveError, Resolver};

use crate::support::{Fake, fresh_key};

fn config(keys: &str) -> Config {
    let text = format!("audit = \"none\"\n[provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\n{keys}");
    Config::parse(&text, "/".as_ref()).unwrap()
}

fn resolver(config: &Config, provider: Arc<dyn Provider>) -> Result<Resolver, ResolveError> {
    Resolver::new(config, [("aws".parse().unwrap(), provider)])
}

#[test]
fn the_pairs_that_a_key_exposes_reach_aws_stored_or_not_and_no_others() {
    let fake = Fake::start();
    let provider: Arc<dyn Provider> = Arc::new(fake.provider());
    let uri = fresh_key(&fake.provider(), "exposing");
    let config = config(&format!(
        "[key.k]\nuri = \"{uri}\"\nexpose = [\"tenant\", \"hidden\", \"absent\"]\n"
    ));
    let resolver = resolver(&config, provider).unwrap();
    let key = resolver.logical("k").unwrap();
    let pairs = [("tenant", "acme"), ("hidden", "h"), ("patient", "canary")];
    let context = EncryptionContext::from_pairs(pairs).unwrap();
    drop(fake.kms.seen());
    let sealer = resolver.sealer(&key, CryptoBackend::default()).unwrap();
    let sealer = sealer.context(context.clone()).external(["hidden"]);
    let envelope = block_on(sealer.seal(b"hello")).unwrap();
    let header = Header::parse_prefix(&envelope, 16).unwrap();
    let keyring = block_on(resolver.keyring(&header)).unwrap();
    let opener = Opener::new(CryptoBackend::default(), keyring).require(context);
    assert_eq!(block_on(opener.open(&envelope)).unwrap(), b"hello");

    let seen = fake.kms.seen();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        let shown = seen.body["EncryptionContext"].as_object().unwrap();
        let names: Vec<_> = shown.keys().map(String::as_str).collect();
        assert_eq!(names, ["hidden", "ks1-b", "ks1-dek", "tenant"], "{}", seen.action);
        assert_eq!((&shown["tenant"], &shown["hidden"]), (&"acme".into(), &"h".into()));
        assert!(!String::from_utf8_lossy(&seen.request.body).contains("canary"));
    }
}

#[test]
fn two_names_of_one_key_expose_the_same_or_are_refused() {
    let fake = Fake::start();
    let provider: Arc<dyn Provider> = Arc::new(fake.provider());
    let uri = fresh_key(&fake.provider(), "shared");
    let twice = |other: &str| {
        config(&format!(
            "[key.a]\nuri = \"{uri}\"\nexpose = [\"x\", \"y\"]\n[key.b]\nuri = \"{uri}\"\nexpose = {other}\n"
        ))
    };
    assert!(resolver(&twice("[\"y\", \"x\"]"), Arc::clone(&provider)).is_ok());
    let refused = resolver(&twice("[\"x\"]"), provider).err().unwrap();
    assert!(matches!(refused, ResolveError::Exposure { .. }), "{refused}");
}

#[test]
fn a_replica_outside_of_a_keys_residency_is_refused() {
    let fake = Fake::start();
    let mut settings = fake.settings();
    settings.replica_regions = vec!["us-east-1".into()];
    let provider: Arc<dyn Provider> =
        Arc::new(kms_providers::aws::AwsProvider::new(settings, CryptoBackend::default()).unwrap());
    let of = |id: &str| -> KeyUri {
        format!("aws-kms://arn:aws:kms:eu-west-1:111122223333:key/{id}")
            .parse()
            .unwrap()
    };
    for (id, is_refused) in [("mrk-1", true), ("1234", false)] {
        let config = config(&format!("[key.k]\nuri = \"{}\"\nresidency = [\"eu\"]\n", of(id)));
        let refused = resolver(&config, Arc::clone(&provider)).err();
        let is_for_residency = matches!(refused, Some(ResolveError::Residency { .. }));
        assert_eq!(is_for_residency, is_refused, "{id}: {refused:?}");
    }
}
