use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::support::Home;

#[test]
fn a_new_home_is_private_and_ready() {
    let home = Home::none();
    let made = home.json(&["init", "--key-file"]).remove(0);
    assert_eq!(made["sealed_by"], "key-file");
    for file in ["keystore.ks1", "keystore.key", "audit.key", "keystrand.toml"] {
        let mode = fs::metadata(home.dir().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    assert_eq!(fs::metadata(home.dir()).unwrap().permissions().mode() & 0o777, 0o700);
    home.ok(&["key", "create", "payments"]);
    assert!(home.ok(&["key", "list"]).contains("local://payments"));
    home.audit_is_intact();
}

#[test]
fn a_home_is_made_once() {
    let home = Home::new();
    let before = fs::read(home.dir().join("keystore.ks1")).unwrap();
    home.fails(&["init", "--key-file"], 1, "caller.Exists", "caller");
    assert_eq!(fs::read(home.dir().join("keystore.ks1")).unwrap(), before);
}

#[test]
fn a_broken_off_init_is_finished_by_the_next() {
    let home = Home::new();
    home.ok(&["key", "create", "kept"]);
    fs::remove_file(home.dir().join("keystrand.toml")).unwrap();
    home.ok(&["init", "--key-file"]);
    assert!(home.ok(&["key", "list"]).contains("local://kept"));
    home.audit_is_intact();
}

#[test]
fn commands_without_a_home_say_how_to_make_one() {
    let home = Home::none();
    let error = home.fails(&["key", "list"], 1, "caller.Config", "caller");
    assert!(error["message"].as_str().unwrap().contains("kmsctl init"), "{error}");
    home.file("x", "x");
    home.fails(&["encrypt", "--key", "k", "x"], 1, "caller.Config", "caller");
}

#[test]
fn the_passphrase_decides() {
    let home = Home::none();
    let right = home.file("right", "correct horse battery staple\n");
    let wrong = home.file("wrong", "correct horse battery stapler\n");
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    home.ok(&["init", "--passphrase-file", right]);
    home.ok(&["key", "create", "payments", "--passphrase-file", right]);
    home.fails(
        &["key", "list", "--passphrase-file", wrong],
        3,
        "provider.BadPassphrase",
        "caller",
    );
    let from_environment = home
        .command()
        .args(["key", "list"])
        .env("KEYSTRAND_PASSPHRASE_FILE", right)
        .output();
    assert_eq!(from_environment.unwrap().status.code(), Some(0));
    home.fails(
        &["key", "list", "--passphrase-file", "missing"],
        1,
        "system.Io",
        "environment",
    );
    home.file("empty", "\n");
    home.fails(
        &["key", "list", "--passphrase-file", "empty"],
        2,
        "caller.Usage",
        "caller",
    );
    home.file("endless", vec![b'a'; 5000]);
    home.fails(
        &["key", "list", "--passphrase-file", "endless"],
        2,
        "caller.Usage",
        "caller",
    );
}

#[test]
fn without_a_terminal_the_option_is_named() {
    let home = Home::none();
    // A session of its own has no terminal to ask, whoever runs the tests.
    let mut alone = assert_cmd::Command::new("setsid");
    alone
        .args(["--wait", super::support::KMSCTL, "init", "--json"])
        .env("KEYSTRAND_HOME", home.dir());
    let output = alone.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--passphrase-file"), "{error}");
    assert!(
        !home.dir().join("keystore.ks1").exists(),
        "nothing is made before the passphrase is known"
    );
}

#[test]
fn exposed_key_files_are_refused() {
    let home = Home::with_keys(&["k"]);
    for file in ["keystore.key", "audit.key"] {
        let path = home.dir().join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(home.run(&["key", "list"]).code, 1, "{file}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        home.ok(&["key", "list"]);
    }
}
