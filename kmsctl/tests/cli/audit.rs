use std::fs;

use super::support::Home;

/// A home with a sealed and opened file, and the message id of it.
fn used() -> (Home, String) {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.ok(&["encrypt", "--key", "k", "a"]);
    home.ok(&["decrypt", "a.ks1", "back"]);
    let id = home.inspect("a.ks1")["message_id"].as_str().unwrap().to_owned();
    (home, id)
}

#[test]
fn every_use_of_a_key_is_recorded_before_and_after() {
    let (home, _) = used();
    home.ok(&["rotate", "k", "--rewrap", "a.ks1"]);
    home.ok(&["key", "disable", "k"]);
    home.run(&["decrypt", "a.ks1", "no"]);
    let text = home.ok(&["audit", "show"]);
    for action in ["create-key", "seal", "open", "rotate", "rewrap", "disable-key"] {
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.contains(&format!("  {action} ")))
            .collect();
        assert!(lines.iter().any(|line| line.contains("begins")), "{action}: {text}");
        assert!(lines.iter().any(|line| line.contains("ended")), "{action}: {text}");
    }
    let failed = home.ok(&["audit", "show", "--failed"]);
    assert!(
        failed.contains("provider.Disabled") || failed.contains("Disabled"),
        "{failed}"
    );
    let verdict = home.json(&["audit", "verify"]).remove(0);
    assert_eq!((&verdict["intact"], &verdict["unsigned"]), (&true.into(), &0.into()));
    assert_eq!(verdict["findings"].as_array().unwrap().len(), 0, "{verdict}");
}

#[test]
fn entries_are_found_by_key_time_and_id() {
    let (home, id) = used();
    home.ok(&["key", "create", "unused"]);
    let all = home.json(&["audit", "show"]);
    assert_eq!(home.json(&["audit", "show", "-n", "2"]).len(), 2);
    assert_eq!(home.json(&["audit", "show", "-n", "0"]), all);
    assert_eq!(
        home.json(&["audit", "show", "--key", "k"]).len(),
        6,
        "create, seal and open, each twice"
    );
    assert_eq!(home.json(&["audit", "show", "--key", "local://unused"]).len(), 2);
    assert_eq!(home.json(&["audit", "show", "--since", "2000-01-01T00:00:00Z"]), all);
    assert!(
        home.json(&["audit", "show", "--since", "2199-01-01T00:00:00Z"])
            .is_empty()
    );
    assert_eq!(home.run(&["audit", "show", "--since", "yesterday"]).code, 2);

    assert_eq!(home.json(&["audit", "trace", &id]).len(), 4);
    assert_eq!(home.json(&["audit", "trace", &id[..12]]).len(), 4);
    home.fails(&["audit", "trace", "00000000000000"], 2, "caller.Usage", "caller");
    assert_eq!(home.run(&["audit", "trace", "short"]).code, 2);
}

#[test]
fn an_entry_is_proved() {
    let (home, _) = used();
    let proof = home.json(&["audit", "prove", "2"]).remove(0);
    assert_eq!(proof["index"], 2);
    let entry = &home.json(&["audit", "show", "-n", "0"])[2];
    let proved: serde_json::Value = serde_json::from_str(proof["entry"].as_str().unwrap()).unwrap();
    assert_eq!(entry["event"], proved);
    home.fails(&["audit", "prove", "4711"], 2, "audit.OutOfRange", "caller");
    assert_eq!(home.run(&["audit", "prove", "x"]).code, 2);
}

