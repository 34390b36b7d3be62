//! Who would have our tokens or send us elsewhere.

use futures::executor::block_on;
use keystrand_fakes::azure::{Fault, TENANT};
use kms_core::KekFault;
use kms_providers::azure::AzureError;
use kms_providers::{KeyUri, Provider};
use serde_json::json;

use crate::faults::wrap;
use crate::support::{Fake, fresh_key, open};

#[test]
fn what_is_configured_is_contacted_and_nothing_else() {
    let fake = Fake::vault();
    let provider = fake.provider();
    for stranger in [
        "azure-kv://evil.vault.azure.net/keys/payments",
        "azure-kv://acme.vault.azure.net.evil.example/keys/payments",
        "azure-kv://acme.vault.azure.net:8443/keys/payments",
        "azure-kv://acme.managedhsm.azure.net/keys/payments",
    ] {
        let uri: KeyUri = stranger.parse().unwrap();
        assert!(!provider.serves(&uri), "{stranger}");
        assert_eq!(provider.kek(&uri).err().unwrap().kind, KekFault::Unsupported);
    }
    assert!(fake.vault.seen().is_empty());
}

#[test]
fn the_first_request_has_no_body_and_later_ones_a_token() {
    let fake = Fake::hsm();
    let uri = fresh_key(&fake.provider(), "first");
    drop(fake.vault.seen());
    wrap(&*fake.provider().kek(&uri).unwrap()).unwrap();
    let seen = fake.vault.seen();
    let lines: Vec<_> = seen
        .iter()
        .map(|seen| seen.line.split('/').next_back().unwrap())
        .collect();
    assert_eq!(lines, ["keys", "first", "encrypt"]);
    assert!(seen[0].request.header("authorization").is_none() && seen[0].request.body.is_empty());
    for seen in &seen[1..] {
        assert!(
            seen.request
                .header("authorization")
                .unwrap()
                .starts_with("Bearer canary-token-")
        );
        assert_eq!(seen.request.header("host"), Some("acme.managedhsm.azure.net"));
    }
    let id = seen[2].request.header("x-ms-client-request-id");
    assert_eq!(id, Some("d1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1"));
}

#[test]
fn a_challenge_for_another_resource_gets_no_token() {
    let fake = Fake::vault();
    let uri = fresh_key(&fake.provider(), "lured");
    for lure in [
        r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://management.azure.com""#,
        r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net.evil.example""#,
        r#"Bearer authorization="https://login.microsoftonline.com/t", scope="https://graph.microsoft.com/.default""#,
        "Basic realm=\"vault\"",
        "",
    ] {
        fake.vault.tokens(|tokens| {
            tokens.challenge = Some(lure.to_owned());
            tokens.asked.clear();
        });
        let told = wrap(&*fake.provider().kek(&uri).unwrap()).err().unwrap();
        assert_eq!(told.kind, KekFault::BadReply, "{lure}");
        assert!(
            fake.vault.tokens(|tokens| tokens.asked.is_empty()),
            "{lure}: a token was asked for"
        );
    }
}

