//! AWS's known answers for key commitment. The data key is given, whoever wrapped it.

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use kms_core::esdk::{EncryptedDataKey, Header, Keyring, Materials, Opener, Unwrapped, Wrapped};
use kms_core::memory::SecretBytes;
use kms_core::{Error, KekError, KekFault, KekOperation};
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
    let (mut opened, mut rejected, mut headers) = (0, 0, 0);
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
            opened += 1;
        } else {
            assert_eq!(found, Err(Error::DoesNotOpen), "{}", test["comment"]);
            rejected += 1;
        }
    }
    println!("esdk commitment: {opened} opened, {rejected} rejected, {headers} headers as published");
    assert!(opened > 0 && rejected > 0 && headers > 0);
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
