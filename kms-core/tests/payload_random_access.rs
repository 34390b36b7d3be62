//! Random access: any range, any seek, and an end that is believed only when it was verified.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]

mod paths;

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::payload::{PayloadCursor, PayloadKeys, RandomAccess, ReadAt};
use kms_core::{CallerFault, Error, Suite};
use proptest::prelude::*;

const CHUNK: usize = 16_384;

fn keys() -> Arc<PayloadKeys> {
    let key = Secret::init_with(|place| place.fill(0x42));
    Arc::new(PayloadKeys::new(&CryptoBackend::default(), Suite::Aes256Gcm, &key, &[0x24; 24], b"").unwrap())
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8 ^ (i / CHUNK) as u8).collect()
}

fn payload(length: usize) -> Vec<u8> {
    paths::SEAL[0].1(&keys(), &plaintext(length)).unwrap()
}

fn access(length: usize) -> RandomAccess<Vec<u8>> {
    RandomAccess::new(keys(), payload(length), 0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_range_is_the_plaintexts(length in 0..5 * CHUNK, start in 0..6 * CHUNK, wanted in 0..3 * CHUNK) {
        let (access, plaintext) = (access(length), plaintext(length));
        let expected = &plaintext[start.min(length)..(start + wanted).min(length)];
        let mut out = vec![0xaa; wanted];
        let count = access.read_at(start as u64, &mut out).unwrap();
        prop_assert_eq!(&out[..count], expected);

        let range = access.read_range(start as u64..(start + wanted) as u64);
        if start + wanted <= length {
            prop_assert_eq!(range.unwrap(), expected);
        } else {
            prop_assert_eq!(range, Err(Error::Caller(CallerFault::Range)));
        }
    }

    #[test]
    fn a_cursor_is_a_cursor(length in 0..3 * CHUNK, steps in prop::collection::vec((0..3_u8, -40_000..60_000_i64, 0..40_000_usize), 1..12)) {
        let plaintext = plaintext(length);
        let mut expected = io::Cursor::new(&plaintext);
        let mut cursor = PayloadCursor::new(access(length));
        for (whence, offset, wanted) in steps {
            let to = match whence {
                0 => SeekFrom::Start(offset.unsigned_abs()),
                1 => SeekFrom::Current(offset),
                _ => SeekFrom::End(offset),
            };
            match (expected.seek(to), cursor.seek(to)) {
                (Ok(one), Ok(other)) => prop_assert_eq!(one, other),
                (Err(_), Err(error)) => prop_assert_eq!(error.kind(), io::ErrorKind::InvalidInput),
                (one, other) => prop_assert!(false, "{one:?} and {other:?}"),
            }
            let (mut one, mut other) = (Vec::new(), Vec::new());
            expected.by_ref().take(wanted as u64).read_to_end(&mut one).unwrap();
            cursor.by_ref().take(wanted as u64).read_to_end(&mut other).unwrap();
            prop_assert!(one == other);
        }
    }
}

#[test]
fn an_end_is_believed_only_after_the_last_chunk_opened() {
    let length = 2 * CHUNK + 9;
    let mut altered = payload(length);
    *altered.last_mut().unwrap() ^= 1;
    let access = Arc::new(RandomAccess::new(keys(), altered, 0).unwrap());
    let refused = Some(Error::DoesNotOpen);

    assert_eq!(
        access.read_range(0..2 * CHUNK as u64).unwrap(),
        plaintext(2 * CHUNK),
        "what is authentic is read"
    );
    assert_eq!(access.verified_len().err(), refused);
    assert_eq!(
        access.read_at(length as u64, &mut [0; 4]).err(),
        refused,
        "no end of file"
    );
    assert_eq!(access.read_at(u64::MAX, &mut [0; 4]).err(), refused);
    assert_eq!(access.read_range(0..u64::MAX).err(), refused, "no word on the range");
    let mut cursor = PayloadCursor::new(Arc::clone(&access));
    assert_eq!(cursor.seek(SeekFrom::End(0)).map_err(Error::from).err(), refused);
    cursor.seek(SeekFrom::Start(length as u64 + 5)).unwrap();
    assert_eq!(cursor.read(&mut [0; 4]).map_err(Error::from).err(), refused);
}

#[test]
fn a_failed_read_leaves_nothing_in_the_buffer() {
    let mut altered = payload(3 * CHUNK);
    altered[56 + 16_400 + 7] ^= 1;
    let access = RandomAccess::new(keys(), altered, 0).unwrap();
    let mut out = vec![0xaa; 3 * CHUNK];
    assert_eq!(access.read_at(1, &mut out), Err(Error::DoesNotOpen));
    assert!(out.iter().all(|byte| *byte == 0));
}

/// A source whose bytes change behind the reader's back.
#[derive(Clone)]
struct Shifting(Arc<Mutex<Vec<u8>>>);

impl ReadAt for Shifting {
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.lock().unwrap().read_exact_at(buf, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.lock().unwrap().size()
    }
}

#[test]
fn the_length_is_pinned() {
    let shifting = Shifting(Arc::new(Mutex::new(payload(CHUNK + 9))));
    let access = RandomAccess::new(keys(), shifting.clone(), 0).unwrap();
    shifting.0.lock().unwrap().extend_from_slice(&[7; 20_000]);
    assert_eq!(access.verified_len(), Ok(CHUNK as u64 + 9));
    let mut out = vec![0; 3 * CHUNK];
    assert_eq!(access.read_at(0, &mut out), Ok(CHUNK + 9));

    shifting.0.lock().unwrap().truncate(100);
    assert_eq!(access.read_at(0, &mut out), Err(Error::DoesNotOpen));
}

#[test]
fn a_source_may_say_that_the_object_changed() {
    struct Replaced(Vec<u8>);
    impl ReadAt for Replaced {
        fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
            if offset > 0 {
                return Err(io::Error::other(Error::Caller(CallerFault::ChangedMeanwhile)));
            }
            self.0.read_exact_at(buf, offset)
        }
        fn size(&self) -> io::Result<u64> {
            self.0.size()
        }
    }
    let access = RandomAccess::new(keys(), Replaced(payload(100)), 0).unwrap();
    let changed = Err(Error::Caller(CallerFault::ChangedMeanwhile));
    assert_eq!(access.read_at(0, &mut [0; 4]), changed);
}

#[test]
#[cfg(unix)]
fn a_file_is_read_by_many_threads_at_once() {
    use std::io::Write;

    let mut file = tempfile::tempfile().unwrap();
    let length = 40 * CHUNK + 3;
    file.write_all(b"a header").unwrap();
    file.write_all(&payload(length)).unwrap();
    let access = RandomAccess::new(keys(), file, 8).unwrap();
    let plaintext = plaintext(length);
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let (access, plaintext) = (&access, &plaintext);
            scope.spawn(move || {
                for i in 0..40 {
                    let start = (i * 16_411 + thread * 31) % length;
                    let mut out = vec![0; 30_000.min(length - start)];
                    assert_eq!(access.read_at(start as u64, &mut out), Ok(out.len()));
                    assert!(out == plaintext[start..start + out.len()]);
                }
            });
        }
    });
}

#[test]
fn a_header_longer_than_the_object_is_refused() {
    for header_len in [101, 172, 173, u64::MAX] {
        let refused = RandomAccess::new(keys(), payload(100), header_len).err();
        assert_eq!(refused, Some(Error::DoesNotOpen), "{header_len}");
    }
}
