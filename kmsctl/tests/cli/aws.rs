//! Keys of AWS KMS beside keys of this house.

use std::fs;

use keystrand_fakes::aws::{FakeKms, Fault};
use keystrand_fakes::emulator::Emulator;

use super::support::Home;

/// A home whose configuration names AWS at `endpoint`.
fn home(endpoint: &str) -> Home {
    let home = Home::with_keys(&["desk"]);
    fs::write(
        home.dir().join("aws-credentials"),
        "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = canary-secret-key\n",
    )
    .unwrap();
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    let provider = format!(
        "\n[provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\nendpoint = \"{endpoint}\"\n\
         credentials_file = \"aws-credentials\"\ncalls = {{ attempts = 2, attempt_ms = 5000 }}\n"
    );
    fs::write(config, text + &provider).unwrap();
    home
}

fn both(home: &Home) -> String {
    home.ok(&["key", "create", "cloud", "--provider", "aws"]);
    let listed = home.json(&["key", "list", "--provider", "aws"]);
    let arn = listed[0]["key"].as_str().unwrap().to_owned();
    assert_eq!(listed[0]["name"], "cloud");
    home.ok(&["key", "create", "both", "--uri", "local://desk", "--uri", &arn]);
    arn
}

#[test]
fn what_is_sealed_to_both_opens_with_either_down() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    both(&home);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "both", "report.txt"]);

    fake.fail(100, &Fault::refuse(500, "KMSInternalException"));
    home.ok(&["decrypt", "report.txt.ks1", "without-aws.txt"]);
    assert_eq!(home.read("without-aws.txt"), b"figures");
    fake.heal();

    home.ok(&["key", "disable", "desk"]);
    home.ok(&["decrypt", "report.txt.ks1", "without-desk.txt"]);
    assert_eq!(home.read("without-desk.txt"), b"figures");

    fake.fail(100, &Fault::refuse(500, "KMSInternalException"));
    let neither = home.run(&["decrypt", "report.txt.ks1", "without-both.txt"]);
    assert_ne!(neither.code, 0);
    assert!(!neither.stderr.contains("canary"), "{}", neither.stderr);
}

#[test]
fn emulators_open_what_the_command_line_sealed() {
    for kind in ["moto", "ministack"] {
        let emulator = match Emulator::start(kind) {
            Ok(emulator) => emulator,
            Err(skipped) => {
                println!("{skipped}");
                continue;
            }
        };
        let home = home(&emulator.endpoint);
        let arn = match kind {
            // It lists the keys that AWS makes for its own services too.
            "moto" => {
                let made = home.json(&["key", "create", "cloud", "--provider", "aws"]);
                made[0]["keys"][0].as_str().unwrap().to_owned()
            }
            _ => both(&home),
        };
        home.file("report.txt", "figures");
        home.ok(&["encrypt", "--key", &arn, "report.txt"]);
        home.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
        assert_eq!(home.read("back.txt"), b"figures", "{kind}");
    }
}

#[test]
fn messages_whose_data_keys_aws_wraps() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    let arn = both(&home);
    let arn = arn.trim_start_matches("aws-kms://");
    home.file("d/x", "figures");
    home.ok(&["encrypt", "--key", "desk", "--context", "tenant=acme", "d/x"]);
    fs::remove_file(home.path("d/x")).unwrap();
    // A provider alone opens nothing: each key of messages is named.
    let to = ["migrate", "--to", "esdk", "--key", "ledger", "--verify", "d"];
    home.fails(&to, 2, "caller.Usage", "caller");
    let section = format!("[esdk.key.ledger]\nkind = \"aws-kms\"\narn = \"{arn}\"\n");
    super::messages::configure(&home, &section);
    drop(fake.seen());
    home.ok(&to);
    let seen = fake.seen();
    let actions: Vec<_> = seen.iter().map(|seen| seen.action.as_str()).collect();
    assert_eq!(actions, ["GenerateDataKey", "Decrypt"]);
    for seen in &seen {
        assert_eq!(seen.body["KeyId"], arn);
        let context = &seen.body["EncryptionContext"];
        assert_eq!(context["tenant"], "acme");
        // The signature's public key is part of the context, as the format has it.
        assert!(context["aws-crypto-public-key"].is_string(), "{context}");
    }
    let shown = home.inspect("d/x.ks1");
    assert_eq!(shown["format"], "ESDK");
    let told = home.json(&["decrypt", "d/x.ks1", "x"]).remove(0);
    assert_eq!(told["opened_by"][0], format!("aws-kms://{arn}"));
    assert_eq!(home.read("x"), b"figures");
    let trail = home.ok(&["--json", "audit", "show", "--key", &format!("aws-kms://{arn}")]);
    assert!(trail.contains("fake-"), "the service's own request id: {trail}");

    fake.fail(1, &Fault::refuse(400, "AccessDeniedException"));
    home.fails(&["decrypt", "d/x.ks1", "never"], 5, "provider.Denied", "provider");
    home.ok(&["migrate", "--from", "esdk", "--key", "desk", "--verify", "d"]);
    home.ok(&["decrypt", "--context", "tenant=acme", "d/x.ks1", "back"]);
    assert_eq!(home.read("back"), b"figures");
}

