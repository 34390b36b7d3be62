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

#[test]
fn labels_tell_passphrases_and_key_files_apart() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_keys(&["office"]);
    home.file("chair", "the chair's own words");
    home.file("deputy", "the deputy's own words");
    let safe = home.file("safe.key", [7; 32]);
    std::fs::set_permissions(&safe, std::fs::Permissions::from_mode(0o600)).unwrap();
    let members = [
        "passphrase:chair",
        "passphrase:deputy",
        "keyfile:safe",
        "local://office",
    ];
    let uris = members.iter().flat_map(|uri| ["--uri", uri]);
    let create: Vec<_> = ["key", "create", "board", "--quorum", "2"]
        .into_iter()
        .chain(uris)
        .collect();
    home.ok(&create);
    home.file("m", "minutes");
    let all = [
        "--recipient-passphrase-file",
        "chair=chair",
        "--recipient-passphrase-file",
        "deputy=deputy",
        "--recipient-key-file",
        "safe=safe.key",
    ];
    home.ok(&[&["encrypt", "--key", "board", "m"], &all[..]].concat());
    home.ok(&["key", "disable", "office"]);
    for two in [&all[..4], &all[2..]] {
        home.ok(&[&["decrypt", "--force", "m.ks1", "back"], two].concat());
    }
    let swapped = [
        "--recipient-passphrase-file",
        "chair=deputy",
        "--recipient-passphrase-file",
        "deputy=chair",
        "--recipient-key-file",
        "safe=safe.key",
    ];
    let one_good = [&["decrypt", "m.ks1", "no"], &swapped[..]].concat();
    home.fails(&one_good, 5, "provider.Disabled", "provider");
    // Whose words are not given is asked, and there is no terminal in a session of its own.
    let mut alone = std::process::Command::new("setsid");
    alone
        .args(["--wait", super::support::KMSCTL, "decrypt", "m.ks1", "no"])
        .args(&all[4..]);
    alone.current_dir(home.path("")).env("KEYSTRAND_HOME", home.dir());
    let output = alone.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("--recipient-passphrase-file"),
        "{output:?}"
    );
    std::fs::set_permissions(&safe, std::fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = [&["decrypt", "m.ks1", "no"], &all[2..]].concat();
    home.fails(&exposed, 1, "system.KeyFile", "environment");
    assert!(!home.exists("no"));
}

#[test]
fn a_key_that_may_not_live_here_seals_nothing() {
    let home = Home::with_keys(&["k"]);
    let config = home.dir().join("keystrand.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    home.file("x", "x");
    let lives = |region: &str| {
        let text = text.replace("kind = \"local\"", &format!("kind = \"local\"\n{region}"));
        std::fs::write(
            &config,
            text + "\n[key.european]\nuri = \"local://k\"\nresidency = [\"eu\"]\n",
        )
        .unwrap();
    };
    for region in ["", "region = \"us-east-1\""] {
        lives(region);
        home.fails(&["encrypt", "--key", "european", "x"], 5, "policy.Residency", "policy");
        assert!(!home.exists("x.ks1"));
    }
    lives("region = \"eu-west-1\"");
    home.ok(&["encrypt", "--key", "european", "x"]);
}
