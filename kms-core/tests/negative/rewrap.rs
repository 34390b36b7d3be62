//! 58 and 60: old headers, torn headers and two rewraps at once. What a file layer does with them on disk (locks,
//! journal, conditional writes) is tested there; here is what makes it possible.

use std::sync::{Arc, Mutex};

use kms_core::crypto::CryptoBackend;
use kms_core::{
    CallerFault, Error, Header, HeaderAnchor, Kek, MessageOptions, OpenPolicy, Opener, Recipient, Reserve,
    RewrapOutcome, Rewrapped, Rewrapper, Sealer, SeenHeader, Target,
};

use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader, assert_silent};
use crate::support::{TestKek, run};

fn kek(backend: &CryptoBackend, uri: &str, versions: u8) -> Arc<dyn Kek> {
    Arc::new(TestKek::new(backend, uri, versions))
}

fn rewrap(opener: &Opener, header: &Header, target: &Target, payload_len: Option<u64>) -> Rewrapped {
    let outcome = run(Rewrapper::new(opener.clone()).rewrap(header, target, payload_len)).unwrap();
    let RewrapOutcome::Rewrapped(new) = outcome else {
        panic!("there is something to do")
    };
    new
}

#[test]
fn n58_old_header_replayed() {
    on_both(|backend| {
        let (old, payload) = run(Sealer::new(backend.clone())
            .recipient(kek(backend, "local://a", 1))
            .seal_detached(b"x"))
        .unwrap();
        let header = Header::parse_detached(&old, 16).unwrap();
        let reader = Reader::new(backend, &["local://a"]);
        let added = Target::Add(vec![Recipient::single(kek(backend, "local://b", 1))]);
        let new = rewrap(&reader.opener, &header, &added, None);
        assert_eq!(new.sequence, 1);
        assert_eq!(
            reader.open_detached(&old, &payload).unwrap(),
            b"x",
            "without a pin an old header opens"
        );

        let pinned = |min_sequence| {
            Reader::new(backend, &["local://a"]).policy(OpenPolicy {
                min_sequence: Some(min_sequence),
                ..OpenPolicy::default()
            })
        };
        assert_eq!(pinned(1).open_detached(&new.header, &payload).unwrap(), b"x");
        pinned(1).refuses_detached(&old, &payload, Party::Flat, 1);
        pinned(2).refuses_detached(&new.header, &payload, Party::Flat, 1);

        // What `audit verify` needs to report it: each open leaves sequence and tag of the header it read.
        let marks: Vec<_> = reader
            .sink
            .events()
            .iter()
            .filter_map(|event| event.subject.header)
            .collect();
        assert!(
            marks.iter().any(|mark| mark.seq == 1 && mark.tag == new.tag[..16]),
            "the rewrap is in the trail"
        );
        assert_eq!(
            (marks.last().unwrap().seq, &marks.last().unwrap().tag[..]),
            (0, &header.tag()[..16])
        );
    });
}

/// Remembers the highest sequence number of the one envelope that it is shown.
#[derive(Default)]
struct Highest(Mutex<u64>);

impl HeaderAnchor for Highest {
    fn accepts(&self, seen: &SeenHeader<'_>) -> bool {
        let mut highest = self.0.lock().unwrap();
        let newest = seen.sequence >= *highest;
        *highest = (*highest).max(seen.sequence);
        newest
    }
}

#[test]
fn an_anchor_notices_an_old_header_that_is_genuine_and_hears_of_no_forged_one() {
    on_both(|backend| {
        let sealer = Sealer::new(backend.clone()).recipient(kek(backend, "local://a", 1));
        let (old, _) = run(sealer.seal_detached(b"x")).unwrap();
        let header = Header::parse_detached(&old, 16).unwrap();
        let reader = Reader::new(backend, &["local://a"]);
        let added = Target::Add(vec![Recipient::single(kek(backend, "local://b", 1))]);
        let new = Header::parse_detached(&rewrap(&reader.opener, &header, &added, None).header, 16).unwrap();
        let anchored = reader.opener.clone().anchor(Arc::new(Highest::default()));

        let mut forged = new.as_bytes().to_vec();
        let at = forged
            .windows(new.tag().len())
            .position(|window| window == &new.tag()[..])
            .unwrap();
        forged[at] ^= 1;
        let forged = Header::parse_detached(&forged, 16).unwrap();

        assert!(run(anchored.open_header(forged)).is_err());
        assert!(
            run(anchored.open_header(header.clone())).is_ok(),
            "nothing newer was seen"
        );
        assert!(run(anchored.open_header(new.clone())).is_ok());
        assert!(run(anchored.open_header(new)).is_ok(), "the newest opens again");
        assert_eq!(run(anchored.open_header(header)).err(), Some(Error::DoesNotOpen));
    });
}

