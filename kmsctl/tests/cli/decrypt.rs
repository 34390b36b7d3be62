use std::fs;

use super::support::{Home, noise};

/// A home, and an envelope of three chunks.
fn sealed() -> (Home, Vec<u8>, Vec<u8>) {
    let home = Home::with_keys(&["k"]);
    let content = noise(40_000);
    home.file("a", &content);
    home.ok(&["encrypt", "--key", "k", "--context", "tenant=acme", "a"]);
    let envelope = home.read("a.ks1");
    (home, content, envelope)
}

#[test]
fn the_context_is_compared_and_not_trusted() {
    let (home, content, _) = sealed();
    home.ok(&["decrypt", "a.ks1", "none-given"]);
    home.ok(&["decrypt", "--context", "tenant=acme", "a.ks1", "right"]);
    assert_eq!(home.read("right"), content);
    for wrong in [
        &["--context", "tenant=other"][..],
        &["--context", "Tenant=acme"],
        &["--context", "tenant=acme", "--context", "extra=1"],
        &["--context", "tenant="],
    ] {
        let arguments = [&["decrypt", "a.ks1", "no"], wrong].concat();
        home.fails(&arguments, 3, "policy.ContextMismatch", "policy");
        assert!(!home.exists("no"));
    }
}

#[test]
fn required_context_is_needed_and_not_stored() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "content");
    let seal = [
        "encrypt",
        "--key",
        "k",
        "--context",
        "case=4711",
        "--required-context",
        "case",
        "a",
    ];
    home.ok(&seal);
    let seen = home.inspect("a.ks1");
    assert_eq!(seen["external_context"][0], "case");
    assert!(!String::from_utf8_lossy(&home.read("a.ks1")).contains("4711"));
    home.fails(&["decrypt", "a.ks1", "no"], 3, "caller.ContextMissing", "caller");
    home.fails(
        &["decrypt", "--context", "case=4712", "a.ks1", "no"],
        3,
        "open.DoesNotOpen",
        "data",
    );
    home.ok(&["decrypt", "--context", "case=4711", "a.ks1", "back"]);
    assert_eq!(home.read("back"), b"content");
    assert!(!home.exists("no"));
}

#[test]
fn a_cut_envelope_never_gets_a_name() {
    let (home, content, envelope) = sealed();
    let header = home.inspect("a.ks1")["header"]["bytes"].as_u64().unwrap() as usize;
    let cuts = [
        0,
        1,
        8,
        31,
        32,
        33,
        header - 1,
        header,
        header + 1,
        header + 24,
        header + 55,
        header + 56,
    ];
    let chunk = header + 56 + 16_400;
    let later = [
        chunk - 1,
        chunk,
        chunk + 1,
        chunk + 16_399,
        chunk + 16_400,
        envelope.len() - 17,
        envelope.len() - 1,
    ];
    for cut in cuts.into_iter().chain(later) {
        home.file("cut.ks1", &envelope[..cut]);
        let ran = home.run(&["decrypt", "cut.ks1", "out"]);
        assert_eq!(ran.code, 3, "cut at {cut}: {ran:?}");
        assert!(!home.exists("out"), "cut at {cut}");
        assert_eq!(home.names(), ["a", "a.ks1", "cut.ks1"], "cut at {cut}");

        // To stdout, what was authentic has gone out, and the exit code says that it was not all.
        let ran = home.run(&["decrypt", "cut.ks1", "-"]);
        assert_eq!(ran.code, 3, "cut at {cut} to stdout");
        assert!(content.starts_with(&ran.stdout), "cut at {cut}");
        assert!(ran.stdout.len() < content.len());
    }
}

#[test]
fn an_altered_envelope_never_gets_a_name() {
    let (home, _, envelope) = sealed();
    let header = home.inspect("a.ks1")["header"]["bytes"].as_u64().unwrap() as usize;
    let places = [
        0,
        8,
        9,
        11,
        15,
        40,
        header - 40,
        header - 1,
        header + 3,
        header + 30,
        header + 60,
        envelope.len() - 1,
    ];
    for place in places {
        let mut altered = envelope.clone();
        altered[place] ^= 1;
        home.file("altered.ks1", &altered);
        let ran = home.run(&["decrypt", "altered.ks1", "out"]);
        assert!([3, 5].contains(&ran.code), "byte {place}: {ran:?}");
        assert!(!home.exists("out"), "byte {place}");
    }
    home.file("longer.ks1", [&envelope[..], b"x"].concat());
    home.fails(&["decrypt", "longer.ks1", "out"], 3, "open.DoesNotOpen", "data");
    home.file("twice.ks1", [&envelope[..], &envelope[..]].concat());
    home.fails(&["decrypt", "twice.ks1", "out"], 3, "open.DoesNotOpen", "data");
    home.audit_is_intact();
}

