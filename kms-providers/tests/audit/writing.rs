//! What a writer does, seen from outside.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use kms_core::audit::{Action, AuditSink, KeyRef, Subject};
use kms_core::{AuditFault, Error};
use kms_providers::audit::{EventFinding, LogError, LogKey, TlogOptions, TlogSink};

use crate::scene::{Scene, busy, fill, hex, message_id, one_use, trace_id, trail};

#[test]
fn what_was_recorded_is_read_back_in_order_and_verifies() {
    let scene = Scene::filled(150, TlogOptions::default());
    let report = scene.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.size, report.unsigned, report.archived), (300, 0, 0));

    let log = scene.log();
    for (n, entry) in log.entries(0).enumerate() {
        let entry = entry.unwrap();
        assert_eq!((entry.seq, entry.signed), (n as u64, true));
        assert_eq!(
            entry.event().unwrap().subject.message_id,
            Some(message_id(n as u64 / 2))
        );
    }
    assert_eq!(log.entries(0).count(), 300);
    assert_eq!(log.entries(299).count(), 1);
    assert_eq!(log.entry(257).unwrap().seq, 257);
    assert_eq!(log.entry(300), Err(LogError::OutOfRange { asked: 300, size: 300 }));
}

#[test]
fn an_empty_log_verifies() {
    let report = Scene::new().verify();
    assert!(report.is_clean() && report.size == 0, "{report:?}");
}

#[test]
fn an_event_is_in_the_journal_when_record_returns_and_signed_later() {
    let scene = Scene::new();
    let sink = scene.open();
    fill(&trail(sink.clone()), 0..1);
    let journal = fs::read_to_string(&scene.journals()[0]).unwrap();
    assert_eq!(journal.lines().count(), 2);
    assert_eq!((scene.log().head().size, scene.verify().unsigned), (0, 2));
    assert!(scene.log().entries(0).all(|entry| !entry.unwrap().signed));

    sink.publish().unwrap();
    assert_eq!((scene.log().head().size, scene.verify().unsigned), (2, 0));
}

#[test]
fn the_tree_is_signed_after_so_many_entries_and_after_so_much_time() {
    let scene = Scene::new();
    let mut options = TlogOptions::default();
    options.publish_entries = 4;
    let sink = scene.try_open(options.clone()).unwrap();
    fill(&trail(sink.clone()), 0..3);
    assert_eq!(scene.log().head().size, 4);

    options.publish_entries = u64::MAX;
    options.publish_after = std::time::Duration::ZERO;
    let sink = scene.try_open(options).unwrap();
    fill(&trail(sink), 3..4);
    assert!(scene.log().head().size >= 7);
}

#[test]
fn files_are_rotated_and_old_ones_may_be_archived() {
    let scene = Scene::filled(200, busy());
    let journals = scene.journals();
    assert!(journals.len() > 4, "{journals:?}");
    assert!(scene.verify().is_clean());

    fs::remove_file(&journals[0]).unwrap();
    fs::remove_file(&journals[1]).unwrap();
    let report = scene.verify();
    assert!(report.is_clean(), "{report:?}");
    let name = journals[2].file_stem().unwrap().to_str().unwrap();
    assert_eq!(name, format!("journal-{:012}", report.archived));
    assert_eq!(
        scene.log().entry(0).unwrap().event().unwrap().subject.message_id,
        Some(message_id(0))
    );
    scene
        .log()
        .prove_inclusion(0)
        .unwrap()
        .check(&scene.verifier())
        .unwrap();

    fill(&trail(scene.try_open(busy()).unwrap()), 200..210);
    assert!(scene.verify().is_clean());
    assert_eq!(scene.verify().size, 420);
}

#[test]
fn a_journal_file_missing_between_others_is_damage() {
    let scene = Scene::filled(200, busy());
    fs::remove_file(&scene.journals()[1]).unwrap();
    assert!(!scene.verify().is_intact());
}

#[test]
fn an_intent_without_outcome_is_reported_even_across_restarts() {
    let scene = Scene::new();
    let keys = [KeyRef::new("local://payments")];
    let subject = Subject {
        keys: &keys,
        ..Subject::default()
    };
    drop(trail(scene.open()).intent(Action::Open, &subject).unwrap());
    fill(&trail(scene.open()), 0..2);
    let report = scene.verify();
    assert!(report.is_intact() && !report.is_clean());
    assert!(
        matches!(
            report.findings[..],
            [EventFinding::IntentWithoutOutcome {
                seq: 0,
                action: "open",
                ..
            }]
        ),
        "{report:?}"
    );
}

