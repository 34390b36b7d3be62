//! The published vectors: all sets of draft-ietf-hpke-pq, and those of RFC 9180 where they are at hand. Every set goes
//! through the key schedule, also those whose KEM is not here; where the KEM is here, through the KEM and through
//! [`Hpke`] as well.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead as _, KeyInit, Payload};
use serde_json::Value;

use super::suite::Shape;
use super::*;
use crate::crypto::kem::{Encapsulated, Kem};
use crate::test_data::{Scripted, backends, hex, load};

#[test]
fn hpke_pq() {
    let Some(sets) = load("vectors/hpke-pq-test-vectors.json") else {
        return;
    };
    let sets = sets.as_array().unwrap();
    for backend in backends() {
        let tally = run(&backend, sets);
        assert_eq!(tally["key schedule"], sets.len());
        assert!(tally["decapsulation"] > 0 && tally["encapsulation"] > 0 && tally["open"] > 0);
    }
}

#[test]
fn rfc_9180() {
    let Some(sets) = load("vectors/rfc9180-test-vectors.json") else {
        return;
    };
    let sets = sets.as_array().unwrap();
    for backend in backends() {
        let tally = run(&backend, sets);
        assert_eq!(tally["key schedule"], sets.len());
        assert!(tally["decapsulation"] > 0 && tally["encapsulation"] > 0 && tally["open"] > 0);
    }
}

type Tally = BTreeMap<&'static str, usize>;

fn run(backend: &CryptoBackend, sets: &[Value]) -> Tally {
    let mut tally = Tally::new();
    for set in sets {
        key_schedule(backend, set);
        *tally.entry("key schedule").or_default() += 1;
        let Some(kem) = Kem::from_wire(number(set, "kem_id")) else {
            continue;
        };
        derivation(backend, kem, set);
        decapsulation(backend, kem, set);
        *tally.entry("decapsulation").or_default() += 1;
        if let Some(what) = encapsulation(backend, kem, set) {
            *tally.entry(what).or_default() += 1;
        }
        if let Some(aead) = Aead::from_wire(number(set, "aead_id")) {
            open(backend, kem, aead, set);
            *tally.entry("open").or_default() += 1;
        }
    }
    println!("{}: {tally:?}", backend.name);
    tally
}

/// Key, nonce, exporter secret, exports; and every message, with the key that came out.
fn key_schedule(backend: &CryptoBackend, set: &Value) {
    let aead = number(set, "aead_id");
    let shape = Shape {
        kem: number(set, "kem_id"),
        kdf: kdf(set),
        aead,
        key_len: hex(set, "key").len(),
    };
    let (secret, info) = (hex(set, "shared_secret"), hex(set, "info"));
    let (psk, psk_id) = (hex(set, "psk"), hex(set, "psk_id"));
    let inputs = schedule::Inputs {
        mode: u8::try_from(number(set, "mode")).unwrap(),
        shared_secret: &secret,
        info: &info,
        psk: &psk,
        psk_id: &psk_id,
    };
    let derived = schedule::derive(backend.hkdf, shape, &inputs);
    assert_eq!(derived.key(), hex(set, "key"));
    assert_eq!(derived.exporter.secret(), hex(set, "exporter_secret"));
    if shape.key_len > 0 {
        assert_eq!(derived.base_nonce[..], hex(set, "base_nonce"));
    }
    for export in set["exports"].as_array().unwrap() {
        let mut out = vec![0; usize::from(number(export, "L"))];
        let context = hex(export, "exporter_context");
        derived.exporter.export(backend.hkdf, &context, &mut out);
        assert_eq!(out, hex(export, "exported_value"));
    }
    if aead == AES_128_GCM {
        let key = aes_gcm::Aes128Gcm::new_from_slice(derived.key()).unwrap();
        for message in set["encryptions"].as_array().unwrap() {
            let (nonce, aad, pt) = (hex(message, "nonce"), hex(message, "aad"), hex(message, "pt"));
            let payload = Payload { msg: &pt, aad: &aad };
            let sealed = key.encrypt(&<[u8; 12]>::try_from(nonce).unwrap().into(), payload);
            assert_eq!(sealed.unwrap(), hex(message, "ct"));
        }
    }
}

