//! Keys of Azure Key Vault and Managed HSM beside keys of this house.

use std::fs;

use keystrand_fakes::azure::{CLIENT, FakeVault, Fault, SECRET};

use super::support::Home;

/// A home whose configuration names a vault, or a managed HSM, behind the stand-in.
fn home(fake: &FakeVault, vault: &str) -> Home {
    let home = Home::with_keys(&["desk"]);
    fs::write(home.dir().join("azure-secret"), SECRET).unwrap();
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    let endpoint = fake.endpoint();
    let provider = format!(
        "\n[provider.azure]\nkind = \"azure-kv\"\nvault = \"{vault}\"\nregion = \"westeurope\"\nrsa_bits = 2048\n\
         endpoint = \"{endpoint}\"\ncalls = {{ attempts = 2, attempt_ms = 10000 }}\n\
         credential = {{ kind = \"client-secret\", authority = \"{endpoint}\", client_id = \"{CLIENT}\", \
         secret_file = \"azure-secret\" }}\n"
    );
    fs::write(config, text + &provider).unwrap();
    home
}

const VAULT: &str = "acme.vault.azure.net";
const HSM: &str = "acme.managedhsm.azure.net";

#[test]
fn what_is_sealed_to_both_opens_with_either_down() {
    let fake = FakeVault::vault();
    let home = home(&fake, VAULT);
    home.ok(&["key", "create", "cloud", "--provider", "azure"]);
    let listed = home.json(&["key", "list", "--provider", "azure"]);
    let uri = listed[0]["key"].as_str().unwrap().to_owned();
    assert_eq!(uri, "azure-kv://acme.vault.azure.net/keys/cloud");
    home.ok(&["key", "create", "both", "--uri", "local://desk", "--uri", &uri]);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "both", "report.txt"]);

    fake.fail(100, &Fault::refuse(500, "InternalError", ""));
    home.ok(&["decrypt", "report.txt.ks1", "without-azure.txt"]);
    assert_eq!(home.read("without-azure.txt"), b"figures");
    fake.heal();

    home.ok(&["key", "disable", "desk"]);
    home.ok(&["decrypt", "report.txt.ks1", "without-desk.txt"]);
    assert_eq!(home.read("without-desk.txt"), b"figures");

    fake.fail(100, &Fault::refuse(500, "InternalError", ""));
    let neither = home.run(&["decrypt", "report.txt.ks1", "without-both.txt"]);
    assert_ne!(neither.code, 0);
    assert!(!neither.stderr.contains("canary"), "{}", neither.stderr);
}

#[test]
fn a_rotated_key_takes_its_envelopes_along() {
    let fake = FakeVault::managed_hsm();
    let home = home(&fake, HSM);
    home.ok(&["key", "create", "cloud", "--provider", "azure"]);
    for name in ["data/one.txt", "data/two.txt"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "cloud", name]);
        fs::remove_file(home.path(name)).unwrap();
    }
    home.ok(&["rotate", "cloud", "--rewrap", "data"]);
    drop(fake.seen());
    home.ok(&["decrypt", "data/one.txt.ks1", "one.txt"]);
    assert_eq!(home.read("one.txt"), b"data/one.txt");
    let listed = home.json(&["key", "list", "--provider", "azure"]);
    let current = listed[0]["current"].as_str().unwrap();
    let used = fake
        .seen()
        .into_iter()
        .find(|seen| seen.line.ends_with("/decrypt"))
        .unwrap();
    assert!(used.line.contains(current), "{}", used.line);
}

#[test]
fn the_life_of_a_key_at_azure() {
    let fake = FakeVault::vault();
    let home = home(&fake, VAULT);
    home.ok(&["key", "create", "cloud", "--provider", "azure"]);
    home.file("report.txt", "figures");
    home.ok(&["key", "disable", "cloud"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["key", "destroy", "cloud", "--days", "7"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "cancel-destroy", "cloud"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["encrypt", "--key", "cloud", "report.txt"]);
}

#[test]
fn material_is_brought_along() {
    let fake = FakeVault::managed_hsm();
    let home = home(&fake, HSM);
    for (name, byte) in [("first.key", 7), ("next.key", 8)] {
        home.file(name, [byte; 32]);
    }
    home.ok(&["key", "import", "brought", "first.key", "--provider", "azure"]);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "brought", "report.txt"]);
    home.ok(&["key", "import", "brought", "next.key", "--new-version"]);
    home.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(home.read("back.txt"), b"figures");
}

#[test]
fn doctor_tells_reach_clock_and_permission() {
    let fake = FakeVault::vault();
    let home = home(&fake, VAULT);
    home.ok(&["key", "create", "cloud", "--provider", "azure"]);
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
    fake.fail(20, &Fault::refuse(403, "Forbidden", "ForbiddenByRbac"));
    told("access was denied");
    fake.heal();
    drop(fake);
    told("not reachable");
}

#[test]
fn a_vault_that_cannot_be_one_is_a_usage_error() {
    let fake = FakeVault::vault();
    let home = home(&fake, "https://acme.vault.azure.net");
    let ran = home.run(&["key", "list"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`vault`"), "{}", ran.stderr);
}