/// The vault names the tenant; where it says that tokens come from is not where proofs are sent.
#[test]
fn an_authority_that_a_challenge_names_gets_no_proof() {
    let fake = Fake::vault();
    let lure = format!(r#"Bearer authorization="https://127.0.0.1:9/{TENANT}", resource="https://vault.azure.net""#);
    fake.vault.tokens(|tokens| tokens.challenge = Some(lure));
    fresh_key(&fake.provider(), "kept");
    assert_eq!(fake.vault.tokens(|tokens| tokens.asked.len()), 1);
}

#[test]
fn a_later_challenge_is_verified_as_the_first_is() {
    let fake = Fake::vault();
    let uri = fresh_key(&fake.provider(), "later");
    let kek = fake.provider().kek(&uri).unwrap();
    wrap(&*kek).unwrap();
    fake.vault.tokens(|tokens| {
        tokens.revoke();
        tokens.asked.clear();
        tokens.challenge =
            Some(r#"Bearer authorization="https://x.example/t", resource="https://evil.example""#.into());
    });
    // The token is renewed for what was verified at first, and for nothing else.
    wrap(&*kek).unwrap();
    let asked = fake.vault.tokens(|tokens| tokens.asked.clone());
    assert!(
        asked
            .iter()
            .all(|form| form.contains("vault.azure.net") && !form.contains("evil")),
        "{asked:?}"
    );
}

#[test]
fn a_next_page_elsewhere_is_not_asked_for() {
    let fake = Fake::vault();
    let provider = fake.provider();
    fresh_key(&provider, "listed");
    for link in [
        "https://evil.example/keys?api-version=7.4",
        "https://acme.vault.azure.net@evil.example/keys",
        "http://acme.vault.azure.net/keys",
        "https://acme.vault.azure.net/secrets",
    ] {
        drop(fake.vault.seen());
        fake.vault.fail(1, &Fault::Replace("nextLink", json!(link)));
        assert_eq!(
            block_on(provider.list()).unwrap_err().kind,
            KekFault::BadReply,
            "{link}"
        );
        assert_eq!(
            fake.vault
                .seen()
                .iter()
                .filter(|seen| seen.line.ends_with("/keys"))
                .count(),
            1,
            "{link}"
        );
    }
}

#[test]
fn a_description_of_another_key_is_not_believed() {
    let fake = Fake::vault();
    let provider = fake.provider();
    let uri = fresh_key(&provider, "described");
    let kek = provider.kek(&uri).unwrap();
    let key = |kid: &str, n: &str| json!({ "kid": kid, "kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"], "n": n, "e": "AQAB" });
    for lie in [
        key("https://evil.vault.azure.net/keys/described/00", &"A".repeat(342)),
        key("https://acme.vault.azure.net/keys/other/00", &"_".repeat(342)),
        key("https://acme.vault.azure.net/keys/described", &"_".repeat(342)),
        key("https://acme.vault.azure.net/keys/described/00", "AQAB"),
    ] {
        fake.vault.fail(1, &Fault::Replace("key", lie.clone()));
        assert_eq!(block_on(kek.describe()).unwrap_err().kind, KekFault::BadReply, "{lie}");
    }
}

#[test]
fn settings_that_lead_nowhere_are_named() {
    let fake = Fake::vault();
    let refused = |change: &dyn Fn(&mut kms_providers::azure::AzureSettings)| {
        let mut settings = fake.settings();
        change(&mut settings);
        kms_providers::azure::AzureProvider::new(settings, Default::default())
            .err()
            .unwrap()
    };
    assert!(matches!(
        refused(&|s| s.vault = "https://acme".into()),
        AzureError::Vault
    ));
    assert!(matches!(
        refused(&|s| s.audience = Some("vault".into())),
        AzureError::Audience
    ));
    assert!(matches!(
        refused(&|s| s.region = Some("West Europe".into())),
        AzureError::Region
    ));
    assert!(matches!(
        refused(&|s| s.replica_regions = vec!["westeurope".into()]),
        AzureError::Region
    ));
    assert!(matches!(
        refused(&|s| s.endpoint = Some("http://10.0.0.4".into())),
        AzureError::Endpoint(_)
    ));
    assert!(matches!(refused(&|s| s.rsa_bits = 1024), AzureError::RsaBits));
    assert!(matches!(
        refused(&|s| s.exchange_key = "a/b".into()),
        AzureError::ExchangeKey
    ));
    assert!(matches!(
        refused(&|s| s.credential.tenant = Some("a/b".into())),
        AzureError::Credential(_)
    ));
}

#[test]
fn a_vault_of_another_name_needs_its_audience() {
    let fake = Fake::vault();
    let mut settings = fake.settings();
    settings.vault = "vault.internal".into();
    let name = "internal".parse().unwrap();
    let provider = open(settings.clone());
    let told = block_on(provider.lifecycle().unwrap().create(&name)).unwrap_err();
    assert_eq!(told.kind, KekFault::BadReply);
    settings.audience = Some("https://vault.azure.net".into());
    block_on(open(settings).lifecycle().unwrap().create(&name)).unwrap();
}
