//! What does the codec cost a server or client for each Get? An answer with an AES-256 key, 312 bytes.

use std::hint::black_box;

use kmip::payload::GetResponse;
use kmip::registry::{CryptographicAlgorithm, KeyFormatType, ObjectType};
use kmip::ttlv::{Frame, Limits};
use kmip::{
    DateTime, KeyBlock, KeyObject, ManagedObject, ProtocolVersion, ResponseHeader, ResponseItem, ResponseMessage,
    Unknown,
};
use setup::Criterion;
use zeroize::Zeroizing;

fn main() {
    setup::bench("kmip", |criterion| {
        read(criterion);
        write(criterion);
    });
}

/// Ours includes taking the bytes as they come off a connection, and wiping them.
fn read(criterion: &mut Criterion) {
    let bytes = answer().encode().expect("a short message");
    let mut group = criterion.benchmark_group("kmip-read-get");
    group.bench_function("keystrand", |bencher| {
        bencher.iter(|| {
            let frame = Frame::from(black_box(&bytes[..]));
            ResponseMessage::decode(&frame, &Limits::DEFAULT).expect("our own message")
        });
    });
    group.bench_function("kmip-protocol", |bencher| {
        bencher.iter(|| {
            let answer: kmip_protocol::types::response::ResponseMessage =
                kmip_ttlv::de::from_slice(black_box(&bytes)).expect("a message of 1.2");
            answer
        });
    });
    group.finish();
}

/// The peer has no server side that writes answers.
fn write(criterion: &mut Criterion) {
    let answer = answer();
    let mut group = criterion.benchmark_group("kmip-write-get");
    group.bench_function("keystrand", |bencher| {
        bencher.iter(|| black_box(&answer).encode().expect("a short message"));
    });
    group.finish();
}

fn answer() -> ResponseMessage {
    let mut key_block = KeyBlock::new(KeyFormatType::RAW, Zeroizing::new(vec![7; 32]).into());
    key_block.cryptographic_algorithm = Some(CryptographicAlgorithm::AES);
    key_block.cryptographic_length = Some(256);
    let got = GetResponse {
        object_type: ObjectType::SYMMETRIC_KEY,
        unique_identifier: "1f165d65-cbbd-4bd6-9867-80e0b390acf9".into(),
        object: ManagedObject::SymmetricKey(KeyObject {
            key_block,
            unknown: Unknown::default(),
        }),
        unknown: Unknown::default(),
    };
    ResponseMessage {
        header: ResponseHeader::new(ProtocolVersion::V1_2, DateTime(1_700_000_000)),
        items: vec![ResponseItem::success(got.into())],
        unknown: Unknown::default(),
    }
}
