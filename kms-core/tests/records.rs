//! Records: both backends, all suites and modes, and everything that must not open.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]
#![cfg(all(feature = "aws-lc", feature = "rustcrypto"))]

use std::collections::HashSet;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::memory::Secret;
use kms_core::record::{
    BatchPlace, ByteColumn, ByteColumnBuf, RecordFailure, RecordMode, RecordOpener, RecordPlace, TicketKeys, overhead,
    ticket_id,
};
use kms_core::{CallerFault, Domain, Error, FormatFault, Kind, LimitFault, Suite};
use proptest::prelude::*;

const SUITES: [Suite; 3] = [Suite::Aes256Gcm, Suite::Aes256GcmSiv, Suite::Aes256Siv];
const CAP: usize = 1 << 20;

/// A ticket whose id and secret are made of `seed`.
fn ticket(backend: &CryptoBackend, suite: Suite, mode: RecordMode, seed: u8) -> TicketKeys {
    let domain = Domain {
        suite,
        kind: Kind::Ticket,
    };
    let secret = Secret::init_with(|place| place.fill(seed));
    TicketKeys::new(backend, domain, secret, &[seed; 32], mode).unwrap()
}

fn opener(tickets: &[TicketKeys]) -> RecordOpener {
    let mut opener = RecordOpener::new();
    for ticket in tickets {
        opener.insert(ticket.clone());
    }
    opener
}

fn seal(ticket: &TicketKeys, place: RecordPlace<'_>, plaintext: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    ticket.sealer().unwrap().seal(place, plaintext, &mut record).unwrap();
    record
}

/// Opens through both calls, which must agree; failure leaves nothing behind.
fn open(opener: &mut RecordOpener, place: RecordPlace<'_>, record: &[u8]) -> kms_core::Result<Vec<u8>> {
    let mut appended = b"before".to_vec();
    let result = opener.open(place, record, &mut appended);
    let mut out = vec![0; record.len()];
    let length = opener.open_into(place, record, &mut out);
    assert_eq!(result.clone().err(), length.clone().err());
    match result {
        Ok(()) => assert!(appended[6..] == out[..length.unwrap()]),
        Err(_) => assert!(appended == b"before" && out.iter().all(|byte| *byte == 0)),
    }
    result.map(|()| appended.split_off(6))
}

fn places(mode: RecordMode) -> RecordPlace<'static> {
    match mode {
        RecordMode::None => RecordPlace::None,
        RecordMode::Column => RecordPlace::Column("email"),
        RecordMode::Row => RecordPlace::Row("email", b"42"),
    }
}

/// Every pair of suite and mode that there is.
fn kinds() -> Vec<(Suite, RecordMode)> {
    let modes = [RecordMode::None, RecordMode::Column, RecordMode::Row];
    let pairs = SUITES.into_iter().flat_map(|suite| modes.map(|mode| (suite, mode)));
    pairs
        .filter(|pair| *pair != (Suite::Aes256Siv, RecordMode::None))
        .collect()
}

