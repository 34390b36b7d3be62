//! 11 to 19: the CBOR of IMM, MUT and SHARES.

use kms_core::{Error, FormatFault, LimitFault};

use crate::hostile::forge::{Forge, MARK};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};

/// Refuses the envelope for its CBOR, and calls no provider.
#[track_caller]
fn refuses(forge: &Forge, expected: &Error) {
    let reader = Reader::new(&forge.backend, &["local://a", "local://b", "local://c"]);
    let party = crate::hostile::reader::party(expected);
    assert_eq!(reader.refuses(&forge.envelope(), party, 0), *expected);
}

const NOT_DETERMINISTIC: Error = Error::Format(FormatFault::Cbor);

/// The envelope with the raw bytes `item` as the value of the label `x`.
fn with_label(forge: &Forge, item: Item) -> Forge {
    let imm = forge.imm().with(5, Item::Map(vec![(Item::text("x"), item)]));
    forge.clone().with_imm(&imm)
}

#[test]
fn n11_not_a_map_or_bytes_behind_it() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        for item in [
            Item::Uint(1),
            Item::Array(vec![forge.imm()]),
            Item::text("x"),
            Item::Simple(22),
        ] {
            refuses(&forge.clone().with_imm(&item), &FormatFault::Type.into());
            refuses(&forge.clone().with_mut(&item), &FormatFault::Type.into());
        }
        let mut longer = forge.clone();
        longer.immutable.push(0);
        refuses(&longer, &FormatFault::TrailingBytes.into());
        let mut longer = forge.clone();
        longer.mutable.extend(Item::Uint(0).encode());
        refuses(&longer, &FormatFault::TrailingBytes.into());
        let mut empty = forge.clone();
        empty.immutable.clear();
        refuses(&empty, &FormatFault::Truncated.into());
        empty = forge;
        empty.mutable.clear();
        refuses(&empty, &FormatFault::Truncated.into());
    });
}

#[test]
fn n12_integer_or_length_not_in_shortest_form() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        for seq in [
            &[0x18, 0][..],
            &[0x18, 23],
            &[0x19, 0, 0],
            &[0x1a, 0, 0, 0, 0],
            &[0x1b, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let mutable = forge.mutable().with(1, Item::Raw(seq.to_vec()));
            refuses(&forge.clone().with_mut(&mutable), &NOT_DETERMINISTIC);
        }
        let id = [&[0x59, 0, 32][..], &forge.message_id].concat();
        refuses(
            &forge.clone().with_imm(&forge.imm().with(1, Item::Raw(id))),
            &NOT_DETERMINISTIC,
        );
        let text = [&[0x78, MARK.len() as u8][..], MARK.as_bytes()].concat();
        refuses(&with_label(&forge, Item::Raw(text)), &NOT_DETERMINISTIC);
    });
}

#[test]
fn n13_indefinite_length() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let chunked = |major: u8, inner: &[u8]| Item::Raw([&[major << 5 | 31][..], inner, &[0xff]].concat());
        refuses(&with_label(&forge, chunked(3, &[0x61, b'a'])), &NOT_DETERMINISTIC);
        refuses(&with_label(&forge, chunked(2, &[0x41, b'a'])), &NOT_DETERMINISTIC);
        let imm = &forge.imm().encode()[1..];
        let mut open_ended = forge.clone();
        open_ended.immutable = [&[0xbf][..], imm, &[0xff]].concat();
        refuses(&open_ended, &NOT_DETERMINISTIC);
        let entries = chunked(4, &forge.single("local://a").encode());
        refuses(
            &forge.clone().with_mut(&forge.mutable().with(3, entries)),
            &NOT_DETERMINISTIC,
        );
    });
}

