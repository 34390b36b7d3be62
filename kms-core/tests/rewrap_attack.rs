//! Why TAG is HMAC and no AEAD tag. A header that is authenticated by AES-GCM under the data key with a fixed IV gives
//! its GHASH key away as soon as it is rewrapped: two tags under one key and IV differ by a polynomial whose root is
//! that key. The first test runs the attack against such a format and forges a header and a frame of the body; the
//! second runs it against KS1.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

mod hostile;
mod support;

use std::sync::Arc;

use aws_lc_rs::rand;
use hostile::forge::Forge;
use hostile::gf128::{Gf, Poly, ghash_polynomial};
use hostile::item::Item;
use hostile::on_both;
use hostile::reader::{Party, Reader};
use hostile::regions::Regions;
use kms_core::crypto::{AeadKey, CryptoBackend};
use kms_core::{Header, Kek, Keyring, Opener, Recipient, RewrapOutcome, Rewrapper, Target};
use support::{TestKek, run};

/// A message as version 2 of the AWS Encryption SDK lays it out where it matters: header and frames under one derived
/// key; the header's tag is AES-GCM with IV 0 over the header as associated data, the IV of a frame is its number.
struct FixedIvMessage {
    key: Box<dyn AeadKey>,
    message_id: [u8; 32],
}

impl FixedIvMessage {
    fn new(backend: &CryptoBackend) -> Self {
        let mut key = [0; 32];
        let mut message_id = [0; 32];
        rand::fill(&mut key).unwrap();
        rand::fill(&mut message_id).unwrap();
        Self {
            key: backend.aes_gcm.key(&key),
            message_id,
        }
    }

    /// The authenticated part of a header: only the wrapped keys are other after a rewrap.
    fn header(&self, context: &[u8], wrapped_keys: &[&[u8]]) -> Vec<u8> {
        let mut body = vec![0x02, 0x04, 0x78];
        body.extend(self.message_id);
        body.extend((context.len() as u16).to_be_bytes());
        body.extend(context);
        body.extend((wrapped_keys.len() as u16).to_be_bytes());
        wrapped_keys.iter().for_each(|wrapped| body.extend_from_slice(wrapped));
        body.extend([2, 0, 0, 16, 0]);
        body
    }

    fn header_tag(&self, body: &[u8]) -> Gf {
        Gf::of(&self.key.seal_in_place(&[0; 12], body, &mut []))
    }

    fn accepts_header(&self, body: &[u8], tag: Gf) -> bool {
        self.key.open_in_place(&[0; 12], body, &mut [], &tag.bytes()).is_ok()
    }

    fn frame_nonce(number: u8) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[11] = number;
        nonce
    }

    fn seal_frame(&self, number: u8, frame: &mut [u8]) -> Gf {
        Gf::of(
            &self
                .key
                .seal_in_place(&Self::frame_nonce(number), &self.message_id, frame),
        )
    }

    fn open_frame(&self, number: u8, sealed: &[u8], tag: Gf) -> Option<Vec<u8>> {
        let mut frame = sealed.to_vec();
        let opened = self
            .key
            .open_in_place(&Self::frame_nonce(number), &self.message_id, &mut frame, &tag.bytes());
        opened.is_ok().then_some(frame)
    }
}

/// What two authenticated headers tell of the key: a few candidates for H.
fn candidates(one: &[u8], tag_one: Gf, two: &[u8], tag_two: Gf) -> (Poly, Vec<Gf>) {
    let difference = ghash_polynomial(one, &[])
        .plus(&ghash_polynomial(two, &[]))
        .plus_constant(tag_one + tag_two);
    let roots = difference.roots();
    (difference, roots)
}

/// The tag of `forged` if H were `h`: the part that does not depend on the text falls out of a known pair.
fn forged_tag(h: Gf, known: (&[u8], &[u8]), tag: Gf, forged: (&[u8], &[u8])) -> Gf {
    tag + ghash_polynomial(known.0, known.1).at(h) + ghash_polynomial(forged.0, forged.1).at(h)
}

