//! Rewrapping one file: every method, and what stands in its way.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kms_core::audit::{Action, AuditEvent, AuditSink, AuditTrail};
use kms_core::{AuditFault, CallerFault, Error, Rewrapper, Target};
use kms_providers::files::{
    FileError, FileFault, FileOutcome, Method, Placement, RewrapOptions, SealOptions, rewrap_file, sidecar_of,
};

use crate::support::{Folder, Keys, bytes, detached, header, skipped, version};

fn placed(placement: Placement) -> RewrapOptions {
    RewrapOptions {
        placement,
        patience: Duration::ZERO,
        ..RewrapOptions::default()
    }
}

fn rewrap(keys: &Keys, path: &Path, placement: Placement) -> Result<FileOutcome, FileError> {
    rewrap_file(&keys.rewrapper(), path, &Target::Current, &placed(placement))
}

fn method(outcome: Result<FileOutcome, FileError>) -> Method {
    match outcome.unwrap() {
        FileOutcome::Rewrapped(done) => done.method,
        FileOutcome::AlreadyCurrent => panic!("already current"),
    }
}

#[test]
fn every_method_keeps_the_payload_and_leaves_nothing() {
    let (small, large) = (bytes(1000), bytes(1_000_000));
    type Case<'a> = (&'a str, &'a [u8], SealOptions<'a>, Placement, &'a [Method]);
    let cases: [Case<'_>; 6] = [
        (
            "small",
            &small,
            SealOptions::default(),
            Placement::Auto,
            &[Method::Copied],
        ),
        (
            "large",
            &large,
            SealOptions::default(),
            Placement::Auto,
            &[Method::InPlace, Method::Reflinked],
        ),
        (
            "beside",
            &large,
            SealOptions::default(),
            Placement::Beside,
            &[Method::Copied, Method::Reflinked],
        ),
        (
            "in place",
            &large,
            SealOptions::default(),
            Placement::InPlace,
            &[Method::InPlace],
        ),
        ("sidecar", &large, detached(), Placement::Auto, &[Method::Replaced]),
        ("empty", b"", SealOptions::default(), Placement::Auto, &[Method::Copied]),
    ];
    for (name, plaintext, options, placement, expected) in cases {
        let (keys, folder) = (Keys::new(), Folder::new());
        let path = folder.file("f");
        keys.seal_known(&path, plaintext, &options);
        let (before, names) = (header(&path), folder.names());
        keys.rotate();
        let method = method(rewrap(&keys, &path, placement));
        assert!(expected.contains(&method), "{name}: {method:?}");
        assert_eq!(version(&path), "2", "{name}");
        assert_eq!(header(&path).sequence(), 1, "{name}");
        assert_eq!(header(&path).previous().unwrap(), &before.tag()[..16], "{name}");
        assert_eq!(keys.open(&path).unwrap(), plaintext, "{name}");
        assert_eq!(folder.names(), names, "{name}");
        let stands = fs::read(&path).unwrap();
        assert_eq!(
            rewrap(&keys, &path, placement).unwrap(),
            FileOutcome::AlreadyCurrent,
            "{name}"
        );
        assert_eq!(fs::read(&path).unwrap(), stands, "{name}: idempotent");
    }
}

#[test]
fn a_payload_a_sidecar_and_a_link_lead_to_the_header() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (path, link) = (folder.file("d"), folder.file("link"));
    keys.seal(&path, b"detached", &detached());
    symlink("d.ksh", &link).unwrap();
    for (rotation, name) in [(2, &path), (3, &sidecar_of(&path)), (4, &link)] {
        keys.rotate();
        assert_eq!(method(rewrap(&keys, name, Placement::Auto)), Method::Replaced);
        assert_eq!(version(&path), rotation.to_string());
    }
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(keys.open(&path).unwrap(), b"detached");
}

#[test]
fn a_ticket_is_replaced() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("t.kst");
    let sealer = keys.sealer().ticket(kms_core::record::RecordMode::Column);
    let ticket = futures::executor::block_on(sealer.begin(Default::default())).unwrap();
    fs::write(&path, ticket.header()).unwrap();
    keys.rotate();
    assert_eq!(method(rewrap(&keys, &path, Placement::Auto)), Method::Replaced);
    assert_eq!(version(&path), "2");
    futures::executor::block_on(keys.opener().open_ticket(&fs::read(&path).unwrap())).unwrap();
}

