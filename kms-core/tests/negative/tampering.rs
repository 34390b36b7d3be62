//! 28 to 38 and 49: bytes that were changed, moved or taken from elsewhere, by whoever has no key and by whoever has.

use std::collections::BTreeMap;
use std::sync::Arc;

use kms_core::{
    Error, FormatFault, Header, Kek, Level, OpenPolicy, Recipient, RewrapOutcome, Rewrapper, Sealer, Target,
};

use crate::hostile::collision::{Lock, collide};
use crate::hostile::forge::{Forge, Wrap};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader, assert_silent, party};
use crate::hostile::regions::Regions;
use crate::hostile::watched::Watched;
use crate::support::run;

const SEAL_DOES_NOT_OPEN: Option<&str> = Some("recipient.SealDoesNotOpen");

fn two_recipients(forge: &Forge) -> Forge {
    forge
        .clone()
        .with_entries([forge.single("local://a"), forge.single("local://b")])
}

#[test]
fn n28_padding_that_is_not_zero() {
    on_both(|backend| {
        for at in [0, 255, 511] {
            let mut forge = Forge::message(backend);
            forge.padding = vec![0; 512];
            assert_eq!(
                Reader::new(backend, &["local://a"]).open(&forge.envelope()).unwrap(),
                forge.plaintext
            );
            forge.padding[at] = 1;
            let error = Reader::new(backend, &["local://a"]).refuses(&forge.envelope(), Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Padding));
        }
        let mut forge = Forge::message(backend);
        let (entry, shares) = forge.quorum(2, [7; 16], &["local://a", "local://b"]);
        forge = forge.with_entries([entry]).with_shares(&Item::Array(vec![shares]));
        forge.shares.extend([0; 64]);
        let reader = Reader::new(backend, &["local://a", "local://b"]);
        assert_eq!(reader.open(&forge.envelope()).unwrap(), forge.plaintext);
        *forge.shares.last_mut().unwrap() = 1;
        assert_eq!(
            reader.refuses(&forge.envelope(), Party::Format, 0),
            Error::Format(FormatFault::Padding)
        );
    });
}

#[test]
fn n29_pad_len_changed_with_its_bytes() {
    on_both(|backend| {
        let mut forge = Forge::message(backend);
        forge.padding = vec![0; 64];
        let regions = Regions::of(&forge.envelope());
        for length in [0, 63, 65, 64 + 4096] {
            let mut moved = regions.clone();
            moved.padding = vec![0; length];
            Reader::new(backend, &["local://a"]).refuses(&moved.bytes(), Party::Flat, 1);
        }
        // The length alone: TAG and payload are then read one byte off.
        for length in [63_u32, 65] {
            let mut alone = forge.envelope();
            alone[20..24].copy_from_slice(&length.to_be_bytes());
            Reader::new(backend, &["local://a"]).refuses(&alone, Party::Format, 0);
        }
    });
}

#[test]
fn n30_previous_tag_without_sequence_or_the_reverse() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let prev = || Item::bytes(&[9; 16]);
        let cases = [
            (forge.mutable().with(1, Item::Uint(1)), FormatFault::Sequence),
            (forge.mutable().with(2, prev()), FormatFault::Sequence),
            (
                forge.mutable().with(1, Item::Uint(1)).with(2, Item::bytes(&[9; 15])),
                FormatFault::Length,
            ),
            (forge.mutable().without(1), FormatFault::MissingKey),
            (forge.mutable().with(1, Item::Negative(0)), FormatFault::Type),
        ];
        for (mutable, fault) in cases {
            let envelope = forge.clone().with_mut(&mutable).envelope();
            let error = Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Format, 0);
            assert_eq!(error, Error::Format(fault));
        }
        let sound = forge.mutable().with(1, Item::Uint(u64::MAX)).with(2, prev());
        let envelope = forge.clone().with_mut(&sound).envelope();
        assert_eq!(
            Reader::new(backend, &["local://a"]).open(&envelope).unwrap(),
            forge.plaintext
        );
    });
}

#[test]
fn n31_any_bit_of_the_header_flipped() {
    on_both(|backend| {
        let mut forge = two_recipients(&Forge::message(backend));
        forge.padding = vec![0; 8];
        let envelope = forge.envelope();
        let covered = forge.header().len();
        let reader = Reader::new(backend, &["local://a", "local://b"]);
        let mut seen = BTreeMap::<String, usize>::new();
        for bit in 0..8 * covered {
            let mut flipped = envelope.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = reader.open(&flipped).expect_err("a flipped bit opened");
            assert_silent(&error);
            let party = party(&error);
            assert!(
                matches!(party, Party::Format | Party::Limit | Party::Policy | Party::Flat),
                "{bit}: {error}"
            );
            *seen.entry(format!("{party:?}")).or_default() += 1;
        }
        println!("{}: {} flipped bits: {seen:?}", backend.name, 8 * covered);
    });
}

