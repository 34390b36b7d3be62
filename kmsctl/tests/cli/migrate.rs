//! `kmsctl migrate`: from messages of the AWS Encryption SDK, and between suites.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;

use super::messages::{configure, context, home_with_raw_key, seal, sealer};
use super::support::{Home, lines, noise};

const SIV: &str = "KS1-AES256GCMSIV";

#[test]
fn messages_become_envelopes_of_the_same_name_with_their_context() {
    let home = home_with_raw_key();
    let small = sealer().context(context(&[("tenant", "t-17")]));
    home.file("d/a", seal(&small, b"small"));
    home.file(
        "d/sub/b",
        seal(&sealer().suite(kms_core::esdk::Suite::Committing), &noise(300_000)),
    );
    home.file("d/plain.txt", "left alone");
    fs::set_permissions(home.path("d/a"), fs::Permissions::from_mode(0o640)).unwrap();

    let migrate = ["migrate", "--from", "esdk", "--key", "payments", "d"];
    let foretold = home.json(&[&migrate[..], &["--dry-run"]].concat());
    assert_eq!(foretold.last().unwrap()["would_migrate"], 2);
    assert_eq!(home.inspect("d/a")["format"], "ESDK");

    let ended = home.json(&[&migrate[..], &["--verify"]].concat()).pop().unwrap();
    assert_eq!(
        (&ended["migrated"], &ended["failed"]),
        (&2.into(), &0.into()),
        "{ended}"
    );
    let shown = home.inspect("d/a");
    assert_eq!(
        (&shown["format"], &shown["context"]["tenant"]),
        (&"KS1".into(), &"t-17".into())
    );
    assert_eq!(shown["key_name"], "payments");
    assert_eq!(fs::metadata(home.path("d/a")).unwrap().mode() & 0o777, 0o640);
    home.ok(&["decrypt", "d/a", "a"]);
    home.ok(&["decrypt", "d/sub/b", "b"]);
    assert_eq!((home.read("a"), home.read("b")), (b"small".to_vec(), noise(300_000)));
    assert_eq!(home.read("d/plain.txt"), b"left alone");

    // A second run finds nothing that is a message, and the new envelopes are known.
    let again = home.json(&migrate).pop().unwrap();
    assert_eq!((&again["migrated"], &again["already_current"]), (&0.into(), &0.into()));
    assert_eq!(home.json(&["rotate", "payments"])[0]["needing_older"], 2);
    home.audit_is_intact();
    home.ok(&["audit", "verify", "--headers", "d"]);
}

#[test]
fn pairs_that_a_message_does_not_store_are_not_stored_after_it() {
    let home = home_with_raw_key();
    let sealer = sealer()
        .context(context(&[("tenant", "t-17"), ("case", "7")]))
        .unstored(["case"]);
    home.file("m", seal(&sealer, b"x"));
    let migrate = ["migrate", "--from", "esdk", "--key", "payments", "m"];
    home.fails(&migrate, 3, "open.DoesNotOpen", "data");
    home.ok(&[&migrate[..], &["--context", "case=7", "--verify"]].concat());
    let shown = home.inspect("m");
    assert_eq!(shown["external_context"], serde_json::json!(["case"]));
    assert_eq!(shown["context"], serde_json::json!({ "tenant": "t-17" }));
    home.fails(&["decrypt", "m", "out"], 3, "caller.ContextMissing", "caller");
    home.ok(&["decrypt", "--context", "case=7", "m", "out"]);
}

#[test]
fn a_key_that_binds_a_pair_takes_no_message_without_it() {
    let home = home_with_raw_key();
    configure(
        &home,
        "[key.bound]\nuri = \"local://payments\"\ncontext = [\"tenant\"]\n",
    );
    let without = seal(&sealer(), b"x");
    home.file("m", &without);
    let migrate = ["migrate", "--from", "esdk", "--key", "bound", "m"];
    home.fails(&migrate, 3, "policy.ContextMismatch", "policy");
    assert_eq!(home.read("m"), without);
    home.file("m", seal(&sealer().context(context(&[("tenant", "t-17")])), b"x"));
    home.ok(&migrate);
}

