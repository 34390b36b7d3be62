//! Who asks: each way to a token, tokens that expire, servers that fail.

use std::path::PathBuf;
use std::time::Duration;

use futures::executor::block_on;
use keystrand_fakes::gcp::{Fault, Seen};
use kms_core::KekFault;
use kms_core::crypto::CryptoBackend;
use kms_providers::Provider;
use kms_providers::gcp::{CredentialsFault, GcpError, GcpProvider, GcpSettings, Identity, Impersonate};
use serde_json::{Value, json};

use crate::support::Fake;

/// A stand-in that asks who asks, and a folder for credentials.
struct Scene {
    fake: Fake,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let fake = Fake::start();
        fake.gcp.require_tokens();
        let folder = tempfile::tempdir().unwrap();
        Self { fake, folder }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Settings whose credentials are this file, and whose servers are the stand-in's.
    fn settings(&self, credentials: &str) -> GcpSettings {
        let mut settings = self.fake.settings();
        settings.identity = Identity::ApplicationDefault;
        settings.credentials_file = Some(self.file("credentials.json", credentials));
        settings.token_hosts = vec![self.host()];
        settings
    }

    fn host(&self) -> String {
        self.fake.gcp.endpoint().trim_start_matches("http://").to_owned()
    }

    fn service_account(&self) -> GcpSettings {
        self.settings(&self.fake.gcp.service_account_file())
    }

    fn external(&self, source: &Value) -> Value {
        json!({
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/v",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": format!("{}/v1/token", self.fake.gcp.endpoint()),
            "credential_source": source,
        })
    }

    /// What was asked for, in order.
    fn methods(&self) -> Vec<String> {
        self.fake.gcp.seen().into_iter().map(|seen| seen.method).collect()
    }
}

fn provider(settings: GcpSettings) -> GcpProvider {
    GcpProvider::new(settings, CryptoBackend::default()).unwrap()
}

