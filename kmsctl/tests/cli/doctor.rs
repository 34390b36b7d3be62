use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::support::{Home, lines};

fn finding<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    findings
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap_or_else(|| panic!("{check}: {findings:?}"))
}

#[test]
fn a_sound_home_is_found_sound() {
    let home = Home::with_keys(&["k"]);
    home.ok(&["key", "create", "named", "--uri", "local://k"]);
    let findings = home.json(&["doctor"]);
    assert!(
        findings.iter().all(|finding| finding["status"] != "fail"),
        "{findings:?}"
    );
    for check in [
        "random", "memory", "process", "home", "config", "secrets", "audit", "provider", "name", "runs",
    ] {
        finding(&findings, check);
    }
    assert_eq!(finding(&findings, "name")["status"], "ok");
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let home = Home::with_keys(&["k"]);
    fs::set_permissions(home.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let findings = home.json(&["doctor"]);
    assert_eq!(finding(&findings, "home")["status"], "warn");
    assert!(
        finding(&findings, "home")["next"]
            .as_str()
            .unwrap()
            .starts_with("chmod 700")
    );

    home.ok(&["key", "create", "named", "--uri", "local://missing"]);
    let ran = home.run(&["--json", "doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(finding(&lines(&ran.stdout), "name")["status"], "fail");

    let keystore = home.dir().join("keystore.ks1");
    fs::write(&keystore, "garbage").unwrap();
    let ran = home.run(&["--json", "doctor"]);
    assert_eq!(ran.code, 1);
    let findings = lines(&ran.stdout);
    assert_eq!(finding(&findings, "session")["status"], "fail");
    assert!(finding(&findings, "session")["next"].is_string());
}

#[test]
fn without_a_home_it_says_so() {
    let home = Home::none();
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.contains("kmsctl init"), "{text}");
}

#[test]
fn a_damaged_share_is_found_before_it_is_needed() {
    let home = Home::with_keys(&["office"]);
    home.file("words", "the words of the chair");
    home.ok(&[
        "key",
        "create",
        "board",
        "--quorum",
        "2",
        "--uri",
        "local://office",
        "--uri",
        "passphrase:",
    ]);
    home.file("m", "minutes");
    let words = ["--recipient-passphrase-file", "words"];
    home.ok(&[&["encrypt", "--key", "board", "m"], &words[..]].concat());
    let check = [&["doctor", "--all-shares", "m.ks1"], &words[..]].concat();
    let findings = home.json(&check);
    assert!(
        finding(&findings, "shares")["detail"]
            .as_str()
            .unwrap()
            .contains("2 of 2 shares open")
    );

    // Share bodies stand at the end of the header, before their zeros.
    let mut envelope = home.read("m.ks1");
    let header = home.inspect("m.ks1")["header"]["bytes"].as_u64().unwrap() as usize;
    let share = envelope[..header].iter().rposition(|byte| *byte != 0).unwrap() - 70;
    envelope[share] ^= 1;
    home.file("m.ks1", envelope);
    let findings = home.json(&check);
    let shares = finding(&findings, "shares");
    assert!(shares["status"] != "ok", "{shares}");
}
