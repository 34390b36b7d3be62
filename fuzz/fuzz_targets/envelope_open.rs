//! Any bytes as an envelope, with the keys of the golden files: both backends give the same answer, and nothing opens
//! but what was sealed.
#![no_main]

use keystrand_fuzz::{bounded, golden, wait};
use kms_core::{Header, caps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: { golden(); }, |bytes: &[u8]| {
    let opened = bounded(bytes, || {
        let header = Header::parse_prefix(bytes, caps::RECIPIENTS_DEFAULT).ok();
        let openers = golden().openers(header.as_ref());
        let [first, second] = openers.each_ref().map(|opener| wait(opener.open(bytes)));
        assert_eq!(first, second, "the backends differ");
        if let Some(header) = header {
            let (header, payload) = bytes.split_at(header.len());
            assert_eq!(first, wait(openers[0].open_detached(header, payload)), "detached differs");
        }
        first
    });
    if let Ok(plaintext) = opened {
        assert!(golden().was_sealed(&plaintext), "a plaintext that nobody sealed");
    }
});
