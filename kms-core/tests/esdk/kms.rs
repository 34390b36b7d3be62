//! Data keys of `aws-kms`, with a KMS that really encrypts: the contract of `GenerateDataKey`, `Encrypt` and `Decrypt`,
//! encryption context included, over keys in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{Context, Header, KmsKey, KmsKeyring, KmsUnwrapped, KmsWrapped, Opener, Sealer};
use kms_core::memory::SecretBytes;
use kms_core::{CallerFault, Error, KekError, KekFault, KekOperation};

use crate::support::{aes, backend, context, open, seal};

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
const MULTI_REGION: &str = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234";
const REPLICA: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234";

#[test]
fn a_kms_generates_and_opens() {
    let kms = Kms::new([1; 32]);
    let pairs = context(&[("tenant", "t-17")]);
    let sealer = Sealer::new(backend())
        .context(pairs.clone())
        .keyring(kms.key(ARN))
        .keyring(aes());
    let message = seal(&sealer, b"x");
    let header = Header::parse_prefix(&message, 2).unwrap();
    let data_key = &header.data_keys()[0];
    assert_eq!((&*data_key.provider_id, &*data_key.key_name()), ("aws-kms", ARN));
    assert_eq!(
        open(&Opener::new().keyring(kms.key(ARN)).require(pairs), &message).unwrap(),
        b"x"
    );
    assert_eq!(open(&Opener::new().keyring(aes()), &message).unwrap(), b"x");
    assert_eq!(*kms.calls.lock().unwrap(), ["GenerateDataKey", "Decrypt"]);
}

#[test]
fn a_kms_that_is_not_first_encrypts() {
    let kms = Kms::new([1; 32]);
    let message = seal(&Sealer::new(backend()).keyring(aes()).keyring(kms.key(ARN)), b"x");
    assert_eq!(open(&Opener::new().keyring(kms.key(ARN)), &message).unwrap(), b"x");
    assert_eq!(*kms.calls.lock().unwrap(), ["Encrypt", "Decrypt"]);
}

#[test]
fn a_replica_opens_and_a_key_that_is_not_configured_is_not_asked() {
    let kms = Kms::new([1; 32]);
    let message = seal(&Sealer::new(backend()).keyring(kms.key(MULTI_REGION)), b"x");
    assert_eq!(open(&Opener::new().keyring(kms.key(REPLICA)), &message).unwrap(), b"x");
    let stranger = open(&Opener::new().keyring(kms.key(ARN)), &message);
    assert_eq!(stranger, Err(Error::Caller(CallerFault::NoConfiguredKey)));
    assert_eq!(kms.calls.lock().unwrap().len(), 2);
}

#[test]
fn the_kms_binds_the_context() {
    let kms = Kms::new([1; 32]);
    let pairs = context(&[("tenant", "t-17")]);
    let sealer = Sealer::new(backend())
        .context(pairs.clone())
        .unstored(["tenant"])
        .keyring(kms.key(ARN));
    let message = seal(&sealer, b"x");
    assert_eq!(
        open(&Opener::new().keyring(kms.key(ARN)), &message),
        Err(Error::DoesNotOpen)
    );
    assert_eq!(
        open(&Opener::new().keyring(kms.key(ARN)).require(pairs), &message).unwrap(),
        b"x"
    );
}

#[test]
fn what_stands_against_the_use_of_a_key_is_told_and_a_wrong_ciphertext_is_not() {
    let kms = Kms::new([1; 32]);
    let message = seal(&Sealer::new(backend()).keyring(kms.key(ARN)), b"x");
    let opener = Opener::new().keyring(kms.key(ARN));
    for fault in [
        KekFault::Unavailable,
        KekFault::Throttled,
        KekFault::Disabled,
        KekFault::Denied,
    ] {
        *kms.fault.lock().unwrap() = Some(fault);
        let Err(Error::Provider(error)) = open(&opener, &message) else {
            panic!("{fault:?} was not told");
        };
        assert_eq!((error.uri.as_str(), error.kind), (&*format!("aws-kms://{ARN}"), fault));
    }
    *kms.fault.lock().unwrap() = None;
    let other = Kms::new([2; 32]);
    assert_eq!(
        open(&Opener::new().keyring(other.key(ARN)), &message),
        Err(Error::DoesNotOpen)
    );
}

#[test]
fn an_answer_of_another_key_is_refused() {
    let kms = Kms::new([1; 32]);
    let message = seal(&Sealer::new(backend()).keyring(kms.key(ARN)), b"x");
    *kms.answers_as.lock().unwrap() = Some(REPLICA);
    assert_eq!(
        open(&Opener::new().keyring(kms.key(ARN)), &message),
        Err(Error::DoesNotOpen)
    );
    let sealed = futures::executor::block_on(Sealer::new(backend()).keyring(kms.key(ARN)).seal(b"x"));
    assert!(matches!(sealed, Err(Error::Provider(error)) if error.kind == KekFault::BadReply));
}

