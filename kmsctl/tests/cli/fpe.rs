//! Tokens by lines and in CSV: what goes in comes back, and nothing of a value is said aloud.

use std::collections::BTreeSet;

use super::support::Home;

const CARD: &str = "4111111111111111";

fn home() -> Home {
    let home = Home::new();
    home.ok(&["key", "create", "cards", "--fpe"]);
    home
}

fn encrypt<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "fpe", "encrypt", "--key", "cards", "--table", "orders", "--column", "card",
    ];
    [&base[..], more].concat()
}

fn decrypt<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "fpe", "decrypt", "--key", "cards", "--table", "orders", "--column", "card",
    ];
    [&base[..], more].concat()
}

#[test]
fn lines_go_there_and_back() {
    let home = home();
    let cards = format!("{CARD}\r\n\n5500 0055 5555 5559\n{CARD}");
    let tokens = home.run_with_stdin(&encrypt(&["--template", "pan"]), cards.as_bytes());
    let text = String::from_utf8(tokens.stdout.clone()).unwrap();
    assert_eq!(tokens.code, 0, "{}", tokens.stderr);
    let lines: Vec<_> = text.split('\n').collect();
    assert!(lines[0].starts_with("411111") && lines[0].ends_with('\r') && lines[1].is_empty());
    assert_eq!(
        (lines[0].trim_end(), lines.len()),
        (lines[3], 4),
        "one tweak for the column"
    );
    let back = home.run_with_stdin(&decrypt(&["--template", "pan"]), text.as_bytes());
    assert_eq!(String::from_utf8(back.stdout).unwrap(), cards);
    for (table, column) in [("orders", "other"), ("other", "card")] {
        let elsewhere = [
            "fpe",
            "encrypt",
            "--key",
            "cards",
            "--table",
            table,
            "--column",
            column,
            "--template",
            "pan",
        ];
        assert_ne!(
            home.run_with_stdin(&elsewhere, cards.as_bytes()).stdout,
            text.as_bytes()
        );
    }
    home.audit_is_intact();
    let seen = home.json(&["audit", "show", "-n", "0"]);
    assert!(seen.iter().any(|entry| entry.to_string().contains("\"detokenize\"")));
    assert!(!seen.iter().any(|entry| entry.to_string().contains(CARD)));
}

#[test]
fn tables_keep_all_else_and_rows_have_tokens_of_their_own() {
    let home = home();
    let people = format!("id,card,note\n1,{CARD},\"a, b\"\n2,{CARD},\"say \"\"hi\"\"\"\n3,,\n");
    home.file("in.csv", &people);
    let rows = [
        "--row-id",
        "id",
        "--csv",
        "--template",
        "pan",
        "--metadata",
        "card.fpe",
        "in.csv",
        "out.csv",
    ];
    let said = home.json(&encrypt(&rows)).remove(0);
    assert_eq!(
        (said["rows"].as_u64(), said["empty"].as_u64(), said["failed"].as_u64()),
        (Some(3), Some(1), Some(0))
    );
    let out = String::from_utf8(home.read("out.csv")).unwrap();
    let tokens: BTreeSet<_> = out
        .lines()
        .skip(1)
        .take(2)
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    assert!(tokens.len() == 2 && !tokens.contains(CARD), "{out}");
    assert!(out.contains("\"a, b\"") && out.contains("\"say \"\"hi\"\"\""));
    // The metadata leads back, after a rotation too; without it nothing says which version it was.
    home.ok(&["rotate", "cards"]);
    let back = [
        "--row-id",
        "id",
        "--csv",
        "--metadata",
        "card.fpe",
        "out.csv",
        "back.csv",
    ];
    home.ok(&decrypt(&back));
    assert_eq!(String::from_utf8(home.read("back.csv")).unwrap(), people);
    let blind = ["--row-id", "id", "--csv", "--template", "pan", "out.csv"];
    home.fails(&decrypt(&blind), 2, "caller.Usage", "caller");
    let wrong = ["--csv", "--metadata", "card.fpe", "out.csv"];
    home.fails(&decrypt(&wrong), 3, "data.Metadata", "data");
    let first = [
        "fpe",
        "decrypt",
        "--key",
        "cards/1",
        "--table",
        "orders",
        "--column",
        "card",
        "--row-id",
        "id",
        "--csv",
        "--template",
        "pan",
        "out.csv",
        "again.csv",
    ];
    home.ok(&first);
    assert_eq!(home.read("again.csv"), people.as_bytes());
    home.fails(&first, 1, "system.Io", "environment");
}

