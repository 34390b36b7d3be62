use super::support::Home;

#[test]
fn any_of_several_keys_opens() {
    let home = Home::with_keys(&["a", "b"]);
    home.file("x", "x");
    home.ok(&["encrypt", "--key", "a", "--key", "local://b", "x"]);
    for disabled in ["a", "b"] {
        home.ok(&["key", "disable", disabled]);
        home.ok(&["decrypt", "--force", "x.ks1", "back"]);
        home.ok(&["key", "enable", disabled]);
    }
    assert_eq!(home.inspect("x.ks1")["key_name"], serde_json::Value::Null);
}

#[test]
fn hidden_recipients_are_not_named_and_still_found() {
    let home = Home::with_keys(&["a", "b"]);
    home.file("x", "x");
    home.ok(&["encrypt", "--key", "local://a", "--hidden", "x"]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"][0]["key"], serde_json::Value::Null);
    assert_eq!(seen["recipients"][0]["hint"].as_str().unwrap().len(), 16);
    assert!(!String::from_utf8_lossy(&home.read("x.ks1")).contains("local://a"));
    home.ok(&["decrypt", "x.ks1", "back"]);
    home.ok(&["rotate", "a", "--rewrap", "x.ks1"]);
    assert_eq!(home.inspect("x.ks1")["recipients"][0]["version"], "2");
    home.ok(&["decrypt", "x.ks1", "back-2"]);
}

#[test]
fn message_level_recipients_open_one_message() {
    let home = Home::with_keys(&["a"]);
    home.file("x", "x");
    home.ok(&["encrypt", "--key", "a", "--level", "message", "x"]);
    assert_eq!(home.inspect("x.ks1")["recipients"][0]["level"], "message");
    home.ok(&["decrypt", "x.ks1", "back"]);
    // Who holds the message secret alone cannot give away the data key.
    home.ok(&["key", "create", "b"]);
    home.fails(&["rewrap", "x.ks1", "--add", "b"], 5, "caller.Level", "caller");
    home.ok(&["rewrap", "x.ks1", "--add", "b", "--level", "message"]);
    assert_eq!(home.inspect("x.ks1")["recipients"][1]["level"], "message");
}

#[test]
fn a_passphrase_opens_what_was_sealed_for_it() {
    let home = Home::with_keys(&["k"]);
    home.file("x", "content");
    home.file("right", "open sesame\n");
    home.file("wrong", "open barley\n");
    home.ok(&[
        "encrypt",
        "--passphrase-recipient",
        "--recipient-passphrase-file",
        "right",
        "x",
    ]);
    let seen = home.inspect("x.ks1");
    assert_eq!(seen["recipients"][0]["scheme"], "passphrase");
    assert_eq!(seen["recipients"][0]["params"]["memory_kib"], 65_536);
    home.ok(&["decrypt", "--recipient-passphrase-file", "right", "x.ks1", "back"]);
    assert_eq!(home.read("back"), b"content");
    let wrong = ["decrypt", "--recipient-passphrase-file", "wrong", "x.ks1", "no"];
    home.fails(&wrong, 3, "open.DoesNotOpen", "data");
    let missing = ["decrypt", "--recipient-passphrase-file", "missing", "x.ks1", "no"];
    home.fails(&missing, 1, "system.Io", "environment");
    let from_environment = home
        .command()
        .args(["decrypt", "x.ks1", "by-environment"])
        .env("KEYSTRAND_RECIPIENT_PASSPHRASE_FILE", "right")
        .output();
    assert_eq!(from_environment.unwrap().status.code(), Some(0));
    assert!(!home.exists("no"));
    // An envelope is as weak as its weakest recipient, so a passphrase stands alone.
    let mixed = [
        "encrypt",
        "--key",
        "k",
        "--passphrase-recipient",
        "--recipient-passphrase-file",
        "right",
        "x",
        "no",
    ];
    home.fails(&mixed, 5, "policy.PassphraseMixed", "policy");
    home.audit_is_intact();
}

#[test]
fn a_passphrase_and_a_key_can_be_a_quorum() {
    let home = Home::with_keys(&["office"]);
    home.file("chair", "the chair's own words");
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
    home.file("minutes", "secret");
    home.ok(&[
        "encrypt",
        "--key",
        "board",
        "--recipient-passphrase-file",
        "chair",
        "minutes",
    ]);
    let seen = home.inspect("minutes.ks1");
    assert_eq!(seen["recipients"][0]["type"], "quorum");
    assert_eq!(seen["recipients"][0]["threshold"], 2);
    home.ok(&["decrypt", "--recipient-passphrase-file", "chair", "minutes.ks1", "back"]);
    assert_eq!(home.read("back"), b"secret");
    home.file("other", "somebody else's words");
    let alone = ["decrypt", "--recipient-passphrase-file", "other", "minutes.ks1", "no"];
    home.fails(&alone, 3, "open.DoesNotOpen", "data");

    // One member's key rotates without the other.
    home.ok(&["rotate", "office", "--rewrap", "minutes.ks1"]);
    let moved = &home.inspect("minutes.ks1")["recipients"][0]["members"][0];
    assert_eq!((&moved["version"], &moved["share_version"]), (&"2".into(), &1.into()));
    home.ok(&[
        "doctor",
        "--all-shares",
        "minutes.ks1",
        "--recipient-passphrase-file",
        "chair",
    ]);
    home.ok(&[
        "decrypt",
        "--recipient-passphrase-file",
        "chair",
        "minutes.ks1",
        "back-2",
    ]);
}

#[test]
fn a_key_says_what_context_it_wants() {
    let home = Home::with_keys(&["k"]);
    let config = home.dir().join("keystrand.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let key = "\n[key.strict]\nany = [\"local://k\"]\ncontext = [\"tenant\"]\nsuite = \"KS1-AES256GCMSIV\"\n";
    std::fs::write(&config, text + key + "[policy]\nsuites = [\"KS1-AES256GCMSIV\"]\n").unwrap();
    home.file("x", "x");
    home.fails(&["encrypt", "--key", "strict", "x"], 5, "policy.Context", "policy");
    home.ok(&["encrypt", "--key", "strict", "--context", "tenant=t", "x"]);
    assert_eq!(home.inspect("x.ks1")["suite"], "KS1-AES256GCMSIV");
    let other = ["encrypt", "--key", "k", "--suite", "KS1-AES256GCM", "x", "no"];
    home.fails(&other, 5, "policy.SuiteForbidden", "policy");
    home.ok(&["decrypt", "x.ks1", "back"]);
}
