//! Every way to seal and to open a payload, under one signature.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]
#![allow(dead_code)] // each test file takes its part

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use kms_core::payload::{
    OpenReader, PayloadCursor, PayloadKeys, RandomAccess, SealWriter, StreamOptions, open_stream, plaintext_len,
    seal_stream, sealed_len,
};
use kms_core::{Error, Result};

pub(crate) type Seal = fn(&Arc<PayloadKeys>, &[u8]) -> Result<Vec<u8>>;
pub(crate) type Open = fn(&Arc<PayloadKeys>, &[u8]) -> Result<Vec<u8>>;

pub(crate) const SEAL: [(&str, Seal); 7] = [
    ("in memory", |keys, plaintext| {
        let mut out = vec![0xaa; sealed_len(plaintext.len() as u64).unwrap() as usize];
        keys.seal_into(plaintext, &mut out).map(|()| out)
    }),
    ("in memory, three threads", |keys, plaintext| {
        let mut out = vec![0xaa; sealed_len(plaintext.len() as u64).unwrap() as usize];
        keys.seal_into_parallel(plaintext, &mut out, threads(3)).map(|()| out)
    }),
    ("writer, one write", |keys, plaintext| {
        write_in_pieces(keys, plaintext, usize::MAX)
    }),
    ("writer, small writes", |keys, plaintext| {
        write_in_pieces(keys, plaintext, 1001)
    }),
    ("writer, chunk by chunk", |keys, plaintext| {
        write_in_pieces(keys, plaintext, 16_384)
    }),
    ("stream, one worker", |keys, plaintext| {
        let mut out = Vec::new();
        seal_stream(keys, plaintext, &mut out, &options(1, 8 << 20), |_| ()).map(|_| out)
    }),
    ("stream, four workers of one chunk", |keys, plaintext| {
        let mut out = Vec::new();
        seal_stream(keys, Trickle(plaintext, 5000), &mut out, &options(4, 0), |_| ()).map(|_| out)
    }),
];

pub(crate) const OPEN: [(&str, Open); 11] = [
    ("in memory", |keys, payload| in_memory(keys, payload, 1)),
    ("in memory, three threads", |keys, payload| in_memory(keys, payload, 3)),
    ("reader, to the end", |keys, payload| {
        let mut out = Vec::new();
        OpenReader::new(Arc::clone(keys), payload)?.read_to_end(&mut out)?;
        Ok(out)
    }),
    ("reader, small reads", |keys, payload| {
        read_in_pieces(OpenReader::new(Arc::clone(keys), payload)?, 997)
    }),
    ("reader, large reads of a slow source", |keys, payload| {
        read_in_pieces(OpenReader::new(Arc::clone(keys), Trickle(payload, 1460))?, 100_000)
    }),
    ("stream, one worker", |keys, payload| {
        let mut out = Vec::new();
        open_stream(keys, payload, &mut out, &options(1, 8 << 20), |_| ()).map(|_| out)
    }),
    ("stream, four workers of one chunk", |keys, payload| {
        let mut out = Vec::new();
        open_stream(keys, Trickle(payload, 5000), &mut out, &options(4, 0), |_| ()).map(|_| out)
    }),
    ("random access, whole range", |keys, payload| {
        let access = RandomAccess::new(Arc::clone(keys), payload, 0)?;
        access.read_range(0..access.verified_len()?)
    }),
    ("random access, behind a header, backwards", |keys, payload| {
        let object = [&b"header"[..], payload].concat();
        backwards(&RandomAccess::new(Arc::clone(keys), object, 6)?)
    }),
    ("cursor, small reads", |keys, payload| {
        read_in_pieces(
            PayloadCursor::new(RandomAccess::new(Arc::clone(keys), payload, 0)?),
            997,
        )
    }),
    ("cursor, end first, large reads", |keys, payload| {
        let mut cursor = PayloadCursor::new(RandomAccess::new(Arc::clone(keys), payload, 0)?);
        let length = cursor.seek(SeekFrom::End(0))?;
        cursor.rewind()?;
        let out = read_in_pieces(cursor, 50_000)?;
        assert_eq!(out.len() as u64, length);
        Ok(out)
    }),
];

pub(crate) fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

pub(crate) fn options(workers: usize, buffer: usize) -> StreamOptions {
    StreamOptions {
        threads: threads(workers),
        buffer,
        ..StreamOptions::default()
    }
}

/// Gives at most so many bytes a read, and is interrupted before each.
pub(crate) struct Trickle<'a>(pub(crate) &'a [u8], pub(crate) usize);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 ^= 1;
        if self.1 % 2 == 1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = out.len().min(self.1);
        self.0.read(&mut out[..most])
    }
}

fn write_in_pieces(keys: &Arc<PayloadKeys>, plaintext: &[u8], piece: usize) -> Result<Vec<u8>> {
    let mut writer = SealWriter::new(Arc::clone(keys), Vec::new());
    for piece in plaintext.chunks(piece) {
        writer.write_all(piece)?;
    }
    writer.finish()
}

fn in_memory(keys: &PayloadKeys, payload: &[u8], count: usize) -> Result<Vec<u8>> {
    let length = plaintext_len(payload.len() as u64).unwrap_or(100);
    let mut out = vec![0xaa; length as usize];
    let opened = keys.open_into_parallel(payload, &mut out, threads(count));
    if opened.is_err() {
        assert!(out.iter().all(|byte| *byte == 0), "the buffer was not zeroed");
    }
    opened.map(|()| out)
}

fn read_in_pieces(mut reader: impl Read, piece: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(out),
            Ok(count) => out.extend_from_slice(&buffer[..count]),
            Err(error) => {
                let error = Error::from(error);
                let again = reader.read(&mut buffer).map_err(Error::from);
                assert_eq!(again, Err(error.clone()), "the error does not stay");
                return Err(error);
            }
        }
    }
}

fn backwards(access: &RandomAccess<Vec<u8>>) -> Result<Vec<u8>> {
    let mut out = vec![0; access.verified_len()? as usize];
    let mut end = out.len();
    while end > 0 {
        let start = end.saturating_sub(7001);
        assert_eq!(access.read_at(start as u64, &mut out[start..end])?, end - start);
        end = start;
    }
    Ok(out)
}
