//! XML (KMIP Profiles 2.1, section 5.4): an element for each item, named after its tag, with `type` and `value`.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zeroize::Zeroizing;

use super::assemble::{Assembler, Scalar, fault, tag_of};
use super::context::Context;
use super::output::Output;
use super::{date, name};
use crate::registry::{tag, tag_name};
use crate::ttlv::{DecodeError, Fault, Frame, Item, ItemType, Limits, Source, Tag};
use crate::version::ProtocolVersion;

/// Reads one message.
///
/// # Errors
/// The text is too long, no XML of KMIP, or names what no table has.
pub fn read(text: &str, limits: &Limits) -> Result<Frame, DecodeError> {
    let mut assembler = Assembler::new(text, limits)?;
    let mut reader = Reader::from_str(text);
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let wrong = fault(Fault::NotText, tag::REQUEST_MESSAGE, offset);
        let event = reader.read_event().map_err(|_| wrong)?;
        match event {
            Event::Start(_) | Event::Empty(_) if !assembler.is_empty() && assembler.is_closed() => {
                return Err(fault(Fault::Trailing, tag::REQUEST_MESSAGE, offset));
            }
            Event::Start(element) => {
                if element_of(&element, &mut assembler, offset)? {
                    continue;
                }
                // A value has no content: only its end may follow.
                match reader.read_event() {
                    Ok(Event::End(_)) => {}
                    _ => return Err(wrong),
                }
            }
            Event::Empty(element) => {
                if element_of(&element, &mut assembler, offset)? {
                    assembler.end();
                }
            }
            Event::End(_) => assembler.end(),
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if assembler.is_closed() && !assembler.is_empty() => return assembler.finish(),
            // Document types declare entities; nothing of KMIP needs them.
            _ => return Err(wrong),
        }
    }
}

/// Writes one message with the names of a version.
///
/// # Errors
/// The frame holds no well-formed message, or a text has a control character, for which XML has no form.
pub fn write(frame: &Frame, version: ProtocolVersion, limits: &Limits) -> Result<Zeroizing<String>, DecodeError> {
    let source = Source::new(frame, limits);
    let mut out = Output::default();
    write_item(&source.only()?, Context::default(), version, &mut out)?;
    Ok(out.finish())
}

/// Begins a structure, which is `true`, or writes a value.
fn element_of(element: &BytesStart<'_>, assembler: &mut Assembler, offset: usize) -> Result<bool, DecodeError> {
    let wrong = |reason| fault(reason, tag::REQUEST_MESSAGE, offset);
    let (mut kind, mut value, mut number) = (None, None, None);
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| wrong(Fault::NotText))?;
        let text = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| wrong(Fault::NotText))?;
        match attribute.key.as_ref() {
            b"type" => kind = Some(ItemType::from_name(&text).ok_or_else(|| wrong(Fault::UnknownType))?),
            b"value" => value = Some(text),
            b"tag" => number = Some(tag_of(&text).ok_or_else(|| wrong(Fault::UnknownName))?),
            _ => {}
        }
    }
    let name = element.name();
    let tag = match name.as_ref() {
        b"TTLV" => number,
        name => std::str::from_utf8(name).ok().and_then(tag_of),
    };
    let tag = tag.ok_or_else(|| wrong(Fault::UnknownName))?;
    match kind {
        None | Some(ItemType::Structure) => assembler.begin(tag, offset).map(|()| true),
        Some(kind) => {
            let value = value.ok_or_else(|| fault(Fault::NotAValue, tag, offset))?;
            assembler.value(tag, kind, Scalar::Text(&value), offset).map(|()| false)
        }
    }
}

fn write_item(
    item: &Item<'_>,
    context: Context,
    version: ProtocolVersion,
    out: &mut Output,
) -> Result<(), DecodeError> {
    let name = tag_name(item.tag());
    out.push("<");
    out.push(name.unwrap_or("TTLV"));
    if name.is_none() {
        out.push(&format!(" tag=\"0x{:06x}\"", item.tag().number()));
    }
    if item.kind() == ItemType::Structure {
        return write_structure(item, name.unwrap_or("TTLV"), version, out);
    }
    out.push(" type=\"");
    out.push(item.kind().name());
    out.push("\" value=\"");
    write_value(item, context.field(item.tag()), version, out)?;
    out.push("\"/>");
    Ok(())
}

fn write_structure(item: &Item<'_>, name: &str, version: ProtocolVersion, out: &mut Output) -> Result<(), DecodeError> {
    let mut children = item.children()?;
    if children.is_at_end() {
        out.push("/>");
        return Ok(());
    }
    out.push(">");
    let mut context = Context::default();
    while let Some(child) = children.next()? {
        write_item(&child, context, version, out)?;
        if child.kind() == ItemType::TextString {
            context.saw_text(child.tag(), child.str()?);
        }
    }
    out.push("</");
    out.push(name);
    out.push(">");
    Ok(())
}

fn write_value(item: &Item<'_>, field: Tag, version: ProtocolVersion, out: &mut Output) -> Result<(), DecodeError> {
    match item.kind() {
        ItemType::Structure => {}
        ItemType::Integer => {
            let value = item.integer()?;
            out.push(&name::of_mask(field, value.cast_unsigned(), " ").unwrap_or_else(|| value.to_string()));
        }
        ItemType::LongInteger => out.push(&item.long_integer()?.to_string()),
        ItemType::BigInteger | ItemType::ByteString => out.hex(item.value()),
        ItemType::Enumeration => {
            let number = item.enumeration()?;
            match name::of_value(field, number, version) {
                Some(name) => out.push(name),
                None => out.push(&format!("0x{number:08x}")),
            }
        }
        ItemType::Boolean => out.push(if item.boolean()? { "true" } else { "false" }),
        ItemType::TextString => {
            let text = item.str()?;
            if text.chars().any(has_no_place) {
                return Err(item.error(Fault::NotAValue));
            }
            escape(text, out);
        }
        ItemType::DateTime => {
            let seconds = item.date_time()?;
            match date::format(seconds) {
                Some(text) => out.push(&format!("{text}+00:00")),
                None => out.push(&format!("0x{seconds:016x}")),
            }
        }
        ItemType::Interval => out.push(&item.interval()?.to_string()),
        ItemType::DateTimeExtended => out.push(&super::extended(item.date_time_extended()?)),
    }
    Ok(())
}

/// What no XML 1.0 document may have (2.2).
fn has_no_place(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// White space too: a reader would make blanks of it (XML 1.0, 3.3.3).
fn escape(text: &str, out: &mut Output) {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '"', '\'', '\t', '\n', '\r']) {
        out.push(&rest[..at]);
        out.push(&format!("&#{};", rest.as_bytes()[at]));
        rest = &rest[at + 1..];
    }
    out.push(rest);
}
