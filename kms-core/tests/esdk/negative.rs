//! What must not open: every changed byte, every cut, every malformed header, what the caps forbid, and old suites
//! where they were not allowed.

use kms_core::esdk::{Header, Suite};
use kms_core::{CallerFault, Error, EsdkFault, LimitFault, PolicyFault, caps};

use crate::support::{aes_named, context, lenient, open, opener, seal, sealer};

fn specimen(suite: Suite) -> Vec<u8> {
    let sealer = sealer().suite(suite).frame_len(8).context(context(&[("a", "b")]));
    seal(&sealer, b"twenty bytes of text")
}

#[test]
fn no_changed_byte_opens() {
    for suite in [Suite::Committing, Suite::CommittingSigned] {
        let message = specimen(suite);
        let (mut flat, mut named) = (0, 0);
        for at in 0..message.len() {
            for bit in [0x01, 0x80] {
                let mut changed = message.clone();
                changed[at] ^= bit;
                match open(&opener(), &changed) {
                    Err(Error::DoesNotOpen) => flat += 1,
                    Err(
                        Error::Esdk(_)
                        | Error::Limit(_)
                        | Error::Policy(_)
                        | Error::Caller(CallerFault::NoConfiguredKey),
                    ) => {
                        named += 1;
                    }
                    other => panic!("{suite:?}, byte {at} of {}, bit {bit:#x}: {other:?}", message.len()),
                }
            }
        }
        assert!(flat > named, "{flat} flat, {named} named");
    }
}

#[test]
fn no_cut_and_no_extended_message_opens() {
    for suite in [Suite::Committing, Suite::CommittingSigned] {
        let message = specimen(suite);
        for length in 0..message.len() {
            let cut = open(&opener(), &message[..length]);
            assert_eq!(
                cut,
                Err(Error::Esdk(EsdkFault::Truncated)),
                "{suite:?}, cut at {length}"
            );
        }
        let longer = [&message[..], b"x"].concat();
        assert_eq!(open(&opener(), &longer), Err(Error::Esdk(EsdkFault::TrailingBytes)));
    }
}

#[test]
fn frames_cannot_be_swapped_dropped_or_taken_from_another_message() {
    let message = specimen(Suite::Committing);
    let header = Header::parse_prefix(&message, 1).unwrap().as_bytes().len();
    let frame = 4 + 12 + 8 + 16;
    let (first, second, last) = (
        &message[header..header + frame],
        &message[header + frame..header + 2 * frame],
        &message[header + 2 * frame..],
    );
    let head = &message[..header];
    let out_of_order = Err(Error::Esdk(EsdkFault::FrameSequence));
    for parts in [
        [second, first, last],
        [first, first, last],
        [second, last, &[]],
        [first, last, &[]],
    ] {
        assert_eq!(open(&opener(), &[head, &parts.concat()].concat()), out_of_order);
    }
    let mut renumbered = second.to_vec();
    renumbered[3] = 1;
    let moved = [head, &renumbered, first, last].concat();
    assert_eq!(open(&opener(), &moved), Err(Error::DoesNotOpen));
    let other = specimen(Suite::Committing);
    let grafted = [head, &other[header..]].concat();
    assert_eq!(open(&opener(), &grafted), Err(Error::DoesNotOpen));
}

#[test]
fn a_signature_of_another_message_does_not_verify() {
    let (one, other) = (specimen(Suite::CommittingSigned), specimen(Suite::CommittingSigned));
    let footer = |message: &[u8]| {
        // Header, two whole frames, the last of four bytes.
        let header = Header::parse_prefix(message, 1).unwrap().as_bytes().len();
        header + 2 * (4 + 12 + 8 + 16) + 4 + 4 + 12 + 4 + 4 + 16
    };
    let swapped = [&one[..footer(&one)], &other[footer(&other)..]].concat();
    assert_eq!(open(&opener(), &swapped), Err(Error::DoesNotOpen));
}

