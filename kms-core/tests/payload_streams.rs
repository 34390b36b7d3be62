//! Readers, writers and bulk streams: what they do when the other end fails, and what they promise on the way.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]

mod paths;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::payload::{OpenReader, PayloadKeys, SEALED_CHUNK, SealWriter, open_stream, seal_stream};
use kms_core::{Error, LimitFault, Suite};

const CHUNK: usize = 16_384;

fn keys() -> Arc<PayloadKeys> {
    let key = Secret::init_with(|place| place.fill(0x42));
    Arc::new(PayloadKeys::new(&CryptoBackend::default(), Suite::Aes256Gcm, &key, &[0x24; 24], b"").unwrap())
}

fn payload(length: usize) -> Vec<u8> {
    paths::SEAL[0].1(&keys(), &vec![0x61; length]).unwrap()
}

fn open(payload: &[u8]) -> kms_core::Result<Vec<u8>> {
    paths::OPEN[0].1(&keys(), payload)
}

/// Passes `budget` bytes on, then fails with `kind`; a `hiccup` fails every other call and loses nothing.
struct Failing<T> {
    inner: T,
    budget: usize,
    kind: io::ErrorKind,
    hiccup: bool,
    calls: usize,
}

impl<T> Failing<T> {
    fn after(budget: usize, inner: T) -> Self {
        let kind = io::ErrorKind::ConnectionReset;
        Self {
            inner,
            budget,
            kind,
            hiccup: false,
            calls: 0,
        }
    }

    fn hiccup(inner: T) -> Self {
        let kind = io::ErrorKind::WouldBlock;
        Self {
            inner,
            budget: usize::MAX,
            kind,
            hiccup: true,
            calls: 0,
        }
    }

    fn turn(&mut self, wanted: usize) -> io::Result<usize> {
        self.calls += 1;
        if self.budget == 0 || self.hiccup && self.calls.is_multiple_of(3) {
            return Err(self.kind.into());
        }
        Ok(wanted.min(self.budget))
    }
}

impl<W: Write> Write for Failing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = self.turn(bytes.len())?;
        let count = self.inner.write(&bytes[..most])?;
        self.budget -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = self.turn(out.len())?;
        let count = self.inner.read(&mut out[..most])?;
        self.budget -= count;
        Ok(count)
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_a_payload_that_does_not_open() {
    for length in [0, 5, CHUNK, CHUNK + 5, 4 * CHUNK, 9 * CHUNK] {
        for flushed in [false, true] {
            let mut out = Vec::new();
            let mut writer = SealWriter::new(keys(), &mut out);
            writer.write_all(&vec![0x61; length]).unwrap();
            if flushed {
                writer.flush().unwrap();
            }
            drop(writer);
            assert_eq!(open(&out).err(), Some(Error::DoesNotOpen), "{length} bytes");
        }
    }
}

#[test]
fn flush_passes_on_every_full_chunk() {
    let mut out = Vec::new();
    let mut writer = SealWriter::new(keys(), &mut out);
    writer.write_all(&vec![0x61; 2 * CHUNK + 5]).unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(out.len(), 56 + 2 * SEALED_CHUNK);
}

#[test]
fn a_write_that_failed_can_be_repeated() {
    let plaintext: Vec<u8> = (0..20 * CHUNK + 5).map(|i| (i % 249) as u8).collect();
    let mut out = Failing::hiccup(Vec::new());
    let mut writer = SealWriter::new(keys(), &mut out);
    let (mut rest, mut failures) = (&plaintext[..], 0);
    while !rest.is_empty() {
        match writer.write(&rest[..rest.len().min(5000)]) {
            Ok(count) => rest = &rest[count..],
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                failures += 1;
            }
        }
    }
    // `finish` takes the writer, so one that may fail is flushed before; then the last chunk is a single write.
    while writer.flush().is_err() {
        failures += 1;
    }
    assert!(failures > 1, "{failures}");
    let payload = match writer.finish() {
        Ok(out) => &out.inner,
        Err(error) => panic!("{error}"),
    };
    assert!(open(payload).unwrap() == plaintext);
}

#[test]
fn a_read_that_failed_can_be_repeated() {
    let payload = payload(5 * CHUNK + 5);
    let mut reader = OpenReader::new(keys(), SkipFirst(Failing::hiccup(&payload[..]), 56)).unwrap();
    let (mut out, mut failures) = (Vec::new(), 0);
    let mut buffer = [0; 9000];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => out.extend_from_slice(&buffer[..count]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                failures += 1;
            }
        }
    }
    assert!(failures > 0);
    assert_eq!(out, vec![0x61; 5 * CHUNK + 5]);
}

/// Waits for the first bytes, so that only later reads see the hiccups.
struct SkipFirst<R>(R, usize);

