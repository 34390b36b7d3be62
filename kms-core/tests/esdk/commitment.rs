//! AWS's known answers for key commitment. The data key is given, whoever wrapped it.

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use kms_core::esdk::{Body, EncryptedDataKey, Header, Keyring, Materials, Opener, Unwrapped, Wrapped};
use kms_core::memory::SecretBytes;
use kms_core::{Error, KekError, KekFault, KekOperation, LimitFault};
use serde_json::Value;

use crate::archive;
use crate::support::open;

#[test]
fn the_known_answers() {
    let path = archive::root().join("commitment-test-vectors.json");
    let Ok(text) = fs::read(&path) else {
        println!("SKIPPED the commitment vectors: 0 files at {}", path.display());
        return;
    };
    let vectors: Value = serde_json::from_slice(&text).unwrap();
    let (mut opened, mut rejected, mut headers, mut whole) = (0, 0, 0, 0);
    for test in vectors["tests"].as_array().unwrap() {
        let decoded = |name: &str| data_encoding::BASE64.decode(test[name].as_str().unwrap().as_bytes());
        let bytes = |name: &str| decoded(name).unwrap();
        let message = bytes("ciphertext");
        let header = Header::parse_prefix(&message, 16).unwrap();
        // Some of the published headers are cut inside their base64.
        if let Ok(published) = decoded("header") {
            assert_eq!(header.as_bytes(), published, "{}", test["comment"]);
            headers += 1;
        }
        assert_eq!(header.message_id(), bytes("message-id"));
        let pairs: Vec<_> = header.context().pairs().collect();
        for (key, value) in test["encryption-context"].as_object().unwrap() {
            assert!(
                pairs.contains(&(key.as_str(), value.as_str().unwrap())),
                "{}",
                test["comment"]
            );
        }
        let opener = Opener::new().keyring(Arc::new(Given(SecretBytes::copy_of(&bytes("decrypted-dek")))));
        let found = open(&opener, &message);
        if test["status"] == true {
            let frames = test["plaintext-frames"].as_array().unwrap();
            let wanted: String = frames.iter().map(|frame| frame.as_str().unwrap()).collect();
            assert_eq!(found.as_deref(), Ok(wanted.as_bytes()), "{}", test["comment"]);
            if header.body() == Body::Whole {
                at_and_over_the_frame_cap(&opener, &message, wanted.len() as u64);
                whole += 1;
            }
            opened += 1;
        } else {
            assert_eq!(found, Err(Error::DoesNotOpen), "{}", test["comment"]);
            rejected += 1;
        }
    }
    println!("esdk commitment: {opened} opened, {rejected} rejected, {headers} headers as published");
    assert!(opened > 0 && rejected > 0 && headers > 0 && whole > 0);
}

/// A body without frames is held in memory as a frame is.
fn at_and_over_the_frame_cap(opener: &Opener, message: &[u8], length: u64) {
    assert!(open(&opener.clone().max_frame(length), message).is_ok());
    let over = open(&opener.clone().max_frame(length - 1), message);
    assert_eq!(over, Err(Error::Limit(LimitFault::Frame)));
}

/// The data key of a vector, whatever wrapped it.
struct Given(SecretBytes);

#[async_trait]
impl Keyring for Given {
    fn uri(&self) -> &'static str {
        "esdk://given/key"
    }

    fn matches(&self, _: &EncryptedDataKey) -> bool {
        true
    }

    async fn wrap(&self, _: &SecretBytes, _: &Materials<'_>) -> Result<Wrapped, KekError> {
        Err(KekError::new(self.uri(), KekOperation::Wrap, KekFault::Unsupported))
    }

    async fn unwrap(&self, _: &EncryptedDataKey, _: &Materials<'_>) -> Result<Unwrapped, KekError> {
        Ok(Unwrapped {
            data_key: SecretBytes::copy_of(self.0.expose()),
            request_id: None,
        })
    }
}
