//! Sealing and opening files and streams.

use std::fs::{self, OpenOptions as FileOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use kms_core::{CallerFault, Error, FormatFault, Labels};
use kms_providers::files::{
    FileError, FileFault, Input, OpenOptions, Output, SealOptions, SidecarAt, open_file, seal_file, sidecar_of,
};

use crate::support::{Folder, Keys, bytes, detached, header, skipped};

fn fault<T>(outcome: Result<T, FileError>) -> FileFault {
    outcome.err().expect("this must fail").into_fault()
}

#[test]
fn every_length_and_layout_round_trips() {
    let (keys, folder) = (Keys::new(), Folder::new());
    for length in [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 3_000_000] {
        let plaintext = bytes(length);
        for (name, options) in [("a.ks1", SealOptions::default()), ("d.bin", detached())] {
            let path = folder.file(name);
            let sealed = keys.seal_known(&path, &plaintext, &options);
            assert_eq!(sealed.plaintext_len, length as u64);
            assert_eq!(sealed.header.as_bytes(), header(&path).as_bytes());
            assert_eq!(keys.open(&path).unwrap(), plaintext, "{name} {length}");
            fs::remove_file(&path).unwrap();
            fs::remove_file(sidecar_of(&path)).ok();
        }
        assert!(folder.names().is_empty(), "{:?}", folder.names());
    }
}

#[test]
fn streams_pipes_and_progress() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let plaintext = bytes(2_000_000);
    let done = AtomicU64::new(0);
    let hear = |bytes| done.store(bytes, Ordering::Relaxed);
    let options = SealOptions {
        progress: Some(&hear),
        ..SealOptions::default()
    };
    let (mut from, mut to) = io::pipe().unwrap();
    let writer = std::thread::spawn({
        let plaintext = plaintext.clone();
        move || to.write_all(&plaintext).unwrap()
    });
    let mut sealed = Vec::new();
    seal_file(
        &keys.sealer(),
        Input::Stream(&mut from),
        Output::Stream(&mut sealed),
        &options,
    )
    .unwrap();
    writer.join().unwrap();
    assert_eq!(done.load(Ordering::Relaxed), 2_000_000);

    let path = folder.file("a.ks1");
    fs::write(&path, &sealed).unwrap();
    assert_eq!(keys.open(&path).unwrap(), plaintext);

    let (mut from, mut to) = io::pipe().unwrap();
    let writer = std::thread::spawn(move || to.write_all(&sealed).unwrap());
    let out = folder.file("out");
    let opened = open_file(
        &keys.opener(),
        Input::Stream(&mut from),
        Output::File(&out),
        &OpenOptions::default(),
    );
    writer.join().unwrap();
    assert_eq!(opened.unwrap().opened_by, [keys.uri.to_string()]);
    assert_eq!(fs::read(&out).unwrap(), plaintext);
}

#[test]
fn a_named_pipe_is_read_as_a_stream() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (fifo, path) = (folder.file("fifo"), folder.file("a.ks1"));
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    if !made.is_ok_and(|status| status.success()) {
        return skipped("a_named_pipe_is_read_as_a_stream", "no mkfifo");
    }
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::write(fifo, "through a pipe").unwrap()
    });
    seal_file(
        &keys.sealer(),
        Input::File(&fifo),
        Output::File(&path),
        &SealOptions::default(),
    )
    .unwrap();
    writer.join().unwrap();
    assert_eq!(keys.open(&path).unwrap(), b"through a pipe");
    assert!(matches!(
        fault(seal_file(
            &keys.sealer(),
            Input::File(&path),
            Output::File(&fifo),
            &SealOptions {
                overwrite: true,
                ..SealOptions::default()
            }
        )),
        FileFault::NotRegular
    ));
}

