//! Every message of the OASIS test cases: XML to model to TTLV, and back through all three encodings.

use std::collections::BTreeMap;
use std::path::Path;

use kmip::payload::{RequestPayload, ResponsePayload};
use kmip::registry::tag;
use kmip::ttlv::{DecodeError, Fault, Frame, Limits, Tag};
use kmip::{ProtocolVersion, RequestMessage, ResponseMessage, json, xml};
use zeroize::Zeroizing;

use crate::data;

#[test]
fn every_message_of_the_test_cases_passes_through_all_encodings() {
    let root = data::folder("kmip/oasis");
    let files = data::files(&root, "xml");
    if files.is_empty() {
        println!("SKIPPED the OASIS test cases: 0 files in {}", root.display());
        return;
    }
    let mut messages = BTreeMap::<String, usize>::new();
    let mut failures = Vec::new();
    let mut vendors = 0;
    for file in &files {
        let folder = file
            .parent()
            .unwrap()
            .strip_prefix(&root)
            .unwrap()
            .display()
            .to_string();
        for (number, text) in split(&std::fs::read_to_string(file).unwrap()).iter().enumerate() {
            *messages.entry(folder.clone()).or_default() += 1;
            match check(&collapse(&fill(text))) {
                Ok(with_vendor_fields) => vendors += usize::from(with_vendor_fields),
                Err(reason) => failures.push(format!("{} message {number}: {reason}", short(file))),
            }
        }
    }
    for (folder, count) in &messages {
        println!("{folder}: {count} messages");
    }
    println!(
        "{} files, {} messages, {vendors} of them with fields of a vendor, {} failed",
        files.len(),
        messages.values().sum::<usize>(),
        failures.len()
    );
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A server answers clients of every version out of one model: what was made of a message of one version is written in
/// each other, and reads there. Only a request about one attribute that a version lacks is left without it.
#[test]
fn every_message_has_a_form_in_every_version() {
    let root = data::folder("kmip/oasis");
    let files = data::files(&root, "xml");
    if files.is_empty() {
        println!(
            "SKIPPED the OASIS test cases in other versions: 0 files in {}",
            root.display()
        );
        return;
    }
    let (mut read, mut without) = (0, 0);
    for file in &files {
        for text in split(&std::fs::read_to_string(file).unwrap()) {
            let frame = xml::read(&collapse(&fill(&text)), &Limits::DEFAULT).unwrap();
            for version in ProtocolVersion::SUPPORTED {
                match in_version(&frame, version) {
                    Ok(()) => read += 1,
                    Err(error) if error.fault == Fault::Missing && LOST.contains(&error.tag) => without += 1,
                    Err(error) => panic!("{} in {version}: {error}", short(file)),
                }
            }
        }
    }
    println!("{read} messages in other versions, {without} without the attribute that they are about");
    assert!(read > 50 * without, "{without} of {read}");
}

/// An attribute that was removed or came later: the request to add, change or delete it has nothing to name.
const LOST: [Tag; 2] = [tag::ATTRIBUTE, tag::NEW_ATTRIBUTE];

fn in_version(frame: &Frame, version: ProtocolVersion) -> Result<(), DecodeError> {
    let limits = &Limits::DEFAULT;
    let is_request = frame.as_bytes().starts_with(&[0x42, 0x00, 0x78]);
    if !is_request {
        let mut message = ResponseMessage::decode(frame, limits)?;
        message.header.protocol_version = version;
        return ResponseMessage::decode(&Frame::new(message.encode().unwrap()), limits).map(drop);
    }
    let mut message = RequestMessage::decode(frame, limits)?;
    message.header.protocol_version = version;
    let message = RequestMessage::decode(&Frame::new(message.encode().unwrap()), limits)?;
    for item in &message.items {
        if let RequestPayload::Invalid(invalid) = &item.payload {
            return Err(invalid.error);
        }
    }
    Ok(())
}

/// From text to model and back; what comes out is what went in, in every encoding. Says whether it had fields that only its vendor knows.
fn check(text: &str) -> Result<bool, String> {
    let limits = &Limits::DEFAULT;
    let original = xml::read(text, limits).map_err(|error| format!("XML: {error}"))?;
    let (bytes, version, debug) = through_the_model(&original)?;
    // Extension tags, and what follows ServerInformation in 1.x, are a vendor's; nothing else may be unknown.
    let has_unknown =
        debug.contains("unknown: Unknown([") && debug.replace("unknown: Unknown([])", "").contains("Unknown([");
    if has_unknown && !text.contains("<TTLV") && !text.contains("<ServerInformation>") {
        return Err(format!("a field is unknown: {debug}"));
    }
    // The vendor with the empty name stands for names of 1.x that are in no table.
    if debug.contains("Vendor { vendor: \"\"") {
        return Err(format!("an attribute is unknown: {debug}"));
    }
    if bytes[..] != *original.as_bytes() {
        let before = xml::write(&original, version, limits).unwrap();
        let after = xml::write(&Frame::new(bytes), version, limits).unwrap();
        return Err(format!("TTLV differs\n  {}\n  {}", before.as_str(), after.as_str()));
    }
    let text = xml::write(&original, version, limits).map_err(|error| format!("to XML: {error}"))?;
    let again = xml::read(&text, limits).map_err(|error| format!("XML again: {error}"))?;
    if again.as_bytes() != original.as_bytes() {
        return Err("XML loses something".into());
    }
    let text = json::write(&original, version, limits).map_err(|error| format!("to JSON: {error}"))?;
    let again = json::read(&text, limits).map_err(|error| format!("JSON again: {error}"))?;
    if again.as_bytes() != original.as_bytes() {
        return Err("JSON loses something".into());
    }
    Ok(has_unknown)
}

fn through_the_model(frame: &Frame) -> Result<(Zeroizing<Vec<u8>>, ProtocolVersion, String), String> {
    let limits = &Limits::DEFAULT;
    let is_request = frame.as_bytes().starts_with(&[0x42, 0x00, 0x78]);
    if is_request {
        let message = RequestMessage::decode(frame, limits).map_err(|error| format!("request: {error}"))?;
        for item in &message.items {
            match &item.payload {
                RequestPayload::Unknown(operation, _) => return Err(format!("unknown operation {operation:?}")),
                RequestPayload::Invalid(invalid) => return Err(format!("{:?}: {}", invalid.operation, invalid.error)),
                _ => {}
            }
            if let Some(field) = item.unknown_field {
                return Err(format!("unknown field {field} in {:?}", item.operation()));
            }
        }
        return Ok((
            message.encode().unwrap(),
            message.header.protocol_version,
            format!("{message:?}"),
        ));
    }
    let message = ResponseMessage::decode(frame, limits).map_err(|error| format!("response: {error}"))?;
    for item in &message.items {
        if let Some(ResponsePayload::Unknown(operation, _)) = &item.payload {
            return Err(format!("unknown operation {operation:?}"));
        }
    }
    Ok((
        message.encode().unwrap(),
        message.header.protocol_version,
        format!("{message:?}"),
    ))
}

/// Some files carry several blanks inside a name.
fn collapse(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    text
}

/// The messages of a file; between them stand comments and notes.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    while let Some(start) = text.find("<!--") {
        let end = start + text[start..].find("-->").unwrap() + 3;
        text.replace_range(start..end, "");
    }
    let mut messages = Vec::new();
    let mut rest = text.as_str();
    let next = |rest: &str| {
        let found =
            ["RequestMessage", "ResponseMessage"].map(|name| rest.find(&format!("<{name}")).map(|at| (at, name)));
        found.into_iter().flatten().min()
    };
    while let Some((start, name)) = next(rest) {
        let end = format!("</{name}>");
        let end = start + rest[start..].find(&end).unwrap() + end.len();
        messages.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    messages
}

/// Puts values for the placeholders, by the type of the element; texts may stay.
pub(crate) fn fill(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("value=\"$") {
        let element = rest[..at].rfind('<').unwrap();
        let kind = rest[element..at]
            .split("type=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let end = at + 7 + rest[at + 7..].find('"').unwrap();
        let value = match kind {
            "TextString" => &rest[at + 7..end],
            "ByteString" => "deadbeefcafe",
            "DateTime" => "2009-11-12T11:10:42+00:00",
            "BigInteger" => "00000000deadbeef",
            _ => "7",
        };
        filled.push_str(&rest[..at + 7]);
        filled.push_str(value);
        rest = &rest[end..];
    }
    filled + rest
}

fn short(file: &Path) -> String {
    let parts: Vec<_> = file
        .components()
        .rev()
        .take(3)
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}
