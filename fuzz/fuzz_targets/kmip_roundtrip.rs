//! A message that reads is written so that it reads again to the same bytes, in TTLV, XML and JSON.
#![no_main]

use kmip::ttlv::{Frame, Limits};
use kmip::{ProtocolVersion, RequestMessage, ResponseMessage, json, xml};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((written, version)) = rewritten(&Frame::from(bytes)) else {
        return Corpus::Reject;
    };
    // The first writing may leave out what the version lacks; from then on nothing changes.
    let frame = Frame::new(written);
    if let Some((again, _)) = rewritten(&frame) {
        assert_eq!(again[..], *frame.as_bytes());
    }
    let limits = &Limits::DEFAULT;
    let text = json::write(&frame, version, limits).expect("what was written is well-formed");
    let read = json::read(&text, limits).expect("what was written reads");
    assert_eq!(read.as_bytes(), frame.as_bytes());
    // XML has no control characters.
    if let Ok(text) = xml::write(&frame, version, limits) {
        let read = xml::read(&text, limits).expect("what was written reads");
        assert_eq!(read.as_bytes(), frame.as_bytes());
    }
    Corpus::Keep
});

fn rewritten(frame: &Frame) -> Option<(zeroize::Zeroizing<Vec<u8>>, ProtocolVersion)> {
    let limits = &Limits::DEFAULT;
    if let Ok(request) = RequestMessage::decode(frame, limits) {
        return Some((request.encode().ok()?, request.header.protocol_version));
    }
    let response = ResponseMessage::decode(frame, limits).ok()?;
    Some((response.encode().ok()?, response.header.protocol_version))
}
