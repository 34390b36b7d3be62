//! 41 to 47 and 50: payloads that were cut, extended or shuffled, on every path that opens them.

use std::io::{Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::sync::Arc;

use kms_core::crypto::CryptoBackend;
use kms_core::payload::{OpenReader, PayloadCursor, PayloadKeys, RandomAccess, StreamOptions, open_stream};
use kms_core::{Error, FormatFault, Header};

use crate::hostile::forge::Forge;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};
use crate::support::run;

const SEALED_CHUNK: usize = 16_400;

/// An envelope whose plaintext counts, so that every byte tells its offset.
fn counting(backend: &CryptoBackend, suite: u16, length: usize) -> Forge {
    let mut forge = Forge::of(backend, suite, 1);
    forge.plaintext = (0..length).map(|at| (at % 251) as u8).collect();
    forge
}

fn payload_keys(forge: &Forge) -> Arc<PayloadKeys> {
    let header = Header::parse_prefix(&forge.header(), 16).unwrap();
    let opened = run(Reader::new(&forge.backend, &["local://a"]).opener.open_header(header)).unwrap();
    Arc::new(opened.keys().payload().unwrap())
}

/// Whether no path opens `payload`, and none gives out a byte that was not there at its offset.
#[track_caller]
fn no_path_opens(forge: &Forge, keys: &Arc<PayloadKeys>, payload: &[u8]) {
    let mut out = vec![0xaa; payload.len()];
    let length = kms_core::payload::plaintext_len(payload.len() as u64).map_or(0, |length| length as usize);
    let out = &mut out[..length];
    let whole = keys.open_into(payload, out);
    assert!(
        matches!(
            whole,
            Err(Error::DoesNotOpen | Error::Format(FormatFault::OtherPayload))
        ),
        "{whole:?}"
    );
    assert!(out.iter().all(|byte| *byte == 0), "the buffer is wiped");

    let mut streamed = Vec::new();
    let options = StreamOptions {
        threads: NonZeroUsize::MIN,
        buffer: 4 * SEALED_CHUNK,
        ..StreamOptions::default()
    };
    let failed = open_stream(keys, payload, &mut streamed, &options, |_| {}).unwrap_err();
    assert_eq!(Err(failed), whole.map(|()| 0));
    assert!(
        forge.plaintext.starts_with(&streamed),
        "only what is authentic at its offset is given out"
    );

    let mut read = Vec::new();
    if let Ok(mut reader) = OpenReader::new(keys.clone(), payload) {
        let first = reader.read_to_end(&mut read).unwrap_err();
        let again = reader.read(&mut [0; 16]).unwrap_err();
        assert_eq!(Error::from(first), Error::DoesNotOpen, "the end of the stream tells");
        assert_eq!(Error::from(again), Error::DoesNotOpen, "and goes on telling");
    }
    assert!(forge.plaintext.starts_with(&read));

    if let Ok(access) = RandomAccess::new(keys.clone(), payload, 0) {
        let mut all = vec![0xaa; forge.plaintext.len() + 1];
        if let Ok(length) = access.read_at(0, &mut all) {
            panic!("random access read {length} bytes to the end");
        }
        assert!(all.iter().all(|byte| *byte == 0), "the buffer is wiped");
    }
}

#[test]
fn n41_payload_cut_at_each_byte() {
    on_both(|backend| {
        let mut cuts = 0;
        for suite in [1, 2, 3] {
            let small = counting(backend, suite, 100);
            let (header, payload, keys) = (small.header(), small.payload(), payload_keys(&small));
            let reader = Reader::new(backend, &["local://a"]);
            for length in 0..payload.len() {
                reader.refuses_detached(&header, &payload[..length], Party::Flat, 1);
                no_path_opens(&small, &keys, &payload[..length]);
                cuts += 1;
            }
        }
        let large = counting(backend, 1, 2 * 16_384 + 500);
        let (header, payload, keys) = (large.header(), large.payload(), payload_keys(&large));
        let reader = Reader::new(backend, &["local://a"]);
        let edges = [56, 56 + SEALED_CHUNK, 56 + 2 * SEALED_CHUNK, payload.len()];
        let around = edges
            .into_iter()
            .flat_map(|edge| edge - 20..edge + 20)
            .filter(|length| *length < payload.len());
        for length in (0..payload.len()).step_by(997).chain(around) {
            reader.refuses_detached(&header, &payload[..length], Party::Flat, 1);
            no_path_opens(&large, &keys, &payload[..length]);
            cuts += 1;
        }
        println!("{}: {cuts} cuts, none opened", backend.name);
    });
}

