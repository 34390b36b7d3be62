//! From names and envelopes to keys.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::*;
use kms_providers::config::Config;
use kms_providers::local::{KeyFileKek, Keystore};
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::uri::KeyName;
use kms_providers::{KeySummary, KeyUri, Provider, ResolveError, Resolver};
use support::{create, name, run, uri};

const CONFIG: &str = r#"
audit = "none"
[provider.local]
kind = "local"
seal = "key-file"
[provider.scratch]
kind = "memory"
[key.payments]
any = ["local://p", "memory://p"]
suite = "KS1-AES256GCMSIV"
[key.board]
quorum = { k = 2, of = ["local://b1", "memory://b2", "passphrase:chair"] }
floor = { quorum = 2 }
"#;

struct Fixture {
    _folder: tempfile::TempDir,
    resolver: Resolver,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let backend = CryptoBackend::default();
    KeyFileKek::create(&folder.path().join("keystore.key"), backend.clone()).unwrap();
    let config = Config::parse(CONFIG, folder.path()).unwrap();
    let keystore = Keystore::configured(&config.providers["local"], || unreachable!(), &backend).unwrap();
    let local = Arc::new(run(keystore.create()).unwrap());
    let scratch = Arc::new(MemoryProvider::new(backend, MemoryWrap::KeyWrap).unwrap());
    for key in ["p", "b1", "unlisted"] {
        create(&*local, key);
    }
    for key in ["p", "b2"] {
        create(&*scratch, key);
    }
    let providers: [(KeyName, Arc<dyn Provider>); 2] = [(name("local"), local), (name("scratch"), scratch)];
    Fixture {
        resolver: Resolver::new(&config, providers).unwrap(),
        _folder: folder,
    }
}

fn chair() -> Arc<dyn Kek> {
    let passphrase = SecretBytes::copy_of(b"the chair's passphrase");
    let kek = PassphraseKek::new(CryptoBackend::default(), passphrase);
    Arc::new(kek.labelled("chair").unwrap())
}

fn seal(resolver: &Resolver, key: &str) -> Vec<u8> {
    let key = resolver.logical(key).unwrap();
    run(resolver.sealer(&key, CryptoBackend::default()).unwrap().seal(b"hello")).unwrap()
}

fn uris(keyring: &Keyring) -> Vec<String> {
    keyring.keks().map(|kek| kek.uri().to_owned()).collect()
}

fn keyring(resolver: &Resolver, envelope: &[u8]) -> Keyring {
    run(resolver.keyring(&Header::parse_prefix(envelope, 16).unwrap())).unwrap()
}

fn opens(resolver: &Resolver, envelope: &[u8]) -> bool {
    let opener = Opener::new(CryptoBackend::default(), keyring(resolver, envelope));
    run(opener.open(envelope)).is_ok_and(|plaintext| plaintext == b"hello")
}

#[test]
fn a_logical_key_seals_and_its_keys_open() {
    let Fixture { resolver, _folder } = fixture();
    let envelope = seal(&resolver, "payments");
    let header = Header::parse_prefix(&envelope, 16).unwrap();
    assert_eq!(header.domain().suite, Suite::Aes256GcmSiv);
    assert_eq!(header.entries().len(), 2);
    assert_eq!(uris(&keyring(&resolver, &envelope)).len(), 2);
    assert!(opens(&resolver, &envelope));
}

#[test]
fn a_quorum_takes_what_the_caller_supplies() {
    let Fixture { resolver, _folder } = fixture();
    let board = resolver.logical("board").unwrap();
    let refused = resolver.sealer(&board, CryptoBackend::default()).err().unwrap();
    assert!(matches!(refused, ResolveError::NotSupplied { .. }), "{refused}");

    let with_chair = resolver.clone().with_kek(chair());
    let envelope = seal(&with_chair, "board");
    assert_eq!(
        uris(&keyring(&with_chair, &envelope)).last().unwrap(),
        "passphrase:chair",
        "the dearest comes last"
    );
    assert!(opens(&with_chair, &envelope));
    // Two of three: without the chair it opens too.
    assert!(opens(&resolver, &envelope));
}

