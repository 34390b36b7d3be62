//! Key pairs and hybrids: public keys that travel, two halves that are both needed, rotation of either.

use std::fs;

use serde_json::Value;

use super::support::Home;

const MECHANISMS: [&str; 6] = [
    "x-wing",
    "mlkem768-p256",
    "mlkem1024-p384",
    "mlkem768",
    "mlkem1024",
    "ML-KEM-512",
];

/// A home with a key `c` and a key pair `pq`, and `vault` for both together.
fn with_vault() -> Home {
    let home = Home::with_keys(&["c"]);
    home.ok(&["key", "create", "pq", "--kem", "mlkem768"]);
    home.ok(&[
        "key",
        "create",
        "vault",
        "--classical",
        "local://c",
        "--pq",
        "local://pq",
    ]);
    home.file("x", "both or nothing");
    home
}

fn configure(home: &Home, text: &str) {
    let path = home.dir().join("keystrand.toml");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{before}\n{text}\n")).unwrap();
}

fn thumbprint(home: &Home, key: &str) -> String {
    let shown = home.json(&["key", "show", key]).pop().unwrap();
    shown["public_keys"][0]["thumbprint"].as_str().unwrap().to_owned()
}

#[test]
fn every_mechanism_seals_by_name_and_by_public_key() {
    let home = Home::new();
    home.file("x", "content");
    for kem in MECHANISMS {
        let name = kem.to_lowercase();
        home.ok(&["key", "create", &name, "--kem", kem]);
        let public = format!("{name}.pub");
        home.ok(&["key", "export-public", &name, &public]);
        for (way, what) in [("--key", &name), ("--public-key", &public)] {
            home.ok(&["encrypt", way, what, "x", "sealed.ks1", "--force"]);
            let seen = home.inspect("sealed.ks1");
            assert_eq!(seen["recipients"][0]["scheme"], "hpke", "{kem}");
            let key = seen["recipients"][0]["key"].as_str().unwrap();
            if way == "--key" {
                assert_eq!(key, format!("local://{name}"));
                assert_eq!(seen["recipients"][0]["version"], "1");
            } else {
                assert_eq!(key, thumbprint(&home, &name), "{kem}");
                assert_eq!(seen["recipients"][0]["version"], Value::Null);
            }
            let posture = if name.starts_with("mlkem") && !name.contains("-p") || name.starts_with("ml-") {
                "post-quantum"
            } else {
                "hedged"
            };
            assert_eq!(seen["posture"], posture, "{kem}");
            home.ok(&["decrypt", "sealed.ks1", "back", "--force"]);
            assert_eq!(home.read("back"), b"content", "{kem}");
        }
    }
    home.fails(&["key", "create", "odd", "--kem", "p384"], 2, "caller.Usage", "caller");
}

#[test]
fn who_has_the_public_key_alone_seals_and_does_not_open() {
    let owner = Home::new();
    owner.ok(&["key", "create", "inbox", "--kem", "x-wing"]);
    let text = owner.run(&["key", "export-public", "inbox"]).stdout;
    let raw = owner.run(&["key", "export-public", "inbox", "--raw"]).stdout;
    assert_eq!(raw.len(), 1216);

    let partner = Home::new();
    partner.file("x", "for the owner");
    for (name, content) in [("text.pub", &text), ("raw.pub", &raw)] {
        partner.file(name, content);
        partner.ok(&["encrypt", "--public-key", name, "x", "sealed.ks1", "--force"]);
        partner.fails(&["decrypt", "sealed.ks1", "y"], 3, "caller.NoConfiguredKey", "caller");
    }
    let spoken = String::from_utf8(text).unwrap();
    partner.ok(&["encrypt", "--public-key", spoken.trim(), "x", "sealed.ks1", "--force"]);
    partner.ok(&["key", "create", "owner", "--public-key", "text.pub"]);
    partner.ok(&["encrypt", "--key", "owner", "x", "named.ks1"]);
    for sealed in ["sealed.ks1", "named.ks1"] {
        owner.file(sealed, partner.read(sealed));
        owner.ok(&["decrypt", sealed, "back", "--force"]);
        assert_eq!(owner.read("back"), b"for the owner");
    }
    // A public key that was exported before a rotation still seals to its owner.
    owner.ok(&["rotate", "inbox"]);
    owner.ok(&["decrypt", "sealed.ks1", "back", "--force"]);
    let older = owner.run(&["key", "export-public", "inbox/1", "--raw"]).stdout;
    assert_eq!(older, raw);
    assert_ne!(owner.run(&["key", "export-public", "inbox", "--raw"]).stdout, raw);
}

