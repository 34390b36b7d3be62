//! 59: records. That a counter ends, and that a fork never shares a writer id, is tested beside the writer
//! (src/record/sealer.rs) and in `records_fork.rs`: no public call can bring a writer there.

use kms_core::crypto::CryptoBackend;
use kms_core::record::{RecordOpener, RecordPlace, TicketKeys};
use kms_core::{CallerFault, Error, FormatFault, LimitFault, caps};

use crate::hostile::forge::{Forge, MARK, record_aad};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader, assert_silent, party};
use crate::support::run;

const WID: [u8; 10] = [0xc0; 10];
const PLAINTEXT: &[u8] = b"alice@example.org";

/// A ticket of a suite and mode, and its keys as a reader gets them.
fn ticket(backend: &CryptoBackend, suite: u16, mode: &str) -> (Forge, TicketKeys) {
    let forge = Forge::of(backend, suite, 2);
    let forge = forge
        .clone()
        .with_imm(&forge.imm().with(5, Item::texts([("ks1-mode", mode)])));
    let keys = run(Reader::new(backend, &["local://a"]).opener.open_ticket(&forge.header())).unwrap();
    (forge, keys)
}

fn opener(tickets: &[&TicketKeys]) -> RecordOpener {
    let mut opener = RecordOpener::new();
    tickets.iter().for_each(|ticket| opener.insert((*ticket).clone()));
    opener
}

fn open(opener: &mut RecordOpener, place: RecordPlace<'_>, record: &[u8]) -> kms_core::Result<Vec<u8>> {
    let mut out = Vec::new();
    opener.open(place, record, &mut out).map(|()| out)
}

/// Refuses, tells nothing, and leaves nothing in the buffer.
#[track_caller]
fn refuses(opener: &mut RecordOpener, place: RecordPlace<'_>, record: &[u8], expected: Party) -> Error {
    let mut out = b"before".to_vec();
    let error = opener.open(place, record, &mut out).expect_err("it opened");
    assert_eq!(party(&error), expected, "{error}");
    assert_eq!(out, b"before", "out is as it was");
    let mut buffer = vec![0xaa; record.len()];
    opener.open_into(place, record, &mut buffer).expect_err("it opened");
    let kept_out = |window: &[u8]| window != PLAINTEXT;
    assert!(
        buffer.windows(PLAINTEXT.len()).all(kept_out),
        "nothing of the plaintext is left"
    );
    assert_silent(&error);
    error
}

fn forged(forge: &Forge, mode: u8, column: &str, row: &[u8], counter: u32) -> Vec<u8> {
    let aad = record_aad(mode, column, row);
    match forge.suite {
        0x10 => forge.deterministic_record(&aad, PLAINTEXT),
        _ => forge.record(&aad, &WID, counter, PLAINTEXT),
    }
}

#[test]
fn n59_the_forged_records_open_with_any_counter() {
    on_both(|backend| {
        for (suite, mode) in [(1, "column"), (2, "column"), (0x10, "column")] {
            let (forge, keys) = ticket(backend, suite, mode);
            for counter in [0, 1, 0x8000_0000, u32::MAX] {
                let record = forged(&forge, 1, "email", b"", counter);
                let opened = open(&mut opener(&[&keys]), RecordPlace::Column("email"), &record);
                assert_eq!(opened.unwrap(), PLAINTEXT);
            }
        }
    });
}

#[test]
fn n59_wrong_column_or_row() {
    on_both(|backend| {
        for suite in [1, 2, 0x10] {
            let (forge, keys) = ticket(backend, suite, "row");
            let record = forged(&forge, 2, "email", b"42", 1);
            let mut opener = opener(&[&keys]);
            assert_eq!(
                open(&mut opener, RecordPlace::Row("email", b"42"), &record).unwrap(),
                PLAINTEXT
            );
            for (column, row) in [
                ("phone", &b"42"[..]),
                ("email", b"43"),
                ("email4", b"2"),
                ("emai", b"l42"),
                (MARK, b"42"),
            ] {
                refuses(&mut opener, RecordPlace::Row(column, row), &record, Party::Flat);
            }
            for (place, fault) in [
                (RecordPlace::None, CallerFault::RecordMode),
                (RecordPlace::Column("email"), CallerFault::RowRequired),
                (RecordPlace::Row("email", b""), CallerFault::RowRequired),
                (RecordPlace::Row("", b"42"), CallerFault::RecordPlace),
            ] {
                assert_eq!(
                    refuses(&mut opener, place, &record, Party::Caller),
                    Error::Caller(fault)
                );
            }
            // A record of another mode, sealed by whoever has the ticket's secret.
            let other = forged(&forge, 1, "email", b"42", 1);
            refuses(&mut opener, RecordPlace::Row("email", b"42"), &other, Party::Flat);
        }
    });
}

