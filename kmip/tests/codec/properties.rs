//! What holds for every tree of items.

use kmip::ttlv::{Frame, Item, ItemType, Limits, Source, Tag, Writer};
use kmip::{BigInteger, ProtocolVersion, json, xml};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Node {
    Structure(Vec<(u16, Node)>),
    Integer(i32),
    LongInteger(i64),
    BigInteger(Vec<u8>),
    Enumeration(u32),
    Boolean(bool),
    Text(String),
    Bytes(Vec<u8>),
    DateTime(i64),
    Interval(u32),
    DateTimeExtended(i64),
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Node::Integer),
        any::<i64>().prop_map(Node::LongInteger),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Node::BigInteger),
        any::<u32>().prop_map(Node::Enumeration),
        (0_u32..40).prop_map(Node::Enumeration),
        any::<bool>().prop_map(Node::Boolean),
        any::<String>().prop_map(Node::Text),
        "[ \t\r\n<>&\"'\\\\]{0,9}".prop_map(Node::Text),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Node::Bytes),
        any::<i64>().prop_map(Node::DateTime),
        (0_i64..253_402_300_800).prop_map(Node::DateTime),
        any::<u32>().prop_map(Node::Interval),
        any::<i64>().prop_map(Node::DateTimeExtended),
    ];
    // Tags of the specification among others: their names and those of their values come into play.
    leaf.prop_recursive(4, 40, 6, |inner| {
        proptest::collection::vec((0_u16..0x180, inner), 0..6).prop_map(Node::Structure)
    })
}

fn write(out: &mut Writer, tag: Tag, node: &Node) {
    match node {
        Node::Structure(children) => {
            let open = out.begin(tag);
            for (low, child) in children {
                write(out, Tag::new(0x42_0000 | u32::from(*low)), child);
            }
            out.end(open);
        }
        Node::Integer(value) => out.integer(tag, *value),
        Node::LongInteger(value) => out.long_integer(tag, *value),
        Node::BigInteger(value) => {
            kmip::Wire::encode(&BigInteger::from_unsigned(value), tag, out, ProtocolVersion::V2_1);
        }
        Node::Enumeration(value) => out.enumeration(tag, *value),
        Node::Boolean(value) => out.boolean(tag, *value),
        // XML 1.0 has no character below a blank but the three of white space, and two others are missing too.
        Node::Text(value) => {
            let allowed =
                |c: &char| (!c.is_ascii_control() || "\t\n\r\x7f".contains(*c)) && !"\u{fffe}\u{ffff}".contains(*c);
            out.text(tag, &value.chars().filter(allowed).collect::<String>());
        }
        Node::Bytes(value) => out.bytes(tag, value),
        Node::DateTime(value) => out.date_time(tag, *value),
        Node::Interval(value) => out.interval(tag, *value),
        Node::DateTimeExtended(value) => out.date_time_extended(tag, *value),
    }
}

fn frame(node: &Node) -> Frame {
    let mut out = Writer::new();
    write(&mut out, Tag::new(0x42_0078), node);
    Frame::new(out.finish().unwrap())
}

/// Reads every value and writes it again.
fn copy(item: &Item<'_>, out: &mut Writer) {
    let tag = item.tag();
    match item.kind() {
        ItemType::Structure => {
            let open = out.begin(tag);
            let mut children = item.children().unwrap();
            while let Some(child) = children.next().unwrap() {
                copy(&child, out);
            }
            out.end(open);
        }
        ItemType::Integer => out.integer(tag, item.integer().unwrap()),
        ItemType::LongInteger => out.long_integer(tag, item.long_integer().unwrap()),
        ItemType::BigInteger => {
            kmip::Wire::encode(
                &<BigInteger as kmip::Wire>::decode(item).unwrap(),
                tag,
                out,
                ProtocolVersion::V1_0,
            );
        }
        ItemType::Enumeration => out.enumeration(tag, item.enumeration().unwrap()),
        ItemType::Boolean => out.boolean(tag, item.boolean().unwrap()),
        ItemType::TextString => out.text(tag, item.str().unwrap()),
        ItemType::ByteString => out.bytes(tag, &item.bytes().unwrap()),
        ItemType::DateTime => out.date_time(tag, item.date_time().unwrap()),
        ItemType::Interval => out.interval(tag, item.interval().unwrap()),
        ItemType::DateTimeExtended => out.date_time_extended(tag, item.date_time_extended().unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_written(node in nodes()) {
        let frame = frame(&node);
        let source = Source::new(&frame, &Limits::DEFAULT);
        let mut out = Writer::new();
        copy(&source.only().unwrap(), &mut out);
        prop_assert_eq!(&out.finish().unwrap()[..], frame.as_bytes());
    }

    #[test]
    fn every_tree_passes_through_the_texts(node in nodes(), minor in 0..5) {
        let frame = frame(&node);
        let version = ProtocolVersion::new(1 + minor / 4, minor);
        let text = xml::write(&frame, version, &Limits::DEFAULT).unwrap();
        let again = xml::read(&text, &Limits::DEFAULT).map_err(|error| TestCaseError::fail(format!("{error}: {}", text.as_str())))?;
        prop_assert_eq!(again.as_bytes(), frame.as_bytes(), "{}", text.as_str());
        let text = json::write(&frame, version, &Limits::DEFAULT).unwrap();
        let again = json::read(&text, &Limits::DEFAULT).map_err(|error| TestCaseError::fail(format!("{error}: {}", text.as_str())))?;
        prop_assert_eq!(again.as_bytes(), frame.as_bytes(), "{}", text.as_str());
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = xml::read(&text, &Limits::DEFAULT);
        let _ = json::read(&text, &Limits::DEFAULT);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let frame = Frame::from(&bytes[..]);
        let _ = kmip::RequestMessage::decode(&frame, &Limits::DEFAULT);
        let _ = kmip::ResponseMessage::decode(&frame, &Limits::DEFAULT);
    }
}
