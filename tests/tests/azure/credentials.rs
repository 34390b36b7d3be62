//! Who asks: secrets, certificates, federated tokens, managed identities; tokens that expire or are not enough.

use std::fs;
use std::process::Command;

use keystrand_fakes::azure::{CLIENT, FEDERATED, Fault, TENANT};
use kms_core::KekFault;
use kms_providers::Provider;
use kms_providers::azure::{AzureSettings, CredentialKind};

use crate::faults::wrap;
use crate::support::{Fake, fresh_key, open, round_trip};

/// A key that was made with the client secret, and settings that prove otherwise.
fn by(fake: &Fake, change: impl FnOnce(&mut AzureSettings)) -> Result<(), KekFault> {
    let uri = fresh_key(&fake.provider(), "proved");
    let mut settings = fake.settings();
    change(&mut settings);
    let used = wrap(&*open(settings).kek(&uri).unwrap());
    used.map(drop).map_err(|error| error.kind)
}

#[test]
fn a_wrong_secret_is_denied_and_not_told() {
    let fake = Fake::vault();
    let wrong = fake.folder.path().join("wrong");
    fs::write(&wrong, "canary-wrong").unwrap();
    assert_eq!(
        by(&fake, |settings| settings.credential.secret_file = Some(wrong)),
        Err(KekFault::Denied)
    );
    let fake = Fake::vault();
    assert_eq!(
        by(&fake, |settings| settings.credential.secret_file =
            Some("/absent".into())),
        Err(KekFault::Denied)
    );
}

#[test]
fn a_federated_token_is_read_each_time() {
    let fake = Fake::vault();
    let file = fake.folder.path().join("token");
    fs::write(&file, "canary-not-yet").unwrap();
    let uri = fresh_key(&fake.provider(), "federated");
    let mut settings = fake.settings();
    settings.credential.kind = CredentialKind::WorkloadIdentity;
    settings.credential.token_file = Some(file.clone());
    settings.credential.tenant = Some(TENANT.into());
    let kek = open(settings).kek(&uri).unwrap();
    assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Denied);
    fs::write(&file, format!("{FEDERATED}\n")).unwrap();
    round_trip(&*kek);
}

