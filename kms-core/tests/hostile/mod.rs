//! What the hostile tests share: envelopes built byte by byte, KEKs that are watched or that lie, and a reader whose
//! every provider call is counted.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod collision;
pub mod forge;
pub mod gf128;
pub mod item;
pub mod manifest;
pub mod mint;
pub mod mutate;
pub mod reader;
pub mod regions;
pub mod specimen;
pub mod watched;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};

/// Both backends: what one refuses the other must refuse.
pub fn backends() -> [CryptoBackend; 2] {
    [aws_lc(), rustcrypto()]
}

/// Runs `check` with either backend.
pub fn on_both(check: impl Fn(&CryptoBackend)) {
    backends().iter().for_each(check);
}

/// Lower-case hex to bytes.
pub fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(byte).to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Bytes to lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