#[test]
fn a_public_key_that_is_none_is_refused() {
    let home = Home::with_keys(&["c"]);
    home.file("x", "content");
    home.file("short.pub", "AAAA");
    // The coefficients of an ML-KEM key, all 4095: none is reduced.
    home.file("bent.pub", vec![0xff; 1184]);
    for public in ["short.pub", "bent.pub", "nothing.pub"] {
        home.fails(&["encrypt", "--public-key", public, "x"], 2, "caller.Usage", "caller");
    }
    home.fails(&["key", "export-public", "c"], 2, "caller.Usage", "caller");
    assert!(!home.exists("x.ks1"));
}

#[test]
fn rotation_moves_envelopes_of_a_key_pair() {
    let home = Home::new();
    home.ok(&["key", "create", "inbox", "--kem", "mlkem768-p256"]);
    for name in ["a", "b"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "inbox", name]);
    }
    home.ok(&["encrypt", "--key", "inbox", "--detached", "a", "c.ks1"]);
    let payload = home.read("c.ks1");
    let told = home.ok(&["rotate", "inbox", "--rewrap", ".", "--dry-run"]);
    assert!(told.contains("3 envelopes would be rewrapped"), "{told}");
    home.ok(&["rotate", "inbox", "--rewrap", "."]);
    for name in ["a.ks1", "b.ks1", "c.ks1.ksh"] {
        let seen = home.inspect(name);
        assert_eq!(
            (&seen["recipients"][0]["version"], &seen["sequence"]),
            (&Value::from("2"), &Value::from(1)),
            "{name}"
        );
    }
    assert_eq!(home.read("c.ks1"), payload, "a payload was touched");
    home.ok(&["key", "disable", "inbox/1"]);
    for name in ["a", "b", "c"] {
        home.ok(&["decrypt", &format!("{name}.ks1"), &format!("{name}.back")]);
    }
    home.ok(&["audit", "verify", "--headers", "."]);
}

