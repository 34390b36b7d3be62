use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kms_core::caps;
use kms_providers::files::{Campaign, read_header};
use kmsctl::campaign::Order;

use super::support::{Home, KMSCTL};

fn version(path: &Path) -> String {
    let header = read_header(path, caps::RECIPIENTS_HARD).unwrap().header;
    let kms_core::Entry::Single(single) = &header.entries()[0] else {
        panic!("one recipient")
    };
    String::from_utf8(single.wrapped.version.clone().unwrap()).unwrap()
}

fn envelopes(home: &Home, count: usize) -> Vec<std::path::PathBuf> {
    for number in 0..count {
        home.file(&format!("d/{number:04}"), format!("content {number}"));
    }
    home.ok(&["encrypt", "-q", "--key", "k", "d"]);
    (0..count)
        .map(|number| home.path(&format!("d/{number:04}.ks1")))
        .collect()
}

#[test]
fn rotation_brings_envelopes_and_sidecars_under_the_new_version() {
    let home = Home::with_keys(&["k", "other"]);
    home.file("d/a", "a");
    home.file("d/b", "b");
    home.file("d/c", "c");
    home.ok(&["encrypt", "--key", "k", "d/a"]);
    home.ok(&["encrypt", "--key", "k", "--detached", "d/b"]);
    home.ok(&["encrypt", "--key", "other", "d/c"]);
    let told = home.json(&["rotate", "k", "--rewrap", "d"]);
    assert_eq!(told[0]["version"], "2");
    assert_eq!(
        (&told[1]["rewrapped"], &told[1]["already_current"]),
        (&2.into(), &1.into())
    );
    assert_eq!(home.inspect("d/a.ks1")["recipients"][0]["version"], "2");
    assert_eq!(home.inspect("d/b.ks1")["recipients"][0]["version"], "2");
    assert_eq!(home.inspect("d/c.ks1")["recipients"][0]["version"], "1");
    assert_eq!(home.json(&["rewrap", "d"]).pop().unwrap()["already_current"], 3);
    for name in ["a", "b", "c"] {
        home.ok(&["decrypt", &format!("d/{name}.ks1"), &format!("{name}.back")]);
        assert_eq!(home.read(&format!("{name}.back")), name.as_bytes());
    }
    home.audit_is_intact();
    home.ok(&["audit", "verify", "--headers", "d"]);
}

#[test]
fn all_keys_rotate_but_those_that_are_switched_off() {
    let home = Home::with_keys(&["a", "b", "off"]);
    home.ok(&["key", "disable", "off"]);
    let told = home.json(&["rotate", "--all"]);
    assert_eq!(told.len(), 2, "{told:?}");
    home.fails(&["rotate", "off"], 5, "provider.Disabled", "provider");
    home.fails(&["rotate"], 2, "caller.Usage", "caller");
    home.fails(&["rotate", "--resume"], 2, "caller.Usage", "caller");
}

#[test]
fn a_killed_rotation_is_resumed() {
    let home = Home::with_keys(&["k"]);
    let files = envelopes(&home, 400);
    let rewrapped = || files.iter().filter(|path| version(path) == "2").count();

    let mut child = Command::new(KMSCTL)
        .args(["rotate", "k", "--rewrap", "d"])
        .current_dir(home.path(""))
        .env("KEYSTRAND_HOME", home.dir())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while rewrapped() == 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let done = rewrapped();
    assert!(
        done > 0 && done < files.len(),
        "killed in the middle: {done} of {}",
        files.len()
    );
    // Every file opens, old or new.
    for path in [&files[0], &files[done], files.last().unwrap()] {
        home.ok(&["decrypt", "--force", path.to_str().unwrap(), "back"]);
    }
    let doctor = home.json(&["doctor"]);
    assert!(
        doctor
            .iter()
            .any(|finding| finding["check"] == "runs" && finding["status"] == "warn"),
        "{doctor:?}"
    );

    let ended = home.json(&["rotate", "--resume"]).pop().unwrap();
    assert_eq!(ended["failed"], 0, "{ended}");
    assert_eq!(rewrapped(), files.len());
    assert_eq!(
        home.json(&["key", "show", "k"])[0]["current"],
        "2",
        "a resumed run rotates no second time"
    );
    home.fails(&["rotate", "--resume"], 2, "caller.Usage", "caller");
    home.audit_is_intact();
    home.ok(&["audit", "verify", "--headers", "d"]);
    home.ok(&["key", "destroy", "k/1"]);
    for number in [0, 200, 399] {
        home.ok(&["decrypt", "--force", &format!("d/{number:04}.ks1"), "back"]);
        assert_eq!(home.read("back"), format!("content {number}").as_bytes());
    }
    let leftovers: Vec<_> = home.names().into_iter().filter(|name| name.starts_with('.')).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn a_run_that_was_killed_before_the_rotation_rotates_when_resumed() {
    let home = Home::with_keys(&["k"]);
    let files = envelopes(&home, 3);
    let order = Order::Rotate {
        from: [("local://k".to_owned(), Some("1".to_owned()))].into(),
    };
    drop(Campaign::begin(&home.dir(), order.plan(&[home.path("d")]).unwrap()).unwrap());
    home.ok(&["rotate", "--resume"]);
    assert!(files.iter().all(|path| version(path) == "2"));
    assert_eq!(home.json(&["key", "show", "k"])[0]["current"], "2");
}

#[test]
fn a_rewrap_in_place_that_was_cut_is_put_right() {
    let home = Home::with_keys(&["k"]);
    home.file("a", vec![7; 100_000]);
    home.ok(&["encrypt", "--key", "k", "a"]);
    // What a crash leaves: a temporary file of a process that is gone.
    let leftovers = |home: &Home| {
        let found = home.json(&["doctor", "."]);
        found
            .iter()
            .filter(|finding| finding["check"] == "leftovers" && finding["status"] == "warn")
            .count()
    };
    assert_eq!(leftovers(&home), 0);
    home.ok(&["encrypt", "--key", "k", "--detached", "a", "b.ks1"]);
    fs::rename(home.path("b.ks1"), home.path("moved")).unwrap();
    assert_eq!(leftovers(&home), 1, "a header without its payload");
    let found = home.json(&["doctor", "."]);
    let orphan = found.iter().find(|finding| finding["check"] == "leftovers").unwrap();
    assert!(orphan["next"].as_str().unwrap().contains("moved"), "{orphan}");
}

#[test]
fn a_mistyped_path_is_told_before_anything_is_done() {
    let home = Home::with_keys(&["k"]);
    for command in [
        &["rotate", "k", "--rewrap", "nowhere"][..],
        &["rewrap", "nowhere/*.ks1"],
    ] {
        let failure = home.fails(command, 1, "system.Io", "environment");
        assert!(failure.to_string().contains("no such file or folder"), "{failure}");
    }
    assert_eq!(
        home.json(&["key", "show", "k"])[0]["versions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(!home.dir().join("runs").exists(), "no run was begun");
}
