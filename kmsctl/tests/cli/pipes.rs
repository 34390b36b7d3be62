use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use super::support::{Home, KMSCTL, lines, noise};

#[test]
fn stdin_to_stdout_and_back() {
    let home = Home::with_keys(&["k"]);
    for size in [0, 5, 70_000, 300_000] {
        let content = noise(size);
        let sealed = home.run_with_stdin(&["encrypt", "--key", "k", "-"], &content);
        assert_eq!((sealed.code, sealed.stderr.as_str()), (0, ""));
        let opened = home.run_with_stdin(&["decrypt", "-"], &sealed.stdout);
        assert_eq!((opened.code, opened.stderr.as_str()), (0, ""));
        assert_eq!(opened.stdout, content);
        // The same bytes are an envelope on disk.
        home.file("piped.ks1", &sealed.stdout);
        home.ok(&["decrypt", "--force", "piped.ks1"]);
        assert_eq!(home.read("piped"), content);
        let seen = home.run_with_stdin(&["inspect", "--json", "-"], &sealed.stdout);
        assert_eq!(lines(&seen.stdout)[0]["payload"]["state"], "present");
    }
}

#[test]
fn stdin_to_a_file_and_a_file_to_stdout() {
    let home = Home::with_keys(&["k"]);
    assert_eq!(
        home.run_with_stdin(&["encrypt", "--key", "k", "-", "x.ks1"], b"piped")
            .code,
        0
    );
    let opened = home.run(&["decrypt", "x.ks1", "-"]);
    assert_eq!((opened.code, opened.stdout.as_slice()), (0, &b"piped"[..]));
    let opened = home.run(&["decrypt", "--output", "-", "x.ks1"]);
    assert_eq!(opened.stdout, b"piped");
}

#[test]
fn results_and_data_do_not_mix() {
    let home = Home::with_keys(&["k"]);
    let sealed = home.run_with_stdin(&["--json", "encrypt", "--key", "k", "-"], b"data");
    assert_eq!(lines(sealed.stderr.as_bytes())[0]["plaintext_bytes"], 4);
    let opened = home.run_with_stdin(&["--json", "decrypt", "-"], &sealed.stdout);
    assert_eq!(opened.stdout, b"data");
    assert_eq!(lines(opened.stderr.as_bytes())[0]["opened_by"][0], "local://k");
}

#[test]
fn a_stream_that_ends_early_exits_3() {
    let home = Home::with_keys(&["k"]);
    let content = noise(200_000);
    let sealed = home.run_with_stdin(&["encrypt", "--key", "k", "-"], &content).stdout;
    for cut in [0, 10, 200, 30_000, sealed.len() - 1] {
        let opened = home.run_with_stdin(&["decrypt", "-"], &sealed[..cut]);
        assert_eq!(opened.code, 3, "cut at {cut}");
        assert!(content.starts_with(&opened.stdout) && opened.stdout.len() < content.len());
        let to_file = home.run_with_stdin(&["decrypt", "-", "out"], &sealed[..cut]);
        assert_eq!(to_file.code, 3, "cut at {cut}");
        assert!(!home.exists("out"));
    }
    assert!(home.names().is_empty(), "{:?}", home.names());
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let home = Home::with_keys(&["k"]);
    home.file("large", noise(8 << 20));
    home.ok(&["encrypt", "--key", "k", "large"]);
    for arguments in [
        &["decrypt", "large.ks1", "-"][..],
        &["encrypt", "--key", "k", "large", "-"],
    ] {
        let mut child = Command::new(KMSCTL)
            .args(arguments)
            .current_dir(home.path(""))
            .env("KEYSTRAND_HOME", home.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut head = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: not all of the data was taken"
        );
    }
    // A listing that nobody reads any more has said enough.
    for arguments in [
        &["audit", "show"][..],
        &["key", "list"],
        &["--help"],
        &["completions", "zsh"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(KMSCTL)
            .args(arguments)
            .env("KEYSTRAND_HOME", home.dir())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{arguments:?}: {output:?}"
        );
    }
}

#[test]
fn a_full_disk_behind_stdout_is_no_success() {
    let home = Home::with_keys(&["k"]);
    home.file("a", noise(100_000));
    home.ok(&["encrypt", "--key", "k", "a"]);
    for arguments in [&["decrypt", "a.ks1", "-"][..], &["inspect", "a.ks1"], &["key", "list"]] {
        let output = Command::new(KMSCTL)
            .args(arguments)
            .current_dir(home.path(""))
            .env("KEYSTRAND_HOME", home.dir())
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
