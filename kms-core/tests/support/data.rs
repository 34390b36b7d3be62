//! Test data that is not in the repository: published vectors, found under `KEYSTRAND_TEST_DATA` (default
//! `../shared` beside the repository).
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;

use serde_json::Value;

/// The JSON file of this name, or `None` after saying that a test is skipped.
pub fn load(file: &str) -> Option<Value> {
    let root = std::env::var_os("KEYSTRAND_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(root.join(file)) else {
        println!("SKIPPED: 1 file missing, {file}");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the test data is JSON"))
}

/// The bytes of a field in hexadecimal; none where the field is missing.
pub fn hex(object: &Value, field: &str) -> Vec<u8> {
    let text = object.get(field).and_then(Value::as_str).unwrap_or_default();
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
