use std::process::{Child, Command, Stdio};

use super::support::{Home, KMSCTL};

fn spawn(home: &Home, arguments: &[&str]) -> Child {
    Command::new(KMSCTL)
        .args(arguments)
        .current_dir(home.path(""))
        .env("KEYSTRAND_HOME", home.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn processes_that_change_one_keystore_take_turns() {
    let home = Home::new();
    let names: Vec<_> = (0..8).map(|number| format!("k{number}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| spawn(&home, &["key", "create", name]))
        .collect();
    let mut made = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => made += 1,
            // A clear word is allowed, a lost change is not.
            Some(4) => assert!(
                String::from_utf8_lossy(&output.stderr).contains("another process"),
                "{output:?}"
            ),
            _ => panic!("{output:?}"),
        }
    }
    assert!(made > 0);
    assert_eq!(home.json(&["key", "list"]).len(), made);
    home.audit_is_intact();
}

#[test]
fn processes_that_use_one_home_do_not_hinder_each_other() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    let children: Vec<_> = (0..6)
        .map(|number| spawn(&home, &["encrypt", "--key", "k", "a", &format!("{number}.ks1")]))
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    for number in 0..6 {
        home.ok(&["decrypt", &format!("{number}.ks1")]);
    }
    home.audit_is_intact();
}

#[test]
fn two_rotations_at_once_both_come_to_their_end() {
    let home = Home::with_keys(&["k"]);
    for number in 0..40 {
        home.file(&format!("d/{number}"), "x");
    }
    home.ok(&["encrypt", "-q", "--key", "k", "d"]);
    let children = [(); 2].map(|()| spawn(&home, &["rotate", "k", "--rewrap", "d"]));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 6)), "{output:?}");
    }
    home.ok(&["rewrap", "d"]);
    assert_eq!(home.inspect("d/7.ks1")["recipients"][0]["version"], "3");
    home.audit_is_intact();
    home.ok(&["audit", "verify", "--headers", "d"]);
}
