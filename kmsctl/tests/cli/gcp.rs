//! Keys of Google Cloud KMS beside keys of this house.

use std::fs;

use keystrand_fakes::gcp::{FakeGcp, Fault};

use super::support::Home;

/// A home whose configuration names Google at `endpoint`, as a service account that it knows.
fn home(fake: &FakeGcp) -> Home {
    let home = Home::with_keys(&["desk"]);
    fake.require_tokens();
    fs::write(home.dir().join("account.json"), fake.service_account_file()).unwrap();
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    let endpoint = fake.endpoint();
    let host = endpoint.trim_start_matches("http://");
    let provider = format!(
        "\n[provider.gcp]\nkind = \"gcp-kms\"\nproject = \"acme\"\nlocation = \"europe-west1\"\n\
         endpoint = \"{endpoint}\"\ncredentials_file = \"account.json\"\ntoken_hosts = [\"{host}\"]\n\
         calls = {{ attempts = 2, attempt_ms = 5000 }}\n"
    );
    fs::write(config, text + &provider).unwrap();
    home
}

fn both(home: &Home) {
    home.ok(&["key", "create", "cloud", "--provider", "gcp"]);
    let listed = home.json(&["key", "list", "--provider", "gcp"]);
    let key = listed[0]["key"].as_str().unwrap();
    assert_eq!(
        key,
        "gcp-kms://projects/acme/locations/europe-west1/keyRings/keystrand/cryptoKeys/cloud"
    );
    home.ok(&["key", "create", "both", "--uri", "local://desk", "--uri", key]);
}

#[test]
fn what_is_sealed_to_both_opens_with_either_down() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    both(&home);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "both", "report.txt"]);

    fake.fail(100, &Fault::refuse(500, "INTERNAL"));
    home.ok(&["decrypt", "report.txt.ks1", "without-gcp.txt"]);
    assert_eq!(home.read("without-gcp.txt"), b"figures");
    fake.heal();

    home.ok(&["key", "disable", "desk"]);
    home.ok(&["decrypt", "report.txt.ks1", "without-desk.txt"]);
    assert_eq!(home.read("without-desk.txt"), b"figures");

    fake.fail(100, &Fault::refuse(500, "INTERNAL"));
    let neither = home.run(&["decrypt", "report.txt.ks1", "without-both.txt"]);
    assert_ne!(neither.code, 0);
    assert!(!neither.stderr.contains("canary"), "{}", neither.stderr);
}

#[test]
fn a_rotated_key_takes_its_envelopes_along() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    both(&home);
    for name in ["data/one.txt", "data/two.txt"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "cloud", name]);
        fs::remove_file(home.path(name)).unwrap();
    }
    fake.set_primary_lags(true);
    home.ok(&["rotate", "cloud", "--rewrap", "data"]);
    let again = home.ok(&["rewrap", "data"]);
    drop(again);
    drop(fake.seen());
    home.ok(&["decrypt", "data/one.txt.ks1", "one.txt"]);
    assert_eq!(home.read("one.txt"), b"data/one.txt");
    // The first version is needed no more.
    let first =
        "gcp-kms://projects/acme/locations/europe-west1/keyRings/keystrand/cryptoKeys/cloud/cryptoKeyVersions/1";
    home.ok(&["key", "disable", first]);
    home.ok(&["decrypt", "data/two.txt.ks1", "two.txt"]);
    assert_eq!(home.read("two.txt"), b"data/two.txt");
}

#[test]
fn a_pair_at_google_seals_and_opens() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    home.ok(&["key", "create", "inbox", "--kem", "x-wing", "--provider", "gcp"]);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "inbox", "report.txt"]);
    home.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(home.read("back.txt"), b"figures");
    // Google has no such pair.
    let other = home.run(&["key", "create", "other", "--kem", "mlkem768-p256", "--provider", "gcp"]);
    assert_eq!(other.code, 1, "{}", other.stderr);

    // Who has the public key alone seals; its private half is at Google.
    home.ok(&["key", "export-public", "inbox", "inbox.pub"]);
    home.file("letter.txt", "words");
    home.ok(&["encrypt", "--public-key", "inbox.pub", "letter.txt"]);
    home.ok(&["decrypt", "letter.txt.ks1", "letter-back.txt"]);
    assert_eq!(home.read("letter-back.txt"), b"words");
}

#[test]
fn the_life_of_a_key_at_google() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    home.ok(&["key", "create", "cloud", "--provider", "gcp"]);
    home.file("report.txt", "figures");
    home.ok(&["key", "disable", "cloud"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["key", "destroy", "cloud", "--days", "30"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "cancel-destroy", "cloud"]);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["encrypt", "--key", "cloud", "report.txt"]);
}

#[test]
fn material_is_brought_along() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    for (name, byte) in [("first.key", 7), ("next.key", 8)] {
        home.file(name, [byte; 32]);
    }
    home.ok(&["key", "import", "brought", "first.key", "--provider", "gcp"]);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "brought", "report.txt"]);
    home.ok(&["key", "import", "brought", "next.key", "--new-version"]);
    home.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(home.read("back.txt"), b"figures");
}

#[test]
fn doctor_tells_reach_clock_and_permission() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    home.ok(&["key", "create", "cloud", "--provider", "gcp"]);
    let told = |expected: &str| {
        let ran = home.run(&["doctor"]);
        let text = String::from_utf8_lossy(&ran.stdout).into_owned() + &ran.stderr;
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("canary"), "{text}");
    };
    told("over no TLS");
    fake.set_clock_ahead(-900);
    told("-90");
    fake.set_clock_ahead(0);
    fake.fail(20, &Fault::refuse(403, "PERMISSION_DENIED"));
    told("access was denied");
    fake.heal();
    drop(fake);
    told("not reachable");
}

#[test]
fn credentials_that_send_us_elsewhere_are_refused_before_anything_is_asked() {
    let fake = FakeGcp::start();
    let home = home(&fake);
    let account = fs::read_to_string(home.dir().join("account.json")).unwrap();
    let elsewhere = account.replace(&format!("{}/token", fake.endpoint()), "https://evil.example/token");
    fs::write(home.dir().join("account.json"), elsewhere).unwrap();
    let refused = home.run(&["key", "list"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("token_hosts"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);
    assert!(fake.seen().is_empty());
}