#[test]
fn what_was_sealed_to_a_public_key_holds_its_pair_and_follows_it() {
    let home = Home::with_keys(&["c", "spare"]);
    home.ok(&["key", "create", "inbox", "--kem", "x-wing"]);
    home.ok(&["key", "export-public", "inbox", "inbox.pub"]);
    let public = home.path("inbox.pub").display().to_string();
    let hybrid = format!("{{ classical = \"local://c\", kem = {{ public_key_file = \"{public}\" }} }}");
    configure(&home, &format!("[key.both]\nhybrid = {hybrid}"));
    let quorum = format!("{{ k = 2, of = [\"local://c\", {{ public_key_file = \"{public}\" }}] }}");
    configure(&home, &format!("[key.board]\nquorum = {quorum}"));
    let sealed = [
        ("plain", &["--public-key", "inbox.pub"][..]),
        ("unnamed", &["--public-key", "inbox.pub", "--hidden"]),
        ("halves", &["--key", "both"]),
        ("shares", &["--key", "board"]),
    ];
    fs::create_dir_all(home.path("d")).unwrap();
    for (name, to) in sealed {
        home.file(name, name);
        home.ok(&[&["encrypt"], to, &[name, &format!("d/{name}.ks1")]].concat());
    }
    let partner = Home::new();
    partner.file("inbox.pub", home.read("inbox.pub"));
    partner.file("x", "from outside");
    partner.ok(&["encrypt", "--public-key", "inbox.pub", "x"]);
    home.file("d/outside.ks1", partner.read("x.ks1"));

    let needed = |arguments: &[&str]| {
        let error = home.fails(arguments, 5, "provider.StillNeeded", "provider");
        error["message"].as_str().unwrap().to_owned()
    };
    let told = home.run(&["key", "destroy", "inbox"]).stderr;
    assert!(
        told.contains("--search") && told.contains("4 known envelopes"),
        "{told}"
    );
    let rotated = home.json(&["rotate", "inbox"]).pop().unwrap();
    assert_eq!(rotated["needing_older"], 4, "{rotated}");
    assert!(needed(&["key", "destroy", "inbox/1"]).contains("4 known envelopes"));
    assert!(needed(&["key", "destroy", "inbox/1", "--search", "d"]).contains("5 known envelopes"));

    let told = home.ok(&["rewrap", "d", "--dry-run"]);
    assert!(told.contains("5 envelopes would be rewrapped"), "{told}");
    home.ok(&["rewrap", "d", "--verify"]);
    let versions = home.json(&["key", "show", "inbox"]).pop().unwrap()["public_keys"].clone();
    let new = versions[1]["thumbprint"].clone();
    assert_eq!(home.inspect("d/plain.ks1")["recipients"][0]["key"], new);
    assert_eq!(home.inspect("d/halves.ks1")["recipients"][0]["params"]["pq_key"], new);
    assert_eq!(home.inspect("d/unnamed.ks1")["recipients"][0]["key"], Value::Null);
    home.ok(&["rewrap", "d"]);
    assert_eq!(home.inspect("d/plain.ks1")["sequence"], 1, "a second rewrap is idle");

    home.ok(&["key", "destroy", "inbox/1"]);
    for name in ["plain", "unnamed", "halves", "shares", "outside"] {
        home.ok(&["decrypt", &format!("d/{name}.ks1"), &format!("{name}.back")]);
    }
    assert_eq!(home.read("outside.back"), b"from outside");

    home.ok(&["rotate", "inbox", "--rewrap", "d/plain.ks1"]);
    assert_eq!(home.inspect("d/plain.ks1")["sequence"], 2);
    home.ok(&["migrate", "--to", "KS1-AES256GCMSIV", "d/outside.ks1"]);
    let newest = home.json(&["key", "show", "inbox"]).pop().unwrap()["public_keys"][2]["thumbprint"].clone();
    assert_eq!(home.inspect("d/outside.ks1")["recipients"][0]["key"], newest);

    assert!(needed(&["key", "destroy", "inbox"]).contains("5 known envelopes"));
    for name in ["halves.ks1", "shares.ks1"] {
        home.ok(&["rewrap", &format!("d/{name}"), "--to", "spare"]);
    }
    home.ok(&["rewrap", "d", "--add", "spare", "--drop", "inbox"]);
    home.ok(&["key", "destroy", "inbox"]);
    home.ok(&["decrypt", "d/plain.ks1", "last.back"]);
    home.audit_is_intact();
}

#[test]
fn a_pin_holds_for_what_was_sealed_to_a_public_key_too() {
    let home = with_vault();
    let pin = thumbprint(&home, "pq");
    home.ok(&["key", "export-public", "pq", "pq.pub"]);
    home.ok(&["encrypt", "--public-key", "pq.pub", "x"]);
    configure(
        &home,
        &format!("[key.pinned]\nuri = {{ uri = \"local://pq\", thumbprint = \"{pin}\" }}"),
    );
    home.ok(&["rotate", "pq"]);
    home.fails(&["rewrap", "x.ks1"], 5, "provider.NotPinned", "policy");
    home.ok(&["decrypt", "x.ks1", "back"]);
}

