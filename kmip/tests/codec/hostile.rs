//! Input that wants to break the reader: whatever comes, there is an answer, and it costs no more than the caps allow.

use kmip::registry::tag;
use kmip::ttlv::{Fault, Frame, Limits, Writer};
use kmip::{RequestMessage, ResponseMessage, json, xml};

use crate::{data, oasis};

/// Every message cut at every eighth byte, and with every eighth byte changed. What still reads is written again and
/// reads again.
#[test]
fn messages_that_are_cut_or_changed_are_read_or_refused() {
    let frames = messages();
    if frames.is_empty() {
        println!("SKIPPED the broken messages: 0 test cases");
        return;
    }
    let (mut read, mut refused) = (0_usize, 0_usize);
    for original in &frames {
        for at in (0..original.len()).step_by(8) {
            for change in [0x01, 0x80] {
                let mut bytes = original.clone();
                bytes[at + usize::from(change == 1) * 3] ^= change;
                if survives(&bytes) { read += 1 } else { refused += 1 }
            }
            assert!(!survives(&original[..at]), "a part is no message");
        }
    }
    println!("{} messages, {read} changed ones read, {refused} refused", frames.len());
    assert!(read > 0 && refused > 0);
}

#[test]
fn a_request_is_no_response() {
    let mut out = Writer::new();
    let open = out.begin(tag::RESPONSE_MESSAGE);
    out.end(open);
    let frame = Frame::new(out.finish().unwrap());
    assert_eq!(
        RequestMessage::decode(&frame, &Limits::DEFAULT).unwrap_err().fault,
        Fault::WrongMessage
    );
    assert_eq!(
        ResponseMessage::decode(&frame, &Limits::DEFAULT).unwrap_err().fault,
        Fault::Missing
    );
}

#[test]
fn a_batch_has_as_many_items_as_its_header_says() {
    let text = |count| {
        format!(
            "<RequestMessage><RequestHeader><ProtocolVersion><ProtocolVersionMajor type=\"Integer\" value=\"1\"/>\
             <ProtocolVersionMinor type=\"Integer\" value=\"4\"/></ProtocolVersion><BatchCount type=\"Integer\" value=\"{count}\"/>\
             </RequestHeader><BatchItem><Operation type=\"Enumeration\" value=\"Query\"/><RequestPayload/></BatchItem></RequestMessage>"
        )
    };
    for (count, read) in [
        (1, Ok(())),
        (0, Err(Fault::WrongBatchCount)),
        (2, Err(Fault::WrongBatchCount)),
        (-1, Err(Fault::WrongBatchCount)),
    ] {
        let frame = xml::read(&text(count), &Limits::DEFAULT).unwrap();
        let decoded = RequestMessage::decode(&frame, &Limits::DEFAULT);
        assert_eq!(decoded.map(drop).map_err(|error| error.fault), read, "{count}");
    }
}

/// Texts that would grow if they were believed.
#[test]
fn texts_cost_no_more_than_the_caps() {
    let many = "<Name type=\"TextString\" value=\"\"/>".repeat(Limits::DEFAULT.items);
    let over = xml::read(&format!("<Attributes>{many}</Attributes>"), &Limits::DEFAULT);
    assert_eq!(over.unwrap_err().fault, Fault::TooManyItems);
    let long = format!(
        "<Data type=\"ByteString\" value=\"{}\"/>",
        "00".repeat(Limits::DEFAULT.frame)
    );
    assert_eq!(
        xml::read(&long, &Limits::DEFAULT).unwrap_err().fault,
        Fault::FrameTooLong
    );
    let brackets = "[".repeat(1 << 20);
    let deep = format!("{{\"tag\":\"Attributes\",\"value\":{brackets}");
    assert_eq!(json::read(&deep, &Limits::DEFAULT).unwrap_err().fault, Fault::NotText);
    let deep = "<Attributes>".repeat(1 << 18);
    assert_eq!(xml::read(&deep, &Limits::DEFAULT).unwrap_err().fault, Fault::TooDeep);
}

fn survives(bytes: &[u8]) -> bool {
    let limits = &Limits::DEFAULT;
    let frame = Frame::from(bytes);
    let written = match RequestMessage::decode(&frame, limits) {
        Ok(request) => request.encode().unwrap(),
        Err(error) if error.fault != Fault::WrongMessage => return false,
        Err(_) => match ResponseMessage::decode(&frame, limits) {
            Ok(response) => response.encode().unwrap(),
            Err(_) => return false,
        },
    };
    let again = Frame::new(written);
    match RequestMessage::decode(&again, limits) {
        Ok(request) => drop(request),
        Err(error) => {
            let response = ResponseMessage::decode(&again, limits);
            assert!(
                response.is_ok(),
                "what was written does not read: {error}, {}",
                response.unwrap_err()
            );
        }
    }
    true
}

/// One message in thirty of the published cases: enough to meet every structure.
fn messages() -> Vec<Vec<u8>> {
    let files = data::files(&data::folder("kmip/oasis"), "xml");
    let texts = files
        .iter()
        .flat_map(|file| oasis::split(&std::fs::read_to_string(file).unwrap()));
    let filled = texts.step_by(30).map(|text| oasis::fill(&text));
    filled
        .map(|text| xml::read(&text, &Limits::DEFAULT).unwrap().as_bytes().to_vec())
        .collect()
}