/// The certificate is made and its key is told to the stand-in by openssl, not by us.
#[test]
fn a_certificate_signs() {
    let fake = Fake::vault();
    let file = |name: &str| fake.folder.path().join(name);
    let run = |line: &str| {
        let ran = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(fake.folder.path())
            .output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    if !run("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=app") {
        println!("SKIPPED  no openssl to make a certificate with");
        return;
    }
    assert!(run("rsa -in key.pem -RSAPublicKey_out -outform DER -out public.der"));
    let pem = [fs::read(file("cert.pem")).unwrap(), fs::read(file("key.pem")).unwrap()].concat();
    fs::write(file("both.pem"), pem).unwrap();
    fake.vault
        .tokens(|tokens| tokens.certificate = Some(fs::read(file("public.der")).unwrap()));
    let signed = by(&fake, |settings| {
        settings.credential.kind = CredentialKind::ClientCertificate;
        settings.credential.certificate_file = Some(file("both.pem"));
    });
    assert_eq!(signed, Ok(()));
    fake.vault.tokens(|tokens| tokens.certificate = None);
    let uri = "azure-kv://acme.vault.azure.net/keys/proved".parse().unwrap();
    let mut settings = fake.settings();
    settings.credential.kind = CredentialKind::ClientCertificate;
    settings.credential.certificate_file = Some(file("both.pem"));
    assert_eq!(
        wrap(&*open(settings).kek(&uri).unwrap()).err().unwrap().kind,
        KekFault::Denied
    );
}

#[test]
fn a_machine_has_an_identity() {
    for (client, expected) in [
        (None, Ok(())),
        (Some(CLIENT), Ok(())),
        (Some("another"), Err(KekFault::Denied)),
    ] {
        let fake = Fake::vault();
        let endpoint = fake.vault.endpoint();
        let proved = by(&fake, |settings| {
            settings.credential.kind = CredentialKind::ManagedIdentity;
            settings.credential.client_id = client.map(str::to_owned);
            settings.credential.metadata_endpoint = Some(endpoint);
        });
        assert_eq!(proved, expected, "{client:?}");
    }
}

#[test]
fn a_token_is_kept_until_it_is_about_to_expire() {
    let fake = Fake::vault();
    let provider = fake.provider();
    let kek = provider.kek(&fresh_key(&provider, "kept")).unwrap();
    (0..3).for_each(|_| round_trip(&*kek));
    assert_eq!(fake.vault.tokens(|tokens| tokens.issued), 1);

    // Of two seconds, the first is used.
    let fake = Fake::vault();
    fake.vault.tokens(|tokens| tokens.lifetime = 2);
    let provider = fake.provider();
    let kek = provider.kek(&fresh_key(&provider, "short")).unwrap();
    assert_eq!(fake.vault.tokens(|tokens| tokens.issued), 1);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    round_trip(&*kek);
    assert_eq!(fake.vault.tokens(|tokens| tokens.issued), 2);
}

#[test]
fn a_token_that_was_revoked_is_renewed_once() {
    let fake = Fake::vault();
    let provider = fake.provider();
    let kek = provider.kek(&fresh_key(&provider, "revoked")).unwrap();
    round_trip(&*kek);
    fake.vault.tokens(keystrand_fakes::azure::Tokens::revoke);
    round_trip(&*kek);
    assert_eq!(fake.vault.tokens(|tokens| tokens.issued), 2);
}

#[test]
fn claims_that_the_vault_wants_are_asked_for() {
    let fake = Fake::vault();
    let provider = fake.provider();
    let kek = provider.kek(&fresh_key(&provider, "claims")).unwrap();
    round_trip(&*kek);
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1603742800"}}}"#;
    fake.vault.tokens(|tokens| tokens.claims = Some(claims.to_owned()));
    round_trip(&*kek);
    let forms = fake.vault.tokens(|tokens| tokens.asked.clone());
    assert!(
        forms[forms.len() - 1].contains("claims=%7B%22access_token%22"),
        "{forms:?}"
    );
}

#[test]
fn an_issuer_that_fails_is_told_from_one_that_refuses() {
    let cases = [
        (Fault::Html(503), KekFault::Unavailable),
        (Fault::Close, KekFault::Unavailable),
        (Fault::refuse(429, "", ""), KekFault::Throttled),
        (Fault::refuse(400, "", ""), KekFault::Denied),
        (Fault::Html(200), KekFault::BadReply),
        (Fault::Redirect("http://127.0.0.1:9/".into()), KekFault::BadReply),
        (Fault::Silence(std::time::Duration::from_secs(2)), KekFault::Timeout),
    ];
    let fake = Fake::vault();
    let uri = fresh_key(&fake.provider(), "issuer");
    for (fault, expected) in cases {
        let kek = fake.provider().kek(&uri).unwrap();
        fake.vault.fail_tokens(8, &fault);
        let told = wrap(&*kek).err().unwrap();
        assert_eq!(told.kind, expected, "{fault:?}");
        assert!(!format!("{told:?} {told}").contains("canary"), "{told:?}");
        fake.vault.heal();
        round_trip(&*kek);
    }
}

/// A token that is due for renewal goes on being used while nobody can issue another.
#[test]
fn a_token_outlives_its_issuers_bad_minutes() {
    let fake = Fake::vault();
    fake.vault.tokens(|tokens| tokens.refresh_in = Some(1));
    let provider = fake.provider();
    let kek = provider.kek(&fresh_key(&provider, "outlives")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let asked = || fake.vault.tokens(|tokens| tokens.asked.len());
    let before = asked();
    fake.vault.fail_tokens(50, &Fault::Html(503));
    (0..3).for_each(|_| round_trip(&*kek));
    assert_eq!(asked(), before + 1, "it was tried again at once");
    // Refused, it is not used any longer.
    fake.vault.tokens(keystrand_fakes::azure::Tokens::revoke);
    assert_eq!(wrap(&*kek).err().unwrap().kind, KekFault::Unavailable);
    fake.vault.heal();
    round_trip(&*kek);
}
