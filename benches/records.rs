//! What does a record of 100 bytes cost over the one AEAD call that it needs?

use std::hint::black_box;

use criterion::Throughput;
use kms_core::Suite;
use kms_core::crypto::CryptoBackend;
use kms_core::record::{BatchPlace, ByteColumn, ByteColumnBuf, RecordMode, RecordOpener, RecordPlace, TicketKeys};
use setup::keys::Keys;
use setup::peers::bare::Bare;
use setup::{Criterion, plaintext, run, sealer};

fn main() {
    setup::bench("records", |criterion| {
        bare(criterion);
        single(criterion, "keystrand", Suite::Aes256Gcm);
        single(criterion, "keystrand-siv", Suite::Aes256GcmSiv);
        single(criterion, "keystrand-deterministic", Suite::Aes256Siv);
        batch(criterion);
        writers(criterion);
    });
}

/// A bare call with a counter for a nonce, the key scheduled: no ids, no binding, no limits.
fn bare(criterion: &mut Criterion) {
    let (key, message) = (Bare::default(), plaintext(LENGTH));
    let mut sealed = [0; LENGTH + 16];
    let mut out = [0; LENGTH];
    let mut number = 0;
    per_record(criterion, "record-seal", 1, |group| {
        group.bench_function("bare-aws-lc", |bencher| {
            bencher.iter(|| {
                number += 1;
                key.seal_one(number, black_box(&message), &mut sealed);
            });
        });
    });
    key.seal_one(1, &message, &mut sealed);
    per_record(criterion, "record-open", 1, |group| {
        group.bench_function("bare-aws-lc", |bencher| {
            bencher.iter(|| key.open_one(1, black_box(&sealed), &mut out))
        });
    });
}

fn single(criterion: &mut Criterion, name: &str, suite: Suite) {
    let (ticket, message) = (ticket(suite), plaintext(LENGTH));
    let mut sealer = ticket.sealer().expect("a random writer id");
    let mut record = vec![0; sealer.record_len(LENGTH).expect("a short record")];
    per_record(criterion, "record-seal", 1, |group| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| sealer.seal_into(PLACE, black_box(&message), &mut record));
        });
    });
    let mut opener = opener(&ticket);
    let mut out = vec![0; record.len()];
    per_record(criterion, "record-open", 1, |group| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                opener
                    .open_into(PLACE, black_box(&record), &mut out)
                    .expect("just sealed")
            });
        });
    });
}

/// A column of values in Arrow's layout, in one call.
fn batch(criterion: &mut Criterion) {
    let ticket = ticket(Suite::Aes256Gcm);
    let bytes = plaintext(LENGTH * VALUES);
    let offsets: Vec<i32> = (0..=VALUES)
        .map(|at| i32::try_from(at * LENGTH).expect("a short column"))
        .collect();
    let values = ByteColumn::new(&offsets, &bytes).expect("ascending offsets");
    let mut sealer = ticket.sealer().expect("a random writer id");
    let mut records = ByteColumnBuf::new();
    per_record(criterion, "record-seal", VALUES, |group| {
        group.bench_function("keystrand-batch", |bencher| {
            bencher.iter(|| {
                records.clear();
                sealer.seal_batch(BatchPlace::Column(COLUMN), black_box(&values), &mut records)
            });
        });
    });
    let mut opener = opener(&ticket);
    let mut out = ByteColumnBuf::new();
    per_record(criterion, "record-open", VALUES, |group| {
        group.bench_function("keystrand-batch", |bencher| {
            bencher.iter(|| {
                out.clear();
                let opened = opener.open_batch(BatchPlace::Column(COLUMN), black_box(&records.as_column()), &mut out);
                opened.expect("just sealed");
            });
        });
    });
}

/// The worst case for a reader: every record by another writer, whose key it has not seen.
fn writers(criterion: &mut Criterion) {
    let (ticket, message) = (ticket(Suite::Aes256Gcm), plaintext(LENGTH));
    let record = |_| {
        let mut record = Vec::new();
        let mut sealer = ticket.sealer().expect("a random writer id");
        sealer.seal(PLACE, &message, &mut record).expect("a short record");
        record
    };
    // Twice as many as the opener keeps keys of.
    let records: Vec<_> = (0..2 * kms_core::caps::RECORD_KEYS).map(record).collect();
    let mut opener = opener(&ticket);
    let mut out = vec![0; records[0].len()];
    let mut next = records.iter().cycle();
    per_record(criterion, "record-open", 1, |group| {
        group.bench_function("keystrand-new-writer", |bencher| {
            bencher.iter(|| {
                let record = next.next().expect("a cycle has no end");
                opener.open_into(PLACE, record, &mut out).expect("just sealed")
            });
        });
    });
}

fn per_record(
    criterion: &mut Criterion,
    group: &str,
    records: usize,
    benches: impl FnOnce(&mut criterion::BenchmarkGroup<'_, setup::ProcessorTime>),
) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(records as u64));
    benches(&mut group);
    group.finish();
}

fn ticket(suite: Suite) -> TicketKeys {
    let backend = CryptoBackend::default();
    let keys = Keys::new(&backend, &["payments"]);
    let sealer = sealer(&backend)
        .suite(suite)
        .ticket(RecordMode::Column)
        .recipient(keys.kek("payments"));
    let ticket = run(sealer.begin(kms_core::MessageOptions::default())).expect("local keys do not fail");
    ticket.keys().ticket().expect("a ticket")
}

fn opener(ticket: &TicketKeys) -> RecordOpener {
    let mut opener = RecordOpener::new();
    opener.insert(ticket.clone());
    opener
}

const COLUMN: &str = "email";
const PLACE: RecordPlace<'static> = RecordPlace::Column(COLUMN);
const LENGTH: usize = 100;
const VALUES: usize = 10_000;