#[test]
fn a_shared_data_key_seals_many_files_with_labels() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let data_key = futures::executor::block_on(keys.sealer().data_key()).unwrap();
    let labels = Labels::from_pairs([("part", kms_core::LabelValue::Text("7".into()))]).unwrap();
    let options = SealOptions {
        labels: labels.clone(),
        ..SealOptions::default()
    };
    for name in ["a", "b"] {
        let path = folder.file(name);
        let sealed = seal_file(
            &data_key,
            Input::Stream(&mut name.as_bytes()),
            Output::File(&path),
            &options,
        )
        .unwrap();
        assert_eq!(sealed.header.immutable().labels, labels);
        assert_eq!(keys.open(&path).unwrap(), name.as_bytes());
    }
}

#[test]
fn the_sidecar_may_be_named_or_stand_elsewhere() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("d.bin");
    keys.seal(&path, b"detached", &detached());
    let sidecar = sidecar_of(&path);
    assert_eq!(
        keys.open(&sidecar).unwrap(),
        b"detached",
        "the sidecar stands for its payload"
    );

    let elsewhere = folder.file("header");
    fs::rename(&sidecar, &elsewhere).unwrap();
    assert!(matches!(fault(keys.open(&path)), FileFault::NoHeader));
    let options = OpenOptions {
        sidecar: SidecarAt::File(&elsewhere),
        ..OpenOptions::default()
    };
    let mut out = Vec::new();
    keys.open_with(&path, &mut out, &options).unwrap();
    assert_eq!(out, b"detached");
    let mut payload = fs::File::open(&path).unwrap();
    let mut out = Vec::new();
    open_file(
        &keys.opener(),
        Input::Stream(&mut payload),
        Output::Stream(&mut out),
        &options,
    )
    .unwrap();
    assert_eq!(out, b"detached", "a payload from a stream");

    fs::write(&sidecar, [fs::read(&elsewhere).unwrap(), b"x".to_vec()].concat()).unwrap();
    assert!(matches!(
        fault(keys.open(&path)),
        FileFault::Envelope(Error::Format(FormatFault::TrailingBytes))
    ));
    fs::remove_file(&path).unwrap();
    fs::rename(&elsewhere, &sidecar).unwrap();
    assert!(matches!(fault(keys.open(&sidecar)), FileFault::NoPayload));
}

#[test]
fn a_swapped_sidecar_is_named_without_a_key() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (one, two) = (folder.file("1"), folder.file("2"));
    keys.seal(&one, b"one", &detached());
    keys.seal(&two, b"two", &detached());
    fs::rename(sidecar_of(&two), sidecar_of(&one)).unwrap();
    assert!(matches!(
        fault(keys.open(&one)),
        FileFault::Envelope(Error::Format(FormatFault::OtherPayload))
    ));
}

#[test]
fn existing_outputs_are_kept_unless_overwriting_is_allowed() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (plain, sealed, out) = (folder.file("p"), folder.file("s"), folder.file("o"));
    fs::write(&plain, "new").unwrap();
    for name in [&sealed, &out] {
        fs::write(name, "precious").unwrap();
        fs::set_permissions(name, fs::Permissions::from_mode(0o640)).unwrap();
    }
    let seal = |overwrite, detached| {
        let options = SealOptions {
            overwrite,
            detached,
            ..SealOptions::default()
        };
        seal_file(&keys.sealer(), Input::File(&plain), Output::File(&sealed), &options)
    };
    assert!(matches!(fault(seal(false, false)), FileFault::Exists));
    assert!(matches!(fault(seal(false, true)), FileFault::Exists));
    assert_eq!(fs::read(&sealed).unwrap(), b"precious");
    seal(true, false).unwrap();
    assert_eq!(fs::metadata(&sealed).unwrap().mode() & 0o777, 0o640);

    let open = |overwrite| {
        let options = OpenOptions {
            overwrite,
            ..OpenOptions::default()
        };
        open_file(&keys.opener(), Input::File(&sealed), Output::File(&out), &options)
    };
    assert!(matches!(fault(open(false)), FileFault::Exists));
    assert_eq!(fs::read(&out).unwrap(), b"precious");
    open(true).unwrap();
    assert_eq!(fs::read(&out).unwrap(), b"new");
    assert_eq!(fs::metadata(&out).unwrap().mode() & 0o777, 0o640);

    fs::write(sidecar_of(&out), "a sidecar in the way").unwrap();
    fs::remove_file(&out).unwrap();
    let pair = seal_file(&keys.sealer(), Input::File(&plain), Output::File(&out), &detached());
    assert!(matches!(fault(pair), FileFault::Exists));
    assert_eq!(folder.names(), ["o.ksh", "p", "s"]);
}

