//! Every change of a file is detected by verification, and a writer does not go on from a changed log.

use std::fs;
use std::path::Path;

use kms_core::AuditFault;
use kms_providers::audit::{AuditLog, Damage, LogError, LogKey, TlogOptions};

use crate::scene::{Scene, busy, fill, trail};

/// Some 300 entries: full and partial tiles, several journal files, and partial tiles of earlier checkpoints.
fn log_with_every_kind_of_file() -> Scene {
    let scene = Scene::filled(70, busy());
    for n in 7..15 {
        fill(&trail(scene.open()), n * 10..n * 10 + 10);
    }
    let names: Vec<_> = scene.files().iter().map(|path| relative(&scene, path)).collect();
    for kind in [
        "checkpoint",
        "journal-",
        "tile/0/000",
        "tile/0/001.p/",
        "tile/1/000.p/",
        "tile/entries/000",
    ] {
        assert!(
            names.iter().any(|name| name.starts_with(kind)),
            "no {kind} in {names:?}"
        );
    }
    assert!(
        names
            .iter()
            .filter(|name| name.starts_with("tile/entries/001.p/"))
            .count()
            > 1
    );
    assert!(scene.verify().is_clean());
    scene
}

#[test]
fn a_flipped_bit_in_any_file_is_detected() {
    let scene = log_with_every_kind_of_file();
    let mut flips = 0;
    for path in scene.files() {
        let original = fs::read(&path).unwrap();
        let last = original.len().saturating_sub(1);
        let mut places = vec![0, last / 3, last / 2, last];
        places.dedup();
        for place in places.into_iter().filter(|_| !original.is_empty()) {
            let mut changed = original.clone();
            changed[place] ^= 1;
            fs::write(&path, changed).unwrap();
            assert!(scene.damage_is_seen(), "byte {place} of {}", relative(&scene, &path));
            flips += 1;
        }
        fs::write(&path, original).unwrap();
    }
    println!("{flips} flipped bits, all detected");
    assert!(flips > 50);
    assert!(scene.verify().is_clean(), "the test restored all files");
}

#[test]
fn every_bit_of_the_checkpoint_counts() {
    let scene = Scene::filled(2, TlogOptions::default());
    let path = scene.dir.join("checkpoint");
    let original = fs::read(&path).unwrap();
    for place in 0..original.len() * 8 {
        let mut changed = original.clone();
        changed[place / 8] ^= 1 << (place % 8);
        fs::write(&path, changed).unwrap();
        assert!(scene.damage_is_seen(), "bit {place}");
    }
}

#[test]
fn every_line_taken_out_edited_swapped_or_doubled_is_detected() {
    let scene = log_with_every_kind_of_file();
    let mut changes = 0;
    for path in scene.journals() {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for n in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(n);
            let mut doubled = lines.clone();
            doubled.insert(n, lines[n]);
            let edited_line = lines[n].replacen("anna", "bert", 1);
            let mut edited = lines.clone();
            edited[n] = &edited_line;
            let mut swapped = lines.clone();
            swapped.swap(n, (n + 1) % lines.len());
            for (how, changed) in [
                ("out", without),
                ("doubled", doubled),
                ("edited", edited),
                ("swapped", swapped),
            ] {
                assert_ne!(changed, lines);
                fs::write(&path, changed.join("\n") + "\n").unwrap();
                // The last line once more is an entry after the checkpoint: no damage, but the end of no use.
                let seen = scene.damage_is_seen() || how == "doubled" && !scene.verify().is_clean();
                assert!(seen, "line {n} of {} {how}", relative(&scene, &path));
                changes += 1;
            }
        }
        fs::write(&path, text).unwrap();
    }
    println!("{changes} changed journals, all detected");
    assert_eq!(changes, 4 * 300);
    assert!(scene.verify().is_clean(), "the test restored all files");
}