#[test]
fn mode_owner_and_attributes_stay_and_the_time_does_not() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal_known(&path, b"small", &SealOptions::default());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let attribute = rustix::fs::setxattr(&path, "user.note", b"kept", rustix::fs::XattrFlags::empty());
    let owned = std::os::unix::fs::chown(&path, Some(1234), Some(4321));
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    let before = fs::metadata(&path).unwrap();
    keys.rotate();
    assert_eq!(method(rewrap(&keys, &path, Placement::Auto)), Method::Copied);
    let after = fs::metadata(&path).unwrap();
    assert_ne!(after.ino(), before.ino());
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert!(after.mtime() > 0, "a kept time would hide the new header from backups");
    if owned.is_err() {
        skipped("mode_owner_and_attributes_stay", "only root can give files away");
    }
    match attribute {
        Err(_) => skipped("mode_owner_and_attributes_stay", "no extended attributes here"),
        Ok(()) => {
            let mut value = [0; 16];
            let length = rustix::fs::getxattr(&path, "user.note", &mut value[..]).unwrap();
            assert_eq!(&value[..length], b"kept");
        }
    }
}

#[test]
fn a_sidecar_goes_in_place_once_its_length_is_settled() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("d");
    keys.seal(&path, b"detached", &detached());
    keys.rotate();
    let grows = rewrap(&keys, &path, Placement::InPlace).unwrap_err();
    assert!(matches!(grows.fault(), FileFault::DoesNotFit));
    assert_eq!(method(rewrap(&keys, &path, Placement::Auto)), Method::Replaced);
    keys.rotate();
    assert_eq!(method(rewrap(&keys, &path, Placement::InPlace)), Method::InPlace);
    assert_eq!((version(&path).as_str(), header(&path).sequence()), ("3", 2));
    assert_eq!(keys.open(&path).unwrap(), b"detached");
    assert_eq!(folder.names(), ["d", "d.ksh"]);
}

/// Sees on disk what each outcome says.
struct Witness {
    path: PathBuf,
    rewraps: AtomicUsize,
}

impl AuditSink for Witness {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
        if event.action == Action::Rewrap {
            let said = event.subject.header.unwrap().seq;
            let on_disk = header(&self.path).sequence();
            assert_eq!(said, on_disk, "{:?}", event.phase);
            self.rewraps.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[test]
fn the_trail_says_rewrapped_when_the_header_is_on_disk() {
    for (length, placement) in [(100, Placement::Auto), (300_000, Placement::InPlace)] {
        let (keys, folder) = (Keys::new(), Folder::new());
        let path = folder.file("f");
        keys.seal_known(&path, &bytes(length), &SealOptions::default());
        keys.rotate();
        let witness = Arc::new(Witness {
            path: path.clone(),
            rewraps: AtomicUsize::new(0),
        });
        let trail = AuditTrail::new(witness.clone(), kms_providers::audit::this_process());
        let rewrapper = Rewrapper::new(keys.opener().audit(trail));
        rewrap_file(&rewrapper, &path, &Target::Current, &placed(placement)).unwrap();
        assert_eq!(witness.rewraps.load(Ordering::Relaxed), 2, "an intent and an outcome");
    }
}

#[test]
fn hard_links_are_refused_unless_in_place() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (path, other) = (folder.file("f"), folder.file("other"));
    keys.seal_known(&path, &bytes(300_000), &SealOptions::default());
    fs::hard_link(&path, &other).unwrap();
    keys.rotate();
    let refused = rewrap(&keys, &path, Placement::Auto).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::HardLinks(2)));
    assert_eq!(method(rewrap(&keys, &path, Placement::InPlace)), Method::InPlace);
    assert_eq!(version(&other), "2", "one file under two names");
}

#[test]
fn a_header_that_grows_does_not_go_in_place() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal_known(&path, b"small, so without padding", &SealOptions::default());
    (2..=10).for_each(|_| keys.rotate());
    let refused = rewrap(&keys, &path, Placement::InPlace).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::DoesNotFit));
    assert_eq!(version(&path), "1");
    assert_eq!(method(rewrap(&keys, &path, Placement::Auto)), Method::Copied);
    assert_eq!(version(&path), "10");
    assert_eq!(keys.open(&path).unwrap(), b"small, so without padding");
}

