//! The vectors of docs/format.md, section 14, read from that page: the writer must make these bytes when it is given
//! these ids, keys and salts. Ids are hedged in every public call, so the test stands inside the crate.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use sha2::Digest as _;

use super::binding::{Pairs, Place, Scope, commitment};
use super::recipients::{Recipient, Secrets, wrap_all};
use super::{DataKey, MessageOptions, Sealer, seal};
use crate::context::EncryptionContext;
use crate::crypto::kem::Kem;
use crate::crypto::{CryptoBackend, PasswordCost, RandomFailed, SecureRandom, aws_lc, rustcrypto};
use crate::error::KekError;
use crate::header::{Header, Level, Quorum};
use crate::kek::{Binding, Generated, Kek, KekInfo, Posture, Scheme, Unwrapped, WrapParams, WrappedKey};
use crate::kem::{Decapsulated, HpkeKek, HybridKek, KemRecipient, VersionedPublicKey};
use crate::keyring::{Keyring, hint};
use crate::memory::Secret;
use crate::quorum::split;
use crate::schedule::{Domain, HybridInputs, MessageSchedule, hash};
use crate::suite::{Kind, Suite};
use crate::{cbor, envelope::opener::Opener};

const KID: &str = "local://kat";
const DEK_ID: [u8; 16] = counting(0x10);
const MESSAGE_ID: [u8; 32] = counting(0x20);
const DOMAIN: Domain = Domain {
    suite: Suite::Aes256Gcm,
    kind: Kind::Message,
};

#[test]
fn the_writer_makes_the_known_files() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        for (name, plaintext, kek) in [("kat", "hello", KatKek::Derived), ("opaque", "", KatKek::Opaque)] {
            let file = sealed(&backend, plaintext.as_bytes(), kek);
            let header = Header::parse_prefix(&file, 1).unwrap();
            let value = |part: &str| &vectors[&format!("{name}.{part}")];
            assert_eq!(&hex(header.tag()), value("TAG"), "{}", backend.name);
            assert_eq!(&hex(&file[header.len()..]), value("payload"), "{}", backend.name);
            let digest = hex(&sha2::Sha256::digest(&file));
            let expected = vectors
                .iter()
                .find(|(key, _)| key.starts_with(&format!("{name}.file SHA-256")));
            assert_eq!(Some(&digest), expected.map(|(_, value)| value), "{}", backend.name);
            assert_eq!(file.len(), if name == "kat" { 319 } else { 322 });
            assert_eq!(header.reencoded().unwrap(), header.as_bytes());

            let opener = Opener::new(backend.clone(), Keyring::new().with(Arc::new(kek.with(&backend))));
            let opened = futures::executor::block_on(opener.open(&file));
            assert_eq!(opened.unwrap(), plaintext.as_bytes());
        }
        let file = sealed(&backend, b"hello", KatKek::Derived);
        assert_eq!(hex(&file[..32]), vectors["kat.prelude"]);
        let regions = [&vectors["kat.IMM"], &vectors["kat.MUT"]].map(String::as_str).concat();
        assert_eq!(hex(&file[32..32 + regions.len() / 2]), regions);
    }
}

#[test]
fn the_key_schedule_gives_the_known_values() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        let context = context().digest(&backend);
        let imm_hash = crate::header::immutable_hash(&backend, DOMAIN, &unhex(&vectors["kat.IMM"]));
        let message = DOMAIN.message_secret(&backend, &secret(0), &DEK_ID, &MESSAGE_ID);
        let payload = MessageSchedule::new(&backend, DOMAIN, &message).payload_key();
        let scope = scope(&backend, &context);
        let kat = KatKek::Opaque.with(&backend);
        let binding = scope.binding(&kat, Level::DataKey, None);
        let w = DOMAIN.derive_local(&backend, &secret(0x40), &counting(0x60), &binding);
        for (name, value) in [
            ("ctx_hash", &context[..]),
            ("imm_hash", &imm_hash),
            ("MS", message.expose()),
            ("PK", payload.expose()),
            ("B", &binding),
            ("kat.W", w.expose()),
            ("kat.SK", &*DOMAIN.seal_key(&backend, &w, &binding)),
            ("opaque.SK", &*DOMAIN.seal_key(&backend, &filled(0x22), &binding)),
            ("B level 1", &scope.binding(&kat, Level::Message, None)),
            ("hint", &hint(&backend, &DEK_ID, KID)),
        ] {
            assert_eq!(hex(value), vectors[name], "{name}, {}", backend.name);
        }
    }
}

