//! Kills a working process at every named point and at random times, and looks at what is left: every envelope opens,
//! under its old or its new key; the next run completes; nothing is lost and nothing is left over.
//!
//! `KEYSTRAND_KILLS` says how often (40); `KEYSTRAND_SEED` repeats a random sequence. The named points need the
//! feature `kms-providers/failpoints`.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use keystrand_tests::site::{OpenSite, Site, contents, generation_of};
use kms_core::Entry;
use kms_core::audit::HeaderMark;
use kms_providers::audit::{AuditLog, HeaderState, LogKey};
use kms_providers::durable::FAILPOINTS;
use kms_providers::files::{Input, KeyIndex, OpenOptions, Output, open_file, read_header, recover, sidecar_of};

#[test]
fn a_process_killed_at_each_named_point_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(Site::new(folder.path()).set_up().unwrap());
    let points = FAILPOINTS
        .iter()
        .filter(|point| OUTSIDE.iter().all(|outside| !point.starts_with(outside)));
    // The first time that a point is passed, and, in longer campaigns, later ones in the middle of a batch.
    let depths: &[usize] = if kills() > DEFAULT_KILLS { &[0, 1, 5, 17] } else { &[0] };
    let (mut killed, mut not_reached, mut generation) = (0, 0, 0);
    for point in points {
        for depth in depths {
            generation += 1;
            let armed = format!("{point}={depth}*off->return(abort)");
            let status = worker(folder.path(), "rounds", generation, generation)
                .env("FAILPOINTS", armed)
                .status()
                .unwrap();
            if status.success() {
                if *depth == 0 && killed == 0 {
                    return eprintln!("SKIPPED {}: built without the feature failpoints", FAILPOINTS.len());
                }
                assert_ne!(*depth, 0, "{point} was not passed");
                not_reached += 1;
                continue;
            }
            assert_eq!(status.signal(), Some(ABORT), "{point}: {status}");
            killed += 1;
            Aftermath::of(folder.path()).check(point);
            heal(folder.path(), point);
        }
    }
    eprintln!("killed at {killed} points ({not_reached} were not passed so often)");
}

#[test]
fn a_process_killed_at_random_times_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(Site::new(folder.path()).set_up().unwrap());
    let mut random = Random::new();
    eprintln!("KEYSTRAND_SEED={}", random.0);
    let start = Instant::now();
    worker(folder.path(), "rounds", 1, 1).status().unwrap();
    let one_round = start.elapsed();
    let (mut killed, mut seen) = (0, BTreeMap::new());
    for n in 0..kills() {
        let generation = 2 + 1000 * n as u64;
        let mut child = worker(folder.path(), "rounds", generation, generation + 999)
            .spawn()
            .unwrap();
        thread::sleep(random.up_to(one_round * 2));
        let status = kill(&mut child);
        assert_eq!(status.signal(), Some(KILL), "kill {n}: {status}");
        killed += 1;
        let aftermath = Aftermath::of(folder.path());
        aftermath.check(&format!("kill {n}"));
        aftermath.count(&mut seen);
        if n % 4 == 3 {
            heal(folder.path(), &format!("kill {n}"));
        }
    }
    heal(folder.path(), "the end");
    eprintln!("killed {killed} times; found after them: {seen:?}");
}

fn worker(root: &Path, action: &str, first: u64, last: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crash_worker"));
    command.arg(root).args([action, &first.to_string(), &last.to_string()]);
    command.env_remove("FAILPOINTS").stdout(Stdio::null());
    // What a process says as it is shot is of no interest; what it says when it fails is in its status.
    if action == "rounds" {
        command.stderr(Stdio::null());
    }
    command
}

fn kill(child: &mut Child) -> ExitStatus {
    child.kill().unwrap();
    child.wait().unwrap()
}

