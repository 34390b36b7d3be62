use std::fs;
use std::os::unix::fs::MetadataExt;

use super::support::{Home, noise};

/// A home with two keys, and two envelopes and a sidecar under the first.
fn sealed() -> Home {
    let home = Home::with_keys(&["old", "new"]);
    for name in ["d/a", "d/sub/b"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "old", name]);
    }
    home.file("d/c", noise(100_000));
    home.ok(&["encrypt", "--key", "old", "--detached", "d/c"]);
    home
}

const ENVELOPES: [&str; 3] = ["d/a.ks1", "d/sub/b.ks1", "d/c.ks1"];

fn keys(home: &Home, name: &str) -> Vec<String> {
    let recipients = home.inspect(name)["recipients"].clone();
    let key = |recipient: &serde_json::Value| recipient["key"].as_str().unwrap().to_owned();
    recipients.as_array().unwrap().iter().map(key).collect()
}

#[test]
fn recipients_are_added_dropped_and_replaced() {
    let home = sealed();
    let payload = fs::read(home.path("d/c.ks1")).unwrap();
    let ended = home.json(&["rewrap", "d", "--add", "new"]).pop().unwrap();
    assert_eq!(ended["rewrapped"], 3, "{ended}");
    for name in ENVELOPES {
        assert_eq!(keys(&home, name), ["local://old", "local://new"]);
    }
    // Adding twice adds once.
    assert_eq!(
        home.json(&["rewrap", "d", "--add", "new"]).pop().unwrap()["already_current"],
        3
    );

    home.ok(&["rewrap", "d", "--drop", "old"]);
    assert_eq!(keys(&home, ENVELOPES[0]), ["local://new"]);
    home.ok(&["rewrap", "d/a.ks1", "--to", "old", "--to", "new"]);
    assert_eq!(keys(&home, ENVELOPES[0]), ["local://old", "local://new"]);
    home.ok(&["key", "disable", "old"]);
    for name in ENVELOPES {
        home.ok(&["decrypt", "--force", name, "back"]);
    }
    assert_eq!(
        fs::read(home.path("d/c.ks1")).unwrap(),
        payload,
        "payloads are not touched"
    );
    home.audit_is_intact();
    home.ok(&["audit", "verify", "--headers", "d"]);
}