#[test]
fn every_file_taken_away_or_added_is_detected() {
    let scene = log_with_every_kind_of_file();
    let oldest = scene.journals()[0].clone();
    let size = scene.log().head().size;
    for path in scene.files() {
        let name = relative(&scene, &path);
        // The lock is empty, the oldest journal file may be archived, and a form of a tile that only earlier
        // checkpoints needed may be gone when their tree can be read from later ones.
        let earlier_form = name.contains(".p/") && !is_form_of(&name, size);
        if name == "lock" || path == oldest || earlier_form {
            continue;
        }
        let original = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(scene.damage_is_seen(), "{name} taken away");
        fs::write(&path, original).unwrap();
    }
    for name in [
        "notes.txt",
        "tile/0/002",
        "tile/0/001.p/255",
        "tile/0/000.p/x",
        "tile/3/000",
        "journal-000000009999.jsonl",
    ] {
        let path = scene.dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{}\n").unwrap();
        assert!(scene.damage_is_seen(), "{name} added");
        fs::remove_file(&path).unwrap();
    }
    let _ = fs::remove_dir(scene.dir.join("tile/0/000.p"));
    assert!(scene.verify().is_clean(), "the test restored all files");
}

#[test]
fn the_report_names_the_entry() {
    let scene = Scene::filled(10, TlogOptions::default());
    let journal = &scene.journals()[0];
    let text = fs::read_to_string(journal).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let edited = lines[13].replace("anna", "bert");
    fs::write(journal, text.replace(lines[13], &edited)).unwrap();
    assert_eq!(scene.verify().damage, [Damage::Journal { seq: 13 }]);
}

#[test]
fn rewriting_journal_bundles_and_tiles_alike_still_misses_the_signed_root() {
    let scene = Scene::filled(10, TlogOptions::default());
    let checkpoint = fs::read(scene.dir.join("checkpoint")).unwrap();
    // Another log of the same key with one entry changed: every file fits every other but the checkpoint.
    let forged = Scene::with_key_of(&scene);
    fill(&trail(forged.open()), 0..10);
    fs::write(forged.dir.join("checkpoint"), checkpoint).unwrap();
    let report = forged.log().verify(&scene.verifier()).unwrap();
    assert_eq!(report.damage, [Damage::Root]);
}

#[test]
fn a_checkpoint_of_another_key_is_not_accepted() {
    let scene = Scene::filled(3, TlogOptions::default());
    let other = LogKey::create(&scene.home().join("other.key"), "example.com/keystrand").unwrap();
    let report = scene.log().verify(&other.verifier()).unwrap();
    assert!(matches!(report.damage[..], [Damage::Checkpoint { .. }]), "{report:?}");
    let other = LogKey::create(&scene.home().join("third.key"), "example.com/other").unwrap();
    assert!(!scene.log().verify(&other.verifier()).unwrap().is_intact());
}

#[test]
fn a_writer_refuses_a_log_that_does_not_fit_its_checkpoint() {
    let refused = |change: &dyn Fn(&Scene)| {
        let scene = log_with_every_kind_of_file();
        change(&scene);
        let opened = scene.try_open(busy()).map(drop);
        assert_eq!(opened, Err(AuditFault::Broken));
    };
    let last = |scene: &Scene| scene.journals().pop().unwrap();
    let edit = |path: &Path, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, change(text)).unwrap();
    };
    refused(&|scene| edit(&last(scene), &|text| text.replacen("anna", "bert", 1)));
    refused(&|scene| {
        edit(&last(scene), &|text| {
            text.lines().skip(1).map(|line| format!("{line}\n")).collect()
        });
    });
    refused(&|scene| edit(&last(scene), &|text| text + "not an entry\n"));
    refused(&|scene| edit(&last(scene), &|text| text[..text.len() - 1].to_owned()));
    refused(&|scene| fs::write(last(scene), "").unwrap());
    refused(&|scene| fs::remove_file(last(scene)).unwrap());
    refused(&|scene| fs::remove_file(scene.dir.join("checkpoint")).unwrap());
    refused(&|scene| edit(&scene.dir.join("checkpoint"), &|text| text.replacen('3', "4", 1)));
    refused(&|scene| fs::remove_dir_all(scene.dir.join("tile")).unwrap());
    refused(&|scene| {
        // The current journal file begins within this tile.
        let tile = scene.dir.join("tile/0/000");
        let mut bytes = fs::read(&tile).unwrap();
        bytes[0] ^= 1;
        fs::write(tile, bytes).unwrap();
    });
}

