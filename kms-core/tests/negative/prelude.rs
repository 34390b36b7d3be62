//! 1 to 10: the first 32 bytes.

use kms_core::{Error, FormatFault, LimitFault, PolicyFault};

use crate::hostile::forge::Forge;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};

#[test]
fn the_forged_envelope_itself_opens() {
    on_both(|backend| {
        for (suite, kind) in [(1, 1), (2, 1), (3, 1), (1, 3), (2, 3), (3, 3)] {
            let forge = Forge::of(backend, suite, kind);
            let reader = Reader::new(backend, &["local://a"]);
            assert_eq!(reader.open(&forge.envelope()).unwrap(), forge.plaintext);
            assert_eq!(reader.calls(), 1);
        }
    });
}

#[test]
fn n01_empty_file() {
    on_both(|backend| {
        let error = Reader::new(backend, &["local://a"]).refuses(&[], Party::Format, 0);
        assert_eq!(error, Error::Format(FormatFault::Empty));
    });
}

#[test]
fn n02_each_cut_of_the_prelude() {
    on_both(|backend| {
        let envelope = Forge::message(backend).envelope();
        for length in 1..32 {
            let error = Reader::new(backend, &["local://a"]).refuses(&envelope[..length], Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Truncated), "{length}");
        }
    });
}

#[test]
fn n03_wrong_and_mangled_magic() {
    on_both(|backend| {
        let envelope = Forge::message(backend).envelope();
        let reader = Reader::new(backend, &["local://a"]);
        for at in 0..8 {
            for bit in 0..8 {
                let mut wrong = envelope.clone();
                wrong[at] ^= 1 << bit;
                reader.refuses(&wrong, Party::Format, 0);
            }
        }
        let mut other = envelope.clone();
        other[..4].copy_from_slice(b"%PDF");
        assert_eq!(
            reader.refuses(&other, Party::Format, 0),
            Error::Format(FormatFault::NotKs1)
        );

        let replaced = |from: &[u8], to: &[u8]| -> Vec<u8> {
            let mut out = Vec::new();
            let mut rest = &envelope[..];
            while let Some(&first) = rest.first() {
                if rest.starts_with(from) {
                    out.extend_from_slice(to);
                    rest = &rest[from.len()..];
                } else {
                    out.push(first);
                    rest = &rest[1..];
                }
            }
            out
        };
        let seven_bits: Vec<u8> = envelope.iter().map(|byte| byte & 0x7f).collect();
        let until_1a = envelope[..6].to_vec();
        for mangled in [replaced(b"\r\n", b"\n"), replaced(b"\n", b"\r\n"), seven_bits] {
            let error = reader.refuses(&mangled, Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Mangled));
        }
        reader.refuses(&until_1a, Party::Format, 0);
    });
}

#[test]
fn n04_unknown_kind() {
    on_both(|backend| {
        for kind in [0, 4, 0x7f, 255] {
            let envelope = Forge::of(backend, 1, kind).envelope();
            let error = Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Kind));
        }
    });
}

#[test]
fn n05_flags_or_reserved_bytes_set() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        for at in [9, 28, 29, 30, 31] {
            for bit in 0..8 {
                let mut covered = forge.covered();
                covered[at] |= 1 << bit;
                let tag = forge.tag(&covered);
                let envelope = [&covered[..], &tag, &forge.payload()].concat();
                let error = Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Format, 0);
                assert_eq!(error, Error::Format(FormatFault::Reserved));
            }
        }
    });
}

#[test]
fn n06_unknown_or_reserved_suite() {
    on_both(|backend| {
        for suite in [0, 4, 0x0f, 0x11, 0x12, 0x0100, 0x01ff, 0xff00, 0xffff] {
            let envelope = Forge::of(backend, suite, 1).envelope();
            let error = Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Policy, 0);
            assert_eq!(error, Error::Policy(PolicyFault::SuiteUnknown), "{suite:#x}");
        }
    });
}

#[test]
fn n07_known_suite_in_the_wrong_kind() {
    on_both(|backend| {
        for (suite, kind) in [(3, 2), (0x10, 1), (0x10, 3)] {
            let forge = Forge::of(backend, suite, kind);
            let reader = Reader::new(backend, &["local://a"]);
            let error = match kind {
                2 => reader.refuses_ticket(&forge.header(), Party::Format, 0),
                _ => reader.refuses(&forge.envelope(), Party::Format, 0),
            };
            assert_eq!(error, Error::Format(FormatFault::SuiteForKind));
        }
    });
}

#[test]
fn n08_huge_imm_len_in_a_small_file() {
    on_both(|backend| {
        let mut envelope = Forge::message(backend).envelope();
        envelope.truncate(200);
        envelope[12..16].fill(0xff);
        let before = peak_of_address_space();
        let error = Reader::new(backend, &["local://a"]).refuses(&envelope, Party::Limit, 0);
        assert_eq!(error, Error::Limit(LimitFault::Imm));
        assert!(
            peak_of_address_space() - before < 1 << 30,
            "4 GiB were taken for a length that is not there"
        );
    });
}

/// `VmPeak` in bytes; 0 where the system does not tell.
fn peak_of_address_space() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

#[test]
fn n09_header_over_one_mebibyte() {
    on_both(|backend| {
        let envelope = Forge::message(backend).envelope();
        for (at, length) in [(16, 1 << 20), (20, 1 << 20), (24, 1 << 20), (20, (1 << 20) - 64)] {
            let mut long = envelope.clone();
            long[at..at + 4].copy_from_slice(&u32::to_be_bytes(length));
            let error = Reader::new(backend, &["local://a"]).refuses(&long, Party::Limit, 0);
            assert_eq!(error, Error::Limit(LimitFault::Header));
        }
    });
}

#[test]
fn n10_lengths_that_overflow() {
    on_both(|backend| {
        let envelope = Forge::message(backend).envelope();
        for mask in 1_u32..16 {
            let mut long = envelope.clone();
            for field in 0..4 {
                if mask >> field & 1 == 1 {
                    long[12 + 4 * field..16 + 4 * field].fill(0xff);
                }
            }
            Reader::new(backend, &["local://a"]).refuses(&long, Party::Limit, 0);
        }
        let mut wraps_to_nothing = envelope;
        wraps_to_nothing[16..20].copy_from_slice(&0x8000_0000_u32.to_be_bytes());
        wraps_to_nothing[20..24].copy_from_slice(&0x8000_0000_u32.to_be_bytes());
        Reader::new(backend, &["local://a"]).refuses(&wraps_to_nothing, Party::Limit, 0);
    });
}