const AES_128_GCM: u16 = 1;

/// `DeriveKeyPair`, for the KEMs whose keystore seeds go through it, where the published input is as long as a seed.
fn derivation(backend: &CryptoBackend, kem: Kem, set: &Value) {
    let hybrid = matches!(kem, Kem::XWing | Kem::MlKem768P256 | Kem::MlKem1024P384);
    let Ok(ikm) = <[u8; 32]>::try_from(hex(set, "ikmR")) else {
        return;
    };
    if !hybrid {
        let seed = crate::memory::Secret::init_with(|seed| *seed = ikm);
        let key = backend.kems.derive_key(kem, &seed).unwrap();
        assert_eq!(key.public(), hex(set, "pkRm"));
    }
}

fn decapsulation(backend: &CryptoBackend, kem: Kem, set: &Value) {
    let key = backend.kems.private_key(kem, &hex(set, "skRm")).unwrap();
    assert_eq!(key.public(), hex(set, "pkRm"));
    let enc = hex(set, "enc");
    let secret = match sender(backend, kem, set) {
        None => key.decapsulate(&enc),
        Some(sender) => {
            let public = backend.kems.public_key(kem, sender.public()).unwrap();
            key.auth_decapsulate(&enc, &*public)
        }
    };
    assert_eq!(secret.unwrap().expose(), hex(set, "shared_secret"));
}

/// The published ciphertext, out of the published randomness. AWS-LC draws for ML-KEM itself.
fn encapsulation(backend: &CryptoBackend, kem: Kem, set: &Value) -> Option<&'static str> {
    if backend.name == "aws-lc" && kem.posture() != crate::crypto::Posture::Classical {
        return None;
    }
    let random = Scripted::new(&hex(set, "ikmE"));
    let recipient = backend.kems.public_key(kem, &hex(set, "pkRm")).unwrap();
    let Encapsulated {
        ciphertext,
        shared_secret,
    } = match sender(backend, kem, set) {
        None => recipient.encapsulate(&random).unwrap(),
        Some(sender) => sender.auth_encapsulate(&*recipient, &random).unwrap(),
    };
    assert_eq!(ciphertext, hex(set, "enc"));
    assert_eq!(shared_secret.expose(), hex(set, "shared_secret"));
    Some("encapsulation")
}

/// Every message, in order, through the public interface: opened, and sealed to the same bytes.
fn open(backend: &CryptoBackend, kem: Kem, aead: Aead, set: &Value) {
    let key = backend.kems.private_key(kem, &hex(set, "skRm")).unwrap();
    let (enc, info, id) = (hex(set, "enc"), hex(set, "info"), hex(set, "psk_id"));
    let psk = SecretBytes::copy_of(&hex(set, "psk"));
    let suite = Ciphersuite::new(kem, aead).with_kdf(kdf(set));
    let mut hpke = Hpke::new(backend, suite, &info);
    if !psk.is_empty() {
        hpke = hpke.with_psk(Psk { secret: &psk, id: &id });
    }
    let mut receiver = match sender(backend, kem, set) {
        None => hpke.receiver(&*key, &enc).unwrap(),
        Some(sender) => {
            let public = backend.kems.public_key(kem, sender.public()).unwrap();
            hpke.auth_receiver(&*key, &*public, &enc).unwrap()
        }
    };
    for message in set["encryptions"].as_array().unwrap() {
        let (ct, pt) = (hex(message, "ct"), hex(message, "pt"));
        let mut opened = vec![0; pt.len()];
        receiver.open_into(&hex(message, "aad"), &ct, &mut opened).unwrap();
        assert_eq!(opened, pt);
    }
}

fn sender(backend: &CryptoBackend, kem: Kem, set: &Value) -> Option<Box<dyn DecapsulationKey>> {
    let private = hex(set, "skSm");
    (!private.is_empty()).then(|| backend.kems.private_key(kem, &private).unwrap())
}

fn kdf(set: &Value) -> Kdf {
    Kdf::from_wire(number(set, "kdf_id")).unwrap()
}

fn number(object: &Value, field: &str) -> u16 {
    u16::try_from(object[field].as_u64().unwrap()).unwrap()
}
