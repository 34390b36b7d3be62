//! Any text as a template, any text as a value of it: what has a token gets it back, and nothing is said of a value.
#![no_main]

use std::sync::LazyLock;

use keystrand_fuzz::bounded;
use kms_core::crypto::CryptoBackend;
use kms_core::fpe::{FpeKey, Template, Tokenizer};
use kms_core::memory::Secret;
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<FpeKey> =
    LazyLock::new(|| FpeKey::new(&CryptoBackend::default(), Secret::init_with(|key| key.fill(7)), "fuzz", 1));

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((template, values)) = text.split_once('\n') else { return };
    bounded(bytes, || {
        let Ok(template) = template.parse::<Template>() else { return };
        let again: Template = template.to_string().parse().expect("a template's own text is one");
        assert_eq!(again.to_string(), template.to_string());
        let tokens = Tokenizer::new(&KEY, template);
        for value in values.lines() {
            let token = match tokens.encrypt(b"tweak", value) {
                Ok(token) => token,
                Err(fault) => {
                    assert!(value.len() < 6 || !fault.to_string().contains(value), "the fault tells the value");
                    continue;
                }
            };
            assert_eq!(tokens.decrypt(b"tweak", &token).as_deref(), Ok(value));
            let masked = tokens.template().mask(value, '*').expect("what has a token has a mask");
            assert_eq!(masked.chars().count(), value.chars().count());
            if let Ok(plain) = tokens.decrypt(b"tweak", value) {
                let numbers = ["date", "integer", "decimal"].iter().any(|name| tokens.template().to_string().starts_with(name));
                assert!(numbers || plain.chars().count() == value.chars().count());
            }
        }
    });
});