/// The run after a crash: it completes, and then everything is as if there had been none.
fn heal(root: &Path, when: &str) {
    let status = worker(root, "heal", 0, 0).status().unwrap();
    assert!(status.success(), "{when}: the next run: {status}");
    let after = Aftermath::of(root);
    after.check(when);
    let current = after.open.provider_version();
    for (path, version) in after.versions() {
        assert_eq!(version, current, "{when}: {}", path.display());
    }
    let index = KeyIndex::open(&after.open.site.home());
    for version in 1..current {
        let key = format!("{}/{version}", after.open.key).parse().unwrap();
        assert_eq!(index.still_needed(&key).unwrap(), 0, "{when}: version {version}");
    }
    after.check_headers(when);
    after.check_names(when);
}

/// What stands after a process was killed.
struct Aftermath {
    open: OpenSite,
}

impl Aftermath {
    /// Opens keystore and log: neither may be damaged.
    fn of(root: &Path) -> Self {
        let open = Site::new(root).open().unwrap();
        Self { open }
    }

    fn check(&self, when: &str) {
        self.check_index(when);
        for path in self.open.site.envelopes() {
            let plaintext = self
                .read(&path)
                .unwrap_or_else(|error| panic!("{when}: {}: {error}", path.display()));
            assert_eq!(plaintext, contents(&path, 0), "{when}: {}", path.display());
        }
        for (_, sealed, opened) in self.open.site.outputs() {
            recover(&sealed).unwrap_or_else(|error| panic!("{when}: {error}"));
            if sealed.exists() {
                let plaintext = self.read(&sealed).unwrap_or_else(|error| panic!("{when}: {error}"));
                is_whole(&sealed, &plaintext, when);
            }
            if opened.exists() {
                is_whole(&opened, &fs::read(&opened).unwrap(), when);
            }
        }
        self.check_log(when);
    }

    /// The index never says that a key version is free while an envelope needs it.
    fn check_index(&self, when: &str) {
        let mut by_version = BTreeMap::<u32, u64>::new();
        // Only what a run has seen is in the index.
        if self.open.site.home().join("envelopes.jsonl").exists() {
            self.versions()
                .into_iter()
                .for_each(|(_, version)| *by_version.entry(version).or_default() += 1);
        }
        let index = KeyIndex::open(&self.open.site.home());
        for (version, count) in by_version {
            if version == 1 {
                continue;
            }
            let key = format!("{}/{version}", self.open.key).parse().unwrap();
            let known = index.still_needed(&key).unwrap();
            assert!(
                known >= count,
                "{when}: {count} envelopes need version {version}, the index knows {known}"
            );
        }
    }

    fn check_log(&self, when: &str) {
        let key = LogKey::load(&self.open.site.home().join("audit.key")).unwrap();
        let log = AuditLog::open_read(&self.open.site.home().join("audit")).unwrap();
        let report = log.verify(&key.verifier()).unwrap();
        assert!(report.is_intact(), "{when}: {:?}", report.damage);
    }

    /// No header is older than the log says, and none was forked: at most a crash kept the log from hearing of it.
    fn check_headers(&self, when: &str) {
        let log = AuditLog::open_read(&self.open.site.home().join("audit")).unwrap();
        let marks = self.open.site.envelopes().into_iter().map(|path| {
            let header = read_header(&path, 16).unwrap().header;
            let mark = HeaderMark {
                seq: header.sequence(),
                tag: *header.tag().first_chunk().unwrap(),
            };
            (path, header.immutable().message_id, mark)
        });
        for finding in log.verify_headers(marks).unwrap() {
            let explained = matches!(
                finding.state,
                HeaderState::Current | HeaderState::Newer { unfinished: true, .. }
            );
            assert!(explained, "{when}: {}: {:?}", finding.label.display(), finding.state);
        }
    }