#[test]
fn n32_recipient_removed_added_or_swapped() {
    on_both(|backend| {
        let forge = two_recipients(&Forge::message(backend));
        let regions = Regions::of(&forge.envelope());
        let entries = forge.mutable().field(3).unwrap().items().to_vec();
        let guest = forge.single("local://guest");
        let lists = [
            vec![entries[0].clone()],
            vec![entries[1].clone()],
            vec![entries[1].clone(), entries[0].clone()],
            vec![entries[0].clone(), entries[0].clone(), entries[1].clone()],
            vec![entries[0].clone(), entries[1].clone(), guest.clone()],
            vec![entries[0].clone(), guest],
        ];
        for entries in lists {
            let mut edited = regions.clone();
            edited.mutable = forge.mutable().with(3, Item::Array(entries)).encode();
            let reader = Reader::new(backend, &["local://a", "local://b"]);
            reader.refuses(&edited.bytes(), Party::Flat, 1);
            assert_eq!(
                reader.attempts()[0].1,
                None,
                "the seal opens, the TAG does not fit, and nobody else is asked"
            );
        }
    });
}

#[test]
fn n33_recipient_of_another_file_of_the_same_data_key() {
    on_both(|backend| {
        let kek = |name: &str| Watched::local(backend, name) as Arc<dyn Kek>;
        let key = run(Sealer::new(backend.clone()).recipient(kek("local://a")).data_key()).unwrap();
        let (one, other) = (key.seal(b"one").unwrap(), key.seal(b"other").unwrap());
        let header = Header::parse_prefix(&other, 16).unwrap();
        let rewrapper = Rewrapper::new(Reader::new(backend, &["local://a"]).opener);
        for level in [Level::DataKey, Level::Message] {
            let added = Target::Add(vec![Recipient::single(kek("local://b")).at(level)]);
            let RewrapOutcome::Rewrapped(new) = run(rewrapper.rewrap(&header, &added, Some(5))).unwrap() else {
                panic!("a recipient was added");
            };
            let donor = Item::decode(&Regions::of(&new.header).mutable).0;
            let guest = donor.field(3).unwrap().items()[1].clone();
            let mut spliced = Regions::of(&one);
            let mut mutable = Item::decode(&spliced.mutable).0;
            mutable.field_mut(3).items_mut().push(guest.clone());
            spliced.mutable = mutable.encode();
            let reader = Reader::new(backend, &["local://b"]);
            reader.refuses(&spliced.bytes(), Party::Flat, 1);
            // A level-0 entry is bound to the data key only, so its seal opens and TAG decides.
            let reason = (level == Level::Message).then_some("recipient.SealDoesNotOpen");
            assert_eq!(reader.attempts()[0].1.as_deref(), reason);
        }
    });
}

#[test]
fn n34_recipient_of_another_data_key() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let other = Forge {
            dek: [0x77; 32],
            dek_id: [0x88; 16],
            ..forge.clone()
        };
        let spliced = forge.clone().with_entries([other.single("local://a")]).envelope();
        let reader = Reader::new(backend, &["local://a"]);
        reader.refuses(&spliced, Party::Flat, 1);
        let [(uri, reason)] = &reader.attempts()[..] else {
            panic!("one call")
        };
        assert_eq!(
            (uri.as_str(), reason.as_deref()),
            ("local://a", SEAL_DOES_NOT_OPEN),
            "no provider is accused"
        );
    });
}

#[test]
fn n35_suite_changed() {
    on_both(|backend| {
        for (from, to) in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3)] {
            let mut envelope = Forge::of(backend, from, 1).envelope();
            envelope[10..12].copy_from_slice(&u16::to_be_bytes(to));
            Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Flat, 1);
        }
        for to in [1, 2] {
            let mut ticket = Forge::of(backend, 0x10, 2).header();
            ticket[10..12].copy_from_slice(&u16::to_be_bytes(to));
            Reader::new(backend, &["local://a"]).refuses_ticket(&ticket, Party::Flat, 1);
        }
    });
}

