//! 55 to 57: quorums with false, planted, missing or misplaced shares, and floors.

use kms_core::{Error, FormatFault, KekFault, LimitFault, PolicyFault};

use crate::hostile::forge::{Forge, Wrap};
use crate::hostile::item::Item;
use crate::hostile::manifest::subsets;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};
use crate::hostile::watched::Answer;

const ID: [u8; 16] = [7; 16];
const ABC: [&str; 3] = ["local://a", "local://b", "local://c"];

fn two_of_three(forge: &Forge) -> Forge {
    let (entry, shares) = forge.quorum(2, ID, &ABC);
    forge
        .clone()
        .with_entries([entry])
        .with_shares(&Item::Array(vec![shares]))
}

fn reasons(reader: &Reader) -> Vec<(String, String)> {
    let mut attempts: Vec<_> = reader
        .attempts()
        .into_iter()
        .map(|(uri, reason)| (uri, reason.unwrap_or_else(|| "opened".into())))
        .collect();
    attempts.sort();
    attempts
}

#[track_caller]
fn blames(reader: &Reader, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(uri, reason)| ((*uri).to_owned(), (*reason).to_owned()))
        .collect();
    assert_eq!(reasons(reader), expected);
}

#[test]
fn n55_one_good_share_of_two() {
    on_both(|backend| {
        let forge = two_of_three(&Forge::message(backend));
        for pair in subsets(&ABC, 2) {
            assert_eq!(
                Reader::new(backend, &pair).open(&forge.envelope()).unwrap(),
                forge.plaintext
            );
        }
        for one in ABC {
            Reader::new(backend, &[one]).refuses(&forge.envelope(), Party::Caller, 0);
        }
        let reader = Reader::new(backend, &ABC);
        reader.keks[1].answers(Answer::WrongSecret);
        assert_eq!(
            reader.open(&forge.envelope()).unwrap(),
            forge.plaintext,
            "the third replaces the second"
        );
        assert_eq!(reader.calls(), 3);
        reader.keks[2].answers(Answer::Fault(KekFault::DoesNotUnwrap));
        reader.refuses(&forge.envelope(), Party::Flat, 3);
        blames(
            &reader,
            &[
                ("local://a", "opened"),
                ("local://b", "recipient.SealDoesNotOpen"),
                ("local://c", "provider.DoesNotUnwrap"),
            ],
        );
    });
}

#[test]
fn n55_planted_share_names_exactly_its_member() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let shares = kms_core::quorum::split(&crate::support::secret(&forge.dek), 2, 3, &*backend.random).unwrap();
        let shares: Vec<[u8; 32]> = shares.iter().map(|share| *share.expose()).collect();
        for planted in 0..3 {
            let mut dealt = shares.clone();
            dealt[planted][0] ^= 1;
            let (entry, bodies) = forge.quorum_of(2, ID, &ABC, &shares, &dealt);
            let envelope = forge
                .clone()
                .with_entries([entry])
                .with_shares(&Item::Array(vec![bodies]))
                .envelope();
            for others in subsets(&[0, 1, 2].map(|at| ABC[at]), 2)
                .iter()
                .filter(|pair| pair.contains(&ABC[planted]))
            {
                let reader = Reader::new(backend, others);
                reader.refuses(&envelope, Party::Flat, 2);
                let blamed: Vec<_> = reasons(&reader)
                    .into_iter()
                    .filter(|(_, reason)| reason != "opened")
                    .collect();
                assert_eq!(blamed, [(ABC[planted].to_owned(), "recipient.PlantedShare".to_owned())]);
            }
            let reader = Reader::new(backend, &ABC);
            assert_eq!(
                reader.open(&envelope).unwrap(),
                forge.plaintext,
                "the other two are enough"
            );
        }
        // Shares that all fit their commitments but are of another secret: TAG decides, and nobody is asked again.
        let other = kms_core::quorum::split(&crate::support::secret(&[9; 32]), 2, 3, &*backend.random).unwrap();
        let other: Vec<[u8; 32]> = other.iter().map(|share| *share.expose()).collect();
        let (entry, bodies) = forge.quorum_of(2, ID, &ABC, &other, &other);
        let envelope = forge
            .clone()
            .with_entries([entry])
            .with_shares(&Item::Array(vec![bodies]))
            .envelope();
        Reader::new(backend, &ABC).refuses(&envelope, Party::Flat, 2);
    });
}