#[test]
fn what_is_no_envelope_is_told_apart() {
    let home = Home::with_keys(&["k"]);
    home.file("text.ks1", "just some text, longer than a prelude would be");
    home.fails(&["decrypt", "text.ks1"], 3, "format.NoHeader", "data");
    home.file("empty.ks1", "");
    home.fails(&["decrypt", "empty.ks1"], 3, "format.NoHeader", "data");
    home.file(
        "mangled.ks1",
        b"\x89KS1\n\x1a\n and so on, as a text-mode transfer leaves it",
    );
    home.fails(&["decrypt", "mangled.ks1"], 3, "format.Mangled", "data");
    home.fails(&["decrypt", "missing.ks1"], 1, "system.Io", "environment");
    fs::create_dir(home.path("folder")).unwrap();
    home.ok(&["decrypt", "folder"]);
    home.fails(&["decrypt", "folder", "out"], 2, "caller.Usage", "caller");
    home.file("plain", "x");
    home.fails(&["decrypt", "plain"], 2, "caller.Usage", "caller");
}

#[test]
fn existing_outputs_stay_without_force() {
    let (home, content, _) = sealed();
    home.file("a", "precious");
    home.fails(&["decrypt", "a.ks1"], 1, "caller.Exists", "caller");
    assert_eq!(home.read("a"), b"precious");
    home.ok(&["decrypt", "--force", "a.ks1"]);
    assert_eq!(home.read("a"), content);
}

#[test]
fn a_sidecar_is_found_by_itself() {
    let home = Home::with_keys(&["k"]);
    let content = noise(100_000);
    home.file("video", &content);
    home.ok(&["encrypt", "--key", "k", "--detached", "video"]);
    assert_eq!(home.names(), ["video", "video.ks1", "video.ks1.ksh"]);
    home.ok(&["decrypt", "video.ks1", "by-payload"]);
    home.ok(&["decrypt", "video.ks1.ksh", "by-header"]);
    assert_eq!(home.read("by-payload"), content);
    assert_eq!(home.read("by-header"), content);

    fs::rename(home.path("video.ks1.ksh"), home.path("elsewhere")).unwrap();
    home.fails(&["decrypt", "video.ks1", "no"], 3, "format.NoHeader", "data");
    home.ok(&["decrypt", "video.ks1", "named", "--header", "elsewhere"]);
    assert_eq!(home.read("named"), content);

    home.file("other", "other");
    home.ok(&["encrypt", "--key", "k", "--detached", "other"]);
    let swapped = ["decrypt", "video.ks1", "no", "--header", "other.ks1.ksh"];
    home.fails(&swapped, 3, "format.OtherPayload", "data");
    fs::remove_file(home.path("other.ks1")).unwrap();
    home.fails(&["decrypt", "other.ks1.ksh", "no"], 3, "format.NoPayload", "data");
    assert!(!home.exists("no"));
}

#[test]
fn another_home_has_no_key_for_it() {
    let (home, _, envelope) = sealed();
    let other = Home::with_keys(&["k"]);
    other.file("a.ks1", &envelope);
    // The same name, another key: nothing is told beyond "does not open".
    other.fails(&["decrypt", "a.ks1"], 3, "open.DoesNotOpen", "data");
    let empty = Home::new();
    empty.file("a.ks1", &envelope);
    assert_eq!(empty.run(&["decrypt", "a.ks1"]).code, 3);
    home.ok(&["key", "disable", "k"]);
    home.fails(&["decrypt", "a.ks1", "no"], 5, "provider.Disabled", "provider");
    home.ok(&["key", "enable", "k"]);
    home.ok(&["decrypt", "a.ks1", "yes"]);
}

#[test]
fn an_older_header_is_refused_where_one_is_pinned() {
    let (home, _, old) = sealed();
    home.ok(&["rotate", "k", "--rewrap", "a.ks1"]);
    home.ok(&["decrypt", "a.ks1", "new", "--min-sequence", "1"]);
    home.file("old.ks1", old);
    home.ok(&["decrypt", "old.ks1", "unpinned"]);
    home.fails(
        &["decrypt", "old.ks1", "no", "--min-sequence", "1"],
        3,
        "open.DoesNotOpen",
        "data",
    );
}