fn refused(settings: GcpSettings) -> CredentialsFault {
    match GcpProvider::new(settings, CryptoBackend::default()).err() {
        Some(GcpError::Credentials(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn reach(provider: &GcpProvider) -> Result<(), KekFault> {
    block_on(provider.probe()).map(drop).map_err(|error| {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("canary"), "{told}");
        error.kind
    })
}

#[test]
fn a_service_account_signs_and_its_token_is_kept() {
    let scene = Scene::new();
    let provider = provider(scene.service_account());
    for _ in 0..3 {
        reach(&provider).unwrap();
    }
    assert_eq!(
        scene.methods(),
        ["token", "locations.get", "locations.get", "locations.get"]
    );
}

#[test]
fn a_token_is_renewed_before_it_expires_and_after_it_is_refused() {
    let scene = Scene::new();
    let provider = provider(scene.service_account());
    // Good for less than what is left in reserve: renewed each time, before anybody refuses it.
    scene.fake.gcp.set_token_life(200);
    (0..2).for_each(|_| reach(&provider).unwrap());
    assert_eq!(scene.methods(), ["token", "locations.get", "token", "locations.get"]);
    scene.fake.gcp.set_token_life(3_600);
    reach(&provider).unwrap();
    drop(scene.methods());
    // Taken back in mid-stream: one refusal, one renewal.
    scene.fake.gcp.revoke_tokens();
    reach(&provider).unwrap();
    assert_eq!(scene.methods(), ["locations.get", "token", "locations.get"]);
}

#[test]
fn a_token_that_is_good_outlives_a_token_server_that_is_not() {
    let scene = Scene::new();
    let provider = provider(scene.service_account());
    scene.fake.gcp.set_token_life(200);
    reach(&provider).unwrap();
    scene.fake.gcp.fail_tokens(20, &Fault::refuse(503, "UNAVAILABLE"));
    reach(&provider).unwrap();
    scene.fake.gcp.revoke_tokens();
    assert_eq!(reach(&provider), Err(KekFault::Unavailable));
    scene.fake.gcp.heal();
}

#[test]
fn a_clock_that_differs_is_followed() {
    for ahead in [3_600, -3_600] {
        let scene = Scene::new();
        scene.fake.gcp.set_clock_ahead(ahead);
        reach(&provider(scene.service_account())).unwrap_or_else(|fault| panic!("{ahead} s: {fault:?}"));
        let mut settings = scene.service_account();
        settings.self_signed_jwt = true;
        reach(&provider(settings)).unwrap_or_else(|fault| panic!("{ahead} s, signed here: {fault:?}"));
    }
}

#[test]
fn a_service_account_may_sign_the_token_itself() {
    let scene = Scene::new();
    let mut settings = scene.service_account();
    settings.self_signed_jwt = true;
    // Nobody else is asked, so nobody else has to be allowed.
    settings.token_hosts.clear();
    reach(&provider(settings)).unwrap();
    assert_eq!(scene.methods(), ["locations.get"]);
}

#[test]
fn a_user_who_logged_in_once_is_let_in() {
    let scene = Scene::new();
    let user = |refresh: &str| {
        json!({
            "type": "authorized_user",
            "client_id": "id",
            "client_secret": "canary-client",
            "refresh_token": refresh,
            "token_uri": format!("{}/token", scene.fake.gcp.endpoint()),
            "quota_project_id": "quota-of-the-file",
        })
        .to_string()
    };
    let known = provider(scene.settings(&user("canary-refresh")));
    reach(&known).unwrap();
    let seen = scene.fake.gcp.seen();
    assert_eq!(seen[1].request.header("x-goog-user-project"), Some("quota-of-the-file"));
    assert_eq!(
        reach(&provider(scene.settings(&user("canary-other")))),
        Err(KekFault::Denied)
    );
}

#[test]
fn a_metadata_server_gives_the_machines_own() {
    let scene = Scene::new();
    let mut settings = scene.fake.settings();
    settings.identity = Identity::Metadata;
    settings.metadata_endpoint = Some(scene.fake.gcp.endpoint());
    let known = provider(settings.clone());
    reach(&known).unwrap();
    let asked = &scene.fake.gcp.seen()[0].request;
    assert_eq!(
        asked.line,
        "GET /computeMetadata/v1/instance/service-accounts/default/token"
    );
    assert_eq!(asked.header("metadata-flavor"), Some("Google"));
    scene.fake.gcp.fail_tokens(1, &Fault::refuse(404, "no service account"));
    assert_eq!(reach(&provider(settings.clone())), Err(KekFault::Denied));
    // What is at that address is some web server.
    scene.fake.gcp.fail_tokens(1, &Fault::Html(200));
    assert_eq!(reach(&provider(settings)), Err(KekFault::BadReply));
}

#[test]
fn an_identity_of_somebody_elses_is_exchanged() {
    let scene = Scene::new();
    let text = scene.file("subject", "canary-subject\n");
    let json_file = scene.file("subject.json", r#"{"id_token":"canary-subject"}"#);
    let url = format!("{}/subject", scene.fake.gcp.endpoint());
    let json_format = |field: &str| json!({ "type": "json", "subject_token_field_name": field });
    for source in [
        json!({ "file": text }),
        json!({ "file": json_file, "format": json_format("id_token") }),
        json!({ "url": url, "headers": { "X-Subject-Secret": "canary-header" }, "format": json_format("token") }),
    ] {
        reach(&provider(scene.settings(&scene.external(&source).to_string())))
            .unwrap_or_else(|fault| panic!("{source}: {fault:?}"));
    }
    // A token is read anew each time: whoever puts it there renews it.
    let renewed = provider(scene.settings(&scene.external(&json!({ "file": text })).to_string()));
    std::fs::write(&text, "canary-expired").unwrap();
    assert_eq!(reach(&renewed), Err(KekFault::Denied));
    std::fs::write(&text, "canary-subject").unwrap();
    reach(&renewed).unwrap();
    std::fs::remove_file(&text).unwrap();
    assert_eq!(
        reach(&provider(
            scene.settings(&scene.external(&json!({ "file": text })).to_string())
        )),
        Err(KekFault::Denied)
    );
}

#[test]
fn service_accounts_are_impersonated_by_configuration_and_by_file() {
    let scene = Scene::new();
    let endpoint = scene.fake.gcp.endpoint();
    let mut settings = scene.service_account();
    settings.iam_endpoint = Some(endpoint.clone());
    let account: Impersonate = toml::from_str(
        "service_account = \"kms@acme.iam.gserviceaccount.com\"\ndelegates = [\"d@acme.iam.gserviceaccount.com\"]",
    )
    .unwrap();
    settings.impersonate = Some(account);
    reach(&provider(settings)).unwrap();
    let seen = scene.fake.gcp.seen();
    let of = |seen: &Seen| seen.request.line.clone();
    assert_eq!(
        of(&seen[1]),
        "POST /v1/projects/-/serviceAccounts/kms@acme.iam.gserviceaccount.com:generateAccessToken"
    );
    assert_eq!(
        seen[1].body["delegates"][0],
        "projects/-/serviceAccounts/d@acme.iam.gserviceaccount.com"
    );
    assert_eq!(
        seen[1].body["scope"],
        json!(["https://www.googleapis.com/auth/cloudkms"])
    );

    let url = format!("{endpoint}/v1/projects/-/serviceAccounts/kms@acme.iam.gserviceaccount.com:generateAccessToken");
    let mut external = scene.external(&json!({ "file": scene.file("subject", "canary-subject") }));
    external["service_account_impersonation_url"] = json!(url);
    let source: Value = serde_json::from_str(&scene.fake.gcp.service_account_file()).unwrap();
    let impersonated = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": url,
        "source_credentials": source,
    });
    for file in [external, impersonated] {
        reach(&provider(scene.settings(&file.to_string()))).unwrap();
        assert_eq!(scene.methods(), ["token", "token", "locations.get"]);
    }
}

#[test]
fn each_fault_of_a_token_server_is_told() {
    let scene = Scene::new();
    for (fault, told) in [
        (Fault::refuse(400, "invalid_grant"), KekFault::Denied),
        (Fault::refuse(403, "access_denied"), KekFault::Denied),
        (Fault::refuse(429, "rate"), KekFault::Throttled),
        (Fault::refuse(503, "x"), KekFault::Unavailable),
        (Fault::Html(200), KekFault::BadReply),
        (Fault::Redirect("http://127.0.0.1:9/".into()), KekFault::BadReply),
        (Fault::HalfBody, KekFault::Unavailable),
        (Fault::Close, KekFault::Unavailable),
        (Fault::Silence(Duration::from_secs(1)), KekFault::Timeout),
        (Fault::TooLong, KekFault::BadReply),
        (Fault::Leave("access_token"), KekFault::BadReply),
        (Fault::Replace("access_token", json!("")), KekFault::BadReply),
        (Fault::Replace("access_token", json!("line\nbreak")), KekFault::BadReply),
        (Fault::Replace("expires_in", json!("soon")), KekFault::BadReply),
    ] {
        let asking = provider(scene.service_account());
        scene.fake.gcp.fail_tokens(40, &fault);
        assert_eq!(reach(&asking), Err(told), "{fault:?}");
        assert!(
            !scene.methods().contains(&"locations.get".to_owned()),
            "{fault:?}: asked without a token"
        );
        scene.fake.gcp.heal();
    }
}

#[test]
fn files_that_send_us_elsewhere_are_refused() {
    let scene = Scene::new();
    let mut account: Value = serde_json::from_str(&scene.fake.gcp.service_account_file()).unwrap();
    for (token_uri, fault) in [
        ("https://evil.example/token", CredentialsFault::Host),
        (
            "https://oauth2.googleapis.com.evil.example/token",
            CredentialsFault::Host,
        ),
        ("http://127.0.0.1:1/token", CredentialsFault::Host),
        ("token", CredentialsFault::Form),
    ] {
        account["token_uri"] = json!(token_uri);
        assert_eq!(refused(scene.settings(&account.to_string())), fault, "{token_uri}");
    }
    let mut external = scene.external(&json!({ "url": "http://127.0.0.1:1/subject" }));
    assert_eq!(refused(scene.settings(&external.to_string())), CredentialsFault::Host);
    external["credential_source"] = json!({ "file": "/x" });
    external["service_account_impersonation_url"] = json!("https://evil.example/x");
    assert_eq!(refused(scene.settings(&external.to_string())), CredentialsFault::Host);
    assert!(scene.methods().is_empty());
}

#[test]
fn files_that_are_none_are_refused_and_not_quoted() {
    let scene = Scene::new();
    let mut account: Value = serde_json::from_str(&scene.fake.gcp.service_account_file()).unwrap();
    account["private_key"] = json!("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n");
    let external = |source: Value| scene.external(&source).to_string();
    for (content, fault) in [
        (String::new(), CredentialsFault::Form),
        ("{".to_owned(), CredentialsFault::Form),
        ("{}".to_owned(), CredentialsFault::Form),
        (r#"{"type":"service_account"}"#.to_owned(), CredentialsFault::Form),
        (r#"{"type":"gdch_service_account"}"#.to_owned(), CredentialsFault::Kind),
        (account.to_string(), CredentialsFault::PrivateKey),
        (
            external(json!({ "environment_id": "aws1" })),
            CredentialsFault::SubjectSource,
        ),
        (
            external(json!({ "executable": { "command": "x" } })),
            CredentialsFault::SubjectSource,
        ),
        (
            external(json!({ "file": "/x", "format": { "type": "json" } })),
            CredentialsFault::Form,
        ),
    ] {
        let found = refused(scene.settings(&content));
        assert_eq!(found, fault, "{content}");
        assert!(!found.to_string().contains("canary"));
    }
    let mut absent = scene.settings("{}");
    absent.credentials_file = Some("/nowhere/credentials.json".into());
    assert_eq!(refused(absent), CredentialsFault::Unreadable);
}

#[test]
fn nobody_asks_over_a_network_and_nobody_acts_as_an_account_of_another_form() {
    let scene = Scene::new();
    let mut settings = scene.fake.settings();
    settings.endpoint = Some("https://cloudkms.example".into());
    assert_eq!(refused(settings), CredentialsFault::Nobody);
    for address in ["kms", "a@b@c", "a/../b@c", "a@b:generateIdToken?"] {
        let mut settings = scene.service_account();
        let account: Impersonate = toml::from_str(&format!("service_account = {address:?}")).unwrap();
        settings.impersonate = Some(account);
        assert_eq!(refused(settings), CredentialsFault::Account, "{address}");
    }
}
