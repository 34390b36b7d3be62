//! The audit trail through its public API: intent before use, fail closed, and a serialized form that reads back.

#![allow(clippy::unwrap_used, reason = "tests fail by panic")]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kms_core::audit::{
    Action, Attempt, AuditEvent, AuditTrail, Clock, Details, HeaderMark, KeyRef, MemorySink, Outcome, Phase, Principal,
    Reason, Subject, TraceContext,
};
use kms_core::{AuditFault, Error, KekFault, KekOperation, Kind, Suite};
use proptest::prelude::*;
use serde_json::{Value, json};

const URI: &str = "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/k";

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(1_790_000_000_123_456_789)
    }
}

fn trail() -> (Arc<MemorySink>, AuditTrail) {
    let sink = Arc::new(MemorySink::new());
    let mut principal = Principal::named("anna");
    principal.id = Some("1000".into());
    principal.process = Some("kmsctl".into());
    principal.pid = Some(4242);
    principal.host = Some("build-7".into());
    let trace = TraceContext::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let trail = AuditTrail::new(sink.clone(), principal)
        .within(trace)
        .by_clock(Arc::new(StoppedClock));
    (sink, trail)
}

fn open_with_one_failed_provider(trail: &AuditTrail) -> kms_core::Result<()> {
    let keys = [
        KeyRef::new("local://payments"),
        KeyRef {
            uri: URI,
            version: Some(b"3"),
        },
    ];
    let subject = Subject {
        key_name: Some("payments"),
        keys: &keys,
        message_id: Some(&[0xab; 32]),
        dek_id: Some(&[0xcd; 16]),
        kind: Some(Kind::Message),
        suite: Some(Suite::Aes256Gcm),
        header: Some(HeaderMark { seq: 2, tag: [7; 16] }),
    };
    let mut intent = trail.intent(Action::Open, &subject)?;
    intent.attempt(&Attempt::new(keys[0], KekOperation::Unwrap).failed(KekFault::Disabled));
    intent.attempt(&Attempt {
        request_id: Some("req-1"),
        region: Some("eu-west-1"),
        ..Attempt::new(keys[1], KekOperation::Unwrap)
    });
    intent.succeed(&Details::default())
}

#[test]
fn the_intent_is_recorded_before_the_use_and_the_outcome_after() {
    let (sink, trail) = trail();
    let intent = trail.intent(Action::Unwrap, &Subject::default()).unwrap();
    assert_eq!(sink.len(), 1, "durable before the use");
    intent.fail(KekFault::Timeout, &[]).unwrap();

    let [begin, end] = <[AuditEvent; 2]>::try_from(sink.events()).unwrap();
    assert_eq!((begin.phase, begin.use_id), (Phase::Intent, Some(begin.id)));
    assert_eq!((end.phase, end.use_id), (Phase::Outcome, Some(begin.id)));
    assert_ne!(begin.id, end.id);
    assert!(matches!(end.outcome, Some(Outcome::Failure(reason)) if reason.code() == "provider.Timeout"));
}

#[test]
fn a_sink_that_cannot_write_refuses_the_use_and_withholds_its_result() {
    let (sink, trail) = trail();
    sink.fail_after(0, AuditFault::Full);
    let refused = trail.intent(Action::Open, &Subject::default()).map(|_| ());
    assert_eq!(refused, Err(Error::Audit(AuditFault::Full)));

    sink.fail_after(1, AuditFault::NotWritable);
    let intent = trail.intent(Action::Open, &Subject::default()).unwrap();
    assert_eq!(
        intent.succeed(&Details::default()),
        Err(Error::Audit(AuditFault::NotWritable))
    );
    assert_eq!(sink.len(), 1);
}

#[test]
fn a_dropped_intent_leaves_only_itself() {
    let (sink, trail) = trail();
    drop(trail.intent(Action::Seal, &Subject::default()).unwrap());
    assert_eq!(
        sink.events().iter().map(|event| event.phase).collect::<Vec<_>>(),
        [Phase::Intent]
    );
}

