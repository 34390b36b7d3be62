//! Any text as a configuration: it is understood as a whole, or refused with a place inside the text. A configuration
//! is bounded by who writes it, not by its length: no bound on memory but libFuzzer's own.
#![no_main]

use std::path::Path;

use kms_providers::config::Config;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    match Config::parse(text, Path::new("/home/keystrand")) {
        Ok(config) => {
            let suites = config.open_policy().suites;
            assert_eq!(suites, config.policy.suites);
            for (name, key) in &config.keys {
                assert_eq!(name.as_str().parse(), Ok(name.clone()));
                assert!(key.uris().count() > 0, "a key that nothing opens");
            }
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Some((line, column)) = error.place() {
                assert!(
                    (1..=text.split('\n').count()).contains(&line) && column >= 1,
                    "a place outside the text"
                );
            }
        }
    }
    Corpus::Keep
});