#[test]
fn an_altered_log_is_found_out() {
    let (home, _) = used();
    let log = home.dir().join("audit");
    let journal = fs::read_dir(&log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .unwrap();
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("\"seal\"", "\"open\"", 1)).unwrap();
    let ran = home.run(&["audit", "verify"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("DAMAGED"), "{ran:?}");
}

#[test]
fn a_header_that_was_put_back_is_found() {
    let (home, _) = used();
    let old = home.read("a.ks1");
    home.ok(&["rotate", "k", "--rewrap", "a.ks1"]);
    home.ok(&["audit", "verify", "--headers", "a.ks1"]);
    home.file("a.ks1", old);
    let ran = home.run(&["--json", "audit", "verify", "--headers", "a.ks1"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let finding = super::support::lines(&ran.stdout).pop().unwrap();
    assert_eq!(
        (&finding["state"], &finding["logged_sequence"]),
        (&"rolled-back".into(), &1.into())
    );
    let other = Home::with_keys(&["k"]);
    other.file("x", "x");
    other.ok(&["encrypt", "--key", "k", "x"]);
    home.file("foreign.ks1", other.read("x.ks1"));
    let finding = home
        .json(&["audit", "verify", "--headers", "foreign.ks1"])
        .pop()
        .unwrap();
    assert_eq!(finding["state"], "unknown");
}

#[test]
fn an_auditor_needs_the_public_key_and_a_kept_checkpoint_alone() {
    let (home, _) = used();
    let key = home.ok(&["audit", "checkpoint", "--key"]).trim().to_owned();
    home.file("kept", home.ok(&["audit", "checkpoint"]));
    home.ok(&["decrypt", "a.ks1", "again"]);
    let copy = home.path("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(home.dir().join("audit"))
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());

    let auditor = Home::none();
    let (copy, kept) = (copy.to_str().unwrap(), home.path("kept"));
    let verify = [
        "audit",
        "verify",
        "--log",
        copy,
        "--pin",
        &key,
        "--kept",
        kept.to_str().unwrap(),
    ];
    assert_eq!(auditor.json(&verify)[0]["continues_kept"], true);
    auditor.file("log.pub", &key);
    assert_eq!(
        auditor.json(&["audit", "verify", "--log", copy, "--pin", "log.pub"])[0]["intact"],
        true
    );
    auditor.fails(&["audit", "verify", "--log", copy], 2, "caller.Usage", "caller");
    auditor.fails(
        &["audit", "verify", "--log", copy, "--pin", "nonsense+key"],
        2,
        "caller.Usage",
        "caller",
    );

    // Another log does not go on from the kept checkpoint, and is not signed by the pinned key.
    let (other, _) = used();
    let log = other.dir().join("audit");
    let ran = auditor.run(&["audit", "verify", "--log", log.to_str().unwrap(), "--pin", &key]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let other_key = other.ok(&["audit", "checkpoint", "--key"]).trim().to_owned();
    let rewritten = [
        "audit",
        "verify",
        "--log",
        log.to_str().unwrap(),
        "--pin",
        &other_key,
        "--kept",
        kept.to_str().unwrap(),
    ];
    let ran = auditor.run(&rewritten);
    assert_eq!(ran.code, 1);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("REWRITTEN"), "{ran:?}");
}

#[test]
fn without_a_log_that_can_be_written_nothing_is_done() {
    let (home, _) = used();
    let log = home.dir().join("audit");
    fs::rename(&log, home.dir().join("away")).unwrap();
    assert_eq!(home.run(&["encrypt", "--key", "k", "a", "no"]).code, 1);
    assert_eq!(home.run(&["decrypt", "a.ks1", "no"]).code, 1);
    assert!(!home.exists("no"));

    // None at all works only if the configuration says so.
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    let start = text.find("[audit]").unwrap();
    fs::write(&config, &text[..start]).unwrap();
    home.fails(&["decrypt", "a.ks1", "no"], 1, "caller.Config", "caller");
    fs::write(&config, format!("audit = \"none\"\n{}", &text[..start])).unwrap();
    home.ok(&["decrypt", "a.ks1", "yes"]);
    home.fails(&["audit", "show"], 2, "caller.Usage", "caller");
}

#[test]
fn the_trace_of_the_caller_is_kept() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let output = home
        .command()
        .args(["encrypt", "--key", "k", "a"])
        .env("TRACEPARENT", format!("00-{trace}-00f067aa0ba902b7-01"))
        .output();
    assert!(output.unwrap().status.success());
    // Two for the keystore, two for the envelope.
    assert_eq!(home.json(&["audit", "trace", trace]).len(), 4);
}
