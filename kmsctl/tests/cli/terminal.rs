//! What only a terminal shows: questions, bars, and the refusal to write an envelope to it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::support::{Home, KMSCTL, noise};

/// The binary on a terminal of its own.
struct Terminal {
    master: File,
    child: Child,
    seen: String,
}

impl Terminal {
    fn run(home: &Home, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || Stdio::from(File::options().read(true).write(true).open(Path::new(&name)).unwrap());
        let mut command = Command::new("setsid");
        let child = command
            .args(["--ctty", "--wait", KMSCTL])
            .args(arguments)
            .current_dir(home.path(""))
            .env("KEYSTRAND_HOME", home.dir())
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        // The command keeps its ends of the terminal open as long as it lives.
        drop(command);
        Self {
            master: master.into(),
            child,
            seen: String::new(),
        }
    }

    /// Waits for `prompt` and types `answer`.
    fn answer(&mut self, prompt: &str, answer: &str) {
        let from = self.seen.len();
        while !self.seen[from..].contains(prompt) {
            assert!(self.read(), "{prompt} was not asked for: {}", self.seen);
        }
        // The prompt comes a moment before the terminal goes silent: nobody types as fast as a test.
        while tcgetattr(&self.master).unwrap().local_modes.contains(LocalModes::ECHO) {
            thread::sleep(Duration::from_millis(1));
        }
        writeln!(self.master, "{answer}").unwrap();
    }

    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // A terminal whose other end is closed gives an error.
        let length = self.master.read(&mut buffer).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
        length > 0
    }

    fn end(mut self) -> (i32, String) {
        while self.read() {}
        (self.child.wait().unwrap().code().unwrap(), self.seen)
    }
}

#[test]
fn passphrases_are_asked_for_and_not_shown() {
    let home = Home::none();
    let words = "weathercock nineteen";
    let mut init = Terminal::run(&home, &["init"]);
    init.answer("Passphrase for the new keystore:", words);
    init.answer("The same again:", "weathercock ninety");
    let (code, seen) = init.end();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("differ") && !seen.contains("weathercock"), "{seen}");
    assert!(!home.dir().join("keystrand.toml").exists());

    let mut init = Terminal::run(&home, &["init"]);
    init.answer("Passphrase for the new keystore:", words);
    init.answer("The same again:", words);
    let (code, seen) = init.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("weathercock"), "{seen}");

    let mut create = Terminal::run(&home, &["key", "create", "k"]);
    create.answer("Passphrase of the keystore:", words);
    assert_eq!(create.end().0, 0);
    let mut wrong = Terminal::run(&home, &["key", "list"]);
    wrong.answer("Passphrase of the keystore:", "something else");
    assert_eq!(wrong.end().0, 3);
}

#[test]
fn the_passphrase_of_an_envelope_is_asked_for_when_it_is_needed() {
    let home = Home::with_keys(&["k"]);
    home.file("a", "a");
    let mut seal = Terminal::run(&home, &["encrypt", "--passphrase-recipient", "a"]);
    seal.answer("Passphrase of the envelope:", "open sesame");
    seal.answer("The same again:", "open sesame");
    let (code, seen) = seal.end();
    assert_eq!(code, 0, "{seen}");
    let mut open = Terminal::run(&home, &["decrypt", "a.ks1", "back"]);
    open.answer("Passphrase of the envelope:", "open sesame");
    let (code, seen) = open.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(seen.matches("Passphrase").count(), 1, "{seen}");
    // What no passphrase was sealed for asks for none.
    home.ok(&["encrypt", "--key", "k", "a", "b.ks1"]);
    let (code, seen) = Terminal::run(&home, &["decrypt", "b.ks1", "b"]).end();
    assert_eq!((code, seen.contains("Passphrase")), (0, false), "{seen}");
}

#[test]
fn a_bar_is_drawn_and_makes_way() {
    let home = Home::with_keys(&["k"]);
    home.file("large", noise(48 << 20));
    let (code, seen) = Terminal::run(&home, &["encrypt", "--key", "k", "large"]).end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("MiB"), "a bar: {seen}");
    let before = seen.split("large sealed to").next().unwrap();
    assert!(
        before.ends_with("\u{1b}[2K"),
        "the line is clear before something is said: {before:?}"
    );
    for silent in [&["--quiet"][..], &["--json"]] {
        let arguments = [&["encrypt", "--key", "k", "--force", "large"], silent].concat();
        let (code, seen) = Terminal::run(&home, &arguments).end();
        assert_eq!(code, 0, "{seen}");
        assert!(!seen.contains("MiB"), "{seen}");
    }
    let (code, seen) = Terminal::run(&home, &["encrypt", "--key", "k", "large", "-"]).end();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("no text for a terminal"), "{seen}");
}