#[test]
fn n42_payload_that_ends_at_a_full_chunk() {
    on_both(|backend| {
        let forge = counting(backend, 1, 2 * 16_384);
        let (payload, keys) = (forge.payload(), payload_keys(&forge));
        assert_eq!(payload.len(), 56 + 2 * SEALED_CHUNK + 16);
        for chunks in 0..3 {
            let full = &payload[..56 + chunks * SEALED_CHUNK];
            Reader::new(backend, &["local://a"]).refuses_detached(&forge.header(), full, Party::Flat, 1);
            no_path_opens(&forge, &keys, full);
        }
    });
}

#[test]
fn n43_bytes_or_a_second_envelope_behind_the_end() {
    on_both(|backend| {
        for length in [0, 100, 16_383, 16_384] {
            let forge = counting(backend, 1, length);
            let keys = payload_keys(&forge);
            let second = counting(backend, 1, 10);
            for tail in [
                &[0][..],
                &[0; 16],
                &[0; SEALED_CHUNK],
                &forge.envelope(),
                &second.envelope(),
                &forge.payload(),
            ] {
                let longer = [&forge.envelope(), tail].concat();
                Reader::new(backend, &["local://a"]).refuses(&longer, Party::Flat, 1);
                no_path_opens(&forge, &keys, &[&forge.payload(), tail].concat());
            }
        }
    });
}

#[test]
fn n44_chunks_swapped_doubled_or_dropped() {
    on_both(|backend| {
        for suite in [1, 2, 3] {
            let forge = counting(backend, suite, 3 * 16_384 + 100);
            let (payload, keys) = (forge.payload(), payload_keys(&forge));
            let (start, chunks) = payload.split_at(56);
            let chunks: Vec<&[u8]> = chunks.chunks(SEALED_CHUNK).collect();
            let orders: [&[usize]; 9] = [
                &[1, 0, 2, 3],
                &[0, 2, 1, 3],
                &[0, 0, 1, 2, 3],
                &[0, 1, 2, 2, 3],
                &[1, 2, 3],
                &[0, 2, 3],
                &[0, 1, 3],
                &[3],
                &[0, 1, 2, 3, 3],
            ];
            for order in orders {
                let parts: Vec<&[u8]> = order.iter().map(|at| chunks[*at]).collect();
                let shuffled = [start, &parts.concat()].concat();
                Reader::new(backend, &["local://a"]).refuses_detached(&forge.header(), &shuffled, Party::Flat, 1);
                no_path_opens(&forge, &keys, &shuffled);
            }
            let dropped = [start, &chunks[..3].concat()].concat();
            Reader::new(backend, &["local://a"]).refuses_detached(&forge.header(), &dropped, Party::Flat, 1);
            no_path_opens(&forge, &keys, &dropped);
        }
    });
}

#[test]
fn n45_header_alone_opened_as_attached() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        Reader::new(backend, &["local://a"]).refuses(&forge.header(), Party::Flat, 1);
        let cut = &forge.header()[..forge.header().len() - 1];
        let error = Reader::new(backend, &["local://a"]).refuses(cut, Party::Format, 0);
        assert_eq!(error, Error::Format(FormatFault::Truncated));
    });
}

#[test]
fn n46_detached_header_or_ticket_with_a_trailing_byte() {
    on_both(|backend| {
        let reader = Reader::new(backend, &["local://a"]);
        let trailing = Error::Format(FormatFault::TrailingBytes);
        let forge = Forge::message(backend);
        for tail in [&[0][..], &[0; 4096], &forge.payload()] {
            let header = [&forge.header(), tail].concat();
            assert_eq!(
                reader.refuses_detached(&header, &forge.payload(), Party::Format, 0),
                trailing
            );
            let ticket = [&Forge::of(backend, 1, 2).header(), tail].concat();
            assert_eq!(reader.refuses_ticket(&ticket, Party::Format, 0), trailing);
        }
    });
}