#[test]
fn a_quorum_gives_the_known_shares_commitments_and_binding() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        let id = counting(0xb0);
        let shares = split(&secret(0), 2, 3, &Falling).unwrap();
        let commitments: Vec<_> = (1..=3)
            .zip(&shares)
            .map(|(x, share)| commitment(&backend, &id, x, share.expose()))
            .collect();
        for (at, (share, commitment)) in shares.iter().zip(&commitments).enumerate() {
            assert_eq!(hex(share.expose()), vectors[&format!("share_{}", at + 1)]);
            assert_eq!(hex(commitment), vectors[&format!("c_{}", at + 1)]);
        }
        let quorum = Quorum {
            id,
            threshold: 2,
            commitments,
            level: Level::DataKey,
        };
        let all = cbor::encode(|out| quorum.encode_commitments(out));
        assert_eq!(hex(&hash(&backend, "shares", &[&all])), vectors["C"]);
        let place = Place {
            quorum: &quorum,
            x: 1,
            version: 0,
        };
        let context = context().digest(&backend);
        let kat = KatKek::Opaque.with(&backend);
        let binding = scope(&backend, &context).binding(&kat, Level::DataKey, Some(place));
        assert_eq!(hex(&binding), vectors["bind.share1"]);
    }
}

#[test]
fn a_shared_secret_gives_the_known_hpke_keys_and_seal() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        let context = context().digest(&backend);
        let scope = scope(&backend, &context);
        for kem in [Kem::XWing, Kem::MlKem1024] {
            let kek = HpkeKek::new(backend.clone(), Arc::new(NamedKem(kem)));
            let binding = scope.binding(&kek, Level::DataKey, None);
            assert_eq!(hex(&binding), vectors["hpke.B"]);
            let params = WrapParams::Hpke { kem };
            let sealed = seal::seal(scope, &params, &filled(0x33), &binding, &secret(0)).unwrap();
            assert_eq!(hex(&sealed), vectors[&format!("hpke.{:04x} s", kem.wire())]);
            let opened = seal::open(scope, &params, &filled(0x33), &binding, &sealed).unwrap();
            assert!(opened.ct_eq(&secret(0)));

            let keys = unhex(&vectors[&format!("hpke.{:04x} key||nonce", kem.wire())]);
            let mut by_hand = [0; 48];
            let key = backend.aes_gcm.key(keys[..32].try_into().unwrap());
            key.seal_into(
                keys[32..].try_into().unwrap(),
                &binding,
                secret(0).expose(),
                &mut by_hand,
            );
            assert_eq!(by_hand, sealed);
        }
    }
}

#[test]
fn two_halves_give_the_known_secret_and_seal() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        let context = context().digest(&backend);
        let scope = scope(&backend, &context);
        let classical = Arc::new(KatKek::Opaque.with(&backend));
        let kek = HybridKek::new(backend.clone(), classical, Arc::new(NamedKem(Kem::MlKem768))).unwrap();
        let binding = scope.binding(&kek, Level::DataKey, None);
        assert_eq!(hex(&binding), vectors["hybrid.B"]);
        let inputs = HybridInputs {
            ss_pq: &filled(0x33),
            w_c: &filled(0x44),
            ct_pq: &[0xcc; 1088],
            ek_pq: &[0xbb; 1184],
            wrapped_c: &[0xdd; 40],
        };
        let w = DOMAIN.combine_hybrid(&backend, &inputs, &binding);
        assert_eq!(hex(w.expose()), vectors["hybrid.W"]);
        let sealed = seal::seal(scope, &WrapParams::None, &w, &binding, &secret(0)).unwrap();
        assert_eq!(hex(&sealed), vectors["hybrid.s"]);
        let digest = backend.hash.digest(&[&[0xbb; 1184]]);
        assert_eq!(hex(&digest[..32]), vectors["thumbprint"]);
    }
}

#[test]
fn key_wrap_and_passphrase_give_the_known_values() {
    let vectors = vectors();
    for backend in [aws_lc(), rustcrypto()] {
        let kek = counting(0x40);
        assert_eq!(
            hex(&backend.key_wrap.wrap_padded(&kek, &[0x22; 32]).unwrap()),
            vectors["KWP"]
        );
        assert_eq!(hex(&backend.key_wrap.wrap(&kek, &[0x22; 32]).unwrap()), vectors["KW"]);
        let cost = PasswordCost {
            memory_kib: 65_536,
            passes: 1,
            lanes: 1,
        };
        let mut key = [0; 32];
        let derived = backend
            .password
            .derive(b"correct horse battery staple", &counting(0xa0), cost, &mut key);
        derived.unwrap();
        assert_eq!(hex(&key), vectors["Argon2id"]);
    }
}