#[test]
fn a_rewrapped_header_with_a_fixed_iv_gives_the_authentication_key_away() {
    on_both(|backend| {
        for wrapped_key_len in [16, 100, 300] {
            let message = FixedIvMessage::new(backend);
            let wrapped = [0x11, 0x22, 0x33].map(|byte| vec![byte; wrapped_key_len]);
            let before = message.header(b"tenant=7", &[&wrapped[0]]);
            let after = message.header(b"tenant=7", &[&wrapped[1], &wrapped[2]]);
            let tags = [&before, &after].map(|body| message.header_tag(body));
            let mut frame = b"pay 10 to the bearer of this".to_vec();
            let plaintext = frame.clone();
            let frame_tag = message.seal_frame(1, &mut frame);

            let (polynomial, roots) = candidates(&before, tags[0], &after, tags[1]);
            let forged = message.header(b"tenant=8", &[b"a recipient of the attacker's choice"]);
            let fits = |h: &&Gf| {
                let tag = forged_tag(**h, (&before, &[]), tags[0], (&forged, &[]));
                message.accepts_header(&forged, tag)
            };
            let h = roots.iter().find(fits).expect("one of the roots is the key");

            let mut other = frame.clone();
            other[4..6]
                .iter_mut()
                .zip(*b"10")
                .zip(*b"99")
                .for_each(|((byte, old), new)| *byte ^= old ^ new);
            let id = &message.message_id;
            let tag = forged_tag(*h, (id, &frame), frame_tag, (id, &other));
            let opened = message.open_frame(1, &other, tag).expect("the forged frame opens");
            assert_eq!(
                (&plaintext[..6], &opened[..]),
                (&b"pay 10"[..], &b"pay 99 to the bearer of this"[..])
            );
            println!(
                "{}: degree {}, {} roots, header and frame forged",
                backend.name,
                polynomial.degree(),
                roots.len()
            );
        }
    });
}

#[test]
fn the_same_attack_gives_nothing_against_ks1() {
    let attempts = std::cell::Cell::new(0);
    on_both(|backend| {
        for suite in [1, 2, 3] {
            let forge = Forge::of(backend, suite, 1);
            let before = forge.envelope();
            let after = rewrapped(backend, &before);
            let reader = || Reader::new(backend, &["local://a"]);
            assert_eq!(
                reader().open(&after).unwrap(),
                forge.plaintext,
                "the rewrapped envelope opens"
            );

            let covered = [&before, &after].map(|envelope| covered(envelope));
            let regions = [&before, &after].map(|envelope| Regions::of(envelope));
            let halves = |at: usize| [0, 16].map(|start| Gf::of(&regions[at].tag[start..start + 16]));
            let (one, two) = (halves(0), halves(1));

            // The attacker's header: the recipients in another order, and one of its own.
            let mut forged = regions[1].clone();
            let mut mutable = Item::decode(&forged.mutable).0;
            mutable.field_mut(3).items_mut().reverse();
            mutable.field_mut(3).items_mut().push(forge.single("local://attacker"));
            forged.mutable = mutable.encode();
            let forged_covered = covered_of(&forged);

            let mut tags = vec![regions[0].tag.clone(), regions[1].tag.clone()];
            let sum = |a: Gf, b: Gf| (a + b).bytes();
            tags.push([sum(one[0], two[0]), sum(one[1], two[1])].concat());
            let mut keys = Vec::new();
            for half in [0, 1] {
                let (_, roots) = candidates(&covered[0], one[half], &covered[1], two[half]);
                for h in roots {
                    let [low, high] =
                        [0, 1].map(|half| forged_tag(h, (&covered[0], &[]), one[half], (&forged_covered, &[])).bytes());
                    tags.push([low, high].concat());
                    keys.push(h);
                }
            }
            for tag in tags {
                forged.tag = tag;
                reader().refuses(&forged.bytes(), Party::Flat, 1);
                attempts.set(attempts.get() + 1);
            }

            // And the payload: a flipped bit with its tag mended, under each candidate.
            let chunk = &regions[0].payload[56..];
            let (text, tag) = chunk.split_at(chunk.len() - 16);
            let mut flipped = text.to_vec();
            flipped[0] ^= 1;
            for h in keys {
                let mended = forged_tag(h, (&[], text), Gf::of(tag), (&[], &flipped)).bytes();
                let payload = [&regions[0].payload[..56], &flipped, &mended].concat();
                reader().refuses_detached(&forge.header(), &payload, Party::Flat, 1);
                attempts.set(attempts.get() + 1);
            }
        }
    });
    println!("{} forgeries, none opened", attempts.get());
}

/// The envelope with one more recipient.
fn rewrapped(backend: &CryptoBackend, envelope: &[u8]) -> Vec<u8> {
    let kek = |uri: &str| Arc::new(TestKek::new(backend, uri, 1)) as Arc<dyn Kek>;
    let header = Header::parse_prefix(envelope, 16).unwrap();
    let opener = Opener::new(backend.clone(), Keyring::new().with(kek("local://a")));
    let target = Target::Add(vec![Recipient::single(kek("local://b"))]);
    let payload = &envelope[header.len()..];
    let outcome = run(Rewrapper::new(opener).rewrap(&header, &target, Some(payload.len() as u64))).unwrap();
    let RewrapOutcome::Rewrapped(new) = outcome else {
        panic!("a recipient was added")
    };
    [&new.header[..], payload].concat()
}

/// The bytes that TAG covers.
fn covered(envelope: &[u8]) -> Vec<u8> {
    covered_of(&Regions::of(envelope))
}

fn covered_of(regions: &Regions) -> Vec<u8> {
    let end = 32 + regions.immutable.len() + regions.mutable.len() + regions.padding.len();
    regions.bytes()[..end].to_vec()
}
