//! Detached signatures: who has the public key needs nothing else.

use std::fs;

use super::support::Home;

const SCHEMES: [(&str, bool); 3] = [("mldsa65-ed25519", true), ("ml-dsa-65", true), ("ed25519", false)];

fn public_key(home: &Home, key: &str, version: usize) -> String {
    let shown = home.json(&["key", "show", key]).pop().unwrap();
    shown["public_keys"][version]["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn every_scheme_signs_and_is_verified_elsewhere() {
    let (home, elsewhere) = (Home::new(), Home::none());
    home.file("app", "release 1");
    for (scheme, post_quantum) in SCHEMES {
        home.ok(&["key", "create", scheme, "--signature", scheme]);
        home.ok(&["sign", "--key", scheme, "--force", "app"]);
        elsewhere.file("app", "release 1");
        elsewhere.file("app.sig", home.read("app.sig"));
        elsewhere.file("key.pub", public_key(&home, scheme, 0));
        let seen = elsewhere.json(&["verify", "--pin", "key.pub", "app"]).remove(0);
        assert_eq!(seen["post_quantum"], post_quantum, "{scheme}");
        let posture = &home.json(&["key", "show", scheme])[0]["posture"];
        assert_eq!(posture == "classical", !post_quantum, "{scheme}");
    }
    home.audit_is_intact();
    let signed = home.json(&["audit", "show", "-n", "0"]);
    assert!(signed.iter().any(|entry| entry.to_string().contains("\"sign\"")));
}

#[test]
fn what_does_not_fit_is_refused() {
    let home = Home::new();
    home.file("app", "release 1");
    for key in ["release", "other"] {
        home.ok(&["key", "create", key, "--signature", "mldsa65-ed25519"]);
    }
    home.ok(&["sign", "--key", "release", "--context", "production", "app"]);
    home.fails(&["sign", "--key", "release", "app"], 1, "system.Io", "environment");
    home.file("pub", public_key(&home, "release", 0));
    home.file("other.pub", public_key(&home, "other", 0));
    let verify = |pin: &str, context: &[&str]| home.run(&[&["verify", "--pin", pin, "app"], context].concat()).code;
    assert_eq!(verify("pub", &["--context", "production"]), 0);
    assert_eq!(verify("pub", &[]), 3, "without its context");
    assert_eq!(verify("pub", &["--context", "staging"]), 3);
    assert_eq!(verify("other.pub", &["--context", "production"]), 3);
    assert_eq!(verify("no+key", &[]), 2);
    assert_eq!(verify("nowhere", &[]), 1);

    // Each half alone is not enough for who pins both.
    let note = String::from_utf8(home.read("app.sig")).unwrap();
    let lines: Vec<_> = note.lines().collect();
    for dropped in [lines.len() - 2, lines.len() - 1] {
        let kept: Vec<_> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != dropped)
            .map(|(_, line)| *line)
            .collect();
        fs::write(home.path("app.sig"), kept.join("\n") + "\n").unwrap();
        assert_eq!(verify("pub", &["--context", "production"]), 3);
    }
    fs::write(home.path("app.sig"), &note).unwrap();
    home.file("app", "release 2");
    home.fails(
        &["verify", "--pin", "pub", "--context", "production", "app"],
        3,
        "data.Signature",
        "data",
    );
    fs::remove_file(home.path("app.sig")).unwrap();
    home.fails(&["verify", "--pin", "pub", "app"], 1, "system.Io", "environment");
}

#[test]
fn keys_serve_one_purpose() {
    let home = Home::with_keys(&["k"]);
    home.ok(&["key", "create", "release", "--signature", "ed25519"]);
    home.file("x", "x");
    home.fails(&["sign", "--key", "k", "x"], 2, "caller.Usage", "caller");
    assert_ne!(home.run(&["encrypt", "--key", "release", "x"]).code, 0);
    assert!(!home.exists("x.ks1"));
    // Envelopes go on opening beside it.
    home.ok(&["encrypt", "--key", "k", "x"]);
    home.ok(&["decrypt", "x.ks1", "back"]);
}

#[test]
fn older_versions_still_verify_and_disabled_ones_sign_no_more() {
    let home = Home::new();
    home.ok(&["key", "create", "release", "--signature", "mldsa65-ed25519"]);
    home.file("app", "release 1");
    home.ok(&["sign", "--key", "release", "app"]);
    home.ok(&["rotate", "release"]);
    home.file("first.pub", public_key(&home, "release", 0));
    home.file("second.pub", public_key(&home, "release", 1));
    home.ok(&["verify", "--pin", "first.pub", "app"]);
    assert_eq!(home.run(&["verify", "--pin", "second.pub", "app"]).code, 3);
    home.ok(&["sign", "--key", "release", "--force", "app"]);
    home.ok(&["verify", "--pin", "second.pub", "app"]);
    home.ok(&["sign", "--key", "release/1", "--force", "app"]);
    home.ok(&["verify", "--pin", "first.pub", "app"]);
    home.ok(&["key", "disable", "release"]);
    assert_eq!(home.run(&["sign", "--key", "release", "--force", "app"]).code, 5);
    home.ok(&["verify", "--pin", "first.pub", "app"]);
}