#[test]
fn a_hybrid_opens_with_both_halves_and_with_neither_alone() {
    let home = with_vault();
    home.ok(&["encrypt", "--key", "vault", "x"]);
    let seen = home.inspect("x.ks1");
    let recipient = &seen["recipients"][0];
    assert_eq!(
        (&recipient["scheme"], &recipient["key"]),
        (&"hybrid".into(), &"local://c".into())
    );
    assert_eq!(
        (&seen["posture"], &recipient["version"]),
        (&"hedged".into(), &"1".into())
    );
    let params = &recipient["params"];
    assert_eq!(
        (&params["pq_key"], &params["pq_version"]),
        (&"local://pq".into(), &"1".into())
    );
    assert_eq!((&params["classical"], &params["kem"]), (&"bound".into(), &0x41.into()));
    home.ok(&["decrypt", "x.ks1", "back"]);
    assert_eq!(home.read("back"), b"both or nothing");
    for half in ["c", "pq"] {
        home.ok(&["key", "disable", half]);
        home.fails(&["decrypt", "x.ks1", "gone"], 5, "provider.Disabled", "provider");
        home.ok(&["key", "enable", half]);
    }
    assert!(!home.exists("gone"));
    let shown = home.ok(&["audit", "show", "--key", "local://pq"]);
    assert!(shown.contains("local://c") && shown.contains("local://pq"), "{shown}");
}

#[test]
fn rotation_of_either_half_moves_a_hybrid() {
    let home = with_vault();
    home.ok(&["encrypt", "--key", "vault", "x"]);
    for (round, half) in ["c", "pq"].into_iter().enumerate() {
        home.ok(&["rotate", half, "--rewrap", "."]);
        let seen = home.inspect("x.ks1");
        assert_eq!(seen["sequence"], round + 1);
        home.ok(&["rewrap", "."]);
        assert_eq!(home.inspect("x.ks1")["sequence"], round + 1, "a second rewrap is idle");
    }
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"][0]["version"], "2");
    assert_eq!(seen["recipients"][0]["params"]["pq_version"], "2");
    for half in ["c/1", "pq/1"] {
        home.ok(&["key", "disable", half]);
    }
    home.ok(&["decrypt", "x.ks1", "back"]);
    home.ok(&["audit", "verify", "--headers", "."]);
}

