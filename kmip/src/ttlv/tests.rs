//! The examples of the specification, and every cap at its edge.

use zeroize::Zeroizing;

use super::*;
use crate::registry::tag;
use crate::value::BigInteger;

type Write = fn(&mut Writer);

/// The worked examples of KMIP 1.4, 9.1.2.
const EXAMPLES: [(&str, Write); 10] = [
    ("42002002000000040000000800000000", |out| {
        out.integer(tag::COMPROMISE_DATE, 8);
    }),
    ("420020030000000801B69B4BA5749200", |out| {
        out.long_integer(tag::COMPROMISE_DATE, 123_456_789_000_000_000);
    }),
    ("42002004000000100000000003FD35EB6BC2DF4618080000", |out| {
        let number = 1_234_567_890_000_000_000_000_000_000_u128;
        out.big_integer(
            tag::COMPROMISE_DATE,
            BigInteger::from_unsigned(&number.to_be_bytes()).as_bytes(),
        );
    }),
    ("4200200500000004000000FF00000000", |out| {
        out.enumeration(tag::COMPROMISE_DATE, 255);
    }),
    ("42002006000000080000000000000001", |out| {
        out.boolean(tag::COMPROMISE_DATE, true);
    }),
    ("420020070000000B48656C6C6F20576F726C640000000000", |out| {
        out.text(tag::COMPROMISE_DATE, "Hello World");
    }),
    ("42002008000000030102030000000000", |out| {
        out.bytes(tag::COMPROMISE_DATE, &[1, 2, 3]);
    }),
    ("42002009000000080000000047DA67F8", |out| {
        out.date_time(tag::COMPROMISE_DATE, 1_205_495_800);
    }),
    ("4200200A00000004000D2F0000000000", |out| {
        out.interval(tag::COMPROMISE_DATE, 864_000);
    }),
    (
        "42002001000000204200040500000004000000FE000000004200050200000004000000FF00000000",
        |out| {
            let open = out.begin(tag::COMPROMISE_DATE);
            out.enumeration(tag::APPLICATION_SPECIFIC_INFORMATION, 254);
            out.integer(tag::ARCHIVE_DATE, 255);
            out.end(open);
        },
    ),
];

#[test]
fn the_examples_of_the_specification_are_written() {
    for (hex, write) in EXAMPLES {
        let mut out = Writer::new();
        write(&mut out);
        assert_eq!(out.finish().unwrap()[..], bytes(hex), "{hex}");
    }
}

#[test]
fn the_examples_of_the_specification_are_read() {
    let frames = EXAMPLES.map(|(hex, _)| Frame::from(&bytes(hex)[..]));
    let sources: Vec<_> = frames
        .iter()
        .map(|frame| Source::new(frame, &Limits::DEFAULT))
        .collect();
    let items: Vec<_> = sources.iter().map(|source| source.only().unwrap()).collect();
    assert_eq!(items[0].integer(), Ok(8));
    assert_eq!(items[1].long_integer(), Ok(123_456_789_000_000_000));
    assert_eq!(items[2].big_integer().unwrap().len(), 16);
    assert_eq!(items[3].enumeration(), Ok(255));
    assert_eq!(items[4].boolean(), Ok(true));
    assert_eq!(items[5].str(), Ok("Hello World"));
    assert_eq!(items[6].bytes().unwrap()[..], [1, 2, 3]);
    assert_eq!(items[7].date_time(), Ok(1_205_495_800));
    assert_eq!(items[8].interval(), Ok(864_000));
    let mut children = items[9].children().unwrap();
    assert_eq!(children.next().unwrap().unwrap().enumeration(), Ok(254));
    assert_eq!(children.next().unwrap().unwrap().integer(), Ok(255));
    assert!(children.next().unwrap().is_none());
}

#[test]
fn an_item_of_another_type_is_told() {
    let frame = Frame::from(&bytes(EXAMPLES[0].0)[..]);
    let source = Source::new(&frame, &Limits::DEFAULT);
    let item = source.only().unwrap();
    for result in [
        item.long_integer().map(drop),
        item.big_integer().map(drop),
        item.enumeration().map(drop),
        item.boolean().map(drop),
        item.text().map(drop),
        item.str().map(drop),
        item.bytes().map(drop),
        item.date_time().map(drop),
        item.interval().map(drop),
        item.date_time_extended().map(drop),
        item.children().map(drop),
    ] {
        assert_eq!(result.unwrap_err().fault, Fault::UnexpectedType);
    }
}

/// Headers and values that lie, each with what is said about it.
#[test]
fn malformed_items_are_refused() {
    for (hex, fault) in [
        ("", Fault::Truncated),
        ("42002002000000", Fault::Truncated),
        ("420020020000000400000008000000", Fault::Truncated),
        ("4200200800000009010203040506070809", Fault::Truncated),
        ("42002008FFFFFFFF0102030400000000", Fault::Truncated),
        ("42002001FFFFFFF8", Fault::Truncated),
        ("420020020000000400000008000000004200", Fault::Trailing),
        ("430020020000000400000008000000", Fault::UnassignedTag),
        ("42002000000000040000000800000000", Fault::UnknownType),
        ("4200200C000000040000000800000000", Fault::UnknownType),
        ("42002002000000080000000000000008", Fault::WrongLength),
        ("42002002000000000000000000000000", Fault::WrongLength),
        ("42002003000000040000000800000000", Fault::WrongLength),
        ("4200200400000000", Fault::WrongLength),
        ("42002004000000040000000800000000", Fault::WrongLength),
        ("42002001000000040000000000000000", Fault::WrongLength),
        ("42002002000000040000000800000001", Fault::WrongPadding),
        ("42002008000000030102030000000080", Fault::WrongPadding),
        ("42002006000000080000000000000002", Fault::NotABoolean),
        ("42002007000000020080000000000000", Fault::NotUtf8),
        ("42002001000000084200200400000001", Fault::Truncated),
        ("420020010000001042002002000000040000000800000001", Fault::WrongPadding),
    ] {
        let frame = Frame::from(&bytes(hex)[..]);
        let source = Source::new(&frame, &Limits::DEFAULT);
        let read = source.only().and_then(|item| item.check());
        assert_eq!(read.unwrap_err().fault, fault, "{hex}");
    }
}