    fn check_names(&self, when: &str) {
        let mut expected: Vec<PathBuf> = self.open.site.envelopes();
        let pairs = self.open.site.root.join("files/pairs");
        expected.extend(
            expected
                .clone()
                .iter()
                .filter(|path| path.starts_with(&pairs))
                .map(|path| sidecar_of(path)),
        );
        let outputs = self.open.site.outputs();
        for (detached, sealed, _) in outputs.iter().filter(|(_, sealed, _)| sealed.exists()) {
            expected.push(sealed.clone());
            expected.extend(detached.then(|| sidecar_of(sealed)));
        }
        let mut found = Vec::new();
        for folder in ["files/small", "files/pairs", "files/large", "sealed"] {
            let entries = fs::read_dir(self.open.site.root.join(folder)).unwrap();
            found.extend(entries.map(|entry| entry.unwrap().path()));
        }
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{when}: leftovers, or losses");
    }

    fn versions(&self) -> Vec<(PathBuf, u32)> {
        let version = |path: PathBuf| {
            // A header that is half written tells no version, and needs the new one or the old.
            let header = read_header(&path, 16).ok()?.header;
            let Entry::Single(single) = &header.entries()[0] else {
                panic!("not a single")
            };
            let version = String::from_utf8(single.wrapped.version.clone()?).ok()?;
            Some((path, version.parse().ok()?))
        };
        self.open.site.envelopes().into_iter().filter_map(version).collect()
    }

    /// What kinds of states the kills have led to.
    fn count(&self, seen: &mut BTreeMap<&'static str, usize>) {
        let versions: std::collections::BTreeSet<_> = self.versions().into_iter().map(|(_, version)| version).collect();
        let mut note = |what, found: bool| *seen.entry(what).or_default() += usize::from(found);
        note("envelopes of two versions", versions.len() > 1);
        let mut journals = 0;
        let mut temporaries = 0;
        for folder in ["files/small", "files/pairs", "files/large", "sealed", "opened"] {
            for entry in fs::read_dir(self.open.site.root.join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                journals += usize::from(name.ends_with(".ksj"));
                temporaries += usize::from(name.ends_with(".kstmp"));
            }
        }
        note("journals", journals > 0);
        note("temporary files", temporaries > 0);
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, kms_providers::files::FileError> {
        let mut plaintext = Vec::new();
        let options = OpenOptions::default();
        open_file(
            &self.open.opener(),
            Input::File(path),
            Output::Stream(&mut plaintext),
            &options,
        )?;
        Ok(plaintext)
    }
}

trait CurrentVersion {
    fn provider_version(&self) -> u32;
}

impl CurrentVersion for OpenSite {
    fn provider_version(&self) -> u32 {
        use kms_providers::Provider;
        let kek = self.provider.kek(&self.key).unwrap();
        let version = futures::executor::block_on(kek.describe()).unwrap().version.unwrap();
        String::from_utf8(version).unwrap().parse().unwrap()
    }
}

fn is_whole(path: &Path, plaintext: &[u8], when: &str) {
    let generation = generation_of(plaintext).unwrap_or_else(|| panic!("{when}: {}: no generation", path.display()));
    assert_eq!(plaintext, contents(path, generation), "{when}: {}", path.display());
}

/// xorshift64*: repeatable, and good enough to choose moments.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        let given = std::env::var("KEYSTRAND_SEED").ok().and_then(|seed| seed.parse().ok());
        Self(given.unwrap_or_else(|| u64::from(now()) | 1))
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let micros = u64::try_from(longest.as_micros()).unwrap().max(1);
        Duration::from_micros(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % micros)
    }
}

fn kills() -> usize {
    std::env::var("KEYSTRAND_KILLS").map_or(DEFAULT_KILLS, |kills| {
        kills.parse().expect("KEYSTRAND_KILLS is a number")
    })
}

const DEFAULT_KILLS: usize = 40;
/// Points of files that the worker does not write.
const OUTSIDE: [&str; 6] = [
    "config::",
    "key_file::",
    "migrated::",
    "migrated_pair::",
    "public_key::",
    "signature::",
];
const ABORT: i32 = 6;
const KILL: i32 = 9;
