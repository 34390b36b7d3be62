//! The process dies, or the disk is full, at each named point of a change.
#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used)]

mod support;

use kms_core::KekFault;
use kms_providers::Provider;
use kms_providers::durable::{FAILPOINTS, Sites};
use support::{BINDING, Home, child, child_folder, create, keystore, name, run, uri};

const SITES: [(&str, bool); 5] = [
    (Sites::KEYSTORE.before_temp, false),
    (Sites::KEYSTORE.after_temp_write, false),
    (Sites::KEYSTORE.after_temp_sync, false),
    (Sites::KEYSTORE.after_rename, true),
    (Sites::KEYSTORE.after_dir_sync, true),
];

#[test]
fn a_process_that_dies_at_any_point_leaves_the_old_or_the_new_keystore() {
    for action in ["return(abort)", "return(exit)", "panic"] {
        for (site, is_new) in SITES {
            let (home, provider) = Home::with_keystore();
            create(&provider, "before");
            let mut child = child("a_child_makes_a_key", home.folder.path());
            let status = child
                .env("FAILPOINTS", format!("{site}={action}"))
                .output()
                .unwrap()
                .status;
            assert!(!status.success(), "{site}: the child survived");

            let opened = home.open();
            let keys: Vec<_> = run(opened.list())
                .unwrap()
                .into_iter()
                .map(|key| key.uri.to_string())
                .collect();
            let expected: &[&str] = if is_new {
                &["local://before", "local://made"]
            } else {
                &["local://before"]
            };
            assert_eq!(keys, expected, "{site}");
            // The dead process holds no lock and its leftovers are in nobody's way.
            create(&opened, "after");
            run(opened.kek(&uri("local://after")).unwrap().generate(&BINDING)).unwrap();
            assert_eq!(std::fs::read_dir(home.folder.path()).unwrap().count(), 3, "{site}");
        }
    }
}

#[test]
fn a_full_disk_at_any_point_is_told_and_changes_nothing_before_the_rename() {
    for (site, is_new) in SITES {
        let (home, provider) = Home::with_keystore();
        create(&provider, "before");
        let mut child = child("a_child_meets_a_full_disk", home.folder.path());
        assert!(
            child
                .env("FAILPOINTS", format!("{site}=return(full)"))
                .status()
                .unwrap()
                .success(),
            "{site}"
        );
        assert_eq!(
            run(home.open().list()).unwrap().len(),
            1 + usize::from(is_new),
            "{site}"
        );
    }
}

#[test]
fn every_point_is_listed_once() {
    for (site, _) in SITES {
        assert_eq!(FAILPOINTS.iter().filter(|listed| **listed == site).count(), 1);
    }
}

#[test]
fn a_child_makes_a_key() {
    let Some(folder) = child_folder() else { return };
    create(&run(keystore(&folder).open()).unwrap(), "made");
}

#[test]
fn a_child_meets_a_full_disk() {
    let Some(folder) = child_folder() else { return };
    let provider = run(keystore(&folder).open()).unwrap();
    let refused = run(provider.lifecycle().unwrap().create(&name("made"))).unwrap_err();
    assert_eq!(refused.kind, KekFault::StorageFull);
    // In memory there is what is in the file, whichever it is.
    assert_eq!(
        run(provider.list()).unwrap(),
        run(run(keystore(&folder).open()).unwrap().list()).unwrap()
    );
}