#[test]
fn n47_layouts_mixed_up() {
    on_both(|backend| {
        let (message, ticket) = (Forge::message(backend), Forge::of(backend, 1, 2));
        let reader = Reader::new(backend, &["local://a"]);
        reader.refuses(&message.header(), Party::Flat, 1);
        let wrong_kind = Error::Format(FormatFault::WrongKind);
        assert_eq!(reader.refuses(&ticket.header(), Party::Format, 0), wrong_kind);
        assert_eq!(
            reader.refuses(&[ticket.header(), message.payload()].concat(), Party::Format, 0),
            wrong_kind
        );
        assert_eq!(
            reader.refuses_detached(&ticket.header(), &message.payload(), Party::Format, 0),
            wrong_kind
        );
        assert_eq!(reader.refuses_ticket(&message.header(), Party::Format, 0), wrong_kind);
        reader.refuses_ticket(&message.envelope(), Party::Format, 0);
        assert!(run(reader.opener.open_ticket(&ticket.header())).is_ok());
    });
}

#[test]
fn n50_seeking_and_lengths_of_a_truncated_object() {
    on_both(|backend| {
        let forge = counting(backend, 1, 2 * 16_384 + 500);
        let (payload, keys) = (forge.payload(), payload_keys(&forge));
        let access = |length: usize| RandomAccess::new(keys.clone(), payload[..length].to_vec(), 0);

        let whole = access(payload.len()).unwrap();
        assert_eq!(whole.verified_len(), Ok(forge.plaintext.len() as u64));
        let mut cursor = PayloadCursor::new(whole);
        assert_eq!(
            cursor.seek(SeekFrom::End(10)).unwrap(),
            forge.plaintext.len() as u64 + 10
        );
        assert_eq!(cursor.read(&mut [0; 8]).unwrap(), 0, "past the end of a whole object");
        assert!(cursor.seek(SeekFrom::Current(i64::MIN)).is_err());

        // Cut so that the length is a possible one: it must not be believed.
        for length in [
            56 + 16,
            56 + SEALED_CHUNK + 16,
            56 + 2 * SEALED_CHUNK + 100,
            payload.len() - 1,
        ] {
            let cut = Arc::new(access(length).unwrap());
            assert_eq!(cut.verified_len(), Err(Error::DoesNotOpen));
            assert_eq!(
                cut.read_at(1 << 40, &mut [0; 8]),
                Err(Error::DoesNotOpen),
                "no end without proof"
            );
            assert_eq!(cut.read_range(0..1 << 40), Err(Error::DoesNotOpen));
            let mut cursor = PayloadCursor::new(cut.clone());
            assert_eq!(
                Error::from(cursor.seek(SeekFrom::End(0)).unwrap_err()),
                Error::DoesNotOpen
            );
            cursor.seek(SeekFrom::Start(1 << 40)).unwrap();
            assert_eq!(Error::from(cursor.read(&mut [0; 8]).unwrap_err()), Error::DoesNotOpen);
            if length > 56 + SEALED_CHUNK {
                let mut chunk = vec![0; 16_384];
                assert_eq!(
                    cut.read_at(0, &mut chunk),
                    Ok(16_384),
                    "a whole chunk is authentic at its offset"
                );
                assert!(forge.plaintext.starts_with(&chunk));
            }
        }
        // Cut to one full chunk and a tag: a short read would say that the plaintext ends there.
        let one_chunk = access(56 + SEALED_CHUNK + 16).unwrap();
        let mut out = vec![0xaa; 16_385];
        assert_eq!(
            one_chunk.read_at(0, &mut out),
            Err(Error::DoesNotOpen),
            "no short read without proof of the end"
        );
        assert!(out.iter().all(|byte| *byte == 0));
        assert_eq!(one_chunk.read_at(0, &mut out[..16_384]), Ok(16_384));
        for length in [0, 23, 24, 55, 56, 71, 56 + SEALED_CHUNK, 56 + SEALED_CHUNK + 15] {
            assert_eq!(
                access(length).map(|_| ()).unwrap_err(),
                Error::DoesNotOpen,
                "{length} is no payload's length"
            );
        }
        assert_eq!(
            RandomAccess::new(keys.clone(), payload.clone(), u64::MAX)
                .map(|_| ())
                .unwrap_err(),
            Error::DoesNotOpen
        );
    });
}
