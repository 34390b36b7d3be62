//! One file, two plaintexts: for no key and no header. The AEADs of the format do not commit to their keys, so each
//! test first makes a ciphertext that really opens under two keys, and then shows that KS1 does not: the payload's
//! commitment and the header's TAG stand in front.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

mod hostile;
mod support;

use std::sync::Arc;

use hostile::collision::{Lock, collide};
use hostile::forge::{Forge, Wrap};
use hostile::item::Item;
use hostile::on_both;
use hostile::reader::{Party, Reader};
use hostile::watched::Watched;
use kms_core::crypto::{Aead, CryptoBackend};
use support::{TestKek, secret};

const SUITES: [u16; 3] = [1, 2, 3];

/// Opens `sealed` with the bare AEAD.
fn bare_open(aead: &dyn Aead, lock: Lock, sealed: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; sealed.len() - 16];
    aead.key(&lock.key).open_into(&lock.nonce, &[], sealed, &mut out).ok()?;
    Some(out)
}

#[test]
fn every_aead_of_the_format_has_salamanders() {
    on_both(|backend| {
        for suite in SUITES {
            let aead = Forge::of(backend, suite, 1).aead();
            for seed in 0..4 {
                let lock = |n: u8| Lock {
                    key: [n; 32],
                    nonce: [n ^ 0x33; 12],
                };
                let (one, two) = (lock(2 * seed + 1), lock(2 * seed + 2));
                let sealed = collide(suite, one, two);
                let opened = [one, two].map(|lock| bare_open(aead, lock, &sealed).expect("a salamander opens"));
                assert_ne!(opened[0], opened[1], "to two plaintexts");
                assert_eq!(bare_open(aead, lock(99), &sealed), None, "and under no third key");
            }
        }
    });
}

/// Two headers that name one payload, by message ids that agree in the 24 bytes of the salt.
fn two_headers(backend: &CryptoBackend, suite: u16) -> [Forge; 2] {
    let one = Forge::of(backend, suite, 1);
    let mut two = one.clone();
    two.message_id[31] ^= 1;
    two.dek = [0x77; 32];
    two.dek_id = [0x88; 16];
    let imm = two
        .imm()
        .with(1, Item::bytes(&two.message_id))
        .with(2, Item::bytes(&two.dek_id));
    let two = two.with_imm(&imm);
    let entry = two.single("local://a");
    [one, two.with_entries([entry])]
}

#[test]
fn no_payload_opens_under_two_headers() {
    let tried = std::cell::Cell::new(0);
    on_both(|backend| {
        for suite in SUITES {
            let headers = two_headers(backend, suite);
            let [one, two] = headers.each_ref().map(|forge| {
                let (key, nonce, _) = forge.payload_keys();
                Lock { key, nonce }
            });
            let chunk = collide(suite, one, two);
            let plaintexts = [one, two].map(|lock| bare_open(headers[0].aead(), lock, &chunk).unwrap());
            assert_ne!(plaintexts[0], plaintexts[1], "the chunk itself opens under both");

            let starts = headers.each_ref().map(Forge::payload_start);
            let mixed = [&starts[0][..40], &starts[1][40..]].concat();
            for (start, expected) in [(&starts[0], Some(0)), (&starts[1], Some(1)), (&mixed, None)] {
                let payload = [&start[..], &chunk].concat();
                for (at, forge) in headers.iter().enumerate() {
                    tried.set(tried.get() + 1);
                    let reader = Reader::new(backend, &["local://a"]);
                    if expected == Some(at) {
                        let opened = reader.open_detached(&forge.header(), &payload);
                        assert_eq!(opened.unwrap(), plaintexts[at], "its own header opens it");
                    } else {
                        reader.refuses_detached(&forge.header(), &payload, Party::Flat, 1);
                        let attached = [forge.header(), payload.clone()].concat();
                        reader.refuses(&attached, Party::Flat, 1);
                    }
                }
            }
        }
    });
    println!(
        "{} pairs of header and payload, each payload opened by at most one header",
        tried.get()
    );
}