/// docs/format.md, "Test vectors".
#[test]
fn the_published_records_open() {
    let vectors = [
        (
            Suite::Aes256Gcm,
            "43a4fb302e0c3b95e13602622b3dde152d2faae5fe6949411dc888425f8d70f1",
            "202122232425c0c1c2c3c4c5c6c7c8c9000000010f0b4fea1ed55cc655d901d002b842dc08eed4e6689fcfdd6d2973637617017935",
        ),
        (
            Suite::Aes256GcmSiv,
            "1aa31bbd821754fe69e28ef879b15bb98eff8ba1e89711fb6ee98796384e9084",
            "202122232425c0c1c2c3c4c5c6c7c8c900000001ede52579631a6cb3b5f7724d76dd099728b878ad1ddb645b97fe51337a2c5c7968",
        ),
        (
            Suite::Aes256Siv,
            "ad6cfa4a10140c14f11a77b6c343fcb74072cf9815f307cffb9c31bf439bd8d0",
            "202122232425bcd029fec0feb974e44df592c5f72ff1f2a00c18968a55c5325b52fef8d8e6d259",
        ),
    ];
    let message_id: [u8; 32] = std::array::from_fn(|i| 0x20 + i as u8);
    for backend in [aws_lc(), rustcrypto()] {
        for (suite, secret, record) in vectors {
            let domain = Domain {
                suite,
                kind: Kind::Ticket,
            };
            let secret = Secret::init_with(|place| place.copy_from_slice(&unhex(secret)));
            let ticket = TicketKeys::new(&backend, domain, secret, &message_id, RecordMode::Row).unwrap();
            let (place, plaintext) = (RecordPlace::Row("email", b"42"), b"alice@example.org");
            let opened = open(&mut opener(std::slice::from_ref(&ticket)), place, &unhex(record));
            assert_eq!(opened, Ok(plaintext.to_vec()), "{suite:?}");
            if suite == Suite::Aes256Siv {
                assert_eq!(seal(&ticket, place, plaintext), unhex(record));
            }
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn backends_open_each_others_records() {
    let mut cases = 0;
    for (suite, mode) in kinds() {
        for (one, other) in [(aws_lc(), rustcrypto()), (rustcrypto(), aws_lc())] {
            let mut opener = opener(&[ticket(&other, suite, mode, 1)]);
            let sealing = ticket(&one, suite, mode, 1);
            for length in [0, 1, 15, 16, 17, 100, 5000] {
                let plaintext = vec![0x61; length];
                let record = seal(&sealing, places(mode), &plaintext);
                assert_eq!(record.len(), length + overhead(suite));
                assert_eq!(ticket_id(&record), Ok(sealing.id()));
                assert_eq!(open(&mut opener, places(mode), &record), Ok(plaintext));
                cases += 1;
            }
        }
    }
    println!("{cases} records");
}

#[test]
fn no_altered_bit_opens() {
    for (suite, mode) in kinds() {
        let ticket = ticket(&CryptoBackend::default(), suite, mode, 1);
        let mut opener = opener(std::slice::from_ref(&ticket));
        let record = seal(&ticket, places(mode), b"a plaintext");
        assert!(open(&mut opener, places(mode), &record).is_ok());
        for bit in 0..record.len() * 8 {
            let mut altered = record.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let expected = match bit / 8 {
                0..6 => Error::Caller(CallerFault::UnknownTicket),
                _ => Error::DoesNotOpen,
            };
            assert_eq!(
                open(&mut opener, places(mode), &altered),
                Err(expected),
                "{suite:?}, bit {bit}"
            );
        }
    }
}

#[test]
fn no_cut_and_no_extension_opens() {
    for (suite, mode) in kinds() {
        let ticket = ticket(&CryptoBackend::default(), suite, mode, 1);
        let mut opener = opener(std::slice::from_ref(&ticket));
        let record = seal(&ticket, places(mode), b"a plaintext");
        for cut in 0..record.len() {
            let expected = match cut < overhead(suite) {
                true => Error::Format(FormatFault::Record),
                false => Error::DoesNotOpen,
            };
            assert_eq!(
                open(&mut opener, places(mode), &record[..cut]),
                Err(expected),
                "{suite:?}, cut at {cut}"
            );
        }
        let longer = [&record[..], &[0]].concat();
        assert_eq!(open(&mut opener, places(mode), &longer), Err(Error::DoesNotOpen));
    }
}

#[test]
fn a_record_opens_only_in_its_place() {
    for suite in SUITES {
        let ticket = ticket(&CryptoBackend::default(), suite, RecordMode::Row, 1);
        let mut opener = opener(std::slice::from_ref(&ticket));
        let record = seal(&ticket, RecordPlace::Row("email", b"42"), b"x");
        for (column, row) in [
            ("email", &b"43"[..]),
            ("emai", b"l42"),
            ("email4", b"2"),
            ("name", b"42"),
            ("EMAIL", b"42"),
        ] {
            assert_eq!(
                open(&mut opener, RecordPlace::Row(column, row), &record),
                Err(Error::DoesNotOpen)
            );
        }
        assert!(open(&mut opener, RecordPlace::Row("email", b"42"), &record).is_ok());
    }
    for suite in SUITES {
        let ticket = ticket(&CryptoBackend::default(), suite, RecordMode::Column, 1);
        let mut opener = opener(std::slice::from_ref(&ticket));
        let record = seal(&ticket, RecordPlace::Column("email"), b"x");
        assert_eq!(
            open(&mut opener, RecordPlace::Column("name"), &record),
            Err(Error::DoesNotOpen)
        );
    }
}

#[test]
fn modes_are_not_confused() {
    // One ticket secret under every mode: a record of one mode opens in no other, even where the ids are the same.
    let backend = CryptoBackend::default();
    for (suite, mode) in kinds() {
        let record = seal(&ticket(&backend, suite, mode, 1), places(mode), &[0x61; 40]);
        for (other_suite, other) in kinds() {
            let mut opener = opener(&[ticket(&backend, other_suite, other, 1)]);
            let opened = open(&mut opener, places(other), &record);
            assert_eq!(opened.is_ok(), (suite, mode) == (other_suite, other));
            let misplaced = open(&mut opener, places(mode), &record);
            if mode != other {
                assert!(matches!(
                    misplaced,
                    Err(Error::Caller(CallerFault::RecordMode | CallerFault::RowRequired))
                ));
            }
        }
    }
}

#[test]
fn what_is_no_ticket_makes_no_keys() {
    let backend = CryptoBackend::default();
    let make = |suite, kind, mode| {
        let secret = Secret::init_with(|place| place.fill(1));
        TicketKeys::new(&backend, Domain { suite, kind }, secret, &[1; 32], mode).err()
    };
    let wrong_suite = Some(Error::Caller(CallerFault::SuiteForKind));
    assert_eq!(make(Suite::Aes256Gcm, Kind::Message, RecordMode::None), wrong_suite);
    assert_eq!(
        make(Suite::Aes256Gcm, Kind::SealedSecret, RecordMode::None),
        wrong_suite
    );
    assert_eq!(
        make(Suite::ChaCha20Poly1305, Kind::Ticket, RecordMode::None),
        wrong_suite
    );
    let no_column = Some(Error::Caller(CallerFault::RecordMode));
    assert_eq!(make(Suite::Aes256Siv, Kind::Ticket, RecordMode::None), no_column);
    assert_eq!(make(Suite::Aes256Siv, Kind::Ticket, RecordMode::Column), None);
}

#[test]
fn deterministic_records_show_equality_within_a_column_and_nothing_across() {
    let backend = CryptoBackend::default();
    let one = ticket(&backend, Suite::Aes256Siv, RecordMode::Column, 1);
    let other = ticket(&backend, Suite::Aes256Siv, RecordMode::Column, 2);
    let email = RecordPlace::Column("email");
    assert_eq!(seal(&one, email, b"alice"), seal(&one, email, b"alice"));
    let tails: HashSet<Vec<u8>> = [
        seal(&one, email, b"alice"),
        seal(&one, email, b"alicf"),
        seal(&one, RecordPlace::Column("name"), b"alice"),
        seal(&other, email, b"alice"),
    ]
    .map(|record| record[6..].to_vec())
    .into();
    assert_eq!(tails.len(), 4);
}

#[test]
fn counting_records_never_repeat() {
    for suite in [Suite::Aes256Gcm, Suite::Aes256GcmSiv] {
        let ticket = ticket(&CryptoBackend::default(), suite, RecordMode::None, 1);
        let mut sealer = ticket.sealer().unwrap();
        let records: HashSet<Vec<u8>> = (0..1000)
            .map(|_| {
                let mut record = Vec::new();
                sealer.seal(RecordPlace::None, b"the same", &mut record).unwrap();
                record[20..].to_vec()
            })
            .collect();
        assert_eq!(records.len(), 1000);
    }
}

#[test]
fn two_tickets_of_one_id_are_ambiguous_and_neither_is_tried() {
    let backend = CryptoBackend::default();
    let domain = Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Ticket,
    };
    let twin = |secret: u8, tail: u8| {
        let mut message_id = [1; 32];
        message_id[31] = tail;
        let secret = Secret::init_with(|place| place.fill(secret));
        TicketKeys::new(&backend, domain, secret, &message_id, RecordMode::None).unwrap()
    };
    let (one, unrelated) = (twin(1, 1), ticket(&backend, Suite::Aes256Gcm, RecordMode::None, 9));
    let mut opener = opener(&[one.clone(), unrelated.clone()]);
    let record = seal(&one, RecordPlace::None, b"x");
    assert!(open(&mut opener, RecordPlace::None, &record).is_ok());
    opener.insert(twin(1, 1));
    assert!(
        open(&mut opener, RecordPlace::None, &record).is_ok(),
        "the same ticket opened twice is one"
    );

    for impostor in [twin(2, 2), twin(2, 1)] {
        opener.insert(impostor);
        let ambiguous = Err(Error::Caller(CallerFault::AmbiguousTicket));
        assert_eq!(
            open(&mut opener, RecordPlace::None, &record),
            ambiguous,
            "also where the key was kept"
        );
        opener.insert(one.clone());
        assert_eq!(
            open(&mut opener, RecordPlace::None, &record),
            ambiguous,
            "order does not decide"
        );
        let other = seal(&unrelated, RecordPlace::None, b"y");
        assert!(
            open(&mut opener, RecordPlace::None, &other).is_ok(),
            "others are untouched"
        );

        assert!(opener.remove(&one.id()));
        let unknown = Err(Error::Caller(CallerFault::UnknownTicket));
        assert_eq!(open(&mut opener, RecordPlace::None, &record), unknown);
        opener.insert(one.clone());
        assert!(open(&mut opener, RecordPlace::None, &record).is_ok());
    }
}

#[test]
fn a_removed_ticket_leaves_no_key() {
    let backend = CryptoBackend::default();
    let one = ticket(&backend, Suite::Aes256Gcm, RecordMode::None, 1);
    let mut opener = opener(std::slice::from_ref(&one));
    let record = seal(&one, RecordPlace::None, b"x");
    assert!(open(&mut opener, RecordPlace::None, &record).is_ok());
    assert!(opener.contains(&one.id()) && opener.remove(&one.id()));
    assert!(!opener.contains(&one.id()) && !opener.remove(&one.id()));
    assert_eq!(
        open(&mut opener, RecordPlace::None, &record),
        Err(Error::Caller(CallerFault::UnknownTicket))
    );
}

#[test]
fn more_writers_than_kept_keys_still_open() {
    let ticket = ticket(&CryptoBackend::default(), Suite::Aes256Gcm, RecordMode::None, 1);
    let records: Vec<Vec<u8>> = (0..4096 + 50).map(|_| seal(&ticket, RecordPlace::None, b"x")).collect();
    let mut opener = opener(&[ticket]);
    for record in records.iter().chain(&records) {
        assert!(open(&mut opener, RecordPlace::None, record).is_ok());
    }
}

#[test]
fn the_record_cap_holds_at_and_over() {
    for suite in SUITES {
        let ticket = ticket(&CryptoBackend::default(), suite, RecordMode::Column, 1);
        let mut sealer = ticket.sealer().unwrap();
        let most = CAP - overhead(suite);
        let over = Err(Error::Limit(LimitFault::Record));
        let place = RecordPlace::Column("c");
        assert_eq!(sealer.record_len(most), Ok(CAP));
        assert_eq!(sealer.record_len(usize::MAX), Err(Error::Limit(LimitFault::Record)));
        let record = seal(&ticket, place, &vec![1; most]);
        assert_eq!(
            open(&mut opener(std::slice::from_ref(&ticket)), place, &record),
            Ok(vec![1; most])
        );
        let mut out = vec![7];
        assert_eq!(sealer.seal(place, &vec![1; most + 1], &mut out), over);
        assert_eq!(out, [7]);
        let longer = [&record[..], &[0]].concat();
        assert_eq!(open(&mut opener(&[ticket]), place, &longer).map(|_| ()), over);
    }
}

#[test]
fn output_buffers_of_another_length_are_refused() {
    let ticket = ticket(&CryptoBackend::default(), Suite::Aes256Gcm, RecordMode::None, 1);
    let mut sealer = ticket.sealer().unwrap();
    let wrong = Error::Caller(CallerFault::BufferLength);
    for length in [0, 40, 42] {
        let refused = sealer.seal_into(RecordPlace::None, b"12345", &mut vec![0; length]);
        assert_eq!(refused.err().as_ref(), Some(&wrong));
    }
    let record = seal(&ticket, RecordPlace::None, b"12345");
    let mut opener = opener(&[ticket]);
    assert_eq!(
        opener.open_into(RecordPlace::None, &record, &mut [0; 4]).err(),
        Some(wrong)
    );
    assert_eq!(opener.open_into(RecordPlace::None, &record, &mut [0; 5]), Ok(5));
}

#[test]
fn threads_take_a_sealer_each() {
    let ticket = ticket(&CryptoBackend::default(), Suite::Aes256Gcm, RecordMode::None, 1);
    let records: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ticket = ticket.clone();
                scope.spawn(move || {
                    let mut sealer = ticket.sealer().unwrap();
                    let mut records = Vec::new();
                    for _ in 0..200 {
                        let mut record = Vec::new();
                        sealer.seal(RecordPlace::None, b"x", &mut record).unwrap();
                        records.push(record);
                    }
                    records
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let nonces: HashSet<&[u8]> = records.iter().map(|record| &record[..20]).collect();
    assert_eq!(nonces.len(), 800);
    let mut opener = opener(&[ticket]);
    assert!(
        records
            .iter()
            .all(|record| open(&mut opener, RecordPlace::None, record).is_ok())
    );
}

/// Values end to end, with their offsets.
fn column(values: &[Vec<u8>]) -> (Vec<i32>, Vec<u8>) {
    let mut offsets = vec![0];
    for value in values {
        offsets.push(offsets.last().unwrap() + value.len() as i32);
    }
    (offsets, values.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_batch_is_its_values_one_by_one(
        values in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..40),
        kind in 0..8_usize,
        first_bit in 0..9_usize,
    ) {
        let (suite, mode) = kinds()[kind];
        let backend = CryptoBackend::default();
        let ticket = ticket(&backend, suite, mode, 1);
        let (offsets, bytes) = column(&values.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>());
        let rows: Vec<Vec<u8>> = (0..values.len()).map(|i| format!("row {i}").into_bytes()).collect();
        let (row_offsets, row_bytes) = column(&rows);
        let mut bitmap = vec![0_u8; (first_bit + values.len()).div_ceil(8)];
        for (i, _) in values.iter().enumerate().filter(|(_, (valid, _))| *valid) {
            bitmap[(first_bit + i) / 8] |= 1 << ((first_bit + i) % 8);
        }
        let place = match mode {
            RecordMode::None => BatchPlace::None,
            RecordMode::Column => BatchPlace::Column("email"),
            RecordMode::Row => BatchPlace::Row("email", ByteColumn::new(&row_offsets, &row_bytes).unwrap()),
        };
        let plain = ByteColumn::new(&offsets, &bytes).unwrap().with_validity(&bitmap, first_bit).unwrap();

        let mut sealed = ByteColumnBuf::new();
        ticket.sealer().unwrap().seal_batch(place, &plain, &mut sealed).unwrap();
        let records = sealed.as_column();
        prop_assert_eq!(records.len(), values.len());
        let mut opener = opener(std::slice::from_ref(&ticket));
        for (i, (valid, value)) in values.iter().enumerate() {
            let record = records.value(i).unwrap();
            if !valid {
                prop_assert!(record.is_empty());
                continue;
            }
            let place = match mode {
                RecordMode::Row => RecordPlace::Row("email", &rows[i]),
                _ => places(mode),
            };
            let opened = open(&mut opener, place, record).unwrap();
            prop_assert_eq!(&opened, value);
        }

        let records = records.with_validity(&bitmap, first_bit).unwrap();
        let mut opened = ByteColumnBuf::new();
        opener.open_batch(place, &records, &mut opened).unwrap();
        for (i, (valid, value)) in values.iter().enumerate() {
            let expected: &[u8] = if *valid { value } else { &[] };
            prop_assert_eq!(opened.as_column().value(i), Some(expected));
        }
    }
}

#[test]
fn a_batch_that_fails_names_the_record_and_gives_nothing_out() {
    let ticket = ticket(&CryptoBackend::default(), Suite::Aes256Gcm, RecordMode::Column, 1);
    let (offsets, bytes) = column(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    let values = ByteColumn::new(&offsets, &bytes).unwrap();
    let mut sealed = ByteColumnBuf::new();
    ticket
        .sealer()
        .unwrap()
        .seal_batch(BatchPlace::Column("c"), &values, &mut sealed)
        .unwrap();
    let mut opened = ByteColumnBuf::new();
    let mut opener = opener(std::slice::from_ref(&ticket));
    opener
        .open_batch(BatchPlace::Column("c"), &sealed.as_column(), &mut opened)
        .unwrap();

    let (offsets, mut bytes) = sealed.into_parts();
    bytes[usize::try_from(offsets[2]).unwrap() - 1] ^= 1;
    let records = ByteColumn::new(&offsets, &bytes).unwrap();
    let failed = opener.open_batch(BatchPlace::Column("c"), &records, &mut opened);
    assert_eq!(
        failed,
        Err(RecordFailure {
            index: 1,
            error: Error::DoesNotOpen
        })
    );
    assert_eq!(
        opened.into_parts(),
        (vec![0, 3, 6, 11], b"onetwothree".to_vec()),
        "the first batch is still there"
    );
}

#[test]
fn malformed_batches_are_refused() {
    let wrong = Some(Error::Caller(CallerFault::Batch));
    let refused = |offsets: &[i32]| ByteColumn::new(offsets, b"0123456789").err();
    for offsets in [&[][..], &[-1], &[0, -1], &[0, 5, 4], &[0, 11], &[3, 2]] {
        assert_eq!(refused(offsets), wrong, "{offsets:?}");
    }
    for offsets in [&[0][..], &[10], &[3, 3], &[2, 7, 10]] {
        assert_eq!(refused(offsets), None, "{offsets:?}");
    }
    let nine = ByteColumn::new(&[0_i64; 10], b"").unwrap();
    assert_eq!(nine.with_validity(&[0xff], 0).err(), wrong);
    assert_eq!(nine.with_validity(&[0xff; 2], 8).err(), wrong);
    assert_eq!(nine.with_validity(&[0xff; 2], usize::MAX).err(), wrong);
    assert!(nine.with_validity(&[0xff; 2], 7).is_ok());

    let ticket = ticket(&CryptoBackend::default(), Suite::Aes256Gcm, RecordMode::Row, 1);
    let two = ByteColumn::new(&[0_i64, 0, 0], b"").unwrap();
    let failed = ticket
        .sealer()
        .unwrap()
        .seal_batch(BatchPlace::Row("c", two), &nine, &mut ByteColumnBuf::new());
    assert_eq!(failed.err().map(Error::from), wrong);
    let empty_rows = ticket
        .sealer()
        .unwrap()
        .seal_batch(BatchPlace::Row("c", two), &two, &mut ByteColumnBuf::new());
    assert_eq!(
        empty_rows.err().map(Error::from),
        Some(Error::Caller(CallerFault::RowRequired))
    );
}