#[test]
fn n59_two_tickets_with_one_id() {
    on_both(|backend| {
        let (forge, keys) = ticket(backend, 1, "column");
        let record = forged(&forge, 1, "email", b"", 1);
        let mut twin = forge.clone();
        twin.message_id[31] ^= 1;
        let imm = forge.imm().with(1, Item::bytes(&twin.message_id));
        let twin = twin.with_imm(&imm);
        let twin_keys = run(Reader::new(backend, &["local://a"]).opener.open_ticket(&twin.header())).unwrap();
        assert_eq!(keys.id(), twin_keys.id());
        let mut both = opener(&[&keys, &twin_keys]);
        let place = RecordPlace::Column("email");
        assert_eq!(
            refuses(&mut both, place, &record, Party::Caller),
            CallerFault::AmbiguousTicket.into()
        );
        assert_eq!(
            open(&mut opener(&[&keys, &keys]), place, &record).unwrap(),
            PLAINTEXT,
            "the same one twice"
        );
        refuses(&mut opener(&[&twin_keys]), place, &record, Party::Flat);
        let unknown = refuses(&mut opener(&[]), place, &record, Party::Caller);
        assert_eq!(unknown, CallerFault::UnknownTicket.into());
    });
}

#[test]
fn n59_any_bit_flipped_and_each_cut() {
    on_both(|backend| {
        let (mut flips, mut cuts) = (0, 0);
        for suite in [1, 2, 0x10] {
            let (forge, keys) = ticket(backend, suite, "column");
            let record = forged(&forge, 1, "email", b"", 7);
            let mut opener = opener(&[&keys]);
            let place = RecordPlace::Column("email");
            for bit in 0..8 * record.len() {
                let mut flipped = record.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let expected = if bit < 48 { Party::Caller } else { Party::Flat };
                refuses(&mut opener, place, &flipped, expected);
                flips += 1;
            }
            let least = if suite == 0x10 { 22 } else { 36 };
            for length in 0..record.len() {
                let error = open(&mut opener, place, &record[..length]).unwrap_err();
                let expected = if length < least {
                    FormatFault::Record.into()
                } else {
                    Error::DoesNotOpen
                };
                assert_eq!(error, expected, "{length}");
                cuts += 1;
            }
            refuses(&mut opener, place, &[&record[..], &[0]].concat(), Party::Flat);
            let long = [&record[..], &vec![0; caps::RECORD]].concat();
            assert_eq!(
                refuses(&mut opener, place, &long, Party::Limit),
                LimitFault::Record.into()
            );
        }
        println!(
            "{}: {flips} flipped bits and {cuts} cuts of records, none opened",
            backend.name
        );
    });
}

#[test]
fn n59_records_of_another_suite_or_ticket() {
    on_both(|backend| {
        let (gcm, keys) = ticket(backend, 1, "column");
        let place = RecordPlace::Column("email");
        for suite in [2, 0x10] {
            let (other, _) = ticket(backend, suite, "column");
            refuses(
                &mut opener(&[&keys]),
                place,
                &forged(&other, 1, "email", b"", 1),
                Party::Flat,
            );
        }
        let mut stranger = gcm.clone();
        stranger.dek = [0x99; 32];
        refuses(
            &mut opener(&[&keys]),
            place,
            &forged(&stranger, 1, "email", b"", 1),
            Party::Flat,
        );
        // The ticket's labels are in its record secret: a mode that was changed gives other keys.
        let (rows, _) = ticket(backend, 1, "row");
        refuses(
            &mut opener(&[&keys]),
            place,
            &forged(&rows, 1, "email", b"", 1),
            Party::Flat,
        );
    });
}
