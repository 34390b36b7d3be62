use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::support::{Home, noise};

#[test]
fn files_of_every_size_come_back() {
    let home = Home::with_keys(&["payments"]);
    for size in [0, 1, 16_383, 16_384, 16_385, 65_536, 1_000_000] {
        let content = noise(size);
        let (plain, sealed, back) = (format!("{size}"), format!("{size}.ks1"), format!("{size}.back"));
        home.file(&plain, &content);
        home.ok(&["encrypt", "--key", "payments", &plain]);
        home.ok(&["decrypt", &sealed, &back]);
        assert_eq!(home.read(&back), content, "{size} bytes");
    }
    home.audit_is_intact();
}

#[test]
fn each_result_is_told() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "hello");
    let told = home.json(&["encrypt", "--key", "k", "--detached", "a"]).remove(0);
    assert_eq!(told["input"], "a");
    assert_eq!(told["output"], "a.ks1");
    assert_eq!(told["sidecar"], "a.ks1.ksh");
    assert_eq!(told["plaintext_bytes"], 5);
    assert_eq!(told["message_id"], home.inspect("a.ks1")["message_id"]);
    assert_eq!(home.ok(&["encrypt", "-q", "--key", "k", "a", "quiet.ks1"]), "");
}

#[test]
fn existing_outputs_stay_without_force() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "new");
    home.file("a.ks1", "precious");
    home.fails(&["encrypt", "--key", "k", "a"], 1, "caller.Exists", "caller");
    assert_eq!(home.read("a.ks1"), b"precious");
    home.fails(&["encrypt", "--key", "k", "a", "a.ks1"], 1, "caller.Exists", "caller");
    assert_eq!(home.read("a.ks1"), b"precious");
    home.ok(&["encrypt", "--key", "k", "--force", "a", "a.ks1"]);
    home.ok(&["decrypt", "a.ks1", "back"]);
    assert_eq!(home.read("back"), b"new");
}

#[test]
fn two_siblings_are_never_sealed_over_each_other() {
    let home = Home::with_keys(&["k"]);
    home.file("a.csv", "a");
    home.file("b.csv", "b");
    // What `--force *.csv` makes of two files.
    home.fails(
        &["encrypt", "--key", "k", "--force", "a.csv", "b.csv"],
        1,
        "caller.Exists",
        "caller",
    );
    assert_eq!(home.read("b.csv"), b"b");
    home.ok(&["encrypt", "--key", "k", "--each", "a.csv", "b.csv"]);
    assert_eq!(home.names(), ["a.csv", "a.csv.ks1", "b.csv", "b.csv.ks1"]);
}

