//! Fail closed: a full disk, a disk that may not be written, a torn write, a writer that holds the log, a hanging disk.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kms_core::audit::{AuditTrail, Principal};
use kms_core::{AuditFault, Error};
use kms_providers::audit::{DeadlineSink, TlogOptions};

use crate::mount::Mount;
use crate::scene::{Scene, fill, one_use, trail};

fn fault(result: kms_core::Result<()>) -> Option<AuditFault> {
    match result {
        Ok(()) => None,
        Err(Error::Audit(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_full_disk_fails_requests_and_leaves_a_valid_log_that_goes_on_when_there_is_space() {
    let home = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(&home.path().join("small"), "512k") else {
        return;
    };
    let scene = Scene::within(&mount.0);
    let mut options = TlogOptions::default();
    options.publish_entries = u64::MAX;
    let sink = scene.try_open(options).unwrap();
    let trail = trail(sink.clone());
    fill(&trail, 0..10);

    let ballast = mount.0.join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let mut recorded = 10;
    let since = Instant::now();
    while one_use(&trail, recorded).is_ok() {
        recorded += 1;
        assert!(since.elapsed() < Duration::from_secs(60), "the disk never got full");
    }
    for _ in 0..3 {
        assert_eq!(fault(one_use(&trail, recorded)), Some(AuditFault::Full));
    }
    let report = scene.verify();
    assert!(report.is_intact(), "{report:?}");
    let journal = fs::read(&scene.journals()[0]).unwrap();
    assert_eq!(journal.last(), Some(&b'\n'), "no partial line stays behind");

    drop(file);
    fs::remove_file(ballast).unwrap();
    fill(&trail, recorded..recorded + 10);
    drop((trail, sink));
    let report = scene.verify();
    assert!(report.is_intact(), "{report:?}");
    assert!(report.size >= 2 * (recorded + 10), "{report:?}");
}

#[test]
fn a_disk_too_full_for_tiles_fails_requests_too() {
    let home = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(&home.path().join("small"), "512k") else {
        return;
    };
    let scene = Scene::within(&mount.0);
    let mut options = TlogOptions::default();
    options.publish_entries = 20;
    let trail = trail(scene.try_open(options).unwrap());
    let since = Instant::now();
    let mut recorded = 0;
    let fault = loop {
        match fault(one_use(&trail, recorded)) {
            None => recorded += 1,
            Some(fault) => break fault,
        }
        assert!(since.elapsed() < Duration::from_secs(60), "the disk never got full");
    };
    assert_eq!(fault, AuditFault::Full);
    let report = scene.verify();
    assert!(report.is_intact(), "{report:?}");
    assert!(report.size + report.unsigned >= 2 * recorded);
}

#[test]
fn a_log_that_may_not_be_written_fails_requests() {
    let home = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(&home.path().join("small"), "1m") else {
        return;
    };
    let scene = Scene::within(&mount.0);
    fill(&trail(scene.open()), 0..1);
    mount.remount("ro");
    assert_eq!(
        scene.try_open(TlogOptions::default()).map(drop),
        Err(AuditFault::NotWritable)
    );
    assert!(scene.verify().is_clean(), "but it may be read");
    mount.remount("rw");
    fill(&trail(scene.open()), 1..2);
}

#[test]
fn a_folder_that_is_not_there_is_not_made_up() {
    let scene = Scene::new();
    fs::remove_dir_all(&scene.dir).unwrap();
    assert_eq!(
        scene.try_open(TlogOptions::default()).map(drop),
        Err(AuditFault::NotWritable)
    );
    assert!(!scene.dir.exists());
}

#[test]
fn a_torn_write_is_cut_off_and_said() {
    for torn in [
        &b"{\"metadata\":{\"ver"[..],
        b"{}",
        b"\0\0\0\0",
        b"{\"a\":\0\0\0}\n{\"b\":1}\n",
    ] {
        let scene = Scene::filled(5, TlogOptions::default());
        let mut journal = OpenOptions::new().append(true).open(&scene.journals()[0]).unwrap();
        journal.write_all(torn).unwrap();
        assert!(scene.verify().is_intact(), "a reader leaves it out");

        let sink = scene.open();
        assert_eq!((sink.cut_off(), sink.size()), (torn.len() as u64, 10));
        fill(&trail(sink), 5..6);
        let report = scene.verify();
        assert!(report.is_clean() && report.size == 12, "{report:?}");
    }
}

#[test]
fn a_torn_write_of_another_process_is_cut_off_by_a_writer_at_work() {
    let scene = Scene::new();
    let sink = scene.open();
    let trail = trail(sink.clone());
    fill(&trail, 0..5);
    let mut journal = OpenOptions::new().append(true).open(&scene.journals()[0]).unwrap();
    journal.write_all(b"{\"metadata\"").unwrap();
    fill(&trail, 5..6);
    assert_eq!(sink.cut_off(), 11);
    drop((trail, sink));
    assert!(scene.verify().is_clean());
}

#[test]
fn a_process_that_holds_the_log_is_waited_for_but_not_forever() {
    let scene = Scene::new();
    let mut options = TlogOptions::default();
    options.lock_patience = Duration::from_millis(50);
    let sink = scene.try_open(options.clone()).unwrap();
    let trail = trail(sink);
    let held = File::open(scene.dir.join("lock")).unwrap();
    held.lock().unwrap();
    let since = Instant::now();
    assert_eq!(fault(one_use(&trail, 0)), Some(AuditFault::Deadline));
    assert!(since.elapsed() >= options.lock_patience);
    assert_eq!(scene.try_open(options).map(drop), Err(AuditFault::Deadline));
    held.unlock().unwrap();
    fill(&trail, 0..1);
}

#[test]
fn a_hanging_disk_fails_by_deadline_and_the_log_survives() {
    let scene = Scene::new();
    let mut options = TlogOptions::default();
    options.publish_entries = 2;
    let log = scene.try_open(options).unwrap();
    let deadline = Duration::from_millis(200);
    let sink = Arc::new(DeadlineSink::new(log, deadline).unwrap());
    let trail = AuditTrail::new(sink, Principal::named("anna"));
    fill(&trail, 0..1);

    // Opening a pipe without reader for writing hangs as a dead network disk does.
    let pipe = scene.dir.join("new");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let since = Instant::now();
    assert_eq!(fault(one_use(&trail, 1)), Some(AuditFault::Deadline));
    assert!(since.elapsed() >= deadline);
    let since = Instant::now();
    assert_eq!(fault(one_use(&trail, 1)), Some(AuditFault::Deadline));
    assert!(since.elapsed() < deadline, "no second wait");

    // A reader comes: the write goes on, and fails, because a pipe cannot be synced.
    drop(File::open(&pipe).unwrap());
    fs::remove_file(&pipe).unwrap();
    let since = Instant::now();
    while one_use(&trail, 2).is_err() {
        assert!(since.elapsed() < Duration::from_secs(10), "never recovered");
    }
    drop(trail);
    let report = scene.verify();
    assert!(report.is_intact(), "{report:?}");
}
