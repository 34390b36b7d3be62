//! Any text as a template, any text as a value of it: what has a token gets back what it was.
#![no_main]

use std::sync::LazyLock;

use kms_core::crypto::CryptoBackend;
use kms_core::fpe::{FpeKey, Template, Tokenizer};
use kms_core::memory::Secret;
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<FpeKey> = LazyLock::new(|| {
    FpeKey::new(
        &CryptoBackend::default(),
        Secret::init_with(|key| key.fill(7)),
        "fuzz",
        1,
    )
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (template, values) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(template) = template.parse::<Template>() else {
        return;
    };
    let again: Template = template.to_string().parse().expect("a template's own text is one");
    assert_eq!(again.to_string(), template.to_string());
    let tokens = Tokenizer::new(&KEY, template);
    for value in values.lines().take(4) {
        if let Ok(token) = tokens.encrypt(b"tweak", value) {
            assert_eq!(tokens.decrypt(b"tweak", &token).as_deref(), Ok(value));
            let masked = tokens.template().mask(value, '*').expect("what has a token has a mask");
            assert_eq!(masked.chars().count(), value.chars().count());
        }
        // Read as a token, it leads to a value that leads back.
        if let Ok(plain) = tokens.decrypt(b"tweak", value) {
            assert_eq!(tokens.encrypt(b"tweak", &plain).as_deref(), Ok(value));
        }
    }
});
