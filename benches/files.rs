//! What do envelopes on disk cost, beside `cp` on the same disk? Each line is measured once, in a process of its own
//! where memory counts: `cargo bench --bench files -- DIR`, where DIR is on the disk in question (default: here).
//! `KEYSTRAND_BENCH_GIB` (4) and `KEYSTRAND_BENCH_FILES` (20 000) set the sizes.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kms_core::crypto::CryptoBackend;
use kms_core::{Kek, Keyring, Opener, Rewrapper, Sealer, Target};
use kms_providers::files::{
    Campaign, CampaignOptions, FileOutcome, Input, OpenOptions, Output, Plan, RewrapOptions, SealOptions, Syncing,
    open_file, rewrap_file, seal_file,
};
use kms_providers::local::KeyFileKek;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if let [step, from, to] = &arguments[..] {
        return child(step, from.as_ref(), to.as_ref());
    }
    let base = arguments
        .first()
        .map_or_else(|| PathBuf::from("."), PathBuf::from)
        .join(".files-bench");
    let _ = fs::remove_dir_all(&base);
    fs::create_dir_all(&base).expect("the folder can be written");
    large(&base);
    rewraps(&base);
    fs::remove_dir_all(&base).expect("the folder can be removed");
}

/// One large file: cp, sealing and opening, each from the page cache to the disk.
fn large(base: &Path) {
    let gib = size("KEYSTRAND_BENCH_GIB", 4);
    let (plain, sealed, out) = (base.join("plain"), base.join("sealed"), base.join("out"));
    let block = setup::plaintext(1 << 20);
    let mut file = BufWriter::new(File::create(&plain).expect("room on the disk"));
    (0..gib << 10).for_each(|_| file.write_all(&block).expect("room on the disk"));
    file.into_inner()
        .expect("room on the disk")
        .sync_all()
        .expect("the disk works");
    let rate = |what: &str, took: Duration| {
        println!(
            "{what:<34} {:>8.2} s  {:>6.2} GB/s",
            took.as_secs_f64(),
            (gib << 30) as f64 / 1e9 / took.as_secs_f64()
        );
    };
    for round in 1..=2 {
        for (what, durable) in [("cp", false), ("cp, then sync of the file", true)] {
            let took = timed(|| {
                assert!(Command::new("cp").arg(&plain).arg(&out).status().expect("cp").success());
                if durable {
                    File::open(&out).and_then(|out| out.sync_all()).expect("the disk works");
                }
            });
            rate(&format!("{what} ({round})"), took);
            clean(&out);
        }
        for (step, from) in [("seal-lazy", &plain), ("seal-durable", &plain)] {
            rate(&format!("{step} ({round})"), timed(|| spawn(step, from, &sealed)));
            clean(&sealed);
        }
    }
    spawn("seal-lazy", &plain, &sealed);
    File::open(&sealed)
        .and_then(|file| file.sync_all())
        .expect("the disk works");
    for step in ["open-lazy", "open-durable"] {
        rate(step, timed(|| spawn(step, &sealed, &out)));
        clean(&out);
    }
    [plain, sealed].iter().for_each(|path| clean(path));
}