#[test]
fn malformed_headers_are_named() {
    let message = specimen(Suite::Committing);
    let parse = |bytes: &[u8]| Header::parse_prefix(bytes, 16).map(|_| ()).unwrap_err();
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = message.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        parse(&changed)
    };
    let fault = |fault| Error::Esdk(fault);
    // Version, suite, message id, context (12 bytes), count of data keys.
    let (context_at, count_at) = (35, 35 + 2 + 8);
    assert_eq!(message[context_at..context_at + 2], [0, 8]);
    let header_len = Header::parse_prefix(&message, 16).unwrap().as_bytes().len();
    let content_at = header_len - 16 - 32 - 4 - 1;
    assert_eq!(message[content_at], 2);
    let table = [
        (0, &[3][..], fault(EsdkFault::Version)),
        (0, &[1], fault(EsdkFault::Type)),
        (1, &[0x01, 0x78], fault(EsdkFault::Version)),
        (1, &[0x04, 0x79], Error::Policy(PolicyFault::SuiteUnknown)),
        (1, &[0x05, 0x78], fault(EsdkFault::PublicKey)),
        (context_at + 2, &[0, 2], fault(EsdkFault::Context)),
        (count_at, &[0, 0], fault(EsdkFault::DataKeys)),
        (count_at, &[0, 17], Error::Limit(LimitFault::DataKeys)),
        (count_at + 4, &[0xff], fault(EsdkFault::ProviderId)),
        (content_at, &[3], fault(EsdkFault::ContentType)),
        (content_at, &[1], fault(EsdkFault::FrameLength)),
        (content_at + 1, &[0, 0, 0, 0], fault(EsdkFault::FrameLength)),
    ];
    for (at, bytes, expected) in table {
        assert_eq!(changed(at, bytes), expected, "{bytes:x?} at {at}");
    }
}

#[test]
fn caps_of_the_reader_at_and_over() {
    let many = (1..caps::ESDK_DATA_KEYS).fold(sealer(), |sealer, number| {
        sealer.keyring(aes_named("space", &number.to_string(), &[1; 32]))
    });
    let message = seal(&many, b"x");
    assert_eq!(open(&opener(), &message).unwrap(), b"x");
    let strict = opener().max_data_keys(caps::ESDK_DATA_KEYS - 1);
    assert_eq!(open(&strict, &message), Err(Error::Limit(LimitFault::DataKeys)));

    let framed = seal(&sealer().frame_len(100), b"x");
    assert_eq!(open(&opener().max_frame(100), &framed).unwrap(), b"x");
    assert_eq!(
        open(&opener().max_frame(99), &framed),
        Err(Error::Limit(LimitFault::Frame))
    );
}

#[test]
fn a_header_of_many_long_fields_is_refused_before_it_is_read_whole() {
    let mut header = seal(&sealer().suite(Suite::Committing), b"x")[..35 + 2].to_vec();
    header.extend([0, 16]);
    for _ in 0..3 * 16 {
        header.extend([0xff, 0xff]);
        header.extend([b'x'; 0xffff]);
    }
    let parsed = Header::parse_prefix(&header, 16);
    assert_eq!(parsed.err(), Some(Error::Limit(LimitFault::Header)));
}

#[test]
fn what_does_not_commit_is_refused_unless_it_is_allowed() {
    // AWS_128_GCM without key derivation, its header only: refused before any key is asked.
    let mut message = vec![1, 0x80, 0x00, 0x14];
    message.extend([5; 16]);
    message.extend([0, 0, 0, 1, 0, 1, b'n', 0, 1, b'k', 0, 1, b'c']);
    message.extend([2, 0, 0, 0, 0, 12, 0, 0, 16, 0]);
    message.extend([0; 12 + 16]);
    let parsed = Header::parse_prefix(&message, 1).unwrap();
    assert_eq!(parsed.suite(), Suite::Aes128);
    assert_eq!(open(&opener(), &message), Err(Error::Policy(PolicyFault::Commitment)));
    assert_eq!(
        open(&lenient(), &message),
        Err(Error::Caller(CallerFault::NoConfiguredKey))
    );
    let reserved = message.len() - 28 - 9;
    message[reserved] = 1;
    assert_eq!(
        Header::parse_prefix(&message, 1).err(),
        Some(Error::Esdk(EsdkFault::Reserved))
    );
    message[reserved] = 0;
    message[reserved + 4] = 11;
    assert_eq!(
        Header::parse_prefix(&message, 1).err(),
        Some(Error::Esdk(EsdkFault::IvLength))
    );
}

#[test]
fn starts_of_messages_are_told_from_other_files() {
    for suite in [Suite::Committing, Suite::CommittingSigned] {
        assert!(Header::is_start_of_message(&specimen(suite)));
    }
    assert!(Header::is_start_of_message(&[1, 0x80, 0x03, 0x78]));
    for other in [
        &b"KS1"[..],
        &[2, 0x03, 0x78],
        &[1, 0x80, 0x04, 0x78],
        &[1, 0x81, 0, 0x14],
        &[2, 4],
        b"",
        b"\x89KS1",
    ] {
        assert!(!Header::is_start_of_message(other), "{other:x?}");
    }
}
