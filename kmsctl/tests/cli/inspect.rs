use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::messages;
use super::support::{Home, lines, noise, repository};

/// Every golden file of every maker, with what its manifest says.
fn golden() -> Vec<(PathBuf, Value)> {
    let mut cases = Vec::new();
    for maker in fs::read_dir(repository("tests/golden/ks1")).unwrap() {
        let maker = maker.unwrap().path();
        let Ok(manifest) = fs::read(maker.join("manifest.json")) else {
            continue;
        };
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        for case in manifest["cases"].as_array().unwrap() {
            cases.push((maker.join(case["file"].as_str().unwrap()), case.clone()));
        }
    }
    assert!(cases.len() > 100, "{} golden files", cases.len());
    cases
}

fn inspected(path: &PathBuf) -> Value {
    let home = Home::none();
    let output = home.command().args(["inspect", "--json"]).arg(path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}: {output:?}", path.display());
    lines(&output.stdout).remove(0)
}

#[test]
fn golden_files_are_shown_as_their_makers_say() {
    for (path, case) in golden() {
        let seen = inspected(&path);
        let name = case["name"].as_str().unwrap();
        let kind = match case["kind"].as_u64() {
            Some(1) => "message",
            Some(2) => "ticket",
            _ => "sealed-secret",
        };
        assert_eq!(seen["kind"], kind, "{name}");
        assert_eq!(seen["layout"], case["layout"], "{name}");
        assert_eq!(seen["sequence"], case["seq"], "{name}");
        assert_eq!(seen["header"]["bytes"], case["header_length"], "{name}");
        assert_eq!(seen["context"], case["context"], "{name}");
        assert_eq!(seen["key_name"], case["logical_key"], "{name}");
        let required: BTreeSet<_> = case["required_context"].as_object().unwrap().keys().cloned().collect();
        let external: BTreeSet<String> = serde_json::from_value(seen["external_context"].clone()).unwrap();
        assert_eq!(external, required, "{name}");
        assert_eq!(
            seen["floor"]["quorum"],
            case["floor"].get("2").cloned().unwrap_or_default(),
            "{name}"
        );
        assert_eq!(schemes(&seen), case["schemes"], "{name}");
        for (label, value) in case["labels"].as_object().unwrap() {
            assert_eq!(&seen["labels"][label], value, "{name}");
        }
        if case["layout"] != "ticket" && case["plaintext_hex"].is_string() {
            let length = case["plaintext_hex"].as_str().unwrap().len() / 2;
            assert_eq!(seen["payload"]["plaintext_bytes"], length, "{name}");
            assert_eq!(seen["payload"]["state"], "present", "{name}");
        }
    }
}

fn schemes(seen: &Value) -> Value {
    let number = |recipient: &Value| match recipient["type"].as_str().unwrap() {
        "quorum" => 16.into(),
        "unknown" => recipient["scheme_number"].clone(),
        _ => match recipient["scheme"].as_str().unwrap() {
            "wrap-bound" => 1.into(),
            "wrap" => 2.into(),
            "hpke" => 3.into(),
            "hybrid" => 4.into(),
            "passphrase" => 5.into(),
            other => panic!("{other}"),
        },
    };
    seen["recipients"].as_array().unwrap().iter().map(number).collect()
}

#[test]
fn no_key_and_no_home_is_needed() {
    let home = Home::with_keys(&["k"]);
    home.file("a", noise(20_000));
    home.ok(&["encrypt", "--key", "k", "a"]);
    let stranger = Home::none();
    stranger.file("a.ks1", home.read("a.ks1"));
    let text = stranger.ok(&["inspect", "a.ks1"]);
    for word in [
        "a.ks1",
        "KS1-AES256GCM",
        "local://k",
        "hedged",
        "20000 bytes of plaintext",
        "2 chunks",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!stranger.dir().exists());
}

#[test]
fn a_payload_and_its_header_are_shown_together() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "aaaa");
    home.file("b", "bbbb");
    home.ok(&["encrypt", "--key", "k", "--detached", "a"]);
    home.ok(&["encrypt", "--key", "k", "--detached", "b"]);
    let seen = home.inspect("a.ks1");
    assert_eq!(seen, home.inspect("a.ks1.ksh"));
    assert_eq!(
        (&seen["layout"], &seen["payload"]["state"]),
        (&"detached".into(), &"present".into())
    );
    fs::rename(home.path("b.ks1"), home.path("a.ks1")).unwrap();
    assert_eq!(home.inspect("a.ks1.ksh")["payload"]["state"], "other-payload");
    fs::remove_file(home.path("a.ks1")).unwrap();
    assert_eq!(home.inspect("a.ks1.ksh")["payload"]["state"], "missing");
    home.ok(&["encrypt", "--key", "k", "a", "c.ks1"]);
    home.file("cut.ks1", &home.read("c.ks1")[..home.read("c.ks1").len() - 10]);
    assert_eq!(home.inspect("cut.ks1")["payload"]["state"], "impossible-length");
}

#[test]
fn each_failure_is_told_and_the_rest_is_shown() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    home.file("text", "no envelope");
    home.file("empty", "");
    home.ok(&["encrypt", "--key", "k", "a"]);
    for cut in [1, 8, 31, 32, 100] {
        home.file("cut", &home.read("a.ks1")[..cut]);
        assert_eq!(home.run(&["inspect", "cut"]).code, 3, "cut at {cut}");
    }
    assert_eq!(home.run(&["inspect", "a.ks1", "text"]).code, 6);
    assert_eq!(home.run(&["inspect", "text", "empty"]).code, 3);
    home.fails(&["inspect", "missing"], 1, "system.Io", "environment");
    assert_eq!(home.run(&["inspect"]).code, 2);
}

#[test]
fn an_envelope_cannot_steer_the_terminal() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    let hostile = "x=\u{1b}]0;title\u{7}\u{1b}[31mred\u{202e}";
    home.ok(&["encrypt", "--key", "k", "--context", hostile, "--label", hostile, "a"]);
    let text = home.ok(&["inspect", "a.ks1"]);
    assert!(text.contains(r"\u{1b}") && text.contains("red"), "{text}");
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
        "{text:?}"
    );
    assert_eq!(home.inspect("a.ks1")["context"]["x"], hostile[2..]);
}

#[test]
fn every_field_is_documented_and_every_documented_field_is_there() {
    let mut seen = BTreeSet::new();
    for (path, _) in golden() {
        paths("", &inspected(&path), &mut seen);
    }
    let home = Home::new();
    home.file("m", messages::seal(&messages::sealer(), b"x"));
    paths("", &home.inspect("m"), &mut seen);
    let documented = documented();
    let missing: Vec<_> = seen.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&seen).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not documented: {missing:?}; documented but absent: {stale:?}"
    );
}

/// The paths of all fields: `a.b`, `list[].c`; names that the envelope chooses are `NAME`.
fn paths(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if ["context", "labels"].contains(&prefix) {
                    "NAME"
                } else {
                    name
                };
                let path = if prefix.is_empty() {
                    name.to_owned()
                } else {
                    format!("{prefix}.{name}")
                };
                found.insert(path.clone());
                paths(&path, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(&format!("{prefix}[]"), item, found)),
        _ => {}
    }
}

/// The first column of the tables.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(repository("docs/inspect-json.md")).unwrap();
    let first = |line: &str| {
        let path = line.strip_prefix("| `")?.split_once('`')?.0;
        Some(path.to_owned())
    };
    text.lines().filter_map(first).collect()
}
