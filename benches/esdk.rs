//! How far is the AWS Encryption SDK for Rust? Its fastest set-up: raw AES keyring, committing suite without signature.
//! It has no streaming, no data-key cache and no rewrap: a message costs what it costs, and rotating means opening and
//! sealing anew. Its compilation takes minutes, so it has a file and a feature of its own.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use aws_esdk::client::Client;
use aws_esdk::material_providers::client::Client as Materials;
use aws_esdk::material_providers::types::keyring::KeyringRef;
use aws_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_esdk::material_providers::types::{AesWrappingAlg, EsdkAlgorithmSuiteId};
use aws_esdk::types::aws_encryption_sdk_config::AwsEncryptionSdkConfig;
use aws_smithy_types::Blob;
use criterion::Throughput;
use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use setup::{CONTEXT, Criterion, plaintext};
use tokio::runtime::Runtime;

fn main() {
    setup::bench("esdk", |criterion| {
        let esdk = Esdk::default();
        small(criterion, &esdk);
        for (name, length) in setup::SIZES {
            payload(criterion, &esdk, name, length);
        }
        instead_of_rewrap(criterion, &esdk);
    });
}

fn small(criterion: &mut Criterion, esdk: &Esdk) {
    let message = plaintext(100);
    let sealed = esdk.seal(&message);
    for (name, run) in [
        ("seal-100B", &(|| drop(esdk.seal(black_box(&message)))) as &dyn Fn()),
        ("open-100B", &|| drop(esdk.open(black_box(&sealed)))),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        group.bench_function("aws-esdk", |bencher| bencher.iter(run));
        group.finish();
    }
}

fn payload(criterion: &mut Criterion, esdk: &Esdk, name: &str, length: usize) {
    let message = plaintext(length);
    let mut group = setup::by_bytes(criterion, &format!("envelope-{name}"), length);
    group.bench_function("seal-aws-esdk", |bencher| {
        bencher.iter(|| esdk.seal(black_box(&message)))
    });
    let (sealer, opener) = keystrand();
    group.bench_function("seal-keystrand-as-esdk", |bencher| {
        bencher.iter(|| block_on(sealer.seal(black_box(&message))))
    });
    let sealed = esdk.seal(&message);
    drop(message);
    group.bench_function("open-aws-esdk", |bencher| {
        bencher.iter(|| esdk.open(black_box(&sealed)))
    });
    group.bench_function("open-keystrand-as-esdk", |bencher| {
        bencher.iter(|| block_on(opener.open(black_box(sealed.as_ref()))).expect("the peer's message"))
    });
    group.finish();
}

/// The same format, suite, frame length and key by `kms_core::esdk`.
fn keystrand() -> (kms_core::esdk::Sealer, kms_core::esdk::Opener) {
    use kms_core::esdk::{Context, Opener, RawAesKeyring, Sealer, Suite};
    let backend = CryptoBackend::default();
    let key = RawAesKeyring::new(backend.clone(), "local", "payments", &[7; 32]).expect("a 32-byte key");
    let key = Arc::new(key);
    let context = Context::from_pairs(CONTEXT).expect("a context of two pairs");
    let sealer = Sealer::new(backend).suite(Suite::Committing).context(context);
    (sealer.keyring(key.clone()), Opener::new().keyring(key))
}

fn instead_of_rewrap(criterion: &mut Criterion, esdk: &Esdk) {
    let mut group = criterion.benchmark_group("rewrap-instead");
    group.throughput(Throughput::Elements(1));
    for (name, length) in [("aws-esdk-100B", 100), ("aws-esdk-1MiB", 1 << 20)] {
        let sealed = esdk.seal(&plaintext(length));
        group.bench_function(name, |bencher| {
            bencher.iter(|| esdk.seal(esdk.open(black_box(&sealed)).as_ref()))
        });
    }
    group.finish();
}

/// A client, a keyring and the runtime they need.
struct Esdk {
    runtime: Runtime,
    client: Client,
    keyring: KeyringRef,
    context: HashMap<String, String>,
}

impl Default for Esdk {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let materials = MaterialProvidersConfig::builder().build().expect(DEFAULTS);
        let keyring = Materials::from_conf(materials)
            .expect(DEFAULTS)
            .create_raw_aes_keyring()
            .key_namespace("local")
            .key_name("payments")
            .wrapping_key(Blob::new(vec![7; 32]))
            .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16);
        let keyring = runtime.block_on(keyring.send()).expect("a 32-byte key");
        let client = Client::from_conf(AwsEncryptionSdkConfig::builder().build().expect(DEFAULTS));
        Self {
            runtime,
            client: client.expect(DEFAULTS),
            keyring,
            context: CONTEXT.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        }
    }
}

impl Esdk {
    /// Seals into a new buffer.
    fn seal(&self, plaintext: &[u8]) -> Blob {
        let request = self
            .client
            .encrypt()
            .plaintext(plaintext)
            .keyring(self.keyring.clone())
            .encryption_context(self.context.clone())
            .algorithm_suite_id(EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey);
        let sealed = self
            .runtime
            .block_on(request.send())
            .expect("a raw keyring does not fail");
        sealed.ciphertext.expect("a sealed message")
    }

    /// Opens into a new buffer.
    fn open(&self, sealed: &Blob) -> Blob {
        let request = self
            .client
            .decrypt()
            .ciphertext(sealed.clone())
            .keyring(self.keyring.clone())
            .encryption_context(self.context.clone());
        let opened = self.runtime.block_on(request.send()).expect("sealed by the same key");
        opened.plaintext.expect("an opened message")
    }
}

const DEFAULTS: &str = "a default configuration";
