use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::support::{Home, lines};

const CLASSICAL: &str = "age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n";
const HYBRID: &str = "age-encryption.org/v1\n-> mlkem768x25519 abc\ndef\n--- mac\n";
const WEAK: &str = r#"{"kty":"EC","crv":"P-192","kid":"old"}"#;
const SERIAL: &str = "3e671687-395b-41f5-a30f-a58921a69b79";

fn findings(values: &[Value]) -> Vec<&Value> {
    values.iter().filter(|value| value["type"] == "finding").collect()
}

fn summary(values: &[Value]) -> &Value {
    values.iter().find(|value| value["type"] == "summary").unwrap()
}

#[test]
fn files_are_found_without_a_home() {
    let home = Home::none();
    home.file("a/classical.age", CLASSICAL);
    home.file("a/b/hybrid.age", HYBRID);
    home.file("a/text", "nothing");
    let told = home.json(&["scan", "a"]);
    let found = findings(&told);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["path"], "a/classical.age");
    assert_eq!(
        (&found[0]["priority"], &found[0]["exposure"]),
        (&"exposed".into(), &"harvest".into())
    );
    assert_eq!(found[0]["recipients"][0]["posture"], "classical");
    assert_eq!(
        (&found[1]["posture"], &found[1]["quantum_level"]),
        (&"hedged".into(), &3.into())
    );
    let summary = summary(&told);
    assert_eq!(
        (&summary["files"], &summary["findings"], &summary["harvest"]),
        (&3.into(), &2.into(), &1.into())
    );

    let text = home.ok(&["scan", "a"]);
    assert!(
        text.contains("a/classical.age") && !text.contains("hybrid.age"),
        "{text}"
    );
    assert!(
        text.contains("2 findings in 3 files: 1 exposed, 1 in order (--all lists these too)"),
        "{text}"
    );
    assert!(home.ok(&["scan", "a", "--all"]).contains("hybrid.age"));
}

#[test]
fn keys_of_the_home_come_with_their_ages_and_envelopes_with_theirs() {
    let home = Home::with_keys(&["payments", "ledger"]);
    home.file("d/f", "data");
    home.ok(&["encrypt", "--key", "payments", "d/f"]);
    let told = home.json(&["scan", "d"]);
    let found = findings(&told);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|finding| finding["priority"] == "fine"), "{found:#?}");
    let key = found
        .iter()
        .find(|finding| finding["key"] == "local://payments")
        .unwrap();
    assert_eq!(
        (&key["kind"], &key["posture"], &key["due"]["reason"]),
        (&"provider-key".into(), &"hedged".into(), &"age".into())
    );

    // A version more, and the envelope is behind.
    home.ok(&["rotate", "payments"]);
    let told = home.json(&["scan", "d"]);
    let envelope = findings(&told)
        .into_iter()
        .find(|finding| finding["kind"] == "envelope")
        .unwrap()
        .clone();
    assert_eq!(
        (&envelope["priority"], &envelope["due"]["reason"]),
        (&"due".into(), &"old-version".into())
    );
    home.ok(&["rotate", "ledger", "--rewrap", "d"]);
    home.ok(&["rewrap", "d"]);
    assert_eq!(summary(&home.json(&["scan", "d"]))["due"], 0);

    // Ages are those of the day that is asked about, and of the policy.
    assert_eq!(summary(&home.json(&["scan", "--as-of", "2099-01-01"]))["due"], 2);
    assert_eq!(summary(&home.json(&["scan"]))["files"], 0);
    let config = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[policy]\nmax_age_days = 36500\n")).unwrap();
    assert_eq!(summary(&home.json(&["scan", "--as-of", "2099-01-01"]))["due"], 0);
    assert_eq!(
        summary(&home.json(&["scan", "--as-of", "2099-01-01", "--max-age", "90"]))["due"],
        2
    );
    home.audit_is_intact();
}

#[test]
fn a_locked_home_is_left_alone_where_that_is_said() {
    let home = Home::none();
    home.file("words", "several words that nobody guesses");
    home.ok(&["init", "--passphrase-file", "words"]);
    home.file("f.age", CLASSICAL);
    let told = home.json(&["scan", "--no-keys", "f.age"]);
    assert_eq!(findings(&told).len(), 1);
    assert_eq!(home.run(&["scan", "--no-keys"]).code, 2);
    assert_ne!(home.run(&["scan", "f.age"]).code, 0);
    assert_eq!(Home::none().run(&["scan"]).code, 1);
}

