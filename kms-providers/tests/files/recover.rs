//! What a crash may leave, made by hand: journals beside old, new, torn and foreign headers, and half-made pairs.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kms_core::crypto::CryptoBackend;
use kms_core::{Error, RewrapOutcome, Target};
use kms_providers::files::{
    FileFault, FileOutcome, Input, Output, RewrapOptions, SealOptions, open_file, recover, rewrap_file, seal_file,
    sidecar_of,
};

use crate::support::{Folder, Keys, bytes, detached, header, version};

/// A file with an old header, its new one, and the journal between them.
struct Interrupted {
    keys: Keys,
    folder: Folder,
    path: PathBuf,
    plaintext: Vec<u8>,
    new: Vec<u8>,
}

impl Interrupted {
    fn new() -> Self {
        let (keys, folder) = (Keys::new(), Folder::new());
        let (path, plaintext) = (folder.file("f"), bytes(100_000));
        keys.seal_known(&path, &plaintext, &SealOptions::default());
        keys.rotate();
        let old = header(&path);
        let payload_len = fs::metadata(&path).unwrap().len() - old.len() as u64;
        let rewrapper = keys.rewrapper();
        let outcome = futures::executor::block_on(rewrapper.rewrap(&old, &Target::Current, Some(payload_len)));
        let RewrapOutcome::Rewrapped(new) = outcome.unwrap() else {
            panic!("already current")
        };
        let this = Self {
            keys,
            folder,
            path,
            plaintext,
            new: new.header,
        };
        this.journal(&this.encoded(this.length()));
        this
    }

    fn length(&self) -> u64 {
        fs::metadata(&self.path).unwrap().len()
    }

    /// docs/format.md 11, written out once more.
    fn encoded(&self, file_len: u64) -> Vec<u8> {
        let old = header(&self.path);
        let mut journal = b"\x89KSJ\r\n\x1a\n".to_vec();
        journal.extend_from_slice(&old.immutable().message_id);
        journal.extend_from_slice(&file_len.to_be_bytes());
        journal.extend_from_slice(old.tag());
        journal.extend_from_slice(&u32::try_from(self.new.len()).unwrap().to_be_bytes());
        journal.extend_from_slice(&self.new);
        let digest = CryptoBackend::default().hash.digest(&[&journal]);
        [journal, digest.to_vec()].concat()
    }

    fn journal(&self, bytes: &[u8]) {
        fs::write(self.folder.file("f.ksj"), bytes).unwrap();
    }

    fn write_header(&self, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(&self.path).unwrap();
        file.write_all_at(bytes, 0).unwrap();
    }

    fn torn(&self, at: usize) {
        self.write_header(&self.new[..at]);
    }

    fn is_whole_and_new(&self) {
        assert_eq!(self.folder.names(), ["f"]);
        assert_eq!(version(&self.path), "2");
        assert_eq!(self.keys.open(&self.path).unwrap(), self.plaintext);
    }
}

#[test]
fn old_torn_and_new_headers_become_the_new_one() {
    let length = Interrupted::new().new.len();
    for written in [0, 40, length / 2, length - 1, length] {
        let state = Interrupted::new();
        state.torn(written);
        let recovery = recover(&state.path).unwrap();
        assert_eq!(recovery.completed, written < length, "{written} of {length} bytes");
        assert_eq!(recovery.removed, 1);
        state.is_whole_and_new();
        assert!(!recover(&state.path).unwrap().did_something());
    }
}

#[test]
fn the_next_rewrap_recovers_first() {
    let state = Interrupted::new();
    state.torn(state.new.len() / 2);
    let outcome = rewrap_file(
        &state.keys.rewrapper(),
        &state.path,
        &Target::Current,
        &RewrapOptions::default(),
    );
    assert_eq!(outcome.unwrap(), FileOutcome::AlreadyCurrent);
    state.is_whole_and_new();
}