#[test]
fn new_files_follow_the_umask() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (probe, sealed, out) = (folder.file("probe"), folder.file("s"), folder.file("o"));
    fs::write(&probe, "").unwrap();
    keys.seal(&sealed, b"x", &SealOptions::default());
    open_file(
        &keys.opener(),
        Input::File(&sealed),
        Output::File(&out),
        &OpenOptions::default(),
    )
    .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode();
    assert_eq!(mode(&sealed), mode(&probe));
    assert_eq!(mode(&out), mode(&probe));
}

#[test]
fn plaintext_is_its_owners_until_it_is_complete() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (sealed, out) = (folder.file("s"), folder.file("o"));
    keys.seal(&sealed, &bytes(5_000_000), &SealOptions::default());
    let seen = AtomicU64::new(0);
    let temporary = folder.file(".o.kstmp");
    let hear = |_| {
        let mode = fs::metadata(&temporary).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!folder.file("o").exists());
        seen.fetch_add(1, Ordering::Relaxed);
    };
    let options = OpenOptions {
        progress: Some(&hear),
        ..OpenOptions::default()
    };
    open_file(&keys.opener(), Input::File(&sealed), Output::File(&out), &options).unwrap();
    assert!(seen.into_inner() > 3);
}

#[test]
fn folders_links_and_the_input_itself_are_no_outputs() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let plain = folder.file("p");
    fs::write(&plain, "plain").unwrap();
    let overwrite = SealOptions {
        overwrite: true,
        ..SealOptions::default()
    };
    let seal = |input: &Path, output: &Path| {
        fault(seal_file(
            &keys.sealer(),
            Input::File(input),
            Output::File(output),
            &overwrite,
        ))
    };
    assert!(matches!(seal(&plain, folder.path()), FileFault::Directory));
    assert!(matches!(seal(folder.path(), &folder.file("x")), FileFault::Directory));
    assert!(matches!(seal(&plain, &plain), FileFault::SameFile));
    let (link, hard) = (folder.file("link"), folder.file("hard"));
    symlink(&plain, &link).unwrap();
    fs::hard_link(&plain, &hard).unwrap();
    assert!(matches!(seal(&plain, &link), FileFault::SameFile));
    assert!(matches!(seal(&link, &plain), FileFault::SameFile));
    assert!(matches!(seal(&plain, &hard), FileFault::SameFile));
    assert!(matches!(seal(&plain, Path::new("/dev/null")), FileFault::NotRegular));
    let missing = seal(&folder.file("missing"), &folder.file("x"));
    assert!(matches!(missing, FileFault::Io(error) if error.kind() == io::ErrorKind::NotFound));
    let nowhere = seal(&plain, &folder.file("no/such/folder"));
    assert!(matches!(nowhere, FileFault::Io(error) if error.kind() == io::ErrorKind::NotFound));
    let stream = seal_file(
        &keys.sealer(),
        Input::File(&plain),
        Output::Stream(&mut Vec::new()),
        &detached(),
    );
    assert!(matches!(fault(stream), FileFault::SidecarName));
    assert_eq!(fs::read(&plain).unwrap(), b"plain");
    assert_eq!(folder.names(), ["hard", "link", "p"]);
}

#[test]
fn a_link_that_is_overwritten_keeps_pointing() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (real, link) = (folder.file("real"), folder.file("link"));
    fs::write(&real, "old").unwrap();
    symlink("real", &link).unwrap();
    let options = SealOptions {
        overwrite: true,
        ..SealOptions::default()
    };
    keys.seal(&link, b"new", &options);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(keys.open(&real).unwrap(), b"new");

    let dangling = folder.file("dangling");
    symlink("nowhere", &dangling).unwrap();
    let refused = seal_file(
        &keys.sealer(),
        Input::Stream(&mut &b"x"[..]),
        Output::File(&dangling),
        &SealOptions::default(),
    );
    assert!(matches!(fault(refused), FileFault::Exists));
}