#[test]
fn nobody_is_locked_out_by_dropping_all() {
    let home = sealed();
    let ran = home.run(&["rewrap", "d/a.ks1", "--drop", "old"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    home.ok(&["decrypt", "d/a.ks1", "back"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let home = sealed();
    home.ok(&["rotate", "old"]);
    let before: Vec<_> = ENVELOPES.iter().map(|name| home.inspect(name)).collect();
    let cases = [
        (&["rewrap", "d", "--dry-run"][..], 3, 0),
        (&["rewrap", "d", "--dry-run", "--add", "new"], 3, 0),
        (&["rewrap", "d", "--dry-run", "--drop", "new"], 0, 3),
        (&["rewrap", "d", "--dry-run", "--to", "new"], 3, 0),
        (&["rewrap", "d", "--dry-run", "--to", "old"], 0, 3),
        (&["rotate", "old", "--dry-run", "--rewrap", "d"], 3, 0),
        (&["rotate", "new", "--dry-run", "--rewrap", "d"], 0, 3),
    ];
    for (arguments, rewrap, current) in cases {
        let total = home.json(arguments).pop().unwrap();
        assert_eq!(
            (&total["would_rewrap"], &total["already_current"]),
            (&rewrap.into(), &current.into()),
            "{arguments:?}"
        );
    }
    let after: Vec<_> = ENVELOPES.iter().map(|name| home.inspect(name)).collect();
    assert_eq!(before, after);
    assert_eq!(home.json(&["key", "show", "old"])[0]["current"], "2");
}

#[test]
fn what_fails_is_told_and_the_rest_is_done() {
    let home = sealed();
    home.file("d/broken.ks1", &home.read("d/a.ks1")[..100]);
    home.file("d/plain.txt", "left alone");
    let ran = home.run(&["--json", "rewrap", "d", "--add", "new"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let ended = super::support::lines(&ran.stdout).pop().unwrap();
    assert_eq!((&ended["rewrapped"], &ended["failed"]), (&3.into(), &1.into()));
    assert!(ran.stderr.contains("broken.ks1"), "{ran:?}");

    // The run did not come to its end, so it can be resumed once its cause is gone.
    home.ok(&["doctor"]);
    fs::remove_file(home.path("d/broken.ks1")).unwrap();
    let ended = home.json(&["rewrap", "--resume"]).pop().unwrap();
    assert_eq!((&ended["already_current"], &ended["failed"]), (&3.into(), &0.into()));
    home.fails(&["rewrap", "--resume"], 2, "caller.Usage", "caller");
}

#[test]
fn a_mistyped_key_begins_nothing() {
    let home = sealed();
    home.fails(&["rewrap", "d", "--add", "NO SUCH"], 2, "caller.KeyUri", "caller");
    home.fails(&["rewrap", "--resume"], 2, "caller.Usage", "caller");
    for wrong in [
        &["rewrap"][..],
        &["rewrap", "d", "--to", "a", "--add", "b"],
        &["rewrap", "d", "--resume"],
        &["rewrap", "d", "--redeal"],
        &["rewrap", "--resume", "--drop", "old"],
    ] {
        assert_eq!(home.run(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn hard_links_need_in_place() {
    let home = Home::with_keys(&["k"]);
    // Large enough for a header with spare room.
    home.file("a", noise(100_000));
    home.ok(&["encrypt", "--key", "k", "a"]);
    fs::hard_link(home.path("a.ks1"), home.path("link")).unwrap();
    home.ok(&["rotate", "k"]);
    home.fails(&["rewrap", "a.ks1"], 5, "policy.HardLinks", "policy");
    let inode = fs::metadata(home.path("a.ks1")).unwrap().ino();
    home.ok(&["rewrap", "a.ks1", "--in-place"]);
    assert_eq!(fs::metadata(home.path("a.ks1")).unwrap().ino(), inode);
    assert_eq!(home.inspect("link")["recipients"][0]["version"], "2");
    assert_eq!(home.names(), ["a", "a.ks1", "link"]);
}

#[test]
fn an_external_context_is_given_for_rewraps_too() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.ok(&[
        "encrypt",
        "--key",
        "k",
        "--context",
        "case=1",
        "--required-context",
        "case",
        "a",
    ]);
    home.ok(&["rotate", "k"]);
    assert_eq!(home.run(&["rewrap", "a.ks1"]).code, 3);
    home.ok(&["rewrap", "a.ks1", "--context", "case=1", "--verify"]);
    assert_eq!(home.inspect("a.ks1")["sequence"], 1);
}

#[test]
fn envelopes_come_to_meet_a_posture_and_nothing_weaker_is_left() {
    let home = Home::with_keys(&["c"]);
    home.ok(&["key", "create", "weak", "--kem", "x25519"]);
    home.ok(&["key", "create", "vault", "--kem", "x-wing"]);
    home.file("x", "x");
    home.ok(&["encrypt", "--key", "weak", "x"]);
    assert_eq!(home.inspect("x.ks1")["posture"], "classical");
    let before = home.read("x.ks1");
    // A stronger recipient does not make up for a weaker one.
    for change in [&["--add", "vault"][..], &["--force"]] {
        let ran = home.run(&[&["rewrap", "x.ks1", "--posture", "hedged"], change].concat());
        assert_eq!(ran.code, 5, "{ran:?}");
        assert_eq!(home.read("x.ks1"), before);
    }
    // The policy of the home asks the same of every rewrap, and lets it raise what is below.
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n[policy]\nposture = \"hedged\"\n").unwrap();
    assert_eq!(home.run(&["decrypt", "x.ks1", "back"]).code, 5);
    let ran = home.run(&["rewrap", "x.ks1", "--to", "vault", "--posture", "pq"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("copies of old headers"), "{ran:?}");
    assert_eq!(home.inspect("x.ks1")["posture"], "hedged");
    home.ok(&["decrypt", "x.ks1", "back"]);
    assert_eq!(home.read("back"), b"x");
}
