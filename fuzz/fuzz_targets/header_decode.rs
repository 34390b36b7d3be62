//! Any bytes as a header: no panic, memory in proportion, and the two ways to read agree.
#![no_main]

use keystrand_fuzz::bounded;
use kms_core::{Header, caps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    bounded(bytes, || {
        let by_default = Header::parse_prefix(bytes, caps::RECIPIENTS_DEFAULT);
        let at_most = Header::parse_prefix(bytes, caps::RECIPIENTS_HARD);
        // A higher cap of recipients accepts more, and the rest alike.
        if let Ok(header) = &by_default {
            assert_eq!(at_most.as_ref().map(Header::as_bytes), Ok(header.as_bytes()));
        }
        let detached = Header::parse_detached(bytes, caps::RECIPIENTS_HARD);
        let Ok(header) = at_most else {
            assert!(detached.is_err());
            return;
        };
        assert_eq!(header.as_bytes(), &bytes[..header.len()]);
        assert_eq!(detached.is_ok(), header.len() == bytes.len());
        assert!(Header::parse_prefix(&bytes[..header.len() - 1], caps::RECIPIENTS_HARD).is_err());
        assert!(header.len() <= caps::HEADER && header.entries().len() <= caps::RECIPIENTS_HARD);
        assert_eq!(header.previous().is_some(), header.sequence() > 0);
    });
});