#[test]
fn nothing_partial_gets_a_name() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (sealed, out) = (folder.file("s"), folder.file("o"));
    keys.seal(&sealed, &bytes(1_000_000), &SealOptions::default());
    let whole = fs::read(&sealed).unwrap();
    let header_len = header(&sealed).len();
    let cuts = [
        header_len,
        header_len + 10,
        header_len + 56,
        whole.len() - 1,
        whole.len() - 16_400,
    ];
    for cut in cuts {
        fs::write(&sealed, &whole[..cut]).unwrap();
        let opened = open_file(
            &keys.opener(),
            Input::File(&sealed),
            Output::File(&out),
            &OpenOptions::default(),
        );
        assert!(
            matches!(fault(opened), FileFault::Envelope(Error::DoesNotOpen)),
            "cut at {cut}"
        );
        assert_eq!(folder.names(), ["s"], "cut at {cut}");
    }
    for at in [header_len - 20, header_len + 57, whole.len() - 3] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&sealed, altered).unwrap();
        let opened = open_file(
            &keys.opener(),
            Input::File(&sealed),
            Output::File(&out),
            &OpenOptions::default(),
        );
        assert!(matches!(fault(opened), FileFault::Envelope(_)), "byte {at}");
        assert_eq!(folder.names(), ["s"], "byte {at}");
    }
    fs::write(&sealed, [&whole[..], b"x"].concat()).unwrap();
    let longer = open_file(
        &keys.opener(),
        Input::File(&sealed),
        Output::File(&out),
        &OpenOptions::default(),
    );
    assert!(matches!(fault(longer), FileFault::Envelope(Error::DoesNotOpen)));
    fs::write(&sealed, &whole[..40]).unwrap();
    let cut = open_file(
        &keys.opener(),
        Input::File(&sealed),
        Output::File(&out),
        &OpenOptions::default(),
    );
    assert!(matches!(
        fault(cut),
        FileFault::Envelope(Error::Format(FormatFault::Truncated))
    ));
}

#[test]
fn a_failing_input_leaves_nothing() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let count = self.0.min(buffer.len());
            self.0 -= count;
            Ok(count)
        }
    }
    let (keys, folder) = (Keys::new(), Folder::new());
    for options in [SealOptions::default(), detached()] {
        let sealed = seal_file(
            &keys.sealer(),
            Input::Stream(&mut Breaks(700_000)),
            Output::File(&folder.file("x")),
            &options,
        );
        assert!(matches!(
            fault(sealed),
            FileFault::Envelope(Error::Io(io::ErrorKind::BrokenPipe))
        ));
        assert!(folder.names().is_empty());
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_no_message() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let plain = folder.file("p");
    fs::write(&plain, bytes(4_000_000)).unwrap();
    let hear = |_| {
        let file = FileOptions::new().append(true).open(&plain).unwrap();
        (&file).write_all(b"one more line").unwrap();
    };
    let options = SealOptions {
        progress: Some(&hear),
        ..SealOptions::default()
    };
    let sealed = seal_file(
        &keys.sealer(),
        Input::File(&plain),
        Output::File(&folder.file("x")),
        &options,
    );
    assert!(matches!(
        fault(sealed),
        FileFault::Envelope(Error::Caller(CallerFault::ChangedMeanwhile))
    ));
    assert_eq!(folder.names(), ["p"]);
}

