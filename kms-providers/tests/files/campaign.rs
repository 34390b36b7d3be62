//! Runs over many envelopes, their records, and the index of needed key versions.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kms_core::{Rewrapper, Target};
use kms_providers::KeyUri;
use kms_providers::files::{
    Campaign, CampaignOptions, FileFault, KeyIndex, Placement, Plan, Report, RewrapOptions, SealOptions, sidecar_of,
};

use crate::support::{Folder, Keys, bytes, detached, version};

fn plan(paths: &[PathBuf]) -> Plan {
    Plan {
        operation: "rotate".into(),
        keys: vec!["payments".into()],
        version: None,
        paths: paths.to_vec(),
    }
}

fn run(keys: &Keys, home: &Folder, files: &Folder, options: &CampaignOptions<'_>) -> Report {
    let campaign = Campaign::begin(home.path(), plan(&[files.path().to_owned()])).unwrap();
    campaign.run(&keys.rewrapper(), &Target::Current, options).unwrap()
}

fn seal_many(keys: &Keys, files: &Folder, count: usize) {
    for n in 0..count {
        let options = if n % 3 == 0 { detached() } else { SealOptions::default() };
        let length = if n % 50 == 1 { 400_000 } else { 100 + n };
        fs::create_dir_all(files.file(&format!("{}", n % 5))).unwrap();
        keys.seal_known(&files.file(&format!("{}/{n}.x", n % 5)), &bytes(length), &options);
    }
}

fn still_needed(home: &Folder, key: &KeyUri) -> u64 {
    KeyIndex::open(home.path()).still_needed(key).unwrap()
}

#[test]
fn a_run_rewraps_everything_once() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    seal_many(&keys, &files, 400);
    fs::write(files.file("readme"), "no envelope").unwrap();
    let report = run(&keys, &home, &files, &CampaignOptions::default());
    assert_eq!((report.counts.rewrapped, report.counts.already_current), (0, 400));
    assert_eq!(still_needed(&home, &keys.version(1)), 400);

    keys.rotate();
    let told = AtomicU64::new(0);
    let hear = |progress: &kms_providers::files::CampaignProgress| told.store(progress.rewrapped, Ordering::Relaxed);
    let options = CampaignOptions {
        progress: Some(&hear),
        ..CampaignOptions::default()
    };
    let report = run(&keys, &home, &files, &options);
    assert_eq!((report.counts.rewrapped, report.counts.already_current), (400, 0));
    assert_eq!(
        (report.counts.found, report.counts.failed, report.stopped),
        (400, 0, false)
    );
    assert_eq!(told.into_inner(), 400, "the last word of progress is the whole");
    assert_eq!(still_needed(&home, &keys.version(1)), 0);
    assert_eq!(still_needed(&home, &keys.version(2)), 400);
    assert_eq!(still_needed(&home, &keys.uri), 400);
    for n in 0..400 {
        let path = files.file(&format!("{}/{n}.x", n % 5));
        assert_eq!(version(&path), "2");
        let length = if n % 50 == 1 { 400_000 } else { 100 + n };
        assert_eq!(keys.open(&path).unwrap(), bytes(length));
    }
    let report = run(&keys, &home, &files, &CampaignOptions::default());
    assert_eq!((report.counts.rewrapped, report.counts.already_current), (0, 400));
    let runs = Campaign::runs(home.path()).unwrap();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.finished));
    assert!(runs.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn every_placement_of_a_batch() {
    for placement in [Placement::Auto, Placement::Beside, Placement::InPlace] {
        let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
        for n in 0..300 {
            keys.seal_known(&files.file(&n.to_string()), &bytes(70_000), &SealOptions::default());
        }
        keys.rotate();
        let options = CampaignOptions {
            rewrap: RewrapOptions {
                placement,
                ..RewrapOptions::default()
            },
            ..CampaignOptions::default()
        };
        let report = run(&keys, &home, &files, &options);
        assert_eq!(
            (report.counts.rewrapped, report.counts.failed),
            (300, 0),
            "{placement:?}"
        );
        assert_eq!(files.names().len(), 300, "{placement:?}");
        assert!((0..300).all(|n| keys.open(&files.file(&n.to_string())).unwrap() == bytes(70_000)));
    }
}

#[test]
fn failures_are_told_and_do_not_stop_the_rest() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    seal_many(&keys, &files, 60);
    let strangers = Keys::new();
    strangers.seal_known(&files.file("strange"), b"x", &SealOptions::default());
    let linked = files.file("1/1.x");
    fs::hard_link(&linked, files.file("second-name")).unwrap();
    keys.rotate();
    let report = run(&keys, &home, &files, &CampaignOptions::default());
    assert_eq!(report.counts.rewrapped, 59);
    assert_eq!(report.counts.failed, 3, "{:?}", report.failures);
    let links = |error: &&kms_providers::files::FileError| matches!(error.fault(), FileFault::HardLinks(2));
    assert_eq!(report.failures.iter().filter(links).count(), 2);
    let summary = Campaign::runs(home.path()).unwrap().pop().unwrap();
    assert!(!summary.finished);
    let record = fs::read_to_string(home.path().join(format!("runs/{}.jsonl", summary.id))).unwrap();
    assert_eq!(record.lines().filter(|line| line.starts_with("{\"failed\"")).count(), 3);

    fs::remove_file(files.file("second-name")).unwrap();
    fs::remove_file(files.file("strange")).unwrap();
    let campaign = Campaign::resume(home.path(), &summary.id).unwrap();
    assert_eq!(campaign.plan().operation, "rotate");
    let report = campaign
        .run(&keys.rewrapper(), &Target::Current, &CampaignOptions::default())
        .unwrap();
    assert_eq!(
        (
            report.counts.rewrapped,
            report.counts.already_current,
            report.counts.failed
        ),
        (1, 59, 0)
    );
    assert!(Campaign::runs(home.path()).unwrap()[0].finished);
}

