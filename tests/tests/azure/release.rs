//! Keys that leave for an attested enclave.

use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use futures::executor::block_on;
use keystrand_fakes::azure::Fault;
use kms_core::KekFault;
use kms_providers::KeyUri;
use kms_providers::azure::{AzureProvider, KeyAlgorithm, ReleaseKey, ReleaseTarget};
use serde_json::{Value, json};

use crate::support::{Fake, fresh_key};

/// An enclave whose attestation nobody signs, because nobody here checks that.
struct Enclave {
    key: ReleaseKey,
    /// Modulus and exponent, taken from the key by openssl.
    public: [String; 2],
    compliance: &'static str,
    nonces: Mutex<Vec<String>>,
}

impl Enclave {
    fn new(compliance: &'static str) -> Option<Arc<Self>> {
        let key = ReleaseKey::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("public.der"), key.public_der()).unwrap();
        let told = Command::new("openssl")
            .args([
                "rsa",
                "-pubin",
                "-inform",
                "DER",
                "-in",
                "public.der",
                "-noout",
                "-modulus",
            ])
            .current_dir(folder.path())
            .output();
        let Ok(told) = told else {
            println!("SKIPPED  no openssl to read a public key with");
            return None;
        };
        let hex = String::from_utf8(told.stdout).unwrap();
        let modulus = hex.trim().strip_prefix("Modulus=").unwrap();
        let modulus = data_encoding::HEXUPPER.decode(modulus.as_bytes()).unwrap();
        Some(Arc::new(Self {
            key,
            public: [BASE64URL_NOPAD.encode(&modulus), "AQAB".into()],
            compliance,
            nonces: Mutex::default(),
        }))
    }
}

#[async_trait]
impl ReleaseTarget for Enclave {
    async fn token(&self, nonce: &str) -> Result<String, KekFault> {
        self.nonces.lock().unwrap().push(nonce.to_owned());
        let [n, e] = &self.public;
        let claims = json!({
            "iss": "https://acme.attest.azure.net",
            "x-ms-isolation-tee": { "x-ms-compliance-status": self.compliance },
            "x-ms-runtime": { "keys": [{ "kid": "TpmEphemeralEncryptionKey", "kty": "RSA", "n": n, "e": e }] },
        });
        Ok(format!(
            "e30.{}.x",
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
        ))
    }

    fn key(&self) -> &ReleaseKey {
        &self.key
    }
}

const COMPLIANT: &str = "azure-compliant-cvm";

/// A key that may go to compliant machines of one attestation service.
fn releasable(provider: &AzureProvider, name: &str, algorithm: KeyAlgorithm) -> KeyUri {
    let name = name.parse().unwrap();
    let mut new = provider.new_key(&name);
    new.algorithm = algorithm;
    let condition = json!({ "claim": "x-ms-isolation-tee.x-ms-compliance-status", "equals": COMPLIANT });
    let authority = json!({ "authority": "https://acme.attest.azure.net", "allOf": [condition] });
    new.release_policy = Some(json!({ "version": "1.0.0", "anyOf": [authority] }).to_string());
    block_on(provider.create_key(&name, new)).unwrap()
}

fn release(provider: &AzureProvider, uri: &KeyUri, enclave: &Arc<Enclave>) -> Result<(String, Vec<u8>), KekFault> {
    let target: Arc<dyn ReleaseTarget> = enclave.clone();
    let released = block_on(provider.release(uri, target)).map_err(|error| error.kind)?;
    assert_eq!(released.key.without_version(), *uri);
    assert!(released.key.version().is_some());
    Ok((released.kind, released.material.expose().to_vec()))
}

#[test]
fn a_key_is_released_to_an_enclave_that_meets_its_policy_and_to_no_other() {
    let fake = Fake::hsm();
    let provider = fake.patient(None);
    let uri = releasable(&provider, "released", KeyAlgorithm::A256Gcm);
    let Some(enclave) = Enclave::new(COMPLIANT) else { return };
    let (kind, material) = release(&provider, &uri, &enclave).unwrap();
    assert_eq!((kind.as_str(), material.len()), ("oct-HSM", 32));
    assert_eq!(release(&provider, &uri, &enclave).unwrap().1, material);
    let nonces = enclave.nonces.lock().unwrap().clone();
    assert!(nonces.len() == 2 && nonces[0] != nonces[1]);

    let other = Enclave::new("unknown").unwrap();
    assert_eq!(release(&provider, &uri, &other), Err(KekFault::Denied));
    let kept = fresh_key(&provider, "kept");
    assert_eq!(release(&provider, &kept, &enclave), Err(KekFault::Denied));
    assert!(block_on(provider.facts(&uri)).unwrap().is_exportable);
}

#[test]
fn an_rsa_key_is_released_in_pkcs8() {
    let fake = Fake::vault();
    let provider = fake.patient(None);
    let uri = releasable(&provider, "released", KeyAlgorithm::RsaOaep256);
    let Some(enclave) = Enclave::new(COMPLIANT) else { return };
    let (kind, material) = release(&provider, &uri, &enclave).unwrap();
    assert_eq!(kind, "RSA-HSM");
    ReleaseKey::from_pkcs8(&material).unwrap();
}

#[test]
fn a_statement_of_another_key_or_another_request_is_not_taken() {
    let fake = Fake::hsm();
    let provider = fake.patient(None);
    let uri = releasable(&provider, "released", KeyAlgorithm::A256Gcm);
    let Some(enclave) = Enclave::new(COMPLIANT) else { return };
    release(&provider, &uri, &enclave).unwrap();
    let version = block_on(provider.facts(&uri))
        .unwrap()
        .key
        .version()
        .unwrap()
        .to_owned();
    let kid = format!("https://acme.managedhsm.azure.net/keys/released/{version}");
    let stated = |kid: &str, nonce: &str, blob: &str| {
        let key = json!({ "kid": kid, "kty": "oct-HSM", "key_hsm": BASE64URL_NOPAD.encode(blob.as_bytes()) });
        let payload = json!({ "request": { "nonce": nonce }, "response": { "key": { "key": key } } });
        json!(format!(
            "e30.{}.x",
            BASE64URL_NOPAD.encode(payload.to_string().as_bytes())
        ))
    };
    let lies: [Value; 6] = [
        stated("https://acme.managedhsm.azure.net/keys/other/00", "", "{}"),
        stated(&kid, "replayed", r#"{"ciphertext":"AAAA"}"#),
        stated(&kid, "", "{}"),
        json!("e30.e30"),
        json!("no statement"),
        json!(7),
    ];
    for lie in lies {
        fake.vault.fail(1, &Fault::Replace("value", lie.clone()));
        assert_eq!(release(&provider, &uri, &enclave), Err(KekFault::BadReply), "{lie}");
    }
}
