//! What does a token cost against the `fpe` crate: one at a time, in batches, and from text to text?

use std::hint::black_box;

use aes::Aes256;
use criterion::Throughput;
use fpe::ff1::{FF1, FlexibleNumeralString};
use kms_core::crypto::CryptoBackend;
use kms_core::fpe::{ColumnName, Direction, EachTweak, Ff1, FpeKey, OnFault, RowIds, TokenColumn, Tokenizer, Tweaks};
use kms_core::memory::Secret;
use kms_core::record::ByteColumn;
use setup::Criterion;

fn main() {
    setup::bench("fpe", |criterion| {
        numerals(criterion, "ff1-16-digits", 10, 16);
        numerals(criterion, "ff1-32-digits", 10, 32);
        numerals(criterion, "ff1-20-of-62", 62, 20);
        numerals(criterion, "ff1-50-of-62", 62, 50);
        text(criterion);
        types(criterion);
    });
}

/// Numerals in and out, AES-256, an 8-byte tweak for all.
fn numerals(criterion: &mut Criterion, name: &str, radix: u32, length: usize) {
    let mut random = 88172645463325252u64;
    let mut numeral = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        u16::try_from(random % u64::from(radix)).expect("below the radix")
    };
    let values: Vec<u16> = (0..length * VALUES).map(|_| numeral()).collect();
    let peer = FF1::<Aes256>::new(&KEY, radix).expect("a key and a radix");
    let ours = Ff1::new(&KEY, radix).expect("a key and a radix");
    let (one, mut group) = (
        FlexibleNumeralString::from(values[..length].to_vec()),
        criterion.benchmark_group(name),
    );
    group.throughput(Throughput::Elements(1));
    group.bench_function("fpe-crate", |bencher| {
        bencher.iter(|| peer.encrypt(TWEAK, black_box(&one)).expect("in the domain"));
    });
    group.bench_function("keystrand", |bencher| {
        let mut value = values[..length].to_vec();
        bencher.iter(|| ours.encrypt(TWEAK, black_box(&mut value)).expect("in the domain"));
    });
    group.throughput(Throughput::Elements(VALUES as u64));
    group.bench_function("keystrand-batch", |bencher| {
        let mut values = values.clone();
        bencher.iter(|| {
            let done = ours.batch(
                Direction::Encrypt,
                EachTweak::Same(TWEAK),
                length,
                black_box(&mut values),
            );
            done.expect("in the domain");
        });
    });
    group.finish();
}

/// A column of 16 digits as text, to a column of text. The peer parses and writes text too, which it leaves to its user.
fn text(criterion: &mut Criterion) {
    let (offsets, bytes) = column(&cards());
    let values = ByteColumn::new(&offsets, &bytes).expect("ascending offsets");
    let rows: Vec<u64> = (0..VALUES as u64).collect();
    let peer = FF1::<Aes256>::new(&KEY, 10).expect("a key and a radix");
    let mut group = criterion.benchmark_group("text-16-digits");
    group.throughput(Throughput::Elements(VALUES as u64));
    group.bench_function("fpe-crate", |bencher| {
        bencher.iter(|| {
            let mut out = Vec::with_capacity(bytes.len());
            for value in bytes.chunks(16) {
                let numerals: Vec<u16> = value.iter().map(|digit| u16::from(digit - b'0')).collect();
                let token = peer
                    .encrypt(TWEAK, &FlexibleNumeralString::from(numerals))
                    .expect("in the domain");
                out.extend(
                    Vec::<u16>::from(token)
                        .into_iter()
                        .map(|numeral| numeral.to_le_bytes()[0] + b'0'),
                );
            }
            out
        });
    });
    let tokens = tokenizer("regex:(\\d{16})");
    group.bench_function("keystrand-column-tweak", |bencher| {
        let mut out = TokenColumn::new();
        bencher.iter(|| {
            out.clear();
            tokens.column(
                Direction::Encrypt,
                Tweaks::Column(NAME),
                black_box(&values),
                OnFault::Stop,
                &mut out,
            )
        });
    });
    group.bench_function("keystrand-row-tweaks", |bencher| {
        let mut out = TokenColumn::new();
        bencher.iter(|| {
            out.clear();
            let tweaks = Tweaks::Rows(NAME, RowIds::Numbers(&rows));
            tokens.column(Direction::Encrypt, tweaks, black_box(&values), OnFault::Stop, &mut out)
        });
    });
    group.bench_function("keystrand-one-by-one", |bencher| {
        bencher.iter(|| {
            for value in bytes
                .chunks(16)
                .map(|value| std::str::from_utf8(value).expect("digits"))
            {
                black_box(tokens.encrypt(TWEAK, value).expect("in the domain"));
            }
        });
    });
    group.finish();
}

/// Data types, a tweak for each row.
fn types(criterion: &mut Criterion) {
    let rows: Vec<u64> = (0..VALUES as u64).collect();
    let mut group = criterion.benchmark_group("types");
    group.throughput(Throughput::Elements(VALUES as u64));
    for (name, text, value) in [
        ("pan-luhn", "pan", "4111111111111111"),
        ("ssn", "ssn", "078-05-1120"),
        ("email", "email", "alice.liddell@example.org"),
        ("iban", "iban", "DE89370400440532013000"),
        ("uuid", "uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ("date", "date:from=0001-01-01,to=9999-12-31", "2026-11-22"),
        ("mixed", "regex:([A-Z]\\d{6})", "A123456"),
    ] {
        let tokens = tokenizer(text);
        let (offsets, bytes) = column(&vec![value.to_owned(); VALUES]);
        let values = ByteColumn::new(&offsets, &bytes).expect("ascending offsets");
        group.bench_function(name, |bencher| {
            let mut out = TokenColumn::new();
            bencher.iter(|| {
                out.clear();
                let tweaks = Tweaks::Rows(NAME, RowIds::Numbers(&rows));
                let done = tokens.column(Direction::Encrypt, tweaks, black_box(&values), OnFault::Stop, &mut out);
                done.expect("values of the type");
            });
        });
    }
    group.finish();
}

fn tokenizer(template: &str) -> Tokenizer {
    let key = FpeKey::new(
        &CryptoBackend::default(),
        Secret::init_with(|key| *key = KEY),
        "bench",
        1,
    );
    Tokenizer::new(&key, template.parse().expect("a template"))
}

fn cards() -> Vec<String> {
    (0..VALUES as u64)
        .map(|row| format!("{:016}", row * 7_919_999_983 % 10_000_000_000_000_000))
        .collect()
}

fn column(values: &[String]) -> (Vec<i32>, Vec<u8>) {
    let mut offsets = vec![0];
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend_from_slice(value.as_bytes());
        offsets.push(i32::try_from(bytes.len()).expect("a short column"));
    }
    (offsets, bytes)
}

const KEY: [u8; 32] = [7; 32];
const TWEAK: &[u8] = b"card.pan";
const NAME: ColumnName<'static> = ColumnName {
    table: "orders",
    column: "card",
};
const VALUES: usize = 10_000;