/// A share's x is its place, so "x twice", "x = 0" and "x = n + 1" are one share too few, too many, or moved.
#[test]
fn n55_malformed_quorum() {
    on_both(|backend| {
        let forge = two_of_three(&Forge::message(backend));
        let entry = forge.mutable().field(3).unwrap().items()[0].clone();
        let bodies = Item::decode(&forge.shares).0;
        let refuses = |entry: &Item, shares: &Item, fault: FormatFault| {
            let envelope = forge
                .clone()
                .with_entries([entry.clone()])
                .with_shares(shares)
                .envelope();
            let error = Reader::new(backend, &ABC).refuses(&envelope, Party::Format, 0);
            assert_eq!(error, Error::Format(fault));
        };
        for k in [0, 1, 4, 16] {
            refuses(&entry.clone().with(11, Item::Uint(k)), &bodies, FormatFault::Quorum);
        }
        refuses(&entry.clone().with(11, Item::Uint(256)), &bodies, FormatFault::Value);
        let commitment = entry.field(12).unwrap().items()[0].clone();
        for n in [0, 1, 17] {
            let commitments = Item::Array(vec![commitment.clone(); n]);
            refuses(&entry.clone().with(12, commitments), &bodies, FormatFault::Quorum);
        }
        for key in [10, 11, 12] {
            let fault = if key == 12 {
                FormatFault::Quorum
            } else {
                FormatFault::MissingKey
            };
            refuses(&entry.clone().without(key), &bodies, fault);
        }
        let shares = bodies.items()[0].items().to_vec();
        for list in [&shares[..2], &[&shares[..], &shares[..1]].concat(), &[]] {
            let list = Item::Array(vec![Item::Array(list.to_vec())]);
            refuses(&entry, &list, FormatFault::Quorum);
        }
        for lists in [0, 2] {
            refuses(
                &entry,
                &Item::Array(vec![bodies.items()[0].clone(); lists]),
                FormatFault::Quorum,
            );
        }
        let version = |version: u64| {
            let mut bodies = bodies.clone();
            bodies.items_mut()[0].items_mut()[0].set(8, Item::Uint(version));
            bodies
        };
        refuses(&entry, &version(0), FormatFault::Value);
        refuses(&entry, &version(1 << 32), FormatFault::Value);

        let mut none = forge.clone();
        none.shares.clear();
        Reader::new(backend, &ABC).refuses(&none.envelope(), Party::Format, 0);
        let single = Forge::message(backend);
        let shares_alone = single.clone().with_shares(&bodies);
        Reader::new(backend, &ABC).refuses(&shares_alone.envelope(), Party::Format, 0);
        let twice = forge.clone().with_entries([entry.clone(), entry]);
        let both = Item::Array(vec![bodies.items()[0].clone(), bodies.items()[0].clone()]);
        Reader::new(backend, &ABC).refuses(&twice.with_shares(&both).envelope(), Party::Format, 0);
    });
}

#[test]
fn n55_shares_moved_to_another_place() {
    on_both(|backend| {
        let forge = two_of_three(&Forge::message(backend));
        let bodies = Item::decode(&forge.shares).0.items()[0].items().to_vec();
        let swapped = [bodies[1].clone(), bodies[0].clone(), bodies[2].clone()];
        let envelope = forge
            .clone()
            .with_shares(&Item::Array(vec![Item::Array(swapped.to_vec())]))
            .envelope();
        let reader = Reader::new(backend, &ABC);
        reader.refuses(&envelope, Party::Flat, 2);
        let twice = [bodies[0].clone(), bodies[0].clone(), bodies[2].clone()];
        let envelope = forge
            .clone()
            .with_shares(&Item::Array(vec![Item::Array(twice.to_vec())]))
            .envelope();
        let reader = Reader::new(backend, &["local://a"]);
        reader.refuses(&envelope, Party::Flat, 2);
        blames(
            &reader,
            &[("local://a", "opened"), ("local://a", "recipient.SealDoesNotOpen")],
        );
    });
}

#[test]
fn n55_five_quorums() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let quorums: Vec<_> = (0..5).map(|at| forge.quorum(2, [at; 16], &ABC)).collect();
        let with = |count: usize| {
            let (entries, shares): (Vec<_>, Vec<_>) = quorums[..count].iter().cloned().unzip();
            forge
                .clone()
                .with_entries(entries)
                .with_shares(&Item::Array(shares))
                .envelope()
        };
        assert_eq!(Reader::new(backend, &ABC).open(&with(4)).unwrap(), forge.plaintext);
        let error = Reader::new(backend, &ABC).refuses(&with(5), Party::Limit, 0);
        assert_eq!(error, Error::Limit(LimitFault::Recipients));
    });
}

fn with_floor(forge: &Forge, key: u64, value: u64) -> Forge {
    forge
        .clone()
        .with_imm(&forge.imm().with(7, Item::fields([(key, Item::Uint(value))])))
}

#[test]
fn n56_single_beside_a_quorum_under_a_quorum_floor() {
    on_both(|backend| {
        let forge = with_floor(&Forge::message(backend), 2, 2);
        let (entry, shares) = forge.quorum(2, ID, &ABC);
        let shares = Item::Array(vec![shares]);
        let alone = forge.clone().with_entries([entry.clone()]).with_shares(&shares);
        assert_eq!(
            Reader::new(backend, &ABC).open(&alone.envelope()).unwrap(),
            forge.plaintext
        );
        // Whoever has the data key may write this; the TAG is right.
        let beside = forge
            .clone()
            .with_entries([entry, forge.single("local://d")])
            .with_shares(&shares);
        let reader = Reader::new(backend, &["local://a", "local://b", "local://d"]);
        let error = reader.refuses(&beside.envelope(), Party::Policy, 0);
        assert_eq!(error, Error::Policy(PolicyFault::FloorQuorum));
        let three = with_floor(&alone, 2, 3);
        let error = Reader::new(backend, &ABC).refuses(&three.envelope(), Party::Policy, 0);
        assert_eq!(error, Error::Policy(PolicyFault::FloorQuorum));
    });
}