#[test]
fn a_message_makes_eight_calls_at_most() {
    let kms = Kms::new([1; 32]);
    let other = Kms::new([2; 32]);
    for (wrong, calls) in [(7, 8), (8, 8)] {
        let sealer = (0..wrong).fold(Sealer::new(backend()), |sealer, _| sealer.keyring(other.key(ARN)));
        let message = seal(&sealer.keyring(kms.key(ARN)), b"x");
        kms.calls.lock().unwrap().clear();
        let opened = open(&Opener::new().keyring(kms.key(ARN)), &message);
        assert_eq!(opened.is_ok(), wrong < 8, "{opened:?}");
        assert_eq!(kms.calls.lock().unwrap().len(), calls);
    }
}

/// A KMS of one key, under whatever ARN it is asked for: that is what replicas are.
struct Kms {
    secret: [u8; 32],
    backend: CryptoBackend,
    calls: Mutex<Vec<&'static str>>,
    fault: Mutex<Option<KekFault>>,
    answers_as: Mutex<Option<&'static str>>,
    nonces: AtomicUsize,
}

struct Key {
    kms: Arc<Kms>,
    arn: &'static str,
}

impl Kms {
    fn new(secret: [u8; 32]) -> Arc<Self> {
        Arc::new(Self {
            secret,
            backend: backend(),
            calls: Mutex::default(),
            fault: Mutex::default(),
            answers_as: Mutex::default(),
            nonces: AtomicUsize::new(0),
        })
    }

    fn key(self: &Arc<Self>, arn: &'static str) -> Arc<KmsKeyring<Key>> {
        Arc::new(KmsKeyring::new(Key { kms: self.clone(), arn }))
    }

    fn call(&self, name: &'static str, operation: KekOperation) -> Result<(), KekError> {
        self.calls.lock().unwrap().push(name);
        match *self.fault.lock().unwrap() {
            Some(fault) => Err(KekError::new(format!("aws-kms://{ARN}"), operation, fault)),
            None => Ok(()),
        }
    }
}

impl Key {
    fn answer_arn(&self) -> String {
        self.kms.answers_as.lock().unwrap().unwrap_or(self.arn).to_owned()
    }

    fn wrap(&self, secret: &[u8], context: &Context) -> KmsWrapped {
        let number = self.kms.nonces.fetch_add(1, Ordering::Relaxed) as u64;
        let nonce: [u8; 12] = [&[0; 4][..], &number.to_be_bytes()].concat().try_into().unwrap();
        let mut bytes = secret.to_vec();
        let key = self.kms.backend.aes_gcm.key(&self.kms.secret);
        let tag = key.seal_in_place(&nonce, &aad(context), &mut bytes);
        KmsWrapped {
            key_arn: self.answer_arn(),
            ciphertext: [&nonce[..], &bytes, &tag].concat(),
            request_id: Some(format!("request-{number}")),
        }
    }
}

fn aad(context: &Context) -> Vec<u8> {
    format!("{:?}", context.pairs().collect::<Vec<_>>()).into_bytes()
}

#[async_trait]
impl KmsKey for Key {
    fn arn(&self) -> &str {
        self.arn
    }

    async fn generate_data_key(
        &self,
        length: usize,
        context: &Context,
    ) -> Result<(KmsUnwrapped, KmsWrapped), KekError> {
        self.kms.call("GenerateDataKey", KekOperation::Wrap)?;
        let mut secret = vec![0; length];
        self.kms.backend.random.fill(&mut secret).unwrap();
        let wrapped = self.wrap(&secret, context);
        let plain = KmsUnwrapped {
            key_arn: self.answer_arn(),
            data_key: SecretBytes::copy_of(&secret),
            request_id: wrapped.request_id.clone(),
        };
        Ok((plain, wrapped))
    }

    async fn encrypt(&self, data_key: &SecretBytes, context: &Context) -> Result<KmsWrapped, KekError> {
        self.kms.call("Encrypt", KekOperation::Wrap)?;
        Ok(self.wrap(data_key.expose(), context))
    }

    async fn decrypt(&self, ciphertext: &[u8], context: &Context) -> Result<KmsUnwrapped, KekError> {
        self.kms.call("Decrypt", KekOperation::Unwrap)?;
        let (nonce, sealed) = ciphertext.split_first_chunk::<12>().unwrap();
        let (bytes, tag) = sealed.split_last_chunk::<16>().unwrap();
        let mut bytes = bytes.to_vec();
        let key = self.kms.backend.aes_gcm.key(&self.kms.secret);
        let failed = |_| KekError::new(self.arn, KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        key.open_in_place(nonce, &aad(context), &mut bytes, tag)
            .map_err(failed)?;
        Ok(KmsUnwrapped {
            key_arn: self.answer_arn(),
            data_key: SecretBytes::copy_of(&bytes),
            request_id: Some("request".to_owned()),
        })
    }
}
