//! Proofs: made at many sizes, checked, and refused when anything in them is changed.

use kms_providers::audit::{LogError, TlogOptions};

use crate::scene::{Scene, fill, trail};

#[test]
fn every_entry_is_proved_at_sizes_around_tile_ends() {
    let scene = Scene::new();
    let mut uses = 0;
    for size in [2, 4, 254, 256, 258, 512, 514] {
        fill(&trail(scene.open()), uses..size / 2);
        uses = size / 2;
        let (log, verifier) = (scene.log(), scene.verifier());
        assert_eq!(log.head().size, size);
        for seq in (0..size).filter(|seq| seq % 7 == 0 || size - seq < 3) {
            log.prove_inclusion(seq).unwrap().check(&verifier).unwrap();
        }
        assert_eq!(
            log.prove_inclusion(size),
            Err(LogError::OutOfRange { asked: size, size })
        );
    }
}

#[test]
fn every_earlier_checkpoint_is_proved_to_be_a_prefix() {
    let scene = Scene::new();
    let mut kept = Vec::new();
    for n in 0..30 {
        fill(&trail(scene.open()), n * 10..n * 10 + 10);
        kept.push((scene.log().head().size, scene.log().checkpoint().to_vec()));
    }
    let log = scene.log();
    for (size, note) in &kept {
        let proof = log.prove_consistency(*size, log.head().size).unwrap();
        proof.check(note, &scene.verifier()).unwrap();
        let other = &kept[usize::try_from(*size).unwrap() % kept.len()].1;
        assert_eq!(proof.check(other, &scene.verifier()).is_ok(), other == note);
    }
    assert!(
        log.prove_consistency(20, 300)
            .unwrap()
            .check(&kept[0].1, &scene.verifier())
            .is_err(),
        "not the last tree"
    );
    for (old, new) in [(0, 600), (600, 599), (1, 601)] {
        assert!(matches!(
            log.prove_consistency(old, new),
            Err(LogError::OutOfRange { .. })
        ));
    }
}

#[test]
fn a_changed_proof_does_not_hold() {
    let scene = Scene::filled(150, TlogOptions::default());
    let verifier = scene.verifier();
    let good = scene.log().prove_inclusion(123).unwrap();
    good.check(&verifier).unwrap();
    let json = serde_json::to_string(&good).unwrap();
    assert_eq!(
        serde_json::from_str::<kms_providers::audit::InclusionProof>(&json).unwrap(),
        good
    );

    let changes: [&dyn Fn(&mut kms_providers::audit::InclusionProof); 8] = [
        &|proof| proof.index += 1,
        &|proof| proof.size += 1,
        &|proof| proof.entry = proof.entry.replace("anna", "bert"),
        &|proof| proof.leaf = proof.root.clone(),
        &|proof| proof.root = proof.leaf.clone(),
        &|proof| proof.proof.swap(0, 1),
        &|proof| drop(proof.proof.pop()),
        &|proof| proof.checkpoint = proof.checkpoint.replacen("300", "301", 1),
    ];
    for (n, change) in changes.iter().enumerate() {
        let mut changed = good.clone();
        change(&mut changed);
        assert!(changed.check(&verifier).is_err(), "change {n}");
    }
}

#[test]
fn nothing_is_proved_of_an_empty_log_or_of_unsigned_entries() {
    let scene = Scene::new();
    assert!(scene.log().prove_inclusion(0).is_err());
    assert!(scene.log().prove_consistency(1, 1).is_err());
    let sink = scene.open();
    fill(&trail(sink.clone()), 0..1);
    assert_eq!(
        scene.log().prove_inclusion(0),
        Err(LogError::OutOfRange { asked: 0, size: 0 })
    );
}

#[test]
fn damaged_tiles_give_no_proof() {
    let scene = Scene::filled(150, TlogOptions::default());
    let tile = scene.dir.join("tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    std::fs::write(tile, bytes).unwrap();
    assert!(matches!(scene.log().prove_inclusion(5), Err(LogError::Damaged(_))));
    assert!(matches!(
        scene.log().prove_consistency(5, 300),
        Err(LogError::Damaged(_))
    ));
}