#[test]
fn n56_classical_recipient_under_a_posture_floor() {
    on_both(|backend| {
        let rsa = |forge: &Forge| {
            let wrap = Wrap {
                scheme: 2,
                ..Wrap::local("azure-kv://vault/rsa")
            };
            let params = Item::fields([(1, Item::Uint(1))]);
            forge
                .sealed(&wrap, &[3; 32])
                .with(4, Item::Bytes(vec![1; 256]))
                .with(6, params)
        };
        let hpke = |forge: &Forge, kem: u64, length: usize| {
            let wrap = Wrap {
                scheme: 3,
                ..Wrap::local("hpke:key")
            };
            let params = Item::fields([(1, Item::Uint(kem))]);
            forge
                .sealed(&wrap, &[3; 32])
                .with(4, Item::Bytes(vec![1; length]))
                .with(6, params)
        };
        for floor in [1, 2] {
            let forge = with_floor(&Forge::message(backend), 1, floor);
            let reader = Reader::new(backend, &["local://a"]);
            assert_eq!(reader.open(&forge.envelope()).unwrap(), forge.plaintext);
            let ml_kem = hpke(&forge, 0x0041, 1088);
            for (entry, refused) in [
                (rsa(&forge), true),
                (hpke(&forge, 0x0010, 65), true),
                (hpke(&forge, 0x0020, 32), true),
                (ml_kem, floor == 2),
                (hpke(&forge, 0x647a, 1120), false),
                (Item::fields([(1, Item::Uint(40))]), true),
            ] {
                let envelope = forge
                    .clone()
                    .with_entries([forge.single("local://a"), entry])
                    .envelope();
                if refused {
                    let error = reader.refuses(&envelope, Party::Policy, 0);
                    assert_eq!(error, Error::Policy(PolicyFault::FloorPosture));
                } else {
                    assert_eq!(reader.open(&envelope).unwrap(), forge.plaintext);
                }
            }
        }
        for (key, value) in [(1, 0), (1, 3), (2, 1), (2, 17), (2, 0)] {
            let forge = with_floor(&Forge::message(backend), key, value);
            Reader::new(backend, &["local://a"]).refuses(&forge.envelope(), Party::Format, 0);
        }
        let forge = Forge::message(backend);
        let empty = forge.clone().with_imm(&forge.imm().with(7, Item::Map(Vec::new())));
        Reader::new(backend, &["local://a"]).refuses(&empty.envelope(), Party::Format, 0);
    });
}

#[test]
fn n56_quorum_with_too_many_classical_shares() {
    on_both(|backend| {
        let forge = with_floor(&Forge::message(backend), 1, 1);
        let (entry, shares) = forge.quorum(2, ID, &ABC);
        let classical = |count: usize| {
            let mut shares = shares.clone();
            for share in &mut shares.items_mut()[3 - count..] {
                *share = share.clone().with(1, Item::Uint(2)).with(4, Item::Bytes(vec![1; 256]));
                share.set(6, Item::fields([(1, Item::Uint(1))]));
            }
            forge
                .clone()
                .with_entries([entry.clone()])
                .with_shares(&Item::Array(vec![shares]))
                .envelope()
        };
        assert_eq!(Reader::new(backend, &ABC).open(&classical(1)).unwrap(), forge.plaintext);
        for count in [2, 3] {
            let error = Reader::new(backend, &ABC).refuses(&classical(count), Party::Policy, 0);
            assert_eq!(error, Error::Policy(PolicyFault::FloorPosture));
        }
    });
}

#[test]
fn n57_share_of_an_old_sharing_in_a_new_header() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let (_, old) = forge.quorum(2, [1; 16], &ABC);
        let (entry, new) = forge.quorum(2, [2; 16], &ABC);
        for (at, member) in ABC.into_iter().enumerate() {
            let mut mixed = new.clone();
            mixed.items_mut()[at] = old.items()[at].clone();
            let envelope = forge
                .clone()
                .with_entries([entry.clone()])
                .with_shares(&Item::Array(vec![mixed]))
                .envelope();
            let other = (at + 1) % 3;
            let reader = Reader::new(backend, &[member, ABC[other]]);
            reader.refuses(&envelope, Party::Flat, 2);
            let blamed: Vec<_> = reasons(&reader)
                .into_iter()
                .filter(|(_, reason)| reason != "opened")
                .collect();
            assert_eq!(blamed, [(member.to_owned(), "recipient.SealDoesNotOpen".to_owned())]);
            assert_eq!(Reader::new(backend, &ABC).open(&envelope).unwrap(), forge.plaintext);
        }
    });
}