#[test]
fn what_fails_is_told_and_left_as_it_was_and_a_resume_does_the_rest() {
    let home = home_with_raw_key();
    let good = seal(&sealer(), b"x");
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    home.file("d/good", &good);
    home.file("d/bad", &bad);
    let ran = home.run(&["--json", "migrate", "--from", "esdk", "--key", "payments", "d"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let ended = lines(&ran.stdout).pop().unwrap();
    assert_eq!((&ended["migrated"], &ended["failed"]), (&1.into(), &1.into()));
    assert_eq!(home.read("d/bad"), bad);
    let left: Vec<_> = fs::read_dir(home.path("d")).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file");

    home.file("d/bad", &good);
    // Runs of other commands are not resumed by this one, nor this one by them.
    home.fails(&["rewrap", "--resume"], 2, "caller.Usage", "caller");
    let ended = home.json(&["migrate", "--resume"]).pop().unwrap();
    assert_eq!((&ended["migrated"], &ended["failed"]), (&1.into(), &0.into()));
    home.fails(&["migrate", "--resume"], 2, "caller.Usage", "caller");
    home.ok(&["decrypt", "d/bad", "out"]);
}

#[test]
fn envelopes_change_their_suite_and_nothing_else() {
    let home = Home::with_keys(&["a", "b"]);
    home.file("d/one", noise(100_000));
    let seal = [
        "encrypt",
        "--key",
        "a",
        "--key",
        "b",
        "--context",
        "tenant=t",
        "--label",
        "kind=x",
        "--hidden",
        "d/one",
    ];
    home.ok(&seal);
    home.file("d/two", "two");
    home.ok(&["encrypt", "--key", "a", "--suite", SIV, "d/two"]);
    let before = home.inspect("d/one.ks1");

    let foretold = home.json(&["migrate", "--to", SIV, "d", "--dry-run"]);
    let total = foretold.last().unwrap();
    assert_eq!(
        (&total["would_migrate"], &total["already_current"]),
        (&1.into(), &1.into())
    );
    let ended = home.json(&["migrate", "--to", SIV, "--verify", "d"]).pop().unwrap();
    assert_eq!(
        (&ended["migrated"], &ended["already_current"]),
        (&1.into(), &1.into()),
        "{ended}"
    );

    let after = home.inspect("d/one.ks1");
    assert_eq!(after["suite"], SIV);
    for same in ["context", "labels", "floor", "layout", "posture"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    for fresh in ["dek_id", "message_id"] {
        assert_ne!(before[fresh], after[fresh], "{fresh}");
    }
    let recipients = after["recipients"].as_array().unwrap();
    assert_eq!(recipients.len(), 2);
    assert!(
        recipients.iter().all(|recipient| recipient["hint"].is_string()),
        "{recipients:?}"
    );
    for key in ["a", "b"] {
        home.ok(&["key", "disable", key]);
        home.ok(&["decrypt", "--force", "--context", "tenant=t", "d/one.ks1", "back"]);
        assert_eq!(home.read("back"), noise(100_000));
        home.ok(&["key", "enable", key]);
    }
    home.audit_is_intact();
}

#[test]
fn context_that_is_not_stored_survives_a_change_of_suite() {
    let home = Home::with_keys(&["a"]);
    home.file("m", "minutes");
    home.ok(&[
        "encrypt",
        "--key",
        "a",
        "--context",
        "case=7",
        "--required-context",
        "case",
        "m",
    ]);
    home.fails(&["migrate", "--to", SIV, "m.ks1"], 3, "caller.ContextMissing", "caller");
    home.ok(&["migrate", "--to", SIV, "--context", "case=7", "--verify", "m.ks1"]);
    let shown = home.inspect("m.ks1");
    assert_eq!(
        (&shown["suite"], &shown["external_context"]),
        (&SIV.into(), &serde_json::json!(["case"]))
    );
    home.ok(&["decrypt", "--context", "case=7", "m.ks1", "back"]);
}

#[test]
fn a_recipient_whose_key_cannot_wrap_is_not_dropped() {
    let home = Home::with_keys(&["a", "b"]);
    home.file("m", "x");
    home.ok(&["encrypt", "--key", "a", "--key", "b", "m"]);
    let before = home.read("m.ks1");
    home.ok(&["key", "disable", "b"]);
    home.fails(&["migrate", "--to", SIV, "m.ks1"], 5, "provider.Disabled", "provider");
    assert_eq!(home.read("m.ks1"), before);
    assert_eq!(home.names(), ["m", "m.ks1"]);
    home.ok(&["key", "enable", "b"]);
    home.ok(&["migrate", "--resume"]);
    assert_eq!(home.inspect("m.ks1")["suite"], SIV);
}

#[test]
fn what_a_change_of_suite_cannot_do_is_refused_by_name() {
    let home = Home::with_keys(&["a"]);
    home.file("x", "x");
    home.ok(&["encrypt", "--key", "a", "-o", "y.ks1", "x"]);
    fs::hard_link(home.path("y.ks1"), home.path("link")).unwrap();
    home.fails(&["migrate", "--to", SIV, "y.ks1"], 5, "policy.HardLinks", "policy");
    fs::remove_file(home.path("link")).unwrap();
    configure(&home, "[policy]\nsuites = [\"KS1-AES256GCM\"]\n");
    home.fails(&["migrate", "--to", SIV, "y.ks1"], 5, "policy.SuiteForbidden", "policy");
    for wrong in [
        &["migrate"][..],
        &["migrate", "x"],
        &["migrate", "--from", "esdk", "x"],
        &["migrate", "--to", SIV, "--key", "a", "x"],
        &["migrate", "--to", SIV, "--from", "esdk", "--key", "a", "x"],
        &["migrate", "--to", "esdk", "x"],
        &["migrate", "--to", "esdk", "--key", "nobody", "x"],
        &["migrate", "--to", "esdk", "--suite", SIV, "--key", "a", "x"],
        &["migrate", "--to", "nothing", "x"],
        &["migrate", "--resume", "x"],
    ] {
        assert_eq!(home.run(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn detached_envelopes_change_their_suite_as_pairs() {
    let home = Home::with_keys(&["a"]);
    let plaintext = noise(70_000);
    home.file("d/x", &plaintext);
    home.ok(&[
        "encrypt",
        "--key",
        "a",
        "--context",
        "tenant=t",
        "--label",
        "kind=x",
        "--detached",
        "d/x",
    ]);
    fs::remove_file(home.path("d/x")).unwrap();
    fs::set_permissions(home.path("d/x.ks1"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = home.inspect("d/x.ks1");
    let foretold = home.json(&["migrate", "--to", SIV, "d", "--dry-run"]).pop().unwrap();
    assert_eq!(foretold["would_migrate"], 1);
    let ended = home.json(&["migrate", "--to", SIV, "--verify", "d"]).pop().unwrap();
    assert_eq!(
        (&ended["migrated"], &ended["failed"]),
        (&1.into(), &0.into()),
        "{ended}"
    );
    let after = home.inspect("d/x.ks1");
    assert_eq!((&after["suite"], &after["layout"]), (&SIV.into(), &before["layout"]));
    assert_eq!(
        (&before["context"], &before["labels"]),
        (&after["context"], &after["labels"])
    );
    assert_ne!(before["message_id"], after["message_id"]);
    assert_eq!(fs::metadata(home.path("d/x.ks1")).unwrap().mode() & 0o777, 0o640);
    home.ok(&["decrypt", "d/x.ks1", "back"]);
    assert_eq!(home.read("back"), plaintext);
    let ended = home.json(&["migrate", "--to", SIV, "d"]).pop().unwrap();
    assert_eq!((&ended["migrated"], &ended["already_current"]), (&0.into(), &1.into()));
    let left: Vec<_> = fs::read_dir(home.path("d")).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file");
    let refused = home.fails(&["key", "destroy", "a"], 5, "provider.StillNeeded", "provider");
    assert!(
        refused["message"].as_str().unwrap().contains("1 known envelope"),
        "{refused}"
    );
    home.audit_is_intact();
}

#[test]
fn a_pair_that_does_not_fit_is_left_alone() {
    let home = Home::with_keys(&["a"]);
    for name in ["x", "y"] {
        home.file(name, name);
        home.ok(&["encrypt", "--key", "a", "--detached", name]);
    }
    let (x, y) = (home.read("x.ks1"), home.read("y.ks1"));
    home.file("x.ks1", &y);
    home.fails(&["migrate", "--to", SIV, "x.ks1.ksh"], 3, "format.OtherPayload", "data");
    assert_eq!(home.read("x.ks1"), y);
    fs::remove_file(home.path("x.ks1")).unwrap();
    home.fails(&["migrate", "--to", SIV, "x.ks1.ksh"], 3, "format.NoPayload", "data");
    home.file("x.ks1", x);
    home.ok(&["migrate", "--to", SIV, "x.ks1.ksh"]);
    home.ok(&["decrypt", "x.ks1", "back"]);
    fs::hard_link(home.path("y.ks1"), home.path("link")).unwrap();
    home.fails(&["migrate", "--to", SIV, "y.ks1.ksh"], 5, "policy.HardLinks", "policy");
    assert_eq!(home.read("y.ks1"), y);
}

#[test]
fn a_pair_that_was_killed_opens_after_the_next_run() {
    let plaintext = noise(40_000);
    let points = [
        ("migrated::before_temp", false),
        ("migrated::after_temp_write", false),
        ("migrated::after_temp_sync", false),
        ("migrated_pair::payload_placed", true),
        ("migrated::after_rename", true),
        ("migrated::after_dir_sync", true),
    ];
    for (point, is_new) in points {
        // By the folder, and by the header's own name.
        for path in ["d", "d/x.ks1.ksh"] {
            let home = Home::with_keys(&["a"]);
            home.file("d/x", &plaintext);
            home.ok(&["encrypt", "--key", "a", "--detached", "d/x"]);
            fs::remove_file(home.path("d/x")).unwrap();
            let mut command = home.command();
            command.args(["migrate", "--to", SIV, path]);
            let killed = command
                .env("FAILPOINTS", format!("{point}=return(abort)"))
                .output()
                .unwrap();
            if killed.status.success() {
                println!("SKIPPED {} points: built without the feature failpoints", points.len());
                return;
            }
            assert_eq!(killed.status.signal(), Some(6), "{point}");
            let ended = home.json(&["migrate", "--resume"]).pop().unwrap();
            assert_eq!(
                (&ended["failed"], &ended["migrated"]),
                (&0.into(), &u64::from(!is_new).into()),
                "{point} {path}: {ended}"
            );
            let mut left: Vec<_> = fs::read_dir(home.path("d"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            left.sort();
            assert_eq!(left, ["x.ks1", "x.ks1.ksh"], "{point} {path}");
            assert_eq!(home.inspect("d/x.ks1")["suite"], SIV, "{point} {path}");
            home.ok(&["decrypt", "d/x.ks1", "back"]);
            assert_eq!(home.read("back"), plaintext, "{point} {path}");
        }
    }
}

#[test]
fn envelopes_become_messages_and_come_back() {
    let home = home_with_raw_key();
    let plaintext = noise(300_000);
    home.file("d/a", &plaintext);
    home.file("d/b", "");
    let seal = [
        "encrypt",
        "--key",
        "payments",
        "--context",
        "tenant=t-17",
        "--context",
        "case=7",
    ];
    home.ok(&[&seal[..], &["--required-context", "case", "d/a", "d/a.ks1"]].concat());
    home.ok(&[&seal[..], &["--required-context", "case", "d/b", "d/b.ks1"]].concat());
    for plain in ["d/a", "d/b"] {
        fs::remove_file(home.path(plain)).unwrap();
    }
    let to = ["migrate", "--to", "esdk", "--key", "legacy", "--context", "case=7"];
    let foretold = home.json(&[&to[..], &["--dry-run", "d"]].concat()).pop().unwrap();
    assert_eq!(foretold["would_migrate"], 2);
    let ended = home.json(&[&to[..], &["--verify", "d"]].concat()).pop().unwrap();
    assert_eq!(
        (&ended["migrated"], &ended["failed"]),
        (&2.into(), &0.into()),
        "{ended}"
    );
    let shown = home.inspect("d/a.ks1");
    assert_eq!(
        (&shown["format"], &shown["context"]["tenant"]),
        (&"ESDK".into(), &"t-17".into())
    );
    assert_eq!(
        shown["context"]["case"],
        serde_json::Value::Null,
        "not stored before, not stored now"
    );
    home.fails(&["decrypt", "d/a.ks1", "never"], 3, "open.DoesNotOpen", "data");
    home.ok(&["decrypt", "--context", "case=7", "d/a.ks1", "a"]);
    assert_eq!(home.read("a"), plaintext);
    // What is no envelope any more needs no key of envelopes.
    home.ok(&["rotate", "payments"]);
    home.ok(&["key", "destroy", "payments/1"]);

    let back = [
        "migrate",
        "--from",
        "esdk",
        "--key",
        "payments",
        "--context",
        "case=7",
        "--verify",
        "d",
    ];
    let ended = home.json(&back).pop().unwrap();
    assert_eq!(
        (&ended["migrated"], &ended["failed"]),
        (&2.into(), &0.into()),
        "{ended}"
    );
    home.ok(&["decrypt", "--context", "case=7", "d/a.ks1", "a.back"]);
    assert_eq!(home.read("a.back"), plaintext);
    home.audit_is_intact();
}

#[test]
fn what_a_message_cannot_keep_is_not_made_one() {
    let home = home_with_raw_key();
    configure(
        &home,
        "[key.strict]\nany = [\"local://payments\"]\nfloor = { posture = \"hedged\" }\n\
         [esdk.key.rsa]\nkind = \"raw-rsa\"\nnamespace = \"p\"\nname = \"rsa\"\npadding = \"oaep-sha256\"\n\
         file = \"rsa.pem\"\n",
    );
    let pem = home.dir().join("rsa.pem");
    fs::copy(super::support::repository("kms-core/tests/esdk/keys/rsa.pem"), &pem).unwrap();
    fs::set_permissions(&pem, fs::Permissions::from_mode(0o600)).unwrap();
    home.file("x", "x");
    home.ok(&[
        "encrypt",
        "--key",
        "payments",
        "--label",
        "source=erp",
        "x",
        "labelled.ks1",
    ]);
    home.ok(&["encrypt", "--key", "payments", "--detached", "x", "two.ks1"]);
    home.ok(&["encrypt", "--key", "strict", "x", "strict.ks1"]);
    let to = |key: &'static str, path: &'static str| ["migrate", "--to", "esdk", "--key", key, path];
    home.fails(&to("legacy", "labelled.ks1"), 5, "policy.Labels", "policy");
    home.fails(&to("legacy", "two.ks1.ksh"), 5, "policy.Detached", "policy");
    home.fails(&to("rsa", "strict.ks1"), 5, "policy.FloorPosture", "policy");
    assert_eq!(home.inspect("strict.ks1")["format"], "KS1");
    home.ok(&to("legacy", "strict.ks1"));
    home.ok(&["encrypt", "--key", "payments", "x", "plain.ks1"]);
    configure(&home, "[policy]\nposture = \"hedged\"\n");
    home.fails(&to("rsa", "plain.ks1"), 5, "policy.Posture", "policy");
    home.fails(&to("absent", "plain.ks1"), 2, "caller.Usage", "caller");
}

#[test]
fn a_run_that_was_killed_leaves_each_file_old_or_new() {
    let home = home_with_raw_key();
    let plaintext = noise(50_000);
    let points = [
        "before_temp",
        "after_temp_write",
        "after_temp_sync",
        "after_rename",
        "after_dir_sync",
    ];
    for point in points {
        home.file("d/m", seal(&sealer(), &plaintext));
        let armed = format!("migrated::{point}=return(abort)");
        let mut command = home.command();
        command.args(["migrate", "--from", "esdk", "--key", "payments", "d"]);
        let killed = command.env("FAILPOINTS", armed).output().unwrap();
        if killed.status.success() {
            println!("SKIPPED {} points: built without the feature failpoints", points.len());
            return;
        }
        let said = String::from_utf8_lossy(&killed.stderr);
        assert_eq!(killed.status.signal(), Some(6), "{point}: {said}");
        let is_new = ["after_rename", "after_dir_sync"].contains(&point);
        assert_eq!(
            home.inspect("d/m")["format"],
            if is_new { "KS1" } else { "ESDK" },
            "{point}"
        );
        let ended = home.json(&["migrate", "--resume"]).pop().unwrap();
        assert_eq!(
            (&ended["failed"], &ended["migrated"]),
            (&0.into(), &u64::from(!is_new).into()),
            "{point}: {ended}"
        );
        let left: Vec<_> = fs::read_dir(home.path("d")).unwrap().collect();
        assert_eq!(left.len(), 1, "{point}");
        home.ok(&["decrypt", "--force", "d/m", "back"]);
        assert_eq!(home.read("back"), plaintext);
    }
}