#[test]
fn names_uris_and_keys_of_the_keystore_are_understood() {
    let Fixture { resolver, _folder } = fixture();
    let of = |text: &str| {
        resolver
            .logical(text)
            .map(|key| key.uris().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(of("payments").unwrap(), ["local://p", "memory://p"]);
    assert_eq!(of("unlisted").unwrap(), ["local://unlisted"]);
    assert_eq!(of("memory://b2/1").unwrap(), ["memory://b2/1"]);
    assert!(matches!(of("Payments!"), Err(ResolveError::Uri(_))));
    assert!(opens(&resolver, &seal(&resolver, "unlisted")));
    assert!(opens(&resolver, &seal(&resolver, "memory://p")));

    // Without an embedded keystore a name that is not configured is nothing.
    let config = Config::parse("audit = \"none\"", Path::new("")).unwrap();
    let empty = Resolver::new(&config, BTreeMap::new()).unwrap();
    let unknown = empty.logical("payments").unwrap_err();
    assert!(
        unknown.to_string().contains("`payments`") && unknown.to_string().contains("key list"),
        "{unknown}"
    );
    let unserved = empty.kek(&uri("local://p")).err().unwrap();
    assert!(matches!(unserved, ResolveError::NotServed { .. }), "{unserved}");
}

#[test]
fn hidden_recipients_are_found_among_all_configured_keys() {
    let Fixture { resolver, _folder } = fixture();
    let kek = resolver.kek(&uri("local://unlisted")).unwrap();
    let sealer = Sealer::new(CryptoBackend::default()).add(Recipient::single(kek).hidden());
    let envelope = run(sealer.seal(b"hello")).unwrap();
    assert!(keyring(&resolver, &envelope).keks().len() >= 5);
    assert!(opens(&resolver, &envelope));
}

/// A cloud of which only what is configured may be asked.
struct Cloud {
    region: &'static str,
}

struct CloudKek(String);

#[async_trait]
impl Provider for Cloud {
    fn kind(&self) -> &str {
        "aws-kms"
    }

    fn serves(&self, uri: &KeyUri) -> bool {
        uri.scheme_name() == self.kind() && uri.region() == Some(self.region)
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        Ok(Arc::new(CloudKek(uri.to_string())))
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Kek for CloudKek {
    fn uri(&self) -> &str {
        &self.0
    }

    fn scheme(&self) -> Scheme {
        Scheme::Wrap
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, _: &Binding<'_>) -> Result<Generated, KekError> {
        let secret = kms_core::memory::Secret::init_with(|place| place.fill(7));
        let wrapped = WrappedKey {
            version: None,
            w: vec![7; 40],
            params: WrapParams::Mechanism(WrapMechanism::AesKwp),
        };
        Ok(Generated {
            secret,
            wrapped,
            request_id: None,
        })
    }

    async fn unwrap(&self, _: &WrappedKey, _: &Binding<'_>) -> Result<Unwrapped, KekError> {
        panic!("{} was asked", self.0)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        Ok(KekInfo::new("AES", None, "hsm", Posture::Hedged, "111122223333"))
    }
}

fn arn(region: &str) -> String {
    format!("aws-kms://arn:aws:kms:{region}:111122223333:key/1")
}

fn clouds(key: &str, regions: [&'static str; 2]) -> Result<Resolver, ResolveError> {
    let text = format!(
        "audit = \"none\"\n[provider.one]\nkind = \"aws-kms\"\n[provider.two]\nkind = \"aws-kms\"\n[key.k]\nuri = {key}"
    );
    let config = Config::parse(&text, Path::new("")).unwrap();
    let clouds: [(KeyName, Arc<dyn Provider>); 2] = [
        (name("one"), Arc::new(Cloud { region: regions[0] })),
        (name("two"), Arc::new(Cloud { region: regions[1] })),
    ];
    Resolver::new(&config, clouds)
}

#[test]
fn one_provider_serves_each_key() {
    let quoted = |region: &str| format!("\"{}\"", arn(region));
    assert!(clouds(&quoted("eu-west-1"), ["eu-west-1", "us-east-1"]).is_ok());
    let unserved = clouds(&quoted("sa-east-1"), ["eu-west-1", "us-east-1"]).err().unwrap();
    assert!(matches!(unserved, ResolveError::NotServed { .. }), "{unserved}");
    let ambiguous = clouds(&quoted("eu-west-1"), ["eu-west-1", "eu-west-1"]).err().unwrap();
    assert!(ambiguous.to_string().contains("`one` and `two`"), "{ambiguous}");
    let chosen = format!("{{ uri = \"{}\", provider = \"two\" }}", arn("eu-west-1"));
    assert!(clouds(&chosen, ["eu-west-1", "eu-west-1"]).is_ok());
}

#[test]
fn a_configured_provider_that_is_not_open_is_told() {
    let config = Config::parse(CONFIG, Path::new("")).unwrap();
    let refused = Resolver::new(&config, BTreeMap::new()).err().unwrap();
    assert!(
        matches!(refused, ResolveError::NotServed { .. } | ResolveError::NotOpen { .. }),
        "{refused}"
    );
}

#[test]
fn an_envelope_selects_no_cloud_key_that_is_not_configured() {
    let resolver = clouds(&format!("\"{}\"", arn("eu-west-1")), ["eu-west-1", "us-east-1"]).unwrap();
    let foreign = Arc::new(CloudKek(arn("us-east-1")));
    let envelope = run(Sealer::new(CryptoBackend::default()).recipient(foreign).seal(b"hello")).unwrap();
    assert_eq!(uris(&keyring(&resolver, &envelope)), Vec::<String>::new());
    // The operator may name it.
    assert!(resolver.kek(&uri(&arn("us-east-1"))).is_ok());

    let own = Arc::new(CloudKek(arn("eu-west-1")));
    let envelope = run(Sealer::new(CryptoBackend::default()).recipient(own).seal(b"hello")).unwrap();
    assert_eq!(uris(&keyring(&resolver, &envelope)), [arn("eu-west-1")]);
}

#[test]
fn residency_is_asked_of_providers_whose_uris_do_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let backend = CryptoBackend::default();
    KeyFileKek::create(&folder.path().join("keystore.key"), backend.clone()).unwrap();
    let check = |settings: &str, keystore: &str| {
        let text = format!(
            "audit = \"none\"\n[provider.local]\nkind = \"local\"\nseal = \"key-file\"\nkeystore = \"{keystore}\"\n\
             {settings}\n[key.k]\nuri = \"local://k\"\nresidency = [\"eu\"]\n[key.free]\nuri = \"local://free\"\n"
        );
        let config = Config::parse(&text, folder.path()).unwrap();
        let keystore = Keystore::configured(&config.providers["local"], || None, &backend).unwrap();
        let local = run(keystore.create()).unwrap();
        create(&local, "k");
        let local: Arc<dyn Provider> = Arc::new(local);
        let resolver = Resolver::new(&config, [(name("local"), local)]).unwrap();
        run(resolver.check_residency(&resolver.logical("free").unwrap())).unwrap();
        run(resolver.check_residency(&resolver.logical("k").unwrap()))
    };
    assert_eq!(check("region = \"eu-west-1\"", "a.ks1"), Ok(()));
    let outside = check("region = \"us-east-1\"", "b.ks1").unwrap_err().to_string();
    assert!(outside.contains("in us-east-1"), "{outside}");
    let unknown = check("", "c.ks1").unwrap_err().to_string();
    assert!(unknown.contains("no known region"), "{unknown}");
}

/// A provider whose keys live where it says only when it is asked.
struct Somewhere {
    inner: MemoryProvider,
    region: Option<&'static str>,
    described: Arc<AtomicUsize>,
}

struct Placed {
    inner: Arc<dyn Kek>,
    region: Option<&'static str>,
    described: Arc<AtomicUsize>,
}

#[async_trait]
impl Provider for Somewhere {
    fn kind(&self) -> &str {
        self.inner.kind()
    }

    fn owns_its_keys(&self) -> bool {
        true
    }

    fn kek(&self, uri: &KeyUri) -> Result<Arc<dyn Kek>, KekError> {
        Ok(Arc::new(Placed {
            inner: self.inner.kek(uri)?,
            region: self.region,
            described: Arc::clone(&self.described),
        }))
    }

    async fn list(&self) -> Result<Vec<KeySummary>, KekError> {
        self.inner.list().await
    }
}

#[async_trait]
impl Kek for Placed {
    fn uri(&self) -> &str {
        self.inner.uri()
    }

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    fn posture(&self) -> Posture {
        self.inner.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.inner.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.inner.unwrap(wrapped, binding).await
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.described.fetch_add(1, Ordering::Relaxed);
        let mut info = self.inner.describe().await?;
        info.region = self.region.map(str::to_owned);
        Ok(info)
    }
}

#[test]
fn where_only_the_provider_tells_a_key_is_asked_for_its_place_before_it_is_used() {
    for (region, is_permitted) in [(Some("eu-west-1"), true), (Some("us-east-1"), false), (None, false)] {
        for policy in ["[policy]\nresidency = [\"eu\"]\n", ""] {
            let residency = if policy.is_empty() {
                "residency = [\"eu\"]\n"
            } else {
                ""
            };
            let text = format!(
                "audit = \"none\"\n[provider.far]\nkind = \"memory\"\n[key.k]\nuri = \"memory://k\"\n{residency}{policy}"
            );
            let config = Config::parse(&text, Path::new("/")).unwrap();
            let described = Arc::new(AtomicUsize::new(0));
            let inner = MemoryProvider::new(CryptoBackend::default(), MemoryWrap::Derive).unwrap();
            create(&inner, "k");
            let open = Sealer::new(CryptoBackend::default()).recipient(inner.kek(&uri("memory://k")).unwrap());
            let envelope = run(open.seal(b"hello")).unwrap();
            let far: Arc<dyn Provider> = Arc::new(Somewhere {
                inner,
                region,
                described: Arc::clone(&described),
            });
            let resolver = Resolver::new(&config, [(name("far"), far)]).unwrap();
            let key = resolver.logical("k").unwrap();
            let sealed = run(resolver.sealer(&key, CryptoBackend::default()).unwrap().seal(b"hello"));
            let opener = Opener::new(CryptoBackend::default(), keyring(&resolver, &envelope));
            for outcome in [
                sealed.map(drop),
                run(opener.open(&envelope)).map(drop),
                run(opener.open(&envelope)).map(drop),
            ] {
                match outcome {
                    Ok(()) => assert!(is_permitted, "{region:?} {policy}"),
                    Err(Error::Provider(error)) => {
                        assert!(
                            !is_permitted && error.kind == KekFault::Residency,
                            "{region:?}: {error}"
                        );
                    }
                    Err(other) => panic!("{region:?}: {other}"),
                }
            }
            assert_eq!(described.load(Ordering::Relaxed), 2, "once for each handle");
        }
    }
}

#[test]
fn nobody_is_asked_for_a_place_where_every_place_will_do() {
    let described = Arc::new(AtomicUsize::new(0));
    let inner = MemoryProvider::new(CryptoBackend::default(), MemoryWrap::Derive).unwrap();
    create(&inner, "k");
    let far: Arc<dyn Provider> = Arc::new(Somewhere {
        inner,
        region: None,
        described: Arc::clone(&described),
    });
    let text = "audit = \"none\"\n[provider.far]\nkind = \"memory\"\n[key.k]\nuri = \"memory://k\"\n";
    let config = Config::parse(text, Path::new("/")).unwrap();
    let resolver = Resolver::new(&config, [(name("far"), far)]).unwrap();
    seal(&resolver, "k");
    assert_eq!(described.load(Ordering::Relaxed), 0);
}