impl<R: Read> Read for SkipFirst<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(out) {
                Err(_) if self.1 > 0 => {}
                Ok(count) => {
                    self.1 = self.1.saturating_sub(count);
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[test]
fn the_kind_of_an_io_error_comes_through_every_stream() {
    let reset = Some(Error::Io(io::ErrorKind::ConnectionReset));
    let plaintext = vec![0x61; 9 * CHUNK];
    let payload = payload(9 * CHUNK);
    for budget in [0, 30, 100, 3 * CHUNK, 8 * CHUNK] {
        for workers in [1, 3] {
            let options = paths::options(workers, 0);
            let (from, to) = (
                || Failing::after(budget, &plaintext[..]),
                || Failing::after(budget, io::sink()),
            );
            assert_eq!(seal_stream(&keys(), from(), io::sink(), &options, |_| ()).err(), reset);
            assert_eq!(
                seal_stream(&keys(), &plaintext[..], to(), &options, |_| ()).err(),
                reset
            );
            let sealed = Failing::after(budget, &payload[..]);
            assert_eq!(open_stream(&keys(), sealed, io::sink(), &options, |_| ()).err(), reset);
            assert_eq!(open_stream(&keys(), &payload[..], to(), &options, |_| ()).err(), reset);
        }
        let mut writer = SealWriter::new(keys(), Failing::after(budget, io::sink()));
        let written = writer.write_all(&plaintext).map_err(Error::from);
        assert_eq!(written.err().or_else(|| writer.finish().err()), reset);
        let read = OpenReader::new(keys(), Failing::after(budget, &payload[..]))
            .and_then(|mut reader| Ok(io::copy(&mut reader, &mut io::sink())?));
        assert_eq!(read.err(), reset);
    }
}

#[test]
fn what_reached_the_writer_before_a_failure_is_the_start_of_the_message() {
    let plaintext: Vec<u8> = (0..9 * CHUNK).map(|i| (i / 99) as u8).collect();
    let mut payload = paths::SEAL[0].1(&keys(), &plaintext).unwrap();
    payload[56 + 6 * SEALED_CHUNK] ^= 1;
    for workers in [1, 2, 5] {
        let mut out = Vec::new();
        let opened = open_stream(&keys(), &payload[..], &mut out, &paths::options(workers, 0), |_| ());
        assert_eq!(opened, Err(Error::DoesNotOpen));
        assert!(out == plaintext[..6 * CHUNK]);
    }
}

#[test]
fn progress_rises_to_the_whole() {
    let plaintext = vec![0x61; 9 * CHUNK + 3];
    for workers in [1, 3] {
        let mut heard = vec![0];
        let mut payload = Vec::new();
        let options = paths::options(workers, 0);
        let sealed = seal_stream(&keys(), &plaintext[..], &mut payload, &options, |bytes| {
            heard.push(bytes);
        });
        assert_eq!(sealed, Ok(plaintext.len() as u64));
        assert!(heard.len() > 9 && heard.is_sorted());
        assert_eq!(heard.last(), Some(&(plaintext.len() as u64)));

        let mut heard = vec![0];
        let opened = open_stream(&keys(), &payload[..], io::sink(), &options, |bytes| heard.push(bytes));
        assert_eq!(opened, Ok(plaintext.len() as u64));
        assert!(heard.len() > 9 && heard.is_sorted());
        assert_eq!(heard.last(), Some(&(plaintext.len() as u64)));
    }
}

#[test]
fn the_plaintext_maximum_holds_at_and_over() {
    let over = Error::Limit(LimitFault::Plaintext);
    let length = 3 * CHUNK + 7;
    let payload = payload(length);
    for (most, expected) in [
        (length, None),
        (length - 1, Some(&over)),
        (CHUNK, Some(&over)),
        (0, Some(&over)),
    ] {
        let mut options = paths::options(2, 0);
        options.max_plaintext = most as u64;
        let mut out = Vec::new();
        assert_eq!(
            open_stream(&keys(), &payload[..], &mut out, &options, |_| ())
                .err()
                .as_ref(),
            expected
        );
        assert!(out.len() <= most);
        let plaintext = vec![0x61; length];
        assert_eq!(
            seal_stream(&keys(), &plaintext[..], io::sink(), &options, |_| ())
                .err()
                .as_ref(),
            expected
        );

        let mut out = Vec::new();
        let mut reader = OpenReader::new(keys(), &payload[..])
            .unwrap()
            .with_max_plaintext(most as u64);
        let read = reader.read_to_end(&mut out).map_err(Error::from);
        assert_eq!(read.err().as_ref(), expected);
        assert!(out.len() <= most);
    }
}

#[test]
fn memory_stays_bounded() {
    // The reader sees how much is asked of it at once: never more than its share of the buffer.
    struct Watched<'a>(u64, &'a AtomicUsize);
    impl Read for Watched<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1.fetch_max(out.len(), Ordering::Relaxed);
            let count = out.len().min(usize::try_from(self.0).unwrap());
            self.0 -= count as u64;
            Ok(count)
        }
    }
    for (workers, buffer) in [(1, 1 << 20), (3, 1 << 20), (8, 8 << 20), (2, 0)] {
        let most = AtomicUsize::new(0);
        let options = paths::options(workers, buffer);
        seal_stream(&keys(), Watched(10_000_000, &most), io::sink(), &options, |_| ()).unwrap();
        let most = most.into_inner();
        assert!(
            most >= CHUNK && 2 * workers * most <= buffer.max(2 * workers * CHUNK),
            "{workers}: {most}"
        );
    }
}

#[test]
fn a_panic_in_a_callers_part_comes_out_and_stops_nobody() {
    struct Panics(usize);
    impl Read for Panics {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            assert!(self.0 > 0, "reader");
            self.0 -= 1;
            Ok(out.len())
        }
    }
    impl Write for Panics {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(self.0 > 0, "writer");
            self.0 -= 1;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for workers in [1, 2, 4] {
        for calls in [1, 4] {
            let options = paths::options(workers, 0);
            let plaintext = vec![0x61; 20 * CHUNK];
            let panicked = |run: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(run)).is_err();
            assert!(panicked(&mut || {
                let _ = seal_stream(&keys(), Panics(calls), io::sink(), &options, |_| ());
            }));
            assert!(panicked(&mut || {
                let _ = seal_stream(&keys(), &plaintext[..], Panics(calls), &options, |_| ());
            }));
            assert!(panicked(&mut || {
                let _ = seal_stream(&keys(), &plaintext[..], io::sink(), &options, |_| panic!("callback"));
            }));
        }
    }
}
