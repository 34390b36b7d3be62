//! Finding envelopes, leftovers and lost payloads.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use kms_providers::files::{
    DiscoverOptions, FileFault, Found, Layout, Leftover, SealOptions, detect, discover, find_payload, sidecar_of,
};

use crate::support::{Folder, Keys, detached, header, skipped};

fn found(patterns: &[&Path]) -> Vec<String> {
    let walk = discover(patterns, &DiscoverOptions::default());
    walk.map(|entry| match entry {
        Ok(Found::Envelope { path, layout }) => format!("{} {}", name(&path), layout_name(&layout)),
        Ok(Found::Leftover { path, what }) => format!("{} {}", name(&path), leftover_name(&what)),
        Ok(_) => panic!("something new"),
        Err(error) => format!("{} error", name(error.path().unwrap())),
    })
    .collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn layout_name(layout: &Layout) -> &'static str {
    match layout {
        Layout::Attached { .. } => "attached",
        Layout::Sidecar { .. } => "sidecar",
        Layout::Ticket => "ticket",
        _ => "?",
    }
}

fn leftover_name(what: &Leftover) -> String {
    match what {
        Leftover::Journal { of } => format!("journal of {}", name(of)),
        Leftover::Temporary { of } => format!("temporary of {}", name(of)),
        Leftover::OrphanSidecar { payload } => format!("sidecar without {}", name(payload)),
        _ => "?".into(),
    }
}

fn seal_some(keys: &Keys, folder: &Folder) {
    fs::create_dir_all(folder.file("b/deep")).unwrap();
    for path in ["z.ks1", "a.ks1", "b/deep/m.ks1", "b/n"] {
        keys.seal_known(&folder.file(path), path.as_bytes(), &SealOptions::default());
    }
    keys.seal(&folder.file("b/p.bin"), b"detached", &detached());
    for (path, text) in [
        ("readme", "hello"),
        ("empty", ""),
        ("b/KS1.txt", "KS1 is a format"),
        ("x.ksj", "text"),
    ] {
        fs::write(folder.file(path), text).unwrap();
    }
}

#[test]
fn a_tree_is_walked_in_order_and_other_files_are_passed_over() {
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    let all = [
        "a.ks1 attached",
        "m.ks1 attached",
        "n attached",
        "p.bin.ksh sidecar",
        "z.ks1 attached",
    ];
    assert_eq!(found(&[folder.path()]), all);
    assert_eq!(
        found(&[&folder.file("z.ks1"), &folder.file("readme")]),
        ["z.ks1 attached"]
    );
}

#[test]
fn patterns_match_and_existing_names_are_not_patterns() {
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    let odd = folder.file("[a].ks1");
    keys.seal_known(&odd, b"odd", &SealOptions::default());
    assert_eq!(found(&[&odd]), ["[a].ks1 attached"]);
    assert_eq!(found(&[&folder.file("[a-y].ks1")]), ["a.ks1 attached"]);
    assert_eq!(
        found(&[&folder.file("*.ks1")]),
        ["[a].ks1 attached", "a.ks1 attached", "z.ks1 attached"]
    );
    assert_eq!(found(&[&folder.file("b/*")]), ["n attached", "p.bin.ksh sidecar"]);
    assert_eq!(
        found(&[&folder.file("**/?.ks1")]),
        ["a.ks1 attached", "m.ks1 attached", "z.ks1 attached"]
    );
    assert!(found(&[&folder.file("*.none")]).is_empty());
    assert_eq!(found(&[&folder.file("missing")]), ["missing error"]);
    let bad = discover([folder.file("a[")], &DiscoverOptions::default())
        .next()
        .unwrap();
    assert!(matches!(bad.unwrap_err().fault(), FileFault::Pattern));
}

#[test]
fn links_are_followed_only_when_asked_and_never_in_circles() {
    let (keys, folder, outside) = (Keys::new(), Folder::new(), Folder::new());
    seal_some(&keys, &folder);
    keys.seal_known(&outside.file("o.ks1"), b"outside", &SealOptions::default());
    symlink(outside.path(), folder.file("b/out")).unwrap();
    symlink(folder.path(), folder.file("b/deep/loop")).unwrap();
    symlink("nowhere", folder.file("dangling")).unwrap();
    assert_eq!(found(&[folder.path()]).len(), 5);
    let options = DiscoverOptions {
        follow_links: true,
        ..DiscoverOptions::default()
    };
    let followed: Vec<PathBuf> = discover([folder.path()], &options)
        .map(|entry| match entry.unwrap() {
            Found::Envelope { path, .. } => path,
            _ => panic!("no leftovers here"),
        })
        .collect();
    assert_eq!(followed.len(), 6, "{followed:?}");
    let link = folder.file("given");
    symlink(outside.path(), &link).unwrap();
    assert_eq!(found(&[&link]), ["o.ks1 attached"], "a link that is given is meant");
}