#[test]
fn readers_use_the_journals_header_and_change_nothing() {
    let state = Interrupted::new();
    state.torn(state.new.len() - 100);
    let (torn, names) = (fs::read(&state.path).unwrap(), state.folder.names());
    assert_eq!(state.keys.open(&state.path).unwrap(), state.plaintext);
    let out = state.folder.file("out");
    open_file(
        &state.keys.opener(),
        Input::File(&state.path),
        Output::File(&out),
        &Default::default(),
    )
    .unwrap();
    fs::remove_file(out).unwrap();
    assert_eq!(fs::read(&state.path).unwrap(), torn);
    assert_eq!(state.folder.names(), names);
}

#[test]
fn a_reader_waits_for_a_writer_that_is_under_way() {
    let state = Interrupted::new();
    state.torn(state.new.len() / 2);
    // A journal that is of no use: only what the writer still writes helps.
    state.journal(&state.encoded(1));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            state.write_header(&state.new);
        });
        assert_eq!(state.keys.open(&state.path).unwrap(), state.plaintext);
    });
}

#[test]
fn a_wrong_key_is_told_at_once_where_nothing_is_under_way() {
    let (keys, strangers, folder) = (Keys::new(), Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal(&path, b"x", &SealOptions::default());
    let start = Instant::now();
    let refused = strangers.open(&path).unwrap_err();
    assert!(matches!(refused.fault(), FileFault::Envelope(Error::DoesNotOpen)));
    assert!(start.elapsed() < Duration::from_millis(300));
}

#[test]
fn stale_journals_change_nothing_and_are_reported() {
    type Spoil = fn(&Interrupted);
    let cases: [(&str, Spoil); 5] = [
        ("damaged", |state| {
            let mut bytes = state.encoded(state.length());
            bytes[90] ^= 1;
            state.journal(&bytes);
        }),
        ("cut", |state| state.journal(&state.encoded(state.length())[..200])),
        ("of another length", |state| {
            state.journal(&state.encoded(state.length() + 1));
        }),
        ("of another message", |state| {
            let journal = fs::read(state.folder.file("f.ksj")).unwrap();
            fs::remove_file(&state.path).unwrap();
            state
                .keys
                .seal_known(&state.path, &state.plaintext, &SealOptions::default());
            state.journal(&journal);
        }),
        ("older than the header", |state| {
            let journal = fs::read(state.folder.file("f.ksj")).unwrap();
            recover(&state.path).unwrap();
            state.keys.rotate();
            let options = RewrapOptions::default();
            rewrap_file(&state.keys.rewrapper(), &state.path, &Target::Current, &options).unwrap();
            state.journal(&journal);
        }),
    ];
    for (name, spoil) in cases {
        let state = Interrupted::new();
        spoil(&state);
        let (file, journal) = (
            fs::read(&state.path).unwrap(),
            fs::read(state.folder.file("f.ksj")).unwrap(),
        );
        let stale = recover(&state.path).unwrap_err();
        assert!(matches!(stale.fault(), FileFault::StaleJournal), "{name}");
        let rewrap = rewrap_file(
            &state.keys.rewrapper(),
            &state.path,
            &Target::Current,
            &RewrapOptions::default(),
        );
        assert!(matches!(rewrap.unwrap_err().fault(), FileFault::StaleJournal), "{name}");
        assert_eq!(fs::read(&state.path).unwrap(), file, "{name}");
        assert_eq!(fs::read(state.folder.file("f.ksj")).unwrap(), journal, "{name}");
        assert_eq!(
            state.keys.open(&state.path).unwrap(),
            state.plaintext,
            "{name}: readers are not stopped"
        );
    }
}

#[test]
fn a_journal_without_its_file_is_reported() {
    let state = Interrupted::new();
    fs::remove_file(&state.path).unwrap();
    assert!(matches!(
        recover(&state.path).unwrap_err().fault(),
        FileFault::StaleJournal
    ));
}

#[test]
fn recovery_leaves_a_file_alone_that_somebody_works_on() {
    let state = Interrupted::new();
    let holder = fs::File::open(&state.path).unwrap();
    holder.lock().unwrap();
    assert!(matches!(recover(&state.path).unwrap_err().fault(), FileFault::Locked));
    drop(holder);
    assert!(recover(&state.path).unwrap().completed);
}

#[test]
fn temporary_files_of_the_dead_go_and_those_of_the_living_stay() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("f");
    keys.seal(&path, b"x", &SealOptions::default());
    for name in [".f.kstmp", ".f.ksh.kstmp", ".f.ksj.kstmp"] {
        fs::write(folder.file(name), "torn").unwrap();
    }
    let living = fs::File::open(folder.file(".f.kstmp")).unwrap();
    living.lock().unwrap();
    assert!(matches!(recover(&path).unwrap_err().fault(), FileFault::Locked));
    assert!(folder.names().contains(&".f.kstmp".to_owned()));
    drop(living);
    assert_eq!(recover(&path).unwrap().removed, 3);
    assert_eq!(folder.names(), ["f"]);
    fs::write(folder.file(".never.kstmp"), "torn").unwrap();
    assert_eq!(
        recover(&folder.file("never")).unwrap().removed,
        1,
        "also where the file itself never came to be"
    );
}