/// A reader whose key for `local://a` is `key`.
fn holder(backend: &CryptoBackend, key: u8) -> Reader {
    let kek = TestKek {
        versions: vec![(Some(b"1".to_vec()), secret(&[key; 32]))],
        ..TestKek::new(backend, "local://a", 0)
    };
    Reader::with(backend, vec![Watched::new(Arc::new(kek))])
}

/// A crafted `s` opens under the keys of two readers and gives each another secret: this is what a partitioning
/// oracle asks about. TAG fits one of the two secrets, and the other reader sees what any wrong key sees.
#[test]
fn a_seal_that_opens_for_two_keys_serves_one_of_them() {
    on_both(|backend| {
        for suite in SUITES {
            let forge = Forge::of(backend, suite, 1);
            let entry = forge.single("local://a");
            let salt: [u8; 32] = entry.field(4).unwrap().as_bytes().try_into().unwrap();
            let binding = forge.binding(&Wrap::local("local://a"));
            let [one, two] = [1, 2].map(|key: u8| {
                let w = forge.expand(&[key; 32], "local", &[&salt, &binding], 32);
                let key = forge.expand(&w, "seal", &[&binding], 32).try_into().unwrap();
                Lock { key, nonce: [0; 12] }
            });
            let seal = collide(suite, one, two);
            let secrets = [one, two].map(|lock| bare_open(forge.aead(), lock, &seal).unwrap());
            assert_ne!(secrets[0], secrets[1]);
            for meant in [0, 1] {
                let mut forge = forge.clone().with_entries([entry.clone().with(5, Item::bytes(&seal))]);
                forge.dek = secrets[meant].clone().try_into().unwrap();
                let envelope = forge.envelope();
                assert_eq!(
                    holder(backend, 1 + meant as u8).open(&envelope).unwrap(),
                    forge.plaintext
                );
                let misled = holder(backend, 2 - meant as u8);
                let by_tag = misled.refuses(&envelope, Party::Flat, 1);
                let by_seal = holder(backend, 9).refuses(&envelope, Party::Flat, 1);
                assert_eq!(by_tag, by_seal, "the two failures are one");
            }
        }
    });
}

/// A sealer may lie to one recipient and lock it out; it cannot show it something else.
#[test]
fn recipients_with_different_data_keys_cannot_both_open() {
    let opened = std::cell::Cell::new(0);
    on_both(|backend| {
        for suite in SUITES {
            for level in [0, 1] {
                let forge = Forge::of(backend, suite, 1);
                let wrap = |kid, secret| Wrap {
                    level,
                    secret,
                    ..Wrap::local(kid)
                };
                let entries = [
                    forge.wrap(&wrap("local://a", None)),
                    forge.wrap(&wrap("local://b", Some([0x99; 32]))),
                ];
                let envelope = forge.clone().with_entries(entries).envelope();
                assert_eq!(
                    Reader::new(backend, &["local://a"]).open(&envelope).unwrap(),
                    forge.plaintext
                );
                Reader::new(backend, &["local://b"]).refuses(&envelope, Party::Flat, 1);
                opened.set(opened.get() + 1);
            }
        }
    });
    println!("{} envelopes opened for one recipient and for no second", opened.get());
}

/// Two quorums over different secrets under one header: as with singles.
#[test]
fn quorums_with_different_secrets_cannot_both_open() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let other = Forge {
            dek: [0x99; 32],
            ..forge.clone()
        };
        let (first, shares) = forge.quorum(2, [1; 16], &["local://a", "local://b"]);
        let (second, others) = other.quorum(2, [2; 16], &["local://c", "local://d"]);
        let both = forge
            .clone()
            .with_entries([first, second])
            .with_shares(&Item::Array(vec![shares, others]));
        let envelope = both.envelope();
        assert_eq!(
            Reader::new(backend, &["local://a", "local://b"])
                .open(&envelope)
                .unwrap(),
            forge.plaintext
        );
        Reader::new(backend, &["local://c", "local://d"]).refuses(&envelope, Party::Flat, 2);
    });
}
