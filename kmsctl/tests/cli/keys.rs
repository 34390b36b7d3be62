use std::fs;

use super::support::Home;

#[test]
fn a_key_lives_and_dies() {
    let home = Home::with_keys(&["k"]);
    let state = || {
        home.json(&["key", "list"]).remove(0)["state"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(state(), "enabled");
    home.ok(&["key", "disable", "k"]);
    assert_eq!(state(), "disabled");
    home.ok(&["key", "enable", "k"]);
    assert_eq!(state(), "enabled");
    let scheduled = home.json(&["key", "destroy", "k"]).remove(0);
    assert_eq!(scheduled["state"], "pending-destruction");
    assert_eq!(state(), "pending-destruction");
    home.file("a", "a");
    home.fails(
        &["encrypt", "--key", "k", "a"],
        5,
        "provider.PendingDestruction",
        "provider",
    );
    home.fails(&["key", "destroy", "k"], 5, "provider.PendingDestruction", "provider");
    home.ok(&["key", "cancel-destroy", "k"]);
    assert_eq!(state(), "disabled");
    home.ok(&["key", "enable", "local://k"]);
    assert_eq!(state(), "enabled");
    home.audit_is_intact();
}

#[test]
fn names_are_taken_once_and_held_to_their_form() {
    let home = Home::with_keys(&["k"]);
    home.fails(&["key", "create", "k"], 2, "provider.AlreadyExists", "caller");
    for name in ["", "Capital", "a b", "-x", "a/b", &"x".repeat(65)] {
        assert_eq!(home.run(&["key", "create", "--", name]).code, 2, "{name:?}");
    }
    for command in ["show", "enable", "disable", "destroy", "cancel-destroy"] {
        home.fails(&["key", command, "unknown"], 2, "provider.NotFound", "caller");
    }
    for command in ["enable", "disable", "destroy", "cancel-destroy"] {
        home.fails(&["key", command, "k/9"], 2, "provider.NotFound", "caller");
        home.fails(&["key", command, "k/x"], 2, "caller.KeyUri", "caller");
    }
    home.fails(&["rotate", "unknown"], 2, "provider.NotFound", "caller");
}

#[test]
fn the_waiting_period_has_bounds() {
    let home = Home::with_keys(&["k"]);
    for days in ["0", "6", "366", "many"] {
        assert_eq!(home.run(&["key", "destroy", "k", "--days", days]).code, 2, "{days}");
    }
    home.ok(&["key", "destroy", "k", "--days", "7"]);
}

#[test]
fn a_version_that_envelopes_need_is_kept() {
    let home = Home::with_keys(&["k", "other"]);
    for name in ["a", "b", "c"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "k", name]);
    }
    home.ok(&["rotate", "k"]);
    let refused = |arguments: &[&str]| {
        let error = home.fails(arguments, 5, "provider.StillNeeded", "provider");
        (
            error["message"].as_str().unwrap().to_owned(),
            error["next"].as_str().unwrap().to_owned(),
        )
    };
    let (message, next) = refused(&["key", "destroy", "k/1"]);
    assert!(message.contains("3 known envelopes"), "{message}");
    assert!(next.contains("kmsctl rewrap"), "{next}");

    // Deleted files count until they are forgotten; nobody knows whether they are copies only.
    fs::remove_file(home.path("c.ks1")).unwrap();
    home.ok(&["rewrap", "a.ks1", "b.ks1"]);
    let (message, next) = refused(&["key", "destroy", "k/1"]);
    assert!(
        message.contains("0 known envelopes") && message.contains("1 that are gone"),
        "{message}"
    );
    assert!(next.contains("--forget"), "{next}");
    home.ok(&["key", "destroy", "k/1", "--forget", "c.ks1"]);
    home.ok(&["decrypt", "a.ks1", "back"]);

    // The whole key goes only when another one opens.
    let (_, next) = refused(&["key", "destroy", "k"]);
    assert!(next.contains("--add") && next.contains("--drop local://k"), "{next}");
    home.ok(&["rewrap", "a.ks1", "b.ks1", "--add", "other", "--drop", "k"]);
    home.ok(&["key", "destroy", "k"]);
    home.ok(&["decrypt", "b.ks1", "back-again"]);
    home.audit_is_intact();
}