#[test]
fn no_trail_records_nothing_and_always_succeeds() {
    let none = AuditTrail::none();
    assert!(!none.is_recording());
    open_with_one_failed_provider(&none).unwrap();
    none.refuse(Action::Grant, &Subject::default(), KekFault::Denied)
        .unwrap();
}

#[test]
fn a_refusal_is_one_event_without_intent() {
    let (sink, trail) = trail();
    let reason = Reason::fixed("policy.Residency", "the key lives outside the allowed regions");
    trail.refuse(Action::Seal, &Subject::default(), reason.clone()).unwrap();
    let [event] = <[AuditEvent; 1]>::try_from(sink.events()).unwrap();
    assert_eq!((event.phase, event.use_id), (Phase::Refusal, None));
    assert_eq!(event.outcome, Some(Outcome::Failure(reason)));
}

#[test]
fn details_replace_what_the_intent_did_not_know() {
    let (sink, trail) = trail();
    let intent = trail.intent(Action::Seal, &Subject::default()).unwrap();
    let header = HeaderMark { seq: 0, tag: [9; 16] };
    let details = Details {
        message_id: Some(&[1; 32]),
        header: Some(header),
        ..Details::default()
    };
    intent.succeed(&details).unwrap();
    let subject = &sink.events()[1].subject;
    assert_eq!((subject.message_id, subject.header), (Some([1; 32]), Some(header)));
}

