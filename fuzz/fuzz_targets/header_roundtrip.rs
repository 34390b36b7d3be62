//! What reads as a header, written anew, has the same bytes: every value has one encoding.
#![no_main]

use keystrand_fuzz::bounded;
use kms_core::{Header, caps};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    bounded(bytes, || {
        let Ok(header) = Header::parse_prefix(bytes, caps::RECIPIENTS_HARD) else {
            return Corpus::Reject;
        };
        let written = header.reencoded().expect("what was read can be written");
        assert_eq!(written, header.as_bytes());
        Corpus::Keep
    })
});
