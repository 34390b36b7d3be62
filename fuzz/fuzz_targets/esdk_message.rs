//! Any bytes as a message of the AWS Encryption SDK: no panic, memory in proportion, a header is read as it stands, and
//! nothing opens but what was sealed.
#![no_main]

use std::io::Read;
use std::sync::Arc;

use keystrand_fuzz::{bounded, wait};
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{Body, CommitmentPolicy, Header, Opener, RawAesKeyring};
use kms_core::{LimitFault, caps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    bounded(bytes, || {
        look(bytes);
        open(bytes);
    });
});

fn look(bytes: &[u8]) {
    let by_default = Header::parse_prefix(bytes, caps::ESDK_DATA_KEYS);
    let at_most = Header::parse_prefix(bytes, usize::from(u16::MAX));
    let Ok(header) = at_most else {
        assert!(by_default.is_err());
        return;
    };
    // A higher cap of data keys accepts more, and the rest alike.
    match &by_default {
        Ok(same) => assert_eq!(*same, header),
        Err(error) => assert_eq!(*error, LimitFault::DataKeys.into()),
    }
    let length = header.as_bytes().len();
    assert_eq!(header.as_bytes(), &bytes[..length]);
    assert!(Header::is_start_of_message(bytes));
    assert!(length <= caps::HEADER && !header.data_keys().is_empty());
    assert!(header.body() != Body::Framed(0));
    assert!(Header::parse_prefix(&bytes[..length - 1], usize::from(u16::MAX)).is_err());
}

fn open(bytes: &[u8]) {
    let backend = CryptoBackend::default();
    let key = RawAesKeyring::new(backend, "fuzz", "key", &[7; 32]).expect("a 32-byte key");
    let opener = Opener::new()
        .keyring(Arc::new(key))
        .commitment(CommitmentPolicy::RequireEncryptAllowDecrypt);
    let Ok(mut reader) = wait(opener.begin(bytes)) else {
        return;
    };
    let mut plaintext = Vec::new();
    if reader.read_to_end(&mut plaintext).is_ok() {
        let wanted: Vec<u8> = (0..plaintext.len()).map(|at| (at % 251) as u8).collect();
        assert_eq!(plaintext, wanted, "what was never sealed has opened");
    }
}
