//! The log read by an implementation that shares no code with this one: golang.org/x/mod/sumdb (tests/go/tlogcheck).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::json;

use crate::scene::{Scene, busy, fill, trail};

/// The checker, built once; `None`, said loudly, where Go or its module is not to be had.
fn checker() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/go/tlogcheck");
        let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tlogcheck");
        let go = Command::new("go")
            .current_dir(source)
            .args(["build", "-o"])
            .arg(&binary)
            .arg(".")
            .output();
        match go {
            Ok(output) if output.status.success() => Some(binary),
            Ok(output) => {
                println!("SKIPPED: go build fails: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("SKIPPED: no Go here ({error})");
                None
            }
        }
    });
    built.as_deref()
}

fn check(checker: &Path, scene: &Scene, proofs: Option<&Path>) -> Output {
    let mut command = Command::new(checker);
    command
        .arg("-dir")
        .arg(&scene.dir)
        .arg("-vkey")
        .arg(scene.verifier().ed25519().unwrap());
    if let Some(proofs) = proofs {
        command.arg("-proofs").arg(proofs);
    }
    command.output().unwrap()
}

#[test]
fn logs_of_many_sizes_verify() {
    let Some(checker) = checker() else {
        return;
    };
    let scene = Scene::new();
    let mut uses = 0;
    for size in [0, 2, 254, 256, 258, 512, 700] {
        fill(&trail(scene.try_open(busy()).unwrap()), uses..size / 2);
        uses = size / 2;
        let output = check(checker, &scene, None);
        assert!(output.status.success(), "{size}: {output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with(&format!("verified: {size} entries")), "{said}");
    }
}

#[test]
fn a_log_with_three_levels_of_tiles_verifies() {
    let Some(checker) = checker() else {
        return;
    };
    let scene = Scene::new();
    let memory = std::sync::Arc::new(kms_core::audit::MemorySink::new());
    fill(
        &kms_core::audit::AuditTrail::new(memory.clone(), kms_core::audit::Principal::named("x")),
        0..1,
    );
    let events = memory.events();
    let sink = scene.open();
    let many: Vec<_> = events.iter().cycle().take(66_000).cloned().collect();
    kms_core::audit::AuditSink::record_all(&*sink, &many).unwrap();
    drop(sink);
    let output = check(checker, &scene, None);
    assert!(output.status.success(), "{output:?}");
    assert!(scene.dir.join("tile/2/000.p/1").exists());
    scene
        .log()
        .prove_inclusion(65_999)
        .unwrap()
        .check(&scene.verifier())
        .unwrap();
}

#[test]
fn our_proofs_hold_there_and_changed_ones_do_not() {
    let Some(checker) = checker() else {
        return;
    };
    let scene = Scene::filled(300, busy());
    let log = scene.log();
    let inclusion: Vec<_> = (0..600)
        .step_by(13)
        .map(|seq| log.prove_inclusion(seq).unwrap())
        .collect();
    let sizes = [
        (1, 600),
        (2, 3),
        (255, 256),
        (256, 257),
        (256, 600),
        (511, 513),
        (599, 600),
        (600, 600),
    ];
    let consistency: Vec<_> = sizes
        .iter()
        .map(|&(old, new)| log.prove_consistency(old, new).unwrap())
        .collect();
    let good = json!({"inclusion": inclusion, "consistency": consistency});
    let path = scene.home().join("proofs.json");
    let holds = |proofs: &serde_json::Value| {
        fs::write(&path, proofs.to_string()).unwrap();
        let output = check(checker, &scene, Some(&path));
        println!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output.status.success()
    };
    assert!(holds(&good));

    let root = json!(consistency[0].old_root);
    for (place, value) in [
        ("/inclusion/7/index", json!(1)),
        ("/inclusion/7/entry", json!("{}")),
        ("/inclusion/7/proof/0", root.clone()),
        ("/inclusion/7/checkpoint", json!("example.com/keystrand\n1\n")),
        ("/consistency/0/old_size", json!(2)),
        ("/consistency/2/old_root", root.clone()),
        ("/consistency/4/new_root", root.clone()),
        ("/consistency/4/proof/1", root),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(place).unwrap() = value;
        assert!(!holds(&changed), "{place}");
    }
}

#[test]
fn both_see_the_same_changes() {
    let Some(checker) = checker() else {
        return;
    };
    let scene = Scene::filled(150, busy());
    let size = scene.log().head().size;
    for path in scene.files() {
        let name = path.strip_prefix(&scene.dir).unwrap().to_str().unwrap().to_owned();
        // The Go program reads what a client of this tree needs, not the forms of tiles that earlier trees needed.
        let earlier_form =
            name.contains(".p/") && !name.ends_with(&format!(".p/{}", size % 256)) && !name.ends_with("/1");
        let original = fs::read(&path).unwrap();
        if original.is_empty() || earlier_form {
            continue;
        }
        // Of a checkpoint, the text: the Go program passes over the post-quantum signature.
        let text = original.windows(2).position(|pair| pair == b"\n\n");
        let covered = text.filter(|_| name == "checkpoint").unwrap_or(original.len());
        let mut changed = original.clone();
        changed[covered / 2] ^= 1;
        fs::write(&path, changed).unwrap();
        assert!(!check(checker, &scene, None).status.success(), "{name}: not seen by Go");
        assert!(scene.damage_is_seen(), "{name}: not seen here");
        fs::write(&path, original).unwrap();
    }
    assert!(check(checker, &scene, None).status.success());
}