#[test]
fn n36_kind_changed() {
    on_both(|backend| {
        let reader = Reader::new(backend, &["local://a"]);
        let mut secret = Forge::message(backend).envelope();
        secret[8] = 3;
        reader.refuses(&secret, Party::Flat, 1);
        // Between messages and tickets the label `ks1-mode` tells the difference without a key.
        let mut ticket = Forge::message(backend).header();
        ticket[8] = 2;
        assert_eq!(
            reader.refuses_ticket(&ticket, Party::Format, 0),
            Error::Format(FormatFault::Record)
        );
        let mut message = Forge::of(backend, 1, 2).header();
        message[8] = 1;
        assert_eq!(
            reader.refuses(&message, Party::Format, 0),
            Error::Format(FormatFault::Record)
        );
        // With the label put in or taken out, the keys tell.
        let forge = Forge::message(backend);
        let labelled = forge.imm().with(5, Item::texts([("ks1-mode", "none")]));
        let mut relabelled = Regions::of(&forge.clone().with_imm(&labelled).header());
        relabelled.start[8] = 2;
        reader.refuses_ticket(&relabelled.bytes(), Party::Flat, 1);
    });
}

#[test]
fn n37_header_on_another_payload() {
    on_both(|backend| {
        let one = Forge::message(backend);
        let mut other = one.clone();
        other.message_id = [0x44; 32];
        let other = other.clone().with_imm(&other.imm().with(1, Item::bytes(&[0x44; 32])));
        let reader = Reader::new(backend, &["local://a"]);
        assert_eq!(reader.open(&other.envelope()).unwrap(), one.plaintext);
        let expected = Error::Format(FormatFault::OtherPayload);
        let attached = [one.header(), other.payload()].concat();
        assert_eq!(reader.refuses(&attached, Party::Format, 0), expected);
        assert_eq!(
            reader.refuses_detached(&one.header(), &other.payload(), Party::Format, 0),
            expected
        );
    });
}

#[test]
fn n38_the_same_with_the_salt_patched() {
    on_both(|backend| {
        let one = Forge::message(backend);
        let mut other = one.clone();
        other.message_id = [0x44; 32];
        let mut payload = other.payload();
        payload[..24].copy_from_slice(&one.message_id[..24]);
        let reader = Reader::new(backend, &["local://a"]);
        reader.refuses_detached(&one.header(), &payload, Party::Flat, 1);
        // And with the commitment patched: the chunks are under another key.
        payload[..56].copy_from_slice(&one.payload_start());
        reader.refuses_detached(&one.header(), &payload, Party::Flat, 1);
    });
}

#[test]
fn n49_two_recipients_with_different_data_keys() {
    on_both(|backend| {
        for suite in [1, 2, 3] {
            let forge = Forge::of(backend, suite, 1);
            let lied_to = Wrap {
                secret: Some([0x99; 32]),
                ..Wrap::local("local://b")
            };
            let forge = forge
                .clone()
                .with_entries([forge.single("local://a"), forge.wrap(&lied_to)]);
            let envelope = forge.envelope();
            assert_eq!(
                Reader::new(backend, &["local://a"]).open(&envelope).unwrap(),
                forge.plaintext
            );
            Reader::new(backend, &["local://b"]).refuses(&envelope, Party::Flat, 1);
            // A TAG that does not fit ends the open: the second recipient is not asked, so no reader can tell by
            // the calls which of the two secrets the sealer meant.
            let both = Reader::new(backend, &["local://b", "local://a"]).policy(OpenPolicy::default());
            both.refuses(&envelope, Party::Flat, 1);
        }
    });
}

/// `salamander.rs` has every suite and the seals too.
#[test]
fn n48_salamander_payload_under_two_headers() {
    on_both(|backend| {
        let one = Forge::message(backend);
        let mut two = one.clone();
        two.message_id[31] ^= 1;
        two = two.clone().with_imm(&two.imm().with(1, Item::bytes(&two.message_id)));
        let [first, second] = [&one, &two].map(|forge| {
            let (key, nonce, _) = forge.payload_keys();
            Lock { key, nonce }
        });
        let chunk = collide(1, first, second);
        for (owner, stranger) in [(&one, &two), (&two, &one)] {
            let payload = [owner.payload_start(), chunk.clone()].concat();
            let reader = Reader::new(backend, &["local://a"]);
            assert_eq!(reader.open_detached(&owner.header(), &payload).unwrap().len(), 32);
            reader.refuses_detached(&stranger.header(), &payload, Party::Flat, 1);
        }
    });
}