#[test]
fn leftovers_are_named() {
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    fs::write(folder.file("z.ks1.ksj"), b"\x89KSJ\r\n\x1a\n and whatever").unwrap();
    fs::write(folder.file(".z.ks1.kstmp"), "torn").unwrap();
    fs::write(folder.file(".alive.kstmp"), "being written").unwrap();
    let alive = fs::File::open(folder.file(".alive.kstmp")).unwrap();
    alive.lock().unwrap();
    fs::rename(folder.file("b/p.bin"), folder.file("b/moved")).unwrap();
    let entries = found(&[folder.path()]);
    assert!(entries.contains(&"z.ks1.ksj journal of z.ks1".into()), "{entries:?}");
    assert!(
        entries.contains(&".z.ks1.kstmp temporary of z.ks1".into()),
        "{entries:?}"
    );
    assert!(
        entries.contains(&"p.bin.ksh sidecar without p.bin".into()),
        "{entries:?}"
    );
    assert!(!entries.iter().any(|entry| entry.contains("alive")), "{entries:?}");

    let header = header(&sidecar_of(&folder.file("b/p.bin")));
    let payloads: Vec<_> = find_payload(&header, [folder.path()]).map(Result::unwrap).collect();
    assert_eq!(payloads, [folder.file("b/moved")]);
}

#[test]
fn damaged_envelopes_are_reported_and_the_walk_goes_on() {
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    let mut bytes = fs::read(folder.file("a.ks1")).unwrap();
    bytes[9] = 1;
    fs::write(folder.file("a.ks1"), &bytes).unwrap();
    bytes[9] = 0;
    bytes[8] = 9;
    fs::write(folder.file("b/n"), &bytes).unwrap();
    assert_eq!(
        found(&[folder.path()]),
        [
            "a.ks1 error",
            "m.ks1 attached",
            "n error",
            "p.bin.ksh sidecar",
            "z.ks1 attached"
        ]
    );
}

#[test]
fn unreadable_folders_are_reported_and_the_walk_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    fs::set_permissions(folder.file("b/deep"), fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(folder.file("b/deep")).is_ok();
    let entries = found(&[folder.path()]);
    fs::set_permissions(folder.file("b/deep"), fs::Permissions::from_mode(0o700)).unwrap();
    if readable {
        return skipped("unreadable_folders_are_reported", "root reads everything");
    }
    assert_eq!(
        entries,
        [
            "a.ks1 attached",
            "deep error",
            "n attached",
            "p.bin.ksh sidecar",
            "z.ks1 attached"
        ]
    );
}

#[test]
fn layouts_are_detected() {
    let (keys, folder) = (Keys::new(), Folder::new());
    seal_some(&keys, &folder);
    let header_len = header(&folder.file("a.ks1")).len() as u64;
    assert_eq!(detect(&folder.file("a.ks1")).unwrap(), Layout::Attached { header_len });
    let (payload, sidecar) = (folder.file("b/p.bin"), folder.file("b/p.bin.ksh"));
    assert_eq!(detect(&sidecar).unwrap(), Layout::Sidecar { of: payload.clone() });
    assert_eq!(detect(&payload).unwrap(), Layout::Payload { sidecar });
    assert_eq!(detect(&folder.file("readme")).unwrap(), Layout::NotKs1);
    assert_eq!(detect(&folder.file("empty")).unwrap(), Layout::NotKs1);
}

#[test]
fn very_large_folders_are_walked_in_bounded_memory() {
    let (keys, folder) = (Keys::new(), Folder::new());
    let many = 65_536 + 100;
    for n in 0..many {
        fs::write(folder.file(&format!("{n:06}")), "").unwrap();
    }
    keys.seal_known(&folder.file("e.ks1"), b"x", &SealOptions::default());
    assert_eq!(found(&[folder.path()]), ["e.ks1 attached"]);
}