#[test]
fn a_tree_goes_forth_and_back() {
    let home = Home::with_keys(&["k"]);
    home.file("tree/a", "a");
    home.file("tree/sub/b", "b");
    home.file("tree/sub/deep/c", "c");
    home.ok(&["encrypt", "--key", "k", "tree", "--out-dir", "sealed"]);
    home.ok(&["decrypt", "sealed/tree", "--out-dir", "back"]);
    assert_eq!(home.read("back/tree/sub/deep/c"), b"c");

    // Beside the files; a second run finds nothing new to seal.
    home.ok(&["encrypt", "--key", "k", "tree"]);
    assert_eq!(home.run(&["encrypt", "--key", "k", "tree"]).code, 1);
    home.file("tree/new", "new");
    let told = home.json(&["encrypt", "--key", "k", "tree", "--skip-existing"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(home.exists("tree/new.ks1"));
}

#[test]
fn patterns_in_quotes_are_expanded() {
    let home = Home::with_keys(&["k"]);
    home.file("1.log", "1");
    home.file("2.log", "2");
    home.file("3.txt", "3");
    home.ok(&["encrypt", "--key", "k", "*.log"]);
    assert_eq!(home.names(), ["1.log", "1.log.ks1", "2.log", "2.log.ks1", "3.txt"]);
    home.fails(&["encrypt", "--key", "k", "*.none"], 2, "caller.Usage", "caller");
}

#[test]
fn some_of_several_is_partly_done() {
    let home = Home::with_keys(&["k"]);
    home.file("good", "x");
    let ran = home.run(&["encrypt", "--key", "k", "good", "missing", "missing-too"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(home.exists("good.ks1"));
    assert!(ran.stderr.contains("missing: "), "{ran:?}");
    home.fails(&["encrypt", "--key", "k", "missing"], 1, "system.Io", "environment");
}

#[test]
fn wrong_command_lines_do_nothing() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.file("d/x", "x");
    for arguments in [
        &["encrypt", "a"][..],
        &["encrypt", "--key", "k"],
        &["encrypt", "--key", "k", "--context", "novalue", "a"],
        &["encrypt", "--key", "k", "--context", "=v", "a"],
        &["encrypt", "--key", "k", "--context", "a=1", "--context", "a=2", "a"],
        &["encrypt", "--key", "k", "--context", "aws:x=1", "a"],
        &["encrypt", "--key", "k", "--label", "ks1-mode=row", "a"],
        &["encrypt", "--key", "k", "--required-context", "absent", "a"],
        &["encrypt", "--key", "k", "--suite", "AES", "a"],
        &["encrypt", "--key", "k", "--suite", "KS1-AES256SIV", "a"],
        &["encrypt", "--key", "k", "--level", "none", "a"],
        &["encrypt", "--key", "k", "--detached", "a", "-"],
        &["encrypt", "--key", "k", "-", "a", "b"],
        &["encrypt", "--key", "k", "d", "--output", "one"],
        &["encrypt", "--key", "NOT A KEY", "a"],
        &[
            "encrypt",
            "--key",
            "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1",
            "a",
        ],
        &["encrypt", "--key", "vault://x", "a"],
        &["nonsense"],
        &[],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(
            !ran.stderr.is_empty() && ran.stdout.is_empty(),
            "{arguments:?}: {ran:?}"
        );
    }
    assert_eq!(home.names(), ["a", "d"]);
    home.fails(&["encrypt", "--key", "unknown", "a"], 2, "provider.NotFound", "caller");
}

#[test]
fn suites_and_labels_and_context_stand_in_the_header() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    for suite in ["KS1-AES256GCM", "ks1-aes256gcmsiv", "KS1-CHACHA20POLY1305"] {
        let out = format!("{suite}.ks1");
        home.ok(&[
            "encrypt",
            "--key",
            "k",
            "--suite",
            suite,
            "--context",
            "tenant=acme",
            "--context",
            "note=a=b",
            "--label",
            "origin=test",
            "a",
            &out,
        ]);
        let seen = home.inspect(&out);
        assert_eq!(seen["suite"], suite.to_uppercase());
        assert_eq!(seen["context"]["tenant"], "acme");
        assert_eq!(seen["context"]["note"], "a=b");
        assert_eq!(seen["labels"]["origin"], "test");
        assert_eq!(seen["key_name"], "k");
        home.ok(&["decrypt", &out, "--force", "back"]);
        assert_eq!(home.read("back"), b"a");
    }
}

#[test]
fn a_disabled_key_seals_nothing() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.ok(&["key", "disable", "k"]);
    home.fails(&["encrypt", "--key", "k", "a"], 5, "provider.Disabled", "provider");
    assert_eq!(home.names(), ["a"]);
}

#[test]
fn what_cannot_be_read_fails_and_hinders_nothing_else() {
    let home = Home::none();
    let run = home.as_somebody();
    run(&["init", "--key-file"]).ok();
    run(&["key", "create", "k"]).ok();
    for name in ["d/secret", "d/closed/x", "d/good"] {
        home.file(name, "s");
    }
    for closed in ["d/secret", "d/closed"] {
        fs::set_permissions(home.path(closed), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let ran = run(&["encrypt", "--key", "k", "d/secret"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("permission denied"), "{ran:?}");
    let ran = run(&["encrypt", "--key", "k", "d", "--out-dir", "."]);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.stderr.contains("d/closed") && ran.stderr.contains("d/secret"),
        "{ran:?}"
    );
    assert!(home.exists("d/good.ks1") && !home.exists("d/secret.ks1"));
}