#[test]
fn n14_unsorted_keys() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let reversed = |item: &Item| Item::Map(item.pairs().iter().rev().cloned().collect());
        refuses(&forge.clone().with_imm(&reversed(&forge.imm())), &NOT_DETERMINISTIC);
        refuses(&forge.clone().with_mut(&reversed(&forge.mutable())), &NOT_DETERMINISTIC);
        refuses(
            &forge.clone().with_first(|entry| *entry = reversed(entry)),
            &NOT_DETERMINISTIC,
        );
        // A shorter text key sorts first: "b" before "aa".
        let labels = Item::Map(vec![
            (Item::text("aa"), Item::text("1")),
            (Item::text("b"), Item::text("2")),
        ]);
        refuses(
            &forge.clone().with_imm(&forge.imm().with(5, labels)),
            &NOT_DETERMINISTIC,
        );
    });
}

#[test]
fn n15_duplicate_key() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let twice = |item: &Item, at: usize| {
            let mut pairs = item.pairs().to_vec();
            pairs.insert(at, pairs[at].clone());
            Item::Map(pairs)
        };
        for at in 0..3 {
            refuses(&forge.clone().with_imm(&twice(&forge.imm(), at)), &NOT_DETERMINISTIC);
        }
        for at in 0..2 {
            refuses(
                &forge.clone().with_mut(&twice(&forge.mutable(), at)),
                &NOT_DETERMINISTIC,
            );
        }
        for at in 0..5 {
            refuses(
                &forge.clone().with_first(|entry| *entry = twice(entry, at)),
                &NOT_DETERMINISTIC,
            );
        }
    });
}

#[test]
fn n16_tag_float_or_undefined() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        for item in [
            &[0xc0, 0x60][..],
            &[0xd8, 24, 0x40],
            &[0xf9, 0, 0],
            &[0xfa, 0, 0, 0, 0],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xf7],
            &[0xe0],
            &[0xf8, 32],
            &[0xff],
        ] {
            refuses(&with_label(&forge, Item::Raw(item.to_vec())), &NOT_DETERMINISTIC);
            let unknown = Item::fields([(1, Item::Uint(40)), (2, Item::Raw(item.to_vec()))]);
            let beside = forge.clone().with_entries([forge.single("local://a"), unknown]);
            refuses(&beside, &NOT_DETERMINISTIC);
        }
        let boolean_key = Item::Map(vec![(Item::Simple(21), Item::Uint(0))]);
        let unknown = Item::fields([(1, Item::Uint(40)), (2, boolean_key)]);
        refuses(
            &forge.clone().with_entries([forge.single("local://a"), unknown]),
            &NOT_DETERMINISTIC,
        );
    });
}

#[test]
fn n17_nesting_of_five() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let too_deep = Error::Limit(LimitFault::Depth);
        // IMM is level 1, labels 2: three arrays more are five levels.
        refuses(&with_label(&forge, Item::nested(3)), &too_deep);
        let unknown = |depth| Item::fields([(1, Item::Uint(40)), (2, Item::nested(depth))]);
        let beside = |depth| forge.clone().with_entries([unknown(depth), forge.single("local://a")]);
        refuses(&beside(4), &too_deep);
        let (entry, shares) = forge.quorum(2, [7; 16], &["local://a", "local://b"]);
        let mut shares = Item::Array(vec![shares]);
        shares.items_mut()[0].items_mut()[0].set(6, Item::nested(2));
        refuses(&forge.clone().with_entries([entry]).with_shares(&shares), &too_deep);

        let reader = Reader::new(backend, &["local://a"]);
        assert_eq!(
            reader.open(&beside(3).envelope()).unwrap(),
            forge.plaintext,
            "four levels are allowed"
        );
    });
}