#[test]
fn what_is_no_envelope_is_refused() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    let fault = |path: &Path| rewrap(&keys, path, Placement::Auto).unwrap_err().into_fault();
    assert!(matches!(fault(folder.path()), FileFault::Directory));
    assert!(matches!(fault(Path::new("/dev/null")), FileFault::NotRegular));
    assert!(matches!(fault(&path), FileFault::Io(error) if error.kind() == io::ErrorKind::NotFound));
    fs::write(&path, "text").unwrap();
    assert!(matches!(fault(&path), FileFault::NoHeader));
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn a_header_before_another_payload_is_not_rewrapped() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    let sealed = keys.seal_known(&path, &bytes(1000), &SealOptions::default());
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let first = sealed.header.len();
    let other = fs::read(&path).unwrap()[first] ^ 1;
    file.write_all_at(&[other], first as u64).unwrap();
    keys.rotate();
    let refused = rewrap(&keys, &path, Placement::Auto).unwrap_err();
    assert!(matches!(
        refused.fault(),
        FileFault::Envelope(Error::Format(kms_core::FormatFault::OtherPayload))
    ));
}

#[test]
fn keys_that_do_not_open_change_nothing() {
    let (keys, strangers, folder) = (Keys::new(), Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal_known(&path, &bytes(1000), &SealOptions::default());
    let before = fs::read(&path).unwrap();
    strangers.rotate();
    let refused = rewrap(&strangers, &path, Placement::Auto).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::Envelope(Error::DoesNotOpen)));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn two_rewraps_at_once_never_lose_one() {
    let (keys, folder) = (Keys::new(), Folder::new());
    for (name, length) in [("small", 1000), ("large", 400_000)] {
        let path = folder.file(name);
        keys.seal_known(&path, &bytes(length), &SealOptions::default());
        let rewrapper = Rewrapper::new(keys.opener()).force(true);
        const EACH: u64 = 25;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        rewrap_file(&rewrapper, &path, &Target::Current, &RewrapOptions::default()).unwrap();
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(
                        keys.open(&path).unwrap().len(),
                        length,
                        "a reader never sees a torn header"
                    );
                }
            });
        });
        assert_eq!(header(&path).sequence(), 4 * EACH, "no rewrap was lost");
    }
    assert_eq!(folder.names(), ["large", "small"]);
}

#[test]
fn who_takes_no_lock_is_noticed_and_given_three_chances() {
    for (times, succeeds) in [(1, true), (2, true), (3, false)] {
        let (keys, folder) = (Keys::new(), Folder::new());
        let path = folder.file("f");
        keys.seal_known(&path, &bytes(1000), &SealOptions::default());
        keys.rotate();
        let left = AtomicUsize::new(times);
        let file = path.clone();
        let opener = keys.opener_with(move || {
            if left.load(Ordering::Relaxed) > 0 {
                left.fetch_sub(1, Ordering::Relaxed);
                let copy = file.with_extension("copy");
                fs::copy(&file, &copy).unwrap();
                fs::rename(&copy, &file).unwrap();
            }
        });
        let outcome = rewrap_file(
            &Rewrapper::new(opener),
            &path,
            &Target::Current,
            &placed(Placement::Auto),
        );
        assert_eq!(outcome.is_ok(), succeeds, "{times} times: {outcome:?}");
        if let Err(error) = outcome {
            assert!(matches!(
                error.fault(),
                FileFault::Envelope(Error::Caller(CallerFault::ChangedMeanwhile))
            ));
            assert_eq!(version(&path), "1");
        }
        assert_eq!(folder.names(), ["f"]);
    }
}

#[test]
fn a_locked_file_is_waited_for_and_then_left_alone() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal_known(&path, &bytes(1000), &SealOptions::default());
    keys.rotate();
    let holder = fs::File::open(&path).unwrap();
    holder.lock().unwrap();
    let refused = rewrap(&keys, &path, Placement::Auto).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::Locked));
    assert_eq!(keys.open(&path).unwrap().len(), 1000, "readers take no lock");
    drop(holder);
    rewrap(&keys, &path, Placement::Auto).unwrap();
}