#[test]
fn a_file_replaced_or_cut_while_it_is_opened() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (sealed, other, out) = (folder.file("s"), folder.file("other"), folder.file("o"));
    let plaintext = bytes(9_000_000);
    keys.seal(&sealed, &plaintext, &SealOptions::default());
    keys.seal(&other, b"other", &SealOptions::default());
    let open = |hear: &(dyn Fn(u64) + Sync)| {
        let options = OpenOptions {
            progress: Some(hear),
            overwrite: true,
            ..OpenOptions::default()
        };
        open_file(&keys.opener(), Input::File(&sealed), Output::File(&out), &options)
    };
    open(&|_| {
        fs::rename(&other, &sealed).ok();
    })
    .unwrap();
    assert_eq!(
        fs::read(&out).unwrap(),
        plaintext,
        "the file that was opened, not the one that took its name"
    );

    keys.seal(
        &sealed,
        &plaintext,
        &SealOptions {
            overwrite: true,
            ..SealOptions::default()
        },
    );
    let cut = open(&|_| {
        FileOptions::new()
            .write(true)
            .open(&sealed)
            .unwrap()
            .set_len(8_000_000)
            .unwrap();
    });
    assert!(matches!(
        fault(cut),
        FileFault::Envelope(Error::Caller(CallerFault::ChangedMeanwhile))
    ));
    assert_eq!(fs::read(&out).unwrap(), plaintext, "the old output stands");
    assert_eq!(folder.names(), ["o", "s"]);
}

#[test]
fn an_unreadable_file_is_reported() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let sealed = folder.file("s");
    keys.seal(&sealed, b"x", &SealOptions::default());
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o000)).unwrap();
    match keys.open(&sealed) {
        Ok(_) => skipped("an_unreadable_file_is_reported", "root reads everything"),
        Err(error) => {
            assert_eq!(error.path(), Some(&*sealed));
            assert!(matches!(error.fault(), FileFault::Io(error) if error.kind() == io::ErrorKind::PermissionDenied));
        }
    }
}

#[test]
fn a_second_writer_of_the_same_output_is_refused() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let (out, plain) = (folder.file("x"), folder.file("p"));
    fs::write(&plain, bytes(2_000_000)).unwrap();
    let refused = AtomicU64::new(0);
    let hear = |_| {
        let second = seal_file(
            &keys.sealer(),
            Input::Stream(&mut &b"second"[..]),
            Output::File(&out),
            &SealOptions::default(),
        );
        assert!(matches!(fault(second), FileFault::Locked));
        refused.fetch_add(1, Ordering::Relaxed);
    };
    let options = SealOptions {
        progress: Some(&hear),
        ..SealOptions::default()
    };
    seal_file(&keys.sealer(), Input::File(&plain), Output::File(&out), &options).unwrap();
    assert!(refused.into_inner() > 0);
    assert_eq!(keys.open(&out).unwrap().len(), 2_000_000);
}

#[test]
fn no_envelope_and_the_wrong_kind() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let path = folder.file("text");
    for text in ["", "KS1 is a format", "hello"] {
        fs::write(&path, text).unwrap();
        assert!(matches!(fault(keys.open(&path)), FileFault::NoHeader), "{text}");
    }
    let envelope = folder.file("e");
    keys.seal(&envelope, b"x", &SealOptions::default());
    let mangled = fs::OpenOptions::new().write(true).open(&envelope).unwrap();
    mangled.write_all_at(b"\x89KS1\n\x1a\n\0", 0).unwrap();
    assert!(matches!(
        fault(keys.open(&envelope)),
        FileFault::Envelope(Error::Format(FormatFault::Mangled))
    ));
    let ticket = futures::executor::block_on(
        keys.sealer()
            .ticket(kms_core::record::RecordMode::Column)
            .begin(Default::default()),
    );
    fs::write(&path, ticket.unwrap().header()).unwrap();
    assert!(matches!(
        fault(keys.open(&path)),
        FileFault::Envelope(Error::Format(FormatFault::WrongKind))
    ));
    let plain = folder.file("plain");
    fs::write(&plain, "x").unwrap();
    let refused = seal_file(
        &keys.sealer().ticket(kms_core::record::RecordMode::Column),
        Input::File(&plain),
        Output::File(&folder.file("y")),
        &SealOptions::default(),
    );
    assert!(matches!(
        fault(refused),
        FileFault::Envelope(Error::Format(FormatFault::WrongKind))
    ));
    assert_eq!(folder.names(), ["e", "plain", "text"]);
}