#[test]
fn a_file_moves_from_a_classical_key_to_a_hybrid_and_back_only_without_a_floor() {
    let home = with_vault();
    home.ok(&["encrypt", "--key", "c", "x"]);
    home.ok(&["rewrap", "x.ks1", "--to", "vault"]);
    assert_eq!(home.inspect("x.ks1")["recipients"][0]["scheme"], "hybrid");
    home.ok(&["decrypt", "x.ks1", "back"]);
    // The classical half is another recipient than the hybrid, and does not take its place.
    home.ok(&["rewrap", "x.ks1", "--add", "c"]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"].as_array().unwrap().len(), 2);
    home.ok(&["rewrap", "x.ks1", "--drop", "vault"]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(seen["recipients"][0]["scheme"], "wrap-bound");
    home.ok(&["decrypt", "x.ks1", "back-2"]);
}

#[test]
fn hidden_hybrids_are_found() {
    let home = with_vault();
    home.ok(&["encrypt", "--key", "vault", "--hidden", "x"]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"][0]["key"], Value::Null);
    let params = &seen["recipients"][0]["params"];
    assert_eq!(
        (&params["pq_key"], params["pq_hint"].as_str().unwrap().len()),
        (&Value::Null, 16)
    );
    let bytes = String::from_utf8_lossy(&home.read("x.ks1")).into_owned();
    assert!(!bytes.contains("local://c") && !bytes.contains("local://pq"));
    home.ok(&["decrypt", "x.ks1", "back"]);
    home.ok(&["rotate", "pq", "--rewrap", "x.ks1"]);
    assert_eq!(home.inspect("x.ks1")["recipients"][0]["params"]["pq_version"], "2");
    home.ok(&["decrypt", "x.ks1", "back-2"]);
}

#[test]
fn only_the_pinned_public_key_is_sealed_to() {
    let home = with_vault();
    let pin = thumbprint(&home, "pq");
    configure(
        &home,
        &format!(
            "[key.pinned]\nhybrid = {{ classical = \"local://c\", kem = \"local://pq\", thumbprint = \"{pin}\" }}"
        ),
    );
    home.ok(&["encrypt", "--key", "pinned", "x"]);
    home.ok(&["decrypt", "x.ks1", "back"]);
    // A rotation changes the public key: nothing is sealed to the new one before somebody has looked at it.
    home.ok(&["rotate", "pq"]);
    home.fails(
        &["encrypt", "--key", "pinned", "x", "y.ks1"],
        5,
        "provider.NotPinned",
        "policy",
    );
    home.fails(&["rewrap", "x.ks1"], 5, "provider.NotPinned", "policy");
    home.ok(&["decrypt", "x.ks1", "back-2"]);
    let new = home.json(&["key", "show", "pq"]).pop().unwrap()["public_keys"][1]["thumbprint"].clone();
    let path = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&pin, new.as_str().unwrap())).unwrap();
    home.ok(&["rewrap", "x.ks1"]);
    home.ok(&["encrypt", "--key", "pinned", "x", "y.ks1"]);
}

#[test]
fn the_policy_keeps_weaker_recipients_out() {
    let home = with_vault();
    home.ok(&["key", "create", "curve", "--kem", "x25519"]);
    home.ok(&["encrypt", "--key", "vault", "--key", "curve", "x", "mixed.ks1"]);
    assert_eq!(home.inspect("mixed.ks1")["posture"], "classical");
    home.ok(&["encrypt", "--key", "vault", "x"]);
    configure(&home, "[policy]\nposture = \"hedged\"");
    for weak in ["curve", "pq"] {
        home.fails(&["encrypt", "--key", weak, "x", "y.ks1"], 5, "policy.Posture", "policy");
        home.fails(
            &["encrypt", "--key", "vault", "--key", weak, "x", "y.ks1"],
            5,
            "policy.Posture",
            "policy",
        );
        home.fails(&["rewrap", "x.ks1", "--add", weak], 5, "policy.Posture", "policy");
    }
    home.fails(&["decrypt", "mixed.ks1", "y"], 5, "policy.Posture", "policy");
    home.ok(&["decrypt", "x.ks1", "back"]);
}

#[test]
fn a_retired_suite_opens_and_seals_nothing_until_it_is_forbidden() {
    let home = Home::with_keys(&["k", "other"]);
    home.file("x", "content");
    home.ok(&["encrypt", "--key", "k", "--suite", "KS1-CHACHA20POLY1305", "x"]);
    let path = home.dir().join("keystrand.toml");
    let before = fs::read_to_string(&path).unwrap();
    let policy = |rule: &str| {
        let text =
            format!("{before}\n[policy.suites]\nKS1-AES256GCMSIV = \"preferred\"\nKS1-CHACHA20POLY1305 = {rule}\n");
        fs::write(&path, text).unwrap();
    };
    for retired in [
        "\"decrypt-only\"",
        "{ status = \"allowed\", decrypt_only_from = 2020-01-01, forbidden_from = 2999-01-01 }",
    ] {
        policy(retired);
        home.ok(&["decrypt", "--force", "x.ks1", "back"]);
        let seal = [
            "encrypt",
            "--force",
            "--key",
            "k",
            "--suite",
            "KS1-CHACHA20POLY1305",
            "x",
            "y.ks1",
        ];
        home.fails(&seal, 5, "policy.SuiteDecryptOnly", "policy");
        home.fails(
            &["rewrap", "x.ks1", "--add", "other"],
            5,
            "policy.SuiteDecryptOnly",
            "policy",
        );
        home.ok(&["rotate", "k", "--rewrap", "x.ks1"]);
        home.ok(&["encrypt", "--key", "k", "--force", "x", "y.ks1"]);
        assert_eq!(home.inspect("y.ks1")["suite"], "KS1-AES256GCMSIV", "the preferred one");
    }
    policy("{ status = \"allowed\", forbidden_from = 2020-01-01 }");
    home.fails(&["decrypt", "x.ks1", "z"], 5, "policy.SuiteForbidden", "policy");
    home.fails(&["rewrap", "x.ks1", "--force"], 5, "policy.SuiteForbidden", "policy");
}
