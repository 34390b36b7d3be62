//! Headers that were rolled back or forked are found by the log.

use kms_core::audit::{Action, AuditTrail, Details, HeaderMark, Subject};
use kms_providers::audit::{HeaderState, TlogOptions};

use crate::scene::{Scene, message_id, trail};

fn rewrap(trail: &AuditTrail, n: u64, from: HeaderMark, to: Option<HeaderMark>) {
    let id = message_id(n);
    let subject = Subject {
        message_id: Some(&id),
        header: Some(from),
        ..Subject::default()
    };
    let intent = trail.intent(Action::Rewrap, &subject).unwrap();
    if to.is_some() {
        intent
            .succeed(&Details {
                header: to,
                ..Details::default()
            })
            .unwrap();
    }
}

fn mark(seq: u64, tag: u8) -> HeaderMark {
    HeaderMark { seq, tag: [tag; 16] }
}

#[test]
fn current_rolled_back_forked_newer_and_unknown_headers_are_told_apart() {
    // Seals of messages 0 to 9 with sequence number 0 and tag n.
    let scene = Scene::filled(10, TlogOptions::default());
    let trail = trail(scene.open());
    rewrap(&trail, 1, mark(0, 1), Some(mark(1, 0xa1)));
    rewrap(&trail, 1, mark(1, 0xa1), Some(mark(2, 0xa2)));
    rewrap(&trail, 2, mark(0, 2), Some(mark(1, 0xb1)));
    rewrap(&trail, 2, mark(0, 2), Some(mark(1, 0xb2)));
    rewrap(&trail, 3, mark(0, 3), None);

    let headers = [
        ("untouched", message_id(0), mark(0, 0)),
        ("rewrapped", message_id(1), mark(2, 0xa2)),
        ("put back", message_id(1), mark(1, 0xa1)),
        ("old copy", message_id(1), mark(0, 1)),
        ("unlogged rewrap", message_id(1), mark(2, 0xff)),
        ("rewrapped twice", message_id(2), mark(1, 0xb1)),
        ("made again", message_id(2), mark(1, 0xb2)),
        ("rewrap interrupted", message_id(3), mark(1, 0xc1)),
        ("rewrapped elsewhere", message_id(4), mark(1, 0xd1)),
        ("foreign", [0; 32], mark(0, 0)),
    ];
    let states: Vec<_> = scene
        .log()
        .verify_headers(headers)
        .unwrap()
        .into_iter()
        .map(|found| (found.label, found.state))
        .collect();
    assert_eq!(
        states,
        [
            ("untouched", HeaderState::Current),
            ("rewrapped", HeaderState::Current),
            ("put back", HeaderState::RolledBack { latest: mark(2, 0xa2) }),
            ("old copy", HeaderState::RolledBack { latest: mark(2, 0xa2) }),
            ("unlogged rewrap", HeaderState::Forked { logged: mark(2, 0xa2) }),
            ("rewrapped twice", HeaderState::Forked { logged: mark(1, 0xb2) }),
            ("made again", HeaderState::Remade { other: mark(1, 0xb1) }),
            (
                "rewrap interrupted",
                HeaderState::Newer {
                    latest: mark(0, 3),
                    unfinished: true
                }
            ),
            (
                "rewrapped elsewhere",
                HeaderState::Newer {
                    latest: mark(0, 4),
                    unfinished: false
                }
            ),
            ("foreign", HeaderState::Unknown),
        ]
    );
}

#[test]
fn a_failed_rewrap_does_not_count() {
    let scene = Scene::filled(1, TlogOptions::default());
    let trail = trail(scene.open());
    let id = message_id(0);
    let subject = Subject {
        message_id: Some(&id),
        header: Some(mark(5, 5)),
        ..Subject::default()
    };
    let intent = trail.intent(Action::Rewrap, &subject).unwrap();
    intent.fail(kms_core::KekFault::Timeout, &[]).unwrap();
    let found = scene.log().verify_headers([((), id, mark(0, 0))]).unwrap();
    assert_eq!(found[0].state, HeaderState::Current);
}