/// Wraps and assembles as [`Sealer::begin`] does, with the ids and the data key of the page.
fn sealed(backend: &CryptoBackend, plaintext: &[u8], kek: KatKek) -> Vec<u8> {
    let sealer = Sealer::new(backend.clone()).context(context());
    let recipients = [Recipient::single(Arc::new(kek.with(backend)))];
    let message = DOMAIN.message_secret(backend, &secret(0), &DEK_ID, &MESSAGE_ID);
    let context = context().digest(backend);
    let secrets = Secrets {
        data_key: Some(&secret(0)),
        message: &message,
    };
    let wrapped = futures::executor::block_on(wrap_all(scope(backend, &context), &recipients, &[], secrets)).unwrap();
    let options = MessageOptions {
        plaintext_len: Some(plaintext.len() as u64),
        ..MessageOptions::default()
    };
    let data_key = DataKey::new(&sealer, secret(0), DEK_ID, wrapped).unwrap();
    data_key.message(MESSAGE_ID, options).unwrap().seal(plaintext).unwrap()
}

fn scope<'a>(backend: &'a CryptoBackend, context: &'a [u8; 32]) -> Scope<'a> {
    Scope {
        backend,
        domain: DOMAIN,
        dek_id: &DEK_ID,
        message_id: &MESSAGE_ID,
        context,
        pairs: Pairs {
            stored: &EMPTY,
            supplied: &EMPTY,
        },
    }
}

/// What a context holds does not enter a binding, only its digest.
static EMPTY: std::sync::LazyLock<EncryptionContext> = std::sync::LazyLock::new(EncryptionContext::new);

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("purpose", "kat")]).unwrap()
}

/// `local://kat` with its salt fixed, or the same kid at a provider whose answer tells nothing.
#[derive(Clone, Copy)]
enum KatKek {
    Derived,
    Opaque,
}

impl KatKek {
    fn with(self, backend: &CryptoBackend) -> WithBackend {
        WithBackend(self, backend.clone())
    }
}

struct WithBackend(KatKek, CryptoBackend);

impl WithBackend {
    fn w(&self, binding: &Binding<'_>) -> Secret<32> {
        match self.0 {
            KatKek::Derived => DOMAIN.derive_local(&self.1, &secret(0x40), &counting(0x60), binding.digest),
            KatKek::Opaque => filled(0x22),
        }
    }
}

#[async_trait]
impl Kek for WithBackend {
    fn uri(&self) -> &str {
        KID
    }

    fn scheme(&self) -> Scheme {
        Scheme::WrapBound
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let w = match self.0 {
            KatKek::Derived => counting::<32>(0x60).to_vec(),
            KatKek::Opaque => vec![0xee; 40],
        };
        Ok(Generated {
            secret: self.w(binding),
            wrapped: WrappedKey {
                version: Some(b"1".to_vec()),
                w,
                params: WrapParams::None,
            },
            request_id: None,
        })
    }

    async fn unwrap(&self, _: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        Ok(Unwrapped {
            secret: self.w(binding),
            request_id: None,
        })
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        Ok(KekInfo::new("AES-256", None, "test", Posture::Hedged, KID))
    }
}

/// `local://pq`, of which no more than the name is asked for.
struct NamedKem(Kem);

#[async_trait]
impl KemRecipient for NamedKem {
    fn uri(&self) -> &str {
        "local://pq"
    }

    fn kem(&self) -> Kem {
        self.0
    }

    async fn public_key(&self, _: Option<&[u8]>) -> Result<VersionedPublicKey, KekError> {
        unreachable!("the vectors start from a shared secret")
    }

    async fn decapsulate(&self, _: &[u8], _: Option<&[u8]>) -> Result<Decapsulated, KekError> {
        unreachable!("the vectors start from a shared secret")
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        unreachable!("the vectors start from a shared secret")
    }
}

/// The coefficient ff..e0 of the page.
struct Falling;

impl SecureRandom for Falling {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        out.iter_mut()
            .zip((0..=0xff).rev())
            .for_each(|(byte, value)| *byte = value);
        Ok(())
    }
}

const fn counting<const N: usize>(first: u8) -> [u8; N] {
    let mut bytes = [first; N];
    let mut at = 1;
    while at < N {
        bytes[at] = bytes[at - 1] + 1;
        at += 1;
    }
    bytes
}

fn secret(first: u8) -> Secret<32> {
    Secret::init_with(|out| *out = counting(first))
}

fn filled(byte: u8) -> Secret<32> {
    Secret::init_with(|out| out.fill(byte))
}

/// The block of vectors: `name = hex`, where an indented line goes on with the one before.
fn vectors() -> HashMap<String, String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md")).unwrap();
    let (_, block) = page.split_once("```vectors\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let joined = block.replace("\n  ", "");
    let pairs = joined.lines().map(|line| line.split_once(" = ").unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}
