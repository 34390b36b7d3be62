//! One keystore, several processes: nothing acknowledged is lost, whoever is killed when.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kms_providers::Provider;
use support::{BINDING, Home, child, child_folder, create, keystore, rotate, run, uri, versions};

#[test]
fn rotations_of_several_processes_are_all_kept() {
    const PROCESSES: usize = 4;
    let (home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            child("a_child_rotates", home.folder.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let expected: Vec<_> = (1..=1 + PROCESSES * ROTATIONS).map(|n| n.to_string()).collect();
    assert_eq!(versions(&home.open(), &key), expected);
    assert_eq!(versions(&provider, &key), expected);
}

const ROTATIONS: usize = 15;

#[test]
fn a_child_rotates() {
    let Some(folder) = child_folder() else { return };
    let provider = run(keystore(&folder).open()).unwrap();
    for _ in 0..ROTATIONS {
        rotate(&provider, &uri("local://payments"));
    }
}

#[test]
fn a_key_of_another_process_opens_here() {
    let (home, provider) = Home::with_keystore();
    assert!(
        child("a_child_makes_a_key", home.folder.path())
            .status()
            .unwrap()
            .success()
    );
    let kek = provider.kek(&uri("local://made-elsewhere")).unwrap();
    let generated = run(kek.generate(&BINDING)).unwrap();
    run(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
}

#[test]
fn a_child_makes_a_key() {
    let Some(folder) = child_folder() else { return };
    create(&run(keystore(&folder).open()).unwrap(), "made-elsewhere");
}

/// A killed process leaves the keystore as it was before or after its change, leaves no lock, and every rotation
/// that it reported is there.
#[test]
fn a_killed_process_loses_nothing_it_reported() {
    const KILLS: usize = 25;
    let (home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let mut reported = 1;
    for round in 0..KILLS {
        let mut child = child("a_child_rotates_and_tells", home.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("rotated ")?.parse().ok());
        reported = told.next().expect("the child rotates at least once");
        // At some point of the next rotations, another each round.
        std::thread::sleep(Duration::from_micros(977 * round as u64 % 7919));
        child.kill().unwrap();
        child.wait().unwrap();
        reported = told.fold(reported, |_, version: usize| version);

        let versions = versions(&home.open(), &key);
        assert!(
            versions.len() == reported || versions.len() == reported + 1,
            "{versions:?} after {reported}"
        );
        run(home.open().kek(&key).unwrap().generate(&BINDING)).unwrap();
    }
    println!("{KILLS} processes killed, {reported} rotations reported, none lost");
}

#[test]
fn a_child_rotates_and_tells() {
    let Some(folder) = child_folder() else { return };
    rotate_for_ever(&folder);
}

fn rotate_for_ever(folder: &Path) {
    let provider = run(keystore(folder).open()).unwrap();
    loop {
        let version = rotate(&provider, &uri("local://payments"));
        let mut out = std::io::stdout().lock();
        writeln!(out, "rotated {}", version.version().unwrap()).unwrap();
        out.flush().unwrap();
    }
}
