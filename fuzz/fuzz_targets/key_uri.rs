//! Any bytes as a key URI: what parses has one text, and what a text names survives being written.
#![no_main]

use keystrand_fuzz::bounded;
use kms_core::caps;
use kms_providers::KeyUri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    bounded(bytes, || {
        let Ok(uri) = KeyUri::from_bytes(bytes) else { return };
        let text = uri.to_string();
        assert_eq!(text.as_bytes(), bytes, "two texts for one key");
        assert!(text.len() <= caps::KEY_URI);
        assert_eq!(KeyUri::parse(&text), Ok(uri.clone()));

        let key = uri.without_version();
        assert_eq!(key.version(), None);
        assert_eq!(key.without_version(), key);
        assert_eq!(KeyUri::parse(&key.to_string()), Ok(key.clone()));
        assert_eq!((key.scheme(), key.region()), (uri.scheme(), uri.region()));
        assert_eq!(uri.version().is_none(), key == uri);
    });
});