#[test]
fn a_message_selects_among_the_named_keys_only() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    let arn = both(&home);
    let arn = arn.trim_start_matches("aws-kms://").to_owned();
    home.file("x", "figures");
    home.ok(&["encrypt", "--key", "desk", "x"]);
    let config = fs::read_to_string(home.dir().join("keystrand.toml")).unwrap();
    let named = |arn: &str, provider: &str| {
        let section = format!("[esdk.key.ledger]\nkind = \"aws-kms\"\narn = \"{arn}\"\n{provider}\n");
        fs::write(home.dir().join("keystrand.toml"), format!("{config}\n{section}")).unwrap();
    };
    named(&arn, "provider = \"aws\"");
    home.ok(&["migrate", "--to", "esdk", "--key", "ledger", "x.ks1"]);
    drop(fake.seen());
    // Another key of the same account and region.
    let last = if arn.ends_with('0') { "1" } else { "0" };
    named(&format!("{}{last}", &arn[..arn.len() - 1]), "");
    home.fails(&["decrypt", "x.ks1", "never"], 3, "caller.NoConfiguredKey", "caller");
    assert!(fake.seen().is_empty(), "nothing was asked of the service");
    named(&arn, "provider = \"absent\"");
    assert_ne!(home.run(&["decrypt", "x.ks1", "never"]).code, 0);
    named(&arn.replace("eu-west-1", "us-east-1"), "");
    assert_ne!(home.run(&["decrypt", "x.ks1", "never"]).code, 0);
    assert!(fake.seen().is_empty(), "nothing was asked of the service");
    assert!(!home.exists("never"));
}

#[test]
fn a_rotated_key_takes_its_envelopes_along() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    both(&home);
    for name in ["data/one.txt", "data/two.txt"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "cloud", name]);
        fs::remove_file(home.path(name)).unwrap();
    }
    home.ok(&["rotate", "cloud", "--rewrap", "data"]);
    drop(fake.seen());
    home.ok(&["decrypt", "data/one.txt.ks1", "one.txt"]);
    assert_eq!(home.read("one.txt"), b"data/one.txt");
    assert_eq!(fake.seen().iter().filter(|seen| seen.action == "Decrypt").count(), 1);
}

#[test]
fn the_life_of_a_key_at_aws() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    home.ok(&["key", "create", "cloud", "--provider", "aws"]);
    home.file("report.txt", "figures");
    home.ok(&["key", "disable", "cloud"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["key", "destroy", "cloud", "--days", "7"]);
    assert_eq!(home.run(&["encrypt", "--key", "cloud", "report.txt"]).code, 5);
    home.ok(&["key", "cancel-destroy", "cloud"]);
    home.ok(&["key", "enable", "cloud"]);
    home.ok(&["encrypt", "--key", "cloud", "report.txt"]);
}

#[test]
fn material_is_brought_along() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    for (name, byte) in [("first.key", 7), ("next.key", 8)] {
        home.file(name, [byte; 32]);
    }
    home.ok(&["key", "import", "brought", "first.key", "--provider", "aws"]);
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "brought", "report.txt"]);
    home.ok(&["key", "import", "brought", "next.key", "--new-version"]);
    home.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(home.read("back.txt"), b"figures");

    home.ok(&["key", "import", "at-home", "first.key"]);
    home.file("short.key", [7; 31]);
    assert_eq!(home.run(&["key", "import", "short", "short.key"]).code, 2);
    home.file("zero.key", [0; 32]);
    assert_eq!(
        home.run(&["key", "import", "zero", "zero.key", "--provider", "aws"])
            .code,
        2
    );
}

#[test]
fn doctor_tells_reach_clock_and_permission() {
    let fake = FakeKms::start("eu-west-1");
    let home = home(&fake.endpoint());
    home.ok(&["key", "create", "cloud", "--provider", "aws"]);
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
    fake.fail(20, &Fault::refuse(400, "AccessDeniedException"));
    told("access was denied");
    fake.heal();
    drop(fake);
    told("not reachable");
}