#[test]
fn the_version_that_new_envelopes_use_is_not_destroyed_alone() {
    let home = Home::with_keys(&["k"]);
    home.fails(&["key", "destroy", "k/1"], 5, "provider.Primary", "caller");
    home.fails(&["key", "disable", "k/1"], 5, "provider.Primary", "caller");
}

#[test]
fn show_tells_versions_and_who_needs_them() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.ok(&["encrypt", "--key", "k", "a"]);
    home.ok(&["rotate", "k"]);
    let shown = home.json(&["key", "show", "k"]).remove(0);
    assert_eq!(shown["key"], "local://k");
    assert_eq!(shown["current"], "2");
    assert_eq!(shown["envelope_version"], "2");
    assert_eq!(shown["needed"][0]["envelopes"], 1);
    assert_eq!(shown["needed"][1]["envelopes"], 0);
    assert_eq!(shown["posture"], "hedged");
    home.ok(&["key", "disable", "k"]);
    assert_eq!(home.json(&["key", "show", "k"])[0]["state"], "disabled");
}

#[test]
fn names_are_written_into_the_configuration_and_its_comments_stay() {
    let home = Home::with_keys(&["a", "b"]);
    let config = home.dir().join("keystrand.toml");
    let before = fs::read_to_string(&config).unwrap();
    home.ok(&["key", "create", "either", "--uri", "local://a", "--uri", "local://b"]);
    home.fails(
        &["key", "create", "either", "--uri", "local://a"],
        1,
        "caller.Exists",
        "caller",
    );
    let after = fs::read_to_string(&config).unwrap();
    assert!(after.starts_with(before.trim_end()), "{after}");

    home.file("x", "x");
    home.ok(&["encrypt", "--key", "either", "x"]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["key_name"], "either");
    assert_eq!(seen["recipients"].as_array().unwrap().len(), 2);
    home.ok(&["key", "disable", "a"]);
    home.ok(&["decrypt", "x.ks1", "back"]);
    home.fails(&["key", "disable", "either"], 2, "caller.Usage", "caller");
    let listed = home.json(&["key", "list"]);
    assert_eq!(listed.last().unwrap()["name"], "either");

    // What would not load is not written.
    let same = ["key", "create", "twice", "--uri", "local://a", "--uri", "local://a"];
    home.fails(&same, 1, "caller.Config", "caller");
    home.ok(&["key", "list"]);
}

#[test]
fn a_quorum_of_one_house_is_refused_when_sealing() {
    let home = Home::with_keys(&["a", "b"]);
    home.ok(&[
        "key",
        "create",
        "board",
        "--quorum",
        "2",
        "--uri",
        "local://a",
        "--uri",
        "local://b",
    ]);
    home.file("x", "x");
    home.fails(&["encrypt", "--key", "board", "x"], 5, "policy.QuorumDomain", "policy");
}

#[test]
fn a_misspelt_configuration_is_told_with_its_place() {
    let home = Home::with_keys(&["k"]);
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n[key.x]\nurl = \"local://k\"\n").unwrap();
    let error = home.fails(&["key", "list"], 1, "caller.Config", "caller");
    assert!(
        error["message"].as_str().unwrap().contains("keystrand.toml:"),
        "{error}"
    );
    assert!(error["message"].as_str().unwrap().contains("url"), "{error}");
}

#[test]
fn a_lost_or_foreign_keystore_is_told() {
    let home = Home::with_keys(&["k"]);
    let path = home.dir().join("keystore.ks1");
    let good = fs::read(&path).unwrap();
    for cut in [0, 10, 40, good.len() - 1] {
        fs::write(&path, &good[..cut]).unwrap();
        let ran = home.run(&["key", "list"]);
        assert!([1, 3].contains(&ran.code), "{cut}: {ran:?}");
    }
    fs::write(
        &path,
        fs::read(Home::new().dir().join("keystore.ks1")).unwrap_or_default(),
    )
    .unwrap();
    assert_ne!(home.run(&["key", "list"]).code, 0);
    fs::remove_file(&path).unwrap();
    assert_ne!(home.run(&["key", "list"]).code, 0);
    fs::write(&path, &good).unwrap();
    home.ok(&["key", "list"]);
}
