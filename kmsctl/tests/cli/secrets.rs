use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use clap::CommandFactory;
use kmsctl::args::Cli;

use super::support::{Home, KMSCTL};

#[test]
fn no_argument_takes_a_secret() {
    fn walk(command: &clap::Command, seen: &mut usize) {
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let names_a_secret = ["pass", "secret", "token", "pin", "key_file"]
                .iter()
                .any(|word| name.contains(word));
            // `--pin` is the log's public key.
            if !names_a_secret || name == "pin" {
                continue;
            }
            *seen += 1;
            let takes_a_value = argument.get_num_args().is_some_and(|number| number.takes_values());
            let values: Vec<_> = argument
                .get_value_names()
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect();
            assert!(
                !takes_a_value || values.iter().all(|value| value.ends_with("FILE")),
                "{} of {} takes {values:?}",
                name,
                command.get_name()
            );
        }
        command.get_subcommands().for_each(|inner| walk(inner, seen));
    }
    let mut seen = 0;
    walk(&Cli::command(), &mut seen);
    assert!(seen >= 5, "{seen} arguments were looked at");
}

#[test]
fn a_passphrase_stands_in_no_argument_no_environment_no_message_and_no_file() {
    let words = "weathercock-nineteen-quarry";
    let home = Home::none();
    let file = home.file("words", words);
    let file = file.to_str().unwrap();
    home.ok(&["init", "--passphrase-file", file]);
    home.ok(&["key", "create", "k", "--passphrase-file", file]);

    let mut child = Command::new(KMSCTL)
        .args(["encrypt", "--key", "k", "-", "--passphrase-file", file])
        .env("KEYSTRAND_HOME", home.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It waits for stdin with the keystore open.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let arguments = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(!contains(&arguments, words) && contains(&arguments, "--passphrase-file"));
    // A hardened process cannot be looked into by its own user; root can, and finds nothing.
    if let Ok(environment) = fs::read(format!("/proc/{}/environ", child.id())) {
        assert!(!contains(&environment, words));
    }
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(!contains(&output.stderr, words));

    let wrong = home.file("wrong", format!("{words}!"));
    let ran = home.run(&["key", "list", "--passphrase-file", wrong.to_str().unwrap()]);
    assert!(!ran.stderr.contains(words), "{ran:?}");
    every_file(&home.dir(), &mut |path, bytes| {
        assert!(!contains(bytes, words), "{}", path.display());
    });
}

#[test]
fn a_running_process_cannot_be_looked_into() {
    let home = Home::with_keys(&["k"]);
    let mut child = Command::new(KMSCTL)
        .args(["encrypt", "--key", "k", "-"])
        .env("KEYSTRAND_HOME", home.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut limits = String::new();
    fs::File::open(format!("/proc/{}/limits", child.id()))
        .unwrap()
        .read_to_string(&mut limits)
        .unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn every_file(folder: &std::path::Path, look: &mut impl FnMut(&std::path::Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, look);
        } else {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}