/// The state between the two renames of a detached pair.
fn unnamed_sidecar(keys: &Keys, path: &Path) {
    keys.seal(path, b"detached", &detached());
    let sidecar = sidecar_of(path);
    let name = sidecar.file_name().unwrap().to_str().unwrap();
    fs::rename(&sidecar, sidecar.with_file_name(format!(".{name}.kstmp"))).unwrap();
}

#[test]
fn a_sidecar_that_had_no_name_yet_gets_it() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("d");
    unnamed_sidecar(&keys, &path);
    assert!(matches!(keys.open(&path).unwrap_err().fault(), FileFault::NoHeader));
    assert!(recover(&path).unwrap().sidecar_named);
    assert_eq!(keys.open(&path).unwrap(), b"detached");
    assert_eq!(folder.names(), ["d", "d.ksh"]);

    let again = folder.file("e");
    unnamed_sidecar(&keys, &again);
    keys.rotate();
    rewrap_file(&keys.rewrapper(), &again, &Target::Current, &RewrapOptions::default()).unwrap();
    assert_eq!(keys.open(&again).unwrap(), b"detached");
    assert_eq!(version(&again), "2");
}

#[test]
fn an_overwritten_pair_gets_its_new_sidecar_in_place_of_the_old() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("d");
    keys.seal(&path, b"old", &detached());
    let old_sidecar = fs::read(sidecar_of(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    fs::remove_file(sidecar_of(&path)).unwrap();
    unnamed_sidecar(&keys, &path);
    fs::write(sidecar_of(&path), old_sidecar).unwrap();
    assert!(recover(&path).unwrap().sidecar_named);
    assert_eq!(keys.open(&path).unwrap(), b"detached");
}

#[test]
fn a_sidecar_of_a_payload_that_never_came_goes() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("d");
    unnamed_sidecar(&keys, &path);
    fs::remove_file(&path).unwrap();
    let recovery = recover(&path).unwrap();
    assert!(!recovery.sidecar_named);
    assert_eq!(recovery.removed, 1);
    assert!(folder.names().is_empty());
}

#[test]
fn sealing_again_takes_over_what_a_dead_process_left() {
    let (keys, folder) = (Keys::new(), Folder::new());
    fs::write(folder.file(".f.kstmp"), "torn, and longer than what comes").unwrap();
    let path = folder.file("f");
    seal_file(
        &keys.sealer(),
        Input::Stream(&mut &b"x"[..]),
        Output::File(&path),
        &SealOptions::default(),
    )
    .unwrap();
    assert_eq!(keys.open(&path).unwrap(), b"x");
    assert_eq!(folder.names(), ["f"]);
}
