//! Any bytes as an entry of the audit log: what reads as an event, written and read again, is the same event.
#![no_main]

use keystrand_fuzz::bounded;
use kms_core::audit::AuditEvent;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    bounded(bytes, || {
        let Ok(event) = serde_json::from_slice::<AuditEvent>(bytes) else {
            return Corpus::Reject;
        };
        let written = serde_json::to_vec(&event).expect("an event has a serialized form");
        let read: AuditEvent = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(read, event);
        assert_eq!(serde_json::to_vec(&read).expect("as before"), written);
        Corpus::Keep
    })
});