#[test]
fn trace_finds_all_of_a_use_by_any_of_its_ids() {
    let scene = Scene::filled(20, TlogOptions::default());
    let log = scene.log();
    let seqs = |id: &str| log.trace(id).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(seqs(&hex(&message_id(7))), [14, 15]);
    assert_eq!(seqs(&hex(&trace_id(7))), [14, 15]);
    assert_eq!(seqs(&hex(&[7; 16])), [14, 15]);
    assert_eq!(seqs(&hex(&message_id(7))[..20]), [14, 15], "a prefix is enough");
    assert_eq!(seqs(&hex(&message_id(7))[..4]), [0_u64; 0], "but not a short one");
    let intent = log.entry(14).unwrap().event().unwrap();
    assert_eq!(seqs(&intent.id.to_string()), [14, 15]);
    let outcome = log.entry(15).unwrap().event().unwrap();
    assert_eq!(
        seqs(&outcome.id.to_string()),
        [14, 15],
        "the outcome leads to its intent"
    );
    assert_eq!(seqs("local://payments").len(), 40);
    assert_eq!(seqs("00000000-\""), [0_u64; 0]);
}

#[test]
fn an_event_too_long_for_an_entry_is_refused_and_leaves_nothing() {
    let scene = Scene::new();
    let sink = scene.open();
    let uri = format!("local://{}", "x".repeat(66_000));
    let keys = [KeyRef::new(&uri)];
    let subject = Subject {
        keys: &keys,
        ..Subject::default()
    };
    let refused = trail(sink.clone()).intent(Action::Open, &subject).map(drop);
    assert_eq!(refused, Err(Error::Audit(AuditFault::TooLong)));
    assert_eq!(sink.size(), 0);

    // The longest that fits.
    let spare = scene_line_length(&scene, "local://") - "local://".len();
    let uri = format!(
        "local://{}",
        "x".repeat(kms_providers::audit::ENTRY_MAX - spare - "local://".len())
    );
    let keys = [KeyRef::new(&uri)];
    drop(
        trail(sink.clone())
            .intent(Action::Open, &Subject { keys: &keys, ..subject })
            .unwrap(),
    );
    drop(sink);
    let report = scene.verify();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(
        scene.log().entry(1).unwrap().line.len(),
        kms_providers::audit::ENTRY_MAX
    );
    assert!(scene.try_open(TlogOptions::default()).is_ok());
}

/// Length of the line of an intent that names the key `uri`.
fn scene_line_length(scene: &Scene, uri: &str) -> usize {
    let keys = [KeyRef::new(uri)];
    let subject = Subject {
        keys: &keys,
        ..Subject::default()
    };
    drop(trail(scene.open()).intent(Action::Open, &subject).unwrap());
    scene.log().entry(0).unwrap().line.len()
}

#[test]
fn a_second_log_is_not_made_over_the_first() {
    let scene = Scene::filled(1, TlogOptions::default());
    assert_eq!(
        TlogSink::create(&scene.dir, &scene.key()),
        Err(LogError::Exists(scene.dir.clone()))
    );
    assert!(
        LogKey::create(&scene.home().join("audit.key"), "example.com/x").is_err(),
        "nor a key over a key"
    );
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let scene = Scene::new();
    let path = scene.home().join("audit.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(LogKey::load(&path).is_err());
}

#[test]
fn a_changed_key_file_is_refused() {
    let scene = Scene::new();
    let path = scene.home().join("audit.key");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("PRIVATE+KEY+example.com/keystrand+"));
    for changed in [
        text.replace("example.com", "example.net"),
        text.replace("PRIVATE", "PUBLIC"),
        text[..text.len() - 8].to_owned(),
        String::new(),
    ] {
        fs::write(&path, changed).unwrap();
        assert!(matches!(LogKey::load(&path), Err(LogError::Key(_))));
    }
}

#[test]
fn names_that_are_none_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let long = "x".repeat(256);
    for (n, name) in ["", "a b", "a+b", "a\nb", "a\u{7f}b", &long].into_iter().enumerate() {
        let made = LogKey::create(&home.path().join(n.to_string()), name);
        assert!(matches!(made, Err(LogError::Origin)), "{name:?}");
    }
}

#[test]
fn a_sink_records_several_events_as_one() {
    let scene = Scene::new();
    let memory = std::sync::Arc::new(kms_core::audit::MemorySink::new());
    fill(
        &kms_core::audit::AuditTrail::new(memory.clone(), Default::default()),
        0..5,
    );
    scene.open().record_all(&memory.events()).unwrap();
    let report = scene.verify();
    assert!(report.is_clean() && report.size == 10, "{report:?}");
    one_use(&trail(scene.open()), 5).unwrap();
}
