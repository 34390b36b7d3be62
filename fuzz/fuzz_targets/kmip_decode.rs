//! A message in TTLV, XML or JSON, by its first byte: it is read or refused, in memory in proportion to it, and what is
//! read has no more than the caps allow.
#![no_main]

use keystrand_fuzz::bounded_by;
use kmip::ttlv::{Frame, Limits};
use kmip::{RequestMessage, ResponseMessage, json, xml};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    bounded_by(PER_BYTE, bytes, || {
        let limits = &Limits::DEFAULT;
        let frame = match (bytes.first(), std::str::from_utf8(bytes)) {
            (Some(b'<'), Ok(text)) => xml::read(text, limits).ok(),
            (Some(b'{'), Ok(text)) => json::read(text, limits).ok(),
            _ => Some(Frame::from(bytes)),
        };
        let Some(frame) = frame else { return Corpus::Reject };
        let request = RequestMessage::decode(&frame, limits);
        let response = ResponseMessage::decode(&frame, limits);
        assert!(
            request.is_err() || response.is_err(),
            "a message is a request or a response"
        );
        if request.is_ok() || response.is_ok() {
            Corpus::Keep
        } else {
            Corpus::Reject
        }
    })
});

/// A value of the model has room for every field of its structure, though the message had none of them.
const PER_BYTE: usize = 64;