/// Many files through a campaign, and one large file alone; all durable.
fn rewraps(base: &Path) {
    let count = size("KEYSTRAND_BENCH_FILES", 20_000);
    let kinds = [
        ("sidecars", count, 100, true),
        ("small attached", count, 1000, false),
        ("300 KB attached", count / 10, 300_000, false),
    ];
    for (kind, count, length, detached) in kinds {
        let (keys, folder) = (Keys::new(), base.join("envelopes"));
        let plaintext = setup::plaintext(length);
        for n in 0..count {
            let path = folder.join((n % 100).to_string()).join(n.to_string());
            fs::create_dir_all(path.parent().expect("two folders up")).expect("room on the disk");
            keys.seal(&path, &plaintext, detached);
        }
        assert!(Command::new("sync").status().expect("sync").success());
        keys.rotate();
        for (round, stale) in [("", true), (", all current", false)] {
            let plan = Plan {
                operation: "rotate".into(),
                keys: vec![],
                version: None,
                paths: vec![folder.clone()],
            };
            let start = Instant::now();
            let campaign = Campaign::begin(&base.join("home"), plan).expect("the record is written");
            let report = campaign
                .run(
                    &Rewrapper::new(keys.opener()),
                    &Target::Current,
                    &CampaignOptions::default(),
                )
                .expect("the run ends");
            let took = start.elapsed().as_secs_f64();
            assert_eq!(report.counts.rewrapped, if stale { count } else { 0 });
            println!(
                "rewrap of {count} {kind}{round}: {took:.2} s, {:.0} files/s",
                count as f64 / took
            );
        }
        fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
    one_by_one(base);
}

fn one_by_one(base: &Path) {
    let gib = setup::plaintext(1 << 20);
    for (what, mebibytes) in [("1 MiB", 1_usize), ("1 GiB", 1024)] {
        let (keys, path, plain) = (Keys::new(), base.join("one"), base.join("plain"));
        let mut file = File::create(&plain).expect("room on the disk");
        (0..mebibytes).for_each(|_| file.write_all(&gib).expect("room on the disk"));
        seal_file(
            &keys.sealer(),
            Input::File(&plain),
            Output::File(&path),
            &SealOptions::default(),
        )
        .expect("sealed");
        let rewrapper = Rewrapper::new(keys.opener()).force(true);
        let (mut methods, rounds) = (Vec::new(), 100);
        let took = timed(|| {
            for _ in 0..rounds {
                let outcome = rewrap_file(&rewrapper, &path, &Target::Current, &RewrapOptions::default());
                let FileOutcome::Rewrapped(done) = outcome.expect("rewrapped") else {
                    panic!("forced")
                };
                methods.push(done.method);
            }
        });
        println!(
            "rewrap of {what} attached, one by one, {:?}: {:.2} ms each",
            methods[0],
            took.as_secs_f64() * 1e3 / f64::from(rounds)
        );
        [path, plain].iter().for_each(|path| clean(path));
    }
}

/// A step whose memory is looked at.
fn child(step: &str, from: &Path, to: &Path) {
    let kek = key_file(from);
    let syncing = if step.ends_with("lazy") {
        Syncing::Lazy
    } else {
        Syncing::Durable
    };
    if step.starts_with("seal") {
        let options = SealOptions {
            syncing,
            ..SealOptions::default()
        };
        seal_file(&sealer(kek), Input::File(from), Output::File(to), &options).expect("sealed");
    } else {
        let options = OpenOptions {
            syncing,
            ..OpenOptions::default()
        };
        open_file(&opener(kek), Input::File(from), Output::File(to), &options).expect("opened");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("    {step}: peak memory {}", peak.unwrap_or("unknown").trim());
}

fn spawn(step: &str, from: &Path, to: &Path) {
    let this = std::env::current_exe().expect("this program has a name");
    let status = Command::new(this).arg(step).arg(from).arg(to).status();
    assert!(status.expect("it starts").success());
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn clean(path: &Path) {
    let _ = fs::remove_file(path);
    // What waits to be written is not the next one's burden.
    let _ = Command::new("sync").status();
}

fn size(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A key of a keystore, which rotates.
struct Keys(setup::keys::Keys);

impl Keys {
    fn new() -> Self {
        Self(setup::keys::Keys::new(&CryptoBackend::default(), &["bench"]))
    }

    fn rotate(&self) {
        self.0.rotate("bench");
    }

    fn sealer(&self) -> Sealer {
        sealer(self.0.kek("bench"))
    }

    fn opener(&self) -> Opener {
        opener(self.0.kek("bench"))
    }

    fn seal(&self, path: &Path, plaintext: &[u8], detached: bool) {
        let plain = path.with_extension("plain");
        fs::write(&plain, plaintext).expect("room on the disk");
        let options = SealOptions {
            detached,
            syncing: Syncing::Lazy,
            ..SealOptions::default()
        };
        seal_file(&self.sealer(), Input::File(&plain), Output::File(path), &options).expect("sealed");
        fs::remove_file(plain).expect("it was there");
    }
}

/// The key of the steps, in a file beside what they read.
fn key_file(beside: &Path) -> Arc<dyn Kek> {
    let path = beside.with_file_name("step.key");
    let backend = CryptoBackend::default();
    let kek = if path.exists() {
        KeyFileKek::open(&path, backend)
    } else {
        KeyFileKek::create(&path, backend)
    };
    Arc::new(kek.expect("the folder is ours"))
}

fn sealer(kek: Arc<dyn Kek>) -> Sealer {
    Sealer::new(CryptoBackend::default()).recipient(kek)
}

fn opener(kek: Arc<dyn Kek>) -> Opener {
    Opener::new(CryptoBackend::default(), Keyring::new().with(kek))
}