#[test]
fn n18_invalid_utf8_or_nul() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let context = |key: Item, value: Item| {
            forge
                .clone()
                .with_imm(&forge.imm().with(3, Item::Map(vec![(key, value)])))
        };
        for bad in [&[0x61, 0xff][..], &[0x62, 0xc0, 0x80], &[0x63, 0xed, 0xa0, 0x80]] {
            let bad = Item::Raw(bad.to_vec());
            refuses(&context(bad.clone(), Item::text(MARK)), &NOT_DETERMINISTIC);
            refuses(&context(Item::text("purpose"), bad.clone()), &NOT_DETERMINISTIC);
            refuses(&with_label(&forge, bad.clone()), &NOT_DETERMINISTIC);
            refuses(
                &forge.clone().with_first(|entry| {
                    entry.set(2, bad);
                }),
                &NOT_DETERMINISTIC,
            );
        }
        let fault = Error::Format(FormatFault::Context);
        for (key, value) in [("a\0", "b"), ("a", "b\0"), ("", "b"), ("ks1-x", "b"), ("aws:x", "b")] {
            refuses(&context(Item::text(key), Item::text(value)), &fault);
        }
        refuses(
            &forge.clone().with_imm(&forge.imm().with(3, Item::Map(Vec::new()))),
            &fault,
        );
        refuses(&with_label(&forge, Item::text("a\0")), &FormatFault::Value.into());
        for uri in ["", "a\0", "a\u{1f}", "a\u{7f}", "a\u{9f}"] {
            refuses(
                &forge.clone().with_first(|entry| {
                    entry.set(2, Item::text(uri));
                }),
                &FormatFault::Value.into(),
            );
        }
    });
}

#[test]
fn n19_unknown_key_in_any_map() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let unknown = Error::Format(FormatFault::UnknownKey);
        refuses(&forge.clone().with_imm(&forge.imm().with(8, Item::Uint(0))), &unknown);
        refuses(&forge.clone().with_imm(&forge.imm().with(0, Item::Uint(0))), &unknown);
        refuses(
            &forge.clone().with_mut(&forge.mutable().with(4, Item::Uint(0))),
            &unknown,
        );
        let floor = Item::fields([(1, Item::Uint(1)), (3, Item::Uint(1))]);
        refuses(&forge.clone().with_imm(&forge.imm().with(7, floor)), &unknown);
        for key in [0, 6, 8, 9, 99] {
            refuses(
                &forge.clone().with_first(|entry| {
                    entry.set(key, Item::Uint(1));
                }),
                &unknown,
            );
        }
        let text_key = Item::Map([forge.imm().pairs(), &[(Item::text("x"), Item::Uint(0))]].concat());
        refuses(&forge.clone().with_imm(&text_key), &unknown);

        let (entry, shares) = forge.quorum(2, [7; 16], &["local://a", "local://b"]);
        let shares = Item::Array(vec![shares]);
        let with = |entry: &Item, shares: &Item| forge.clone().with_entries([entry.clone()]).with_shares(shares);
        refuses(&with(&entry.clone().with(13, Item::Uint(0)), &shares), &unknown);
        for key in [7, 9] {
            let mut shares = shares.clone();
            shares.items_mut()[0].items_mut()[1].set(key, Item::Uint(1));
            refuses(&with(&entry, &shares), &unknown);
        }
        let params = Item::fields([(1, Item::Uint(2)), (2, Item::Uint(0))]);
        let wrap = forge.clone().with_first(|entry| {
            entry.set(1, Item::Uint(2)).set(4, Item::bytes(&[0; 40])).set(6, params);
        });
        let reader = Reader::new(backend, &["local://a"]);
        reader.refuses(&wrap.envelope(), Party::Format, 0);
    });
}

#[test]
fn an_entry_of_unknown_scheme_may_hold_any_key_and_is_kept() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let unknown = Item::Map(vec![
            (Item::Uint(0), Item::nested(2)),
            (Item::Uint(1), Item::Uint(40)),
            (Item::Negative(0), Item::Simple(22)),
            (Item::bytes(b"k"), Item::text(MARK)),
            (Item::text("t"), Item::Simple(20)),
        ]);
        let forge = forge.clone().with_entries([unknown.clone(), forge.single("local://a")]);
        let envelope = forge.envelope();
        let header = kms_core::Header::parse_prefix(&envelope, 16).unwrap();
        assert!(matches!(&header.entries()[0], kms_core::Entry::Unknown(kept) if kept.raw == unknown.encode()));
        assert_eq!(header.reencoded().unwrap(), header.as_bytes());
        assert_eq!(
            Reader::new(backend, &["local://a"]).open(&envelope).unwrap(),
            forge.plaintext
        );
    });
}
