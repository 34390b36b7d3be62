//! The power goes: what a disk holds that saw only what was synced. (A killed process alone shows less: the system
//! still writes what it has in memory.)
//!
//! A file system in an image file gives such a disk: what reached the image was sent to the disk. The writer is stopped
//! in the middle of its work, the image copied, and the copy mounted as after a power cut.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::crash::Child;
use crate::mount::{Mount, run};
use crate::scene::{Scene, busy};

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let (image, copy, disk) = (
        home.path().join("image"),
        home.path().join("copy"),
        home.path().join("disk"),
    );
    fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
    if !run("mkfs.ext4", &["-q"], &image) {
        println!("SKIPPED: needs mkfs.ext4");
        return;
    }
    let Some(mounted) = Mount::image(&image, &disk) else {
        return;
    };
    let scene = Scene::within(&disk);
    drop(mounted);

    let mut acknowledged = HashSet::new();
    let mut telling = 0;
    for round in 0_u64..8 {
        let mounted = Mount::image(&image, &disk).unwrap();
        let control = disk.join("control");
        // Signing and rotating sync too, so half of the rounds go without.
        let uses = u64::MAX / 8;
        let mut child = if round % 2 == 0 {
            Child::start_quiet(&scene, uses)
        } else {
            Child::start(&scene, uses)
        };
        acknowledged.extend(child.run(Duration::from_millis(round * round * 10)));
        fs::write(&control, "not synced").unwrap();
        child.stop();
        copy_image(&image, &copy);
        acknowledged.extend(child.end());
        drop(mounted);

        fs::rename(&copy, &image).unwrap();
        let _mounted = Mount::image(&image, &disk).unwrap();
        // Some other program may have made the system write everything just now; then this round tells nothing.
        let kept = fs::read(&control).unwrap_or_default();
        telling += u32::from(kept != b"not synced");
        drop(scene.try_open(busy()).unwrap());
        let report = scene.verify();
        assert!(report.is_intact(), "round {round}: {report:?}");
        let recorded = ids(&scene);
        let lost: Vec<_> = acknowledged.difference(&recorded).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        let _ = fs::remove_file(&control);
    }
    println!(
        "8 power cuts, {telling} of them telling: {} entries acknowledged, none lost",
        acknowledged.len()
    );
    assert!(
        telling > 0,
        "the system writes everything at once: this test would not notice a missing sync"
    );
    assert!(acknowledged.len() > 20);
}

fn ids(scene: &Scene) -> HashSet<String> {
    let id = |entry: kms_providers::audit::Entry| entry.event().unwrap().id.to_string();
    scene.log().entries(0).map(|entry| id(entry.unwrap())).collect()
}

fn copy_image(image: &Path, copy: &Path) {
    // The writer stands still, so the copy is the disk of one moment.
    fs::copy(image, copy).unwrap();
}