#[test]
fn a_writer_at_work_notices_changes_of_its_files() {
    let refused = |change: &dyn Fn(&Scene)| {
        let scene = Scene::new();
        let sink = scene.open();
        let trail = trail(sink.clone());
        fill(&trail, 0..5);
        sink.publish().unwrap();
        change(&scene);
        let recorded = crate::scene::one_use(&trail, 5);
        assert_eq!(recorded, Err(kms_core::Error::Audit(AuditFault::Broken)));
    };
    refused(&|scene| fs::rename(&scene.journals()[0], scene.home().join("archived")).unwrap());
    refused(&|scene| {
        let journal = scene.journals()[0].clone();
        fs::copy(&journal, scene.home().join("copy")).unwrap();
        fs::rename(scene.home().join("copy"), journal).unwrap();
    });
    refused(&|scene| {
        fs::OpenOptions::new()
            .write(true)
            .open(&scene.journals()[0])
            .unwrap()
            .set_len(100)
            .unwrap();
    });
    refused(&|scene| fs::remove_file(scene.dir.join("checkpoint")).unwrap());
    refused(&|scene| fs::write(scene.dir.join("checkpoint"), "x\n").unwrap());
    refused(&|scene| {
        let journal = scene.journals()[0].clone();
        let mut text = fs::read_to_string(&journal).unwrap();
        text.push_str("junk\n");
        fs::write(journal, text).unwrap();
    });
}

#[test]
fn a_log_set_back_to_an_earlier_state_is_not_continued() {
    let scene = Scene::new();
    let options = || {
        let mut options = TlogOptions::default();
        options.anchor = Some(scene.key().anchor());
        options
    };
    fill(&trail(scene.try_open(options()).unwrap()), 0..5);
    let backup = scene.home().join("backup");
    copy_all(&scene.dir, &backup);
    fill(&trail(scene.try_open(options()).unwrap()), 5..10);
    assert!(scene.try_open(options()).is_ok());

    fs::remove_dir_all(&scene.dir).unwrap();
    fs::rename(&backup, &scene.dir).unwrap();
    assert!(scene.verify().is_clean(), "nothing inside the folder tells");
    assert_eq!(scene.try_open(options()).map(drop), Err(AuditFault::Broken));

    // Filled up again to the same size and beyond, it is a fork.
    fill(&trail(scene.open()), 5..20);
    assert_eq!(scene.try_open(options()).map(drop), Err(AuditFault::Broken));
}

#[test]
fn a_checkpoint_kept_elsewhere_reveals_a_fork() {
    let scene = Scene::filled(5, TlogOptions::default());
    let kept = scene.log().checkpoint().to_vec();
    fill(&trail(scene.open()), 5..9);
    let proof = scene.log().prove_consistency(10, 18).unwrap();
    proof.check(&kept, &scene.verifier()).unwrap();

    let fork = Scene::with_key_of(&scene);
    fill(&trail(fork.open()), 100..109);
    let log = AuditLog::open_read(&fork.dir).unwrap();
    let verifier = scene.verifier();
    assert!(log.verify(&verifier).unwrap().is_clean(), "the forger has the key");
    assert!(log.prove_consistency(10, 18).unwrap().check(&kept, &verifier).is_err());
    assert!(matches!(log.goes_on_from(&kept, &verifier), Err(LogError::Damaged(_))));

    scene.log().goes_on_from(&kept, &verifier).unwrap();
    let later = scene.log().checkpoint().to_vec();
    let set_back = Scene::with_key_of(&scene).log().goes_on_from(&later, &verifier);
    assert_eq!(set_back, Err(LogError::OutOfRange { asked: 18, size: 0 }));
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.path().is_dir() {
            copy_all(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

fn relative(scene: &Scene, path: &Path) -> String {
    path.strip_prefix(&scene.dir).unwrap().to_str().unwrap().to_owned()
}

/// Whether a partial tile's file belongs to the tree of `size`.
fn is_form_of(name: &str, size: u64) -> bool {
    let (tile, width) = name.rsplit_once(".p/").unwrap();
    let level = if tile.starts_with("tile/1/") { 1 } else { 0 };
    width.parse() == Ok((size >> (8 * level)) % 256)
}
