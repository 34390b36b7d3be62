//! JSON (KMIP Profiles 2.1, section 5.5): an object for each item, with `tag`, `type` and `value`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::{Zeroize, Zeroizing};

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
/// The text is too long, no JSON of KMIP, or names what no table has.
pub fn read(text: &str, limits: &Limits) -> Result<Frame, DecodeError> {
    let mut reading = Reading {
        assembler: Assembler::new(text, limits)?,
        start: text.as_ptr().addr(),
    };
    reading.item(text)?;
    reading.assembler.finish()
}

/// Writes one message with the names of a version.
///
/// # Errors
/// The frame holds no well-formed message.
pub fn write(frame: &Frame, version: ProtocolVersion, limits: &Limits) -> Result<Zeroizing<String>, DecodeError> {
    let source = Source::new(frame, limits);
    let mut out = Output::default();
    write_item(&source.only()?, Context::default(), version, &mut out)?;
    Ok(out.finish())
}

/// An item whose value is read when its tag and type are known, in whatever order they stand.
#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow)]
    tag: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

struct Reading {
    assembler: Assembler,
    /// Where the text begins in memory: parts of it tell their offset by it.
    start: usize,
}

impl Reading {
    fn item(&mut self, text: &str) -> Result<(), DecodeError> {
        let offset = text.as_ptr().addr() - self.start;
        let wrong = |reason| fault(reason, tag::REQUEST_MESSAGE, offset);
        let node: Node<'_> = serde_json::from_str(text).map_err(|_| wrong(Fault::NotText))?;
        let tag = tag_of(&node.tag).ok_or_else(|| wrong(Fault::UnknownName))?;
        let kind = match &node.kind {
            None => ItemType::Structure,
            Some(name) => ItemType::from_name(name).ok_or_else(|| fault(Fault::UnknownType, tag, offset))?,
        };
        let value = node.value.map_or("null", RawValue::get);
        match kind {
            ItemType::Structure => self.structure(tag, value, offset),
            kind => self.value(tag, kind, value, offset),
        }
    }

    fn structure(&mut self, tag: Tag, value: &str, offset: usize) -> Result<(), DecodeError> {
        self.assembler.begin(tag, offset)?;
        if value != "null" {
            let mut failed = None;
            let each = Each {
                reading: self,
                failed: &mut failed,
            };
            let read = each.deserialize(&mut serde_json::Deserializer::from_str(value));
            read.map_err(|_| failed.unwrap_or(fault(Fault::NotText, tag, offset)))?;
        }
        self.assembler.end();
        Ok(())
    }

    fn value(&mut self, tag: Tag, kind: ItemType, value: &str, offset: usize) -> Result<(), DecodeError> {
        let wrong = |_| fault(Fault::NotAValue, tag, offset);
        match value.as_bytes().first() {
            Some(b'"') => {
                let text: Text<'_> = serde_json::from_str(value).map_err(wrong)?;
                self.assembler.value(tag, kind, Scalar::Text(&text.0), offset)
            }
            Some(b't' | b'f') => {
                let truth = serde_json::from_str(value).map_err(wrong)?;
                self.assembler.value(tag, kind, Scalar::Truth(truth), offset)
            }
            _ => {
                let number = serde_json::from_str(value).map_err(wrong)?;
                self.assembler.value(tag, kind, Scalar::Number(number), offset)
            }
        }
    }
}

/// A string; where it had escapes it is a copy, which is wiped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Drop for Text<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            text.zeroize();
        }
    }
}

/// The items of a structure, one after the other, without a list of them.
struct Each<'r> {
    reading: &'r mut Reading,
    failed: &'r mut Option<DecodeError>,
}

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            if let Err(error) = self.reading.item(item.get()) {
                *self.failed = Some(error);
                return Err(A::Error::custom("an item does not read"));
            }
        }
        Ok(())
    }
}

fn write_item(
    item: &Item<'_>,
    context: Context,
    version: ProtocolVersion,
    out: &mut Output,
) -> Result<(), DecodeError> {
    out.push("{\"tag\":\"");
    match tag_name(item.tag()) {
        Some(name) => out.push(name),
        None => out.push(&format!("0x{:06x}", item.tag().number())),
    }
    if item.kind() == ItemType::Structure {
        out.push("\",\"value\":[");
        let mut children = item.children()?;
        let mut context = Context::default();
        let mut separator = "";
        while let Some(child) = children.next()? {
            out.push(separator);
            separator = ",";
            write_item(&child, context, version, out)?;
            if child.kind() == ItemType::TextString {
                context.saw_text(child.tag(), child.str()?);
            }
        }
        out.push("]}");
        return Ok(());
    }
    out.push("\",\"type\":\"");
    out.push(item.kind().name());
    out.push("\",\"value\":");
    write_value(item, context.field(item.tag()), version, out)?;
    out.push("}");
    Ok(())
}

fn write_value(item: &Item<'_>, field: Tag, version: ProtocolVersion, out: &mut Output) -> Result<(), DecodeError> {
    match item.kind() {
        ItemType::Structure => {}
        ItemType::Integer => {
            let value = item.integer()?;
            match name::of_mask(field, value.cast_unsigned(), "|") {
                Some(names) => quoted(&names, out),
                None => out.push(&value.to_string()),
            }
        }
        ItemType::LongInteger => match item.long_integer()? {
            value if value.unsigned_abs() < PRECISE => out.push(&value.to_string()),
            value => quoted(&format!("0x{value:016x}"), out),
        },
        ItemType::BigInteger => {
            out.push("\"0x");
            out.hex(item.value());
            out.push("\"");
        }
        ItemType::Enumeration => {
            let number = item.enumeration()?;
            match name::of_value(field, number, version) {
                Some(name) => quoted(name, out),
                None => quoted(&format!("0x{number:08x}"), out),
            }
        }
        ItemType::Boolean => out.push(if item.boolean()? { "true" } else { "false" }),
        ItemType::TextString => {
            out.push("\"");
            escape(item.str()?, out);
            out.push("\"");
        }
        ItemType::ByteString => {
            out.push("\"");
            out.hex(item.value());
            out.push("\"");
        }
        ItemType::DateTime => {
            let seconds = item.date_time()?;
            match date::format(seconds) {
                Some(text) => quoted(&format!("{text}+00:00"), out),
                None => quoted(&format!("0x{seconds:016x}"), out),
            }
        }
        ItemType::Interval => out.push(&item.interval()?.to_string()),
        ItemType::DateTimeExtended => quoted(&super::extended(item.date_time_extended()?), out),
    }
    Ok(())
}

/// A number of JavaScript holds less than this without a loss, as the profile counts.
const PRECISE: u64 = 1 << 52;

fn quoted(text: &str, out: &mut Output) {
    out.push("\"");
    out.push(text);
    out.push("\"");
}

fn escape(text: &str, out: &mut Output) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        out.push(&rest[..at]);
        out.push(&format!("\\u{:04x}", rest.as_bytes()[at]));
        rest = &rest[at + 1..];
    }
    out.push(rest);
}