#[test]
fn a_frame_may_be_as_long_as_the_cap() {
    let frame = Frame::from(&bytes(EXAMPLES[0].0)[..]);
    let read = |frame_cap| {
        let limits = Limits {
            frame: frame_cap,
            ..Limits::DEFAULT
        };
        let source = Source::new(&frame, &limits);
        source.only().map(drop).map_err(|error| error.fault)
    };
    assert_eq!(read(16), Ok(()));
    assert_eq!(read(15), Err(Fault::FrameTooLong));
}

#[test]
fn structures_may_be_as_deep_as_the_cap() {
    let nested = |depth| {
        let mut out = Writer::new();
        let open: Vec<_> = (0..depth).map(|_| out.begin(tag::ATTRIBUTES)).collect();
        open.into_iter().rev().for_each(|open| out.end(open));
        let frame = Frame::new(out.finish().unwrap());
        let source = Source::new(&frame, &Limits::DEFAULT);
        source.only().unwrap().check().map_err(|error| error.fault)
    };
    assert_eq!(nested(Limits::DEFAULT.depth), Ok(()));
    assert_eq!(nested(Limits::DEFAULT.depth + 1), Err(Fault::TooDeep));
    assert_eq!(nested(100_000), Err(Fault::TooDeep));
}

#[test]
fn items_may_be_as_many_as_the_cap() {
    let many = |items| {
        let mut out = Writer::new();
        let open = out.begin(tag::ATTRIBUTES);
        (1..items).for_each(|_| out.text(tag::NAME, ""));
        out.end(open);
        let frame = Frame::new(out.finish().unwrap());
        let source = Source::new(&frame, &Limits::DEFAULT);
        source.only().unwrap().check().map_err(|error| error.fault)
    };
    assert_eq!(many(Limits::DEFAULT.items), Ok(()));
    assert_eq!(many(Limits::DEFAULT.items + 1), Err(Fault::TooManyItems));
}

#[test]
fn a_header_tells_the_length_before_anything_is_allocated() {
    let limits = &Limits {
        frame: 4096,
        ..Limits::DEFAULT
    };
    let length = |hex| Frame::length(bytes(hex).try_into().unwrap(), limits).map_err(|error| error.fault);
    assert_eq!(length("4200780100000010"), Ok(24));
    assert_eq!(length("42007B0100000FF8"), Ok(4096));
    assert_eq!(length("42007B0100001000"), Err(Fault::FrameTooLong));
    assert_eq!(length("42007801FFFFFFF8"), Err(Fault::FrameTooLong));
    assert_eq!(length("4200780100000011"), Err(Fault::WrongLength));
    assert_eq!(length("4200780200000004"), Err(Fault::WrongMessage));
    assert_eq!(length("1603010200010001"), Err(Fault::WrongMessage));
}

#[test]
fn a_raw_item_comes_out_as_it_went_in() {
    let item = bytes(EXAMPLES[9].0);
    let raw = RawItem::new(Zeroizing::new(item.clone()), &Limits::DEFAULT).unwrap();
    assert_eq!((raw.tag(), raw.kind()), (tag::COMPROMISE_DATE, ItemType::Structure));
    let mut out = Writer::new();
    out.raw(raw.tag(), &raw);
    assert_eq!(out.finish().unwrap()[..], item);
    assert!(RawItem::new(Zeroizing::new(item[..16].to_vec()), &Limits::DEFAULT).is_err());
}

#[test]
fn big_integers_carry_their_sign() {
    for (magnitude, encoded) in [
        (&[][..], "0000000000000000"),
        (&[0, 0, 1][..], "0000000000000001"),
        (&[0x7f; 8][..], "7f7f7f7f7f7f7f7f"),
        (&[0x80, 0, 0, 0, 0, 0, 0, 0][..], "00000000000000008000000000000000"),
    ] {
        let number = BigInteger::from_unsigned(magnitude);
        assert_eq!(number.as_bytes(), bytes(encoded));
        let first = magnitude.iter().position(|&byte| byte != 0).unwrap_or(magnitude.len());
        assert_eq!(number.to_unsigned(), Some(&magnitude[first..]));
    }
    assert_eq!(BigInteger::from_signed(-2).to_unsigned(), None);
}

#[test]
fn nothing_secret_is_printed() {
    use crate::value::Secret;
    let secret = Secret::from(Zeroizing::new(b"hunter2".to_vec()));
    let frame = Frame::from(&b"hunter2!"[..]);
    let number = BigInteger::from_unsigned(b"hunter2");
    let printed = format!("{secret:?} {frame:?} {number:?}");
    assert_eq!(printed, "[secret] Frame(8 bytes) BigInteger(8 bytes)");
}

fn bytes(hex: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap()
}