#[test]
fn n60_torn_header_opens_as_old_or_new_or_not_at_all() {
    on_both(|backend| {
        let sealer = Sealer::new(backend.clone()).recipient(kek(backend, "local://a", 1));
        let options = MessageOptions {
            plaintext_len: Some(5),
            reserve: Reserve::Spare(0),
            ..MessageOptions::default()
        };
        let old = run(sealer.begin(options)).unwrap().seal(b"hello").unwrap();
        let header = Header::parse_prefix(&old, 16).unwrap();
        let opener = Opener::new(
            backend.clone(),
            kms_core::Keyring::new().with(kek(backend, "local://a", 2)),
        );
        let new = rewrap(&opener, &header, &Target::Current, Some(77));
        assert_eq!(new.header.len(), header.len(), "in place");

        let (mut whole, mut refused) = (0, 0);
        for cut in 0..=header.len() {
            let torn = [&new.header[..cut], &old[cut..]].concat();
            let is_whole = torn.starts_with(&new.header) || torn == old;
            match run(opener.open(&torn)) {
                Ok(plaintext) => {
                    assert!(is_whole && plaintext == b"hello", "a torn header opened at {cut}");
                    whole += 1;
                }
                Err(error) => {
                    assert!(!is_whole);
                    assert_silent(&error);
                    refused += 1;
                }
            }
        }
        println!("{}: {whole} whole, {refused} torn headers refused", backend.name);
    });
}

#[test]
fn n60_two_rewraps_at_once_show_as_a_fork() {
    on_both(|backend| {
        let (old, payload) = run(Sealer::new(backend.clone())
            .recipient(kek(backend, "local://a", 1))
            .seal_detached(b"x"))
        .unwrap();
        let header = Header::parse_detached(&old, 16).unwrap();
        let opener = Reader::new(backend, &["local://a"]).opener;
        let add = |uri: &str| Target::Add(vec![Recipient::single(kek(backend, uri, 1))]);
        let one = rewrap(&opener, &header, &add("local://b"), None);
        let two = rewrap(&opener, &header, &add("local://c"), None);
        let [first, second] = [&one, &two].map(|new| Header::parse_detached(&new.header, 16).unwrap());
        assert_eq!((first.sequence(), second.sequence()), (1, 1));
        assert_eq!(first.previous(), second.previous(), "both follow the same header");
        assert_eq!(first.previous().unwrap()[..], header.tag()[..16]);
        assert_ne!(first.tag(), second.tag());

        // Whoever comes second starts again from the winner, and loses nobody.
        let again = rewrap(&opener, &first, &add("local://c"), None);
        let last = Header::parse_detached(&again.header, 16).unwrap();
        assert_eq!(
            (last.sequence(), &last.previous().unwrap()[..]),
            (2, &first.tag()[..16])
        );
        for uri in ["local://a", "local://b", "local://c"] {
            assert_eq!(
                Reader::new(backend, &[uri])
                    .open_detached(&again.header, &payload)
                    .unwrap(),
                b"x"
            );
        }
    });
}

/// A conditional write that is refused, or a source that changed under a reader, is the caller's matter.
#[test]
fn n60_changed_meanwhile_reaches_the_reader_as_it_was_said() {
    struct Gone;
    impl kms_core::payload::ReadAt for Gone {
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> std::io::Result<()> {
            Err(std::io::Error::other(Error::Caller(CallerFault::ChangedMeanwhile)))
        }
        fn size(&self) -> std::io::Result<u64> {
            Ok(72)
        }
    }
    on_both(|backend| {
        let message = run(Sealer::new(backend.clone())
            .recipient(kek(backend, "local://a", 1))
            .begin(MessageOptions::default()));
        let keys = message.unwrap().keys().payload().unwrap();
        let error = kms_core::payload::RandomAccess::new(keys, Gone, 0)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error, Error::Caller(CallerFault::ChangedMeanwhile));
    });
}