#[test]
fn what_must_not_be_found_ends_with_5() {
    let home = Home::none();
    home.file("d/classical.age", CLASSICAL);
    home.file("d/weak.json", WEAK);
    home.file("fine/hybrid.age", HYBRID);
    for (what, code) in [("classical", 5), ("harvest", 5), ("weak", 5), ("due", 0)] {
        assert_eq!(home.run(&["scan", "d", "--fail-on", what]).code, code, "{what}");
        assert_eq!(home.run(&["scan", "fine", "--fail-on", what]).code, 0, "{what}");
    }
    let error = home.fails(&["scan", "d", "--fail-on", "weak,harvest"], 5, "scan.Found", "policy");
    assert!(
        error["message"].as_str().unwrap().contains("harvest (1 finding)"),
        "{error}"
    );
    // The reports are written all the same: they say what it was.
    let ran = home.run(&["scan", "d", "--fail-on", "weak", "--html", "page.html"]);
    assert!(ran.code == 5 && home.exists("page.html"));
    assert_eq!(home.run(&["scan", "d", "--fail-on", "old"]).code, 2);
}

#[test]
fn reports_are_whole_and_not_overwritten_unasked() {
    let home = Home::none();
    home.file("d/classical.age", CLASSICAL);
    let make = [
        "scan",
        "d",
        "--cbom",
        "bom.json",
        "--cbom-serial",
        SERIAL,
        "--as-of",
        "2026-11-22",
        "--html",
        "page.html",
    ];
    home.ok(&make);
    let (bom, page) = (home.read("bom.json"), home.read("page.html"));
    home.fails(&make, 1, "caller.Exists", "caller");
    home.ok(&[&make[..], &["--force"]].concat());
    assert_eq!(
        (home.read("bom.json"), home.read("page.html")),
        (bom.clone(), page.clone())
    );
    let bom: Value = serde_json::from_slice(&bom).unwrap();
    assert_eq!(
        (&bom["specVersion"], &bom["metadata"]["timestamp"]),
        (&"1.6".into(), &"2026-11-22T00:00:00Z".into())
    );
    assert!(String::from_utf8(page).unwrap().contains("classical.age"));
    assert_eq!(home.names(), ["bom.json", "d", "page.html"]);

    // On stdout a report is alone, and what is said of it stands on stderr.
    let ran = home.run(&["scan", "d", "--cbom", "-"]);
    let alone: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(alone["bomFormat"], "CycloneDX");
    let ran = home.run(&["--json", "scan", "d", "--html", "-"]);
    assert!(ran.stdout.starts_with(b"<!DOCTYPE html>") && lines(ran.stderr.as_bytes()).len() == 2);
    assert_eq!(home.run(&["scan", "d", "--cbom", "-", "--html", "-"]).code, 2);
    assert_eq!(home.run(&["scan", "d", "--cbom", "no/such/folder.json"]).code, 1);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let home = Home::none();
    home.file("d/classical.age", CLASSICAL);
    home.file("d/cut.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n");
    let told = home.json(&["scan", "d"]);
    let cut = findings(&told)[1];
    assert_eq!(
        (&cut["kind"], &cut["fault"], &cut["priority"]),
        (&"certificate".into(), &"its end is missing".into(), &"unclear".into())
    );
    assert_eq!(home.run(&["scan", "d", "missing"]).code, 6);

    let closed = home.file("d/closed/f.age", CLASSICAL);
    let run = home.as_somebody();
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o000)).unwrap();
    let ran = run(&["--json", "scan", "--no-keys", "d"]);
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.stderr.contains("d/closed"), "{ran:?}");
    assert_eq!(findings(&lines(&ran.stdout)).len(), 2, "{ran:?}");
}

#[test]
fn links_are_followed_only_where_that_is_said() {
    let home = Home::none();
    home.file("elsewhere/classical.age", CLASSICAL);
    home.file("d/hybrid.age", HYBRID);
    std::os::unix::fs::symlink(home.path("elsewhere"), home.path("d/link")).unwrap();
    assert_eq!(findings(&home.json(&["scan", "d"])).len(), 1);
    assert_eq!(findings(&home.json(&["scan", "d", "--follow-links"])).len(), 2);
    assert_eq!(findings(&home.json(&["scan", "elsewhere/*.age"])).len(), 1);
}

#[test]
fn a_hostile_name_moves_no_cursor() {
    let home = Home::none();
    home.file("d/a\u{1b}[2Jb.age", CLASSICAL);
    let text = home.ok(&["scan", "d"]);
    assert!(text.contains(r"a\u{1b}[2Jb.age") && !text.contains('\u{1b}'), "{text}");
}