#[test]
fn values_that_do_not_fit_stop_become_empty_or_are_reported() {
    let home = home();
    let secret = "4111111111111112";
    home.file("in.csv", format!("id,card\n1,{CARD}\n2,{secret}\n"));
    let run = |more: &[&str]| home.run(&encrypt(&[&["--csv", "--template", "pan"], more].concat()));
    let stopped = run(&["in.csv", "out.csv"]);
    assert_eq!(stopped.code, 1);
    assert!(stopped.stderr.contains("row 2: the check digits are wrong") && !stopped.stderr.contains(secret));
    assert!(!home.exists("out.csv"));
    assert_eq!(run(&["--on-error", "null", "in.csv", "out.csv"]).code, 6);
    assert!(String::from_utf8(home.read("out.csv")).unwrap().ends_with("\n2,\n"));
    assert_eq!(run(&["--on-error", "report", "-f", "in.csv", "out.csv"]).code, 6);
    let out = String::from_utf8(home.read("out.csv")).unwrap();
    assert!(
        out.starts_with("id,card,card_error\n")
            && out.ends_with("2,,the check digits are wrong for this kind of number\n")
    );
    let lines = home.run_with_stdin(
        &encrypt(&["--template", "ssn", "--on-error", "report"]),
        b"078-05-1120\n078-05-112x\n",
    );
    assert_eq!(lines.code, 6);
    assert!(lines.stderr.contains("line 2: character 11") && !lines.stderr.contains("078-05"));
    assert!(lines.stdout.ends_with(b"\n\n"));
}

#[test]
fn what_is_not_sound_is_refused() {
    let home = home();
    home.ok(&["key", "create", "k"]);
    home.file("in.csv", "id,card\n1,2,3\n");
    let usage = |arguments: &[&str]| assert_eq!(home.run(arguments).code, 2, "{arguments:?}");
    usage(&["fpe", "encrypt", "--key", "cards", "--template", "pan"]);
    usage(&[
        "fpe",
        "encrypt",
        "--key",
        "cards",
        "--template",
        "pan",
        "--table",
        "orders",
    ]);
    usage(&encrypt(&[]));
    usage(&encrypt(&["--template", "regex:(\\d{5})"]));
    usage(&encrypt(&["--template", "pan", "--row-id", "id"]));
    usage(&[
        "fpe",
        "encrypt",
        "--key",
        "k",
        "--template",
        "pan",
        "--table",
        "t",
        "--column",
        "c",
    ]);
    assert_ne!(
        home.run(&["encrypt", "--key", "cards", "in.csv"]).code,
        0,
        "a key of tokens seals nothing"
    );
    home.fails(
        &encrypt(&["--csv", "--template", "pan", "in.csv"]),
        1,
        "data.Csv",
        "data",
    );
    home.file("two.csv", "card,card\n");
    usage(&encrypt(&["--csv", "--template", "pan", "two.csv"]));
    home.ok(&["key", "disable", "cards"]);
    assert_eq!(home.run_with_stdin(&encrypt(&["--template", "pan"]), b"").code, 5);
}

#[test]
fn masks_and_opaque_tokens_take_the_same_templates() {
    let home = home();
    let masked = home.run_with_stdin(
        &["fpe", "mask", "--template", "pan:bin=6,last=4,luhn=ignore,length=16"],
        CARD.as_bytes(),
    );
    assert_eq!(masked.stdout, b"411111******1111");
    for method in ["siv", "hmac"] {
        let token = home
            .run_with_stdin(&encrypt(&["--method", method]), b"1912-06-23\n")
            .ok();
        let back = home.run_with_stdin(&decrypt(&["--method", method]), token.as_bytes());
        assert_eq!(
            (back.code, back.stdout == b"1912-06-23\n"),
            (i32::from(method == "hmac"), method == "siv")
        );
        assert_eq!(
            home.run_with_stdin(&encrypt(&["--method", method, "--template", "ssn"]), b"x")
                .code,
            1
        );
    }
    home.file("tweak", "t-17");
    let supplied = [
        "fpe",
        "encrypt",
        "--key",
        "cards",
        "--template",
        "pan",
        "--tweak-file",
        "tweak",
    ];
    assert_eq!(home.run_with_stdin(&supplied, CARD.as_bytes()).code, 0);
    home.file("empty", "");
    let supplied = [
        "fpe",
        "encrypt",
        "--key",
        "cards",
        "--template",
        "pan",
        "--tweak-file",
        "empty",
    ];
    assert_eq!(home.run_with_stdin(&supplied, CARD.as_bytes()).code, 2);
    let listed = home.json(&["fpe", "templates"]);
    assert!(
        listed.iter().any(|entry| entry["name"] == "iban") && listed.iter().any(|entry| entry["type"] == "alphabet")
    );
    assert_eq!(
        home.ok(&["fpe", "templates", "pan:bin=6"]),
        "pan:bin=6,last=0,luhn=keep,length=13-19\n"
    );
}