#[test]
fn an_event_is_ocsf_api_activity() {
    let (sink, trail) = trail();
    open_with_one_failed_provider(&trail).unwrap();
    let [intent, outcome] = [0, 1].map(|n| serde_json::to_value(&sink.events()[n]).unwrap());

    for event in [&intent, &outcome] {
        assert_eq!((&event["class_uid"], &event["category_uid"]), (&json!(6003), &json!(6)));
        assert_eq!(
            (&event["activity_id"], &event["type_uid"]),
            (&json!(2), &json!(600_302))
        );
        assert_eq!(event["time"], json!(1_790_000_000_123_u64));
        assert_eq!(event["metadata"]["version"], "1.8.0");
        assert_eq!(event["metadata"]["correlation_uid"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(event["actor"]["user"], json!({"name": "anna", "uid": "1000"}));
        assert_eq!(event["src_endpoint"], json!({"hostname": "build-7"}));
        assert_eq!(
            event["api"],
            json!({"operation": "open", "request": {"uid": intent["metadata"]["uid"]}})
        );
    }
    assert_eq!(
        (&intent["status_id"], &intent["status"]),
        (&json!(99), &json!("Intent"))
    );
    assert_eq!((&outcome["status_id"], &outcome["status"]), (&json!(1), &Value::Null));
    assert_eq!(
        intent["resources"],
        json!([
            {"type": "kek", "uid": "local://payments"},
            {"type": "kek", "uid": URI, "version": "3"},
            {"type": "logical-key", "name": "payments"},
            {"type": "envelope", "uid": "ab".repeat(32)},
            {"type": "dek", "uid": "cd".repeat(16)},
        ])
    );
    let attempts = &outcome["unmapped"]["keystrand"]["attempts"];
    assert_eq!(attempts[0]["status_code"], "provider.Disabled");
    assert_eq!(
        attempts[1],
        json!({"kek": URI, "version": "3", "operation": "unwrap", "request_id": "req-1", "region": "eu-west-1"})
    );
}

#[test]
fn a_network_client_is_the_source_and_the_host_the_destination() {
    let (sink, trail) = trail();
    let mut client = Principal::named("CN=db1");
    client.peer = Some("192.0.2.7".into());
    client.host = Some("kms-1".into());
    trail
        .on_behalf_of(client.clone())
        .refuse(Action::Unwrap, &Subject::default(), KekFault::Denied)
        .unwrap();
    let event = &sink.events()[0];
    let value = serde_json::to_value(event).unwrap();
    assert_eq!(value["src_endpoint"], json!({"ip": "192.0.2.7"}));
    assert_eq!(value["dst_endpoint"], json!({"hostname": "kms-1"}));
    assert_eq!(
        serde_json::from_value::<AuditEvent>(value).unwrap().principal.as_ref(),
        &client
    );
}

#[test]
fn what_a_newer_version_writes_is_an_error_and_not_a_guess() {
    let (sink, trail) = trail();
    open_with_one_failed_provider(&trail).unwrap();
    let good = serde_json::to_value(&sink.events()[1]).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        serde_json::from_value::<AuditEvent>(changed)
    };
    assert!(change("/api/operation", json!("teleport")).is_err());
    assert!(change("/unmapped/keystrand/phase", json!("afterwards")).is_err());
    assert!(change("/resources/0/type", json!("planet")).is_err());
    assert!(change("/resources/3/uid", json!("abc")).is_err());
    assert!(change("/metadata/uid", json!("1")).is_err());
    assert!(change("/status_id", json!(2)).is_err(), "a failure needs its reason");
    assert!(change("/time", json!(0)).is_ok(), "the exact time stands in unix_nanos");
}

/// Found by fuzzing: a refusal that succeeded was read, and could not be written; half a reason was read as none.
#[test]
fn an_event_that_contradicts_itself_is_not_read() {
    let (sink, trail) = trail();
    open_with_one_failed_provider(&trail).unwrap();
    trail
        .refuse(Action::Grant, &Subject::default(), KekFault::Denied)
        .unwrap();
    let [intent, outcome, refusal] = [0, 1, 2].map(|n| serde_json::to_value(&sink.events()[n]).unwrap());
    let changed = |event: &Value, pointer: &str, value: Value| {
        let mut event = event.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        serde_json::from_value::<AuditEvent>(event)
    };
    assert!(
        changed(&refusal, "/status_id", json!(1)).is_err(),
        "a refusal that succeeded"
    );
    assert!(changed(&outcome, "/unmapped/keystrand/phase", json!("refusal")).is_err());
    assert!(
        changed(&intent, "/status_id", json!(1)).is_err(),
        "an intent with an end"
    );
    assert!(
        changed(&refusal, "/status_detail", Value::Null).is_err(),
        "a code without its sentence"
    );
    let attempt = "/unmapped/keystrand/attempts/0/status_code";
    assert!(
        changed(&outcome, attempt, Value::Null).is_err(),
        "a failed attempt would pass for a good one"
    );
}

proptest! {
    #[test]
    fn any_event_reads_back_as_it_was_written(
        text in proptest::option::of(any::<String>()),
        uri in any::<String>(),
        version in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..8)),
        message_id in proptest::option::of(any::<[u8; 32]>()),
        seq in any::<u64>(),
        action in proptest::sample::select(&Action::ALL[..]),
        failed in any::<bool>(),
    ) {
        let sink = Arc::new(MemorySink::new());
        let mut principal = Principal::default();
        principal.name = text.clone();
        principal.tenant = text.clone();
        let trail = AuditTrail::new(sink.clone(), principal);
        let keys = [KeyRef { uri: &uri, version: version.as_deref() }];
        let subject = Subject {
            key_name: text.as_deref(),
            keys: &keys,
            message_id: message_id.as_ref(),
            header: Some(HeaderMark { seq, tag: [3; 16] }),
            ..Subject::default()
        };
        let mut intent = trail.intent(action, &subject).unwrap();
        let attempt = Attempt { request_id: text.as_deref(), ..Attempt::new(keys[0], KekOperation::Lifecycle) };
        intent.attempt(&attempt.failed(KekFault::BadReply));
        if failed { intent.fail(&Error::DoesNotOpen, &[]).unwrap() } else { intent.succeed(&Details::default()).unwrap() }

        for event in sink.events() {
            let line = serde_json::to_string(&event).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<AuditEvent>(&line).unwrap(), event);
        }
    }
}

#[test]
fn trail_and_intent_cross_threads() {
    fn assert_send<T: Send>() {}
    fn assert_sync<T: Sync>() {}
    assert_send::<kms_core::audit::Intent>();
    assert_send::<AuditTrail>();
    assert_sync::<AuditTrail>();
}