#[test]
fn a_stopped_run_is_resumed() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    for n in 0..400 {
        keys.seal_known(&files.file(&n.to_string()), b"x", &SealOptions::default());
    }
    keys.rotate();
    let stop = AtomicBool::new(false);
    let hear = |_: &kms_providers::files::CampaignProgress| stop.store(true, Ordering::Relaxed);
    let options = CampaignOptions {
        stop: Some(&stop),
        progress: Some(&hear),
        ..CampaignOptions::default()
    };
    let slow = Rewrapper::new(keys.opener_with(|| std::thread::sleep(Duration::from_millis(2))));
    let campaign = Campaign::begin(home.path(), plan(&[files.path().to_owned()])).unwrap();
    let report = campaign.run(&slow, &Target::Current, &options).unwrap();
    assert!(report.stopped);
    assert!((1..400).contains(&report.counts.rewrapped), "{:?}", report.counts);
    let done = report.counts.rewrapped;
    assert!(!Campaign::runs(home.path()).unwrap()[0].finished);
    let held = Campaign::resume(home.path(), &report.run).unwrap();
    assert!(matches!(
        Campaign::resume(home.path(), &report.run).err().unwrap().fault(),
        FileFault::Locked
    ));
    let report = held
        .run(&keys.rewrapper(), &Target::Current, &CampaignOptions::default())
        .unwrap();
    assert_eq!(
        (report.counts.rewrapped, report.counts.already_current),
        (400 - done, done)
    );
    assert!(!report.stopped);
}

#[test]
fn leftovers_are_put_right_on_the_way() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    let lost = files.file("lost");
    keys.seal(&lost, b"detached", &detached());
    fs::rename(sidecar_of(&lost), files.file(".lost.ksh.kstmp")).unwrap();
    fs::write(files.file(".never.kstmp"), "torn").unwrap();
    keys.rotate();
    let report = run(&keys, &home, &files, &CampaignOptions::default());
    assert_eq!(
        (report.counts.recovered, report.counts.rewrapped, report.counts.failed),
        (2, 1, 0)
    );
    assert_eq!(version(&lost), "2");
    assert_eq!(files.names(), ["lost", "lost.ksh"]);
}

#[test]
fn the_same_file_twice_in_one_run_is_rewrapped_once() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    let path = files.file("f");
    keys.seal_known(&path, b"x", &SealOptions::default());
    keys.rotate();
    let campaign = Campaign::begin(
        home.path(),
        plan(&[path.clone(), path.clone(), files.path().to_owned()]),
    )
    .unwrap();
    let report = campaign
        .run(&keys.rewrapper(), &Target::Current, &CampaignOptions::default())
        .unwrap();
    assert_eq!(
        (
            report.counts.rewrapped,
            report.counts.already_current,
            report.counts.failed
        ),
        (1, 2, 0)
    );
}

#[test]
fn two_runs_at_once_share_the_work() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    seal_many(&keys, &files, 500);
    keys.rotate();
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let spawn = || scope.spawn(|| run(&keys, &home, &files, &CampaignOptions::default()));
        [spawn(), spawn(), spawn()].map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(reports.iter().map(|report| report.counts.rewrapped).sum::<u64>(), 500);
    assert_eq!(
        reports.iter().map(|report| report.counts.failed).sum::<u64>(),
        0,
        "{reports:?}"
    );
    assert_eq!(still_needed(&home, &keys.version(1)), 0);
}

#[test]
fn the_index_is_corrected_by_looking() {
    let (keys, home, files) = (Keys::new(), Folder::new(), Folder::new());
    seal_many(&keys, &files, 30);
    run(&keys, &home, &files, &CampaignOptions::default());
    keys.rotate();
    let path = files.file("1/1.x");
    kms_providers::files::rewrap_file(&keys.rewrapper(), &path, &Target::Current, &RewrapOptions::default()).unwrap();
    fs::remove_file(files.file("2/2.x")).unwrap();
    let index = KeyIndex::open(home.path());
    assert_eq!(
        index.still_needed(&keys.version(1)).unwrap(),
        30,
        "it has not been told"
    );
    let recheck = index.recheck(&keys.version(1), &keys.opener()).unwrap();
    assert_eq!((recheck.needed, recheck.corrected), (28, 1));
    assert_eq!(recheck.missing.len(), 1);
    assert_eq!(
        index.still_needed(&keys.version(1)).unwrap(),
        29,
        "what is gone counts until it is forgotten"
    );
    assert_eq!(index.forget(&files.file("2/2.x")).unwrap(), 1);
    assert_eq!(index.still_needed(&keys.version(1)).unwrap(), 28);
}
