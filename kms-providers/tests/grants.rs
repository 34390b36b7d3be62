//! Grants on their way: issued, sealed, signed, opened, revoked; and everything that must not pass.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows unwrap in tests, and this is all tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use futures::executor::block_on;
use kms_core::akd::{Dimension, Grant, NodeKey, Pick, Schema, Terms, TreeId, Usage, Value};
use kms_core::audit::Clock;
use kms_core::crypto::CryptoBackend;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::Secret;
use kms_core::{
    AkdFault, Error, Header, KekFault, Keyring, Opener, Recipient, RewrapOutcome, Rewrapper, Sealer, Target,
};
use kms_providers::grants::{
    GrantError, GrantReader, IssuedGrant, Issuer, Register, Revocations, SchemaFile, Statement,
};
use kms_providers::local::{KeyFileKek, Keystore};
use kms_providers::memory::{MemoryProvider, MemoryWrap};
use kms_providers::signing::VerifierKey;
use kms_providers::uri::KeyUri;
use kms_providers::{DerivationKeys, Provider};

struct At(u64);

impl Clock for At {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

/// A provider with a root, an issuer and a grantee.
struct House {
    backend: CryptoBackend,
    provider: MemoryProvider,
}

const ISSUER: &str = "memory://issuer";

impl House {
    fn new() -> Self {
        let backend = CryptoBackend::default();
        let provider = MemoryProvider::new(backend.clone(), MemoryWrap::Derive).unwrap();
        let signing = provider.signing_keys().unwrap();
        for (name, scheme) in [
            ("issuer", SignatureScheme::MlDsa65Ed25519),
            ("other", SignatureScheme::MlDsa65Ed25519),
            ("classical", SignatureScheme::Ed25519),
        ] {
            block_on(signing.create_signing_key(&name.parse().unwrap(), scheme)).unwrap();
        }
        for name in ["analysts", "auditors"] {
            block_on(provider.lifecycle().unwrap().create(&name.parse().unwrap())).unwrap();
        }
        block_on(roots(&provider).create_derivation_key(&"root".parse().unwrap())).unwrap();
        Self { backend, provider }
    }

    fn issuer(&self, name: &str) -> Result<Issuer<'_>, GrantError> {
        block_on(Issuer::new(
            self.provider.signing_keys().unwrap(),
            format!("memory://{name}").parse().unwrap(),
        ))
    }

    fn verifier(&self, name: &str) -> VerifierKey {
        let key: KeyUri = format!("memory://{name}").parse().unwrap();
        block_on(self.provider.signing_keys().unwrap().verifier(&key)).unwrap()
    }

    fn grant(&self, id: u8, epochs: Pick, usages: &[Usage]) -> Grant {
        let key = |usage| block_on(roots(&self.provider).usage_key(&"memory://root/1".parse().unwrap(), TREE, usage));
        let sources: Vec<_> = usages
            .iter()
            .map(|usage| NodeKey::of_usage_key(&schema(), *usage, key(*usage).unwrap()))
            .collect();
        let picks = [("dataset", Pick::One(Value::text("orders"))), ("epoch", epochs)];
        let terms = Terms {
            id: [id; 16],
            issuer: self.verifier("issuer").name().to_owned(),
            grantee: "analysts".to_owned(),
            issued: 1_000,
            not_after: 2_000,
        };
        let scope = schema().scope(picks).unwrap();
        Grant::issue(&self.backend, &schema(), &sources, usages, &scope, terms).unwrap()
    }

    fn issue(&self, grant: &Grant) -> IssuedGrant {
        let sealer = Sealer::new(self.backend.clone()).recipient(self.kek("analysts"));
        block_on(self.issuer("issuer").unwrap().issue(&self.backend, sealer, grant)).unwrap()
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let keys = self.provider.signing_keys().unwrap();
        block_on(keys.sign_note(&ISSUER.parse().unwrap(), text.as_bytes())).unwrap()
    }

    fn kek(&self, name: &str) -> Arc<dyn kms_core::Kek> {
        self.provider.kek(&format!("memory://{name}").parse().unwrap()).unwrap()
    }

    fn opener(&self, name: &str) -> Opener {
        Opener::new(self.backend.clone(), Keyring::new().with(self.kek(name)))
    }

    /// What a grantee with the key `name` gets at the time 1500.
    fn open(&self, name: &str, envelope: &[u8], note: &[u8]) -> Result<Grant, GrantError> {
        block_on(self.reader(1_500).open(&self.opener(name), envelope, note))
    }

    fn reader(&self, now: u64) -> GrantReader {
        let reader = GrantReader::new(self.backend.clone(), self.verifier("issuer")).unwrap();
        reader.by_clock(Arc::new(At(now)))
    }
}

fn roots(provider: &MemoryProvider) -> &dyn DerivationKeys {
    provider.derivation_keys().unwrap()
}

const TREE: TreeId = TreeId([0xa0; 16]);

fn schema() -> Schema {
    Schema::new(
        TREE,
        [
            Dimension::text("dataset"),
            Dimension::epoch(),
            Dimension::text("column"),
        ],
    )
    .unwrap()
}

#[test]
fn a_grant_reaches_its_grantee() {
    let house = House::new();
    let grant = house.grant(1, Pick::Interval(3, 17), &[Usage::Aead, Usage::Ff1]);
    let issued = house.issue(&grant);
    assert_eq!(
        house.reader(1_500).verify(&issued.envelope, &issued.note),
        Ok(issued.statement.clone())
    );
    let opened = house.open("analysts", &issued.envelope, &issued.note).unwrap();
    assert!(opened.encode().ct_eq(&grant.encode()));
    assert_eq!(issued.statement.epochs, (3, 17));
    let as_another = house.open("auditors", &issued.envelope, &issued.note);
    assert!(matches!(as_another.err(), Some(GrantError::Core(Error::Caller(_)))));
}

/// The keys of a grantee are rotated as everybody's are, and the signature stands.
#[test]
fn a_rewrap_leaves_the_signature_good() {
    let house = House::new();
    let issued = house.issue(&house.grant(1, Pick::Interval(3, 5), &[Usage::Aead]));
    let header = Header::parse_prefix(&issued.envelope, 16).unwrap();
    let payload = &issued.envelope[header.len()..];
    let target = Target::Replace(vec![Recipient::single(house.kek("auditors"))]);
    let rewrapper = Rewrapper::new(house.opener("analysts"));
    let outcome = block_on(rewrapper.rewrap(&header, &target, Some(payload.len() as u64))).unwrap();
    let RewrapOutcome::Rewrapped(rewrapped) = outcome else {
        panic!("nothing was rewrapped")
    };
    let envelope = [&rewrapped.header, payload].concat();
    let opened = house.open("auditors", &envelope, &issued.note);
    assert_eq!(opened.unwrap().terms().id, [1; 16]);
}

#[test]
fn what_must_not_pass_does_not() {
    let house = House::new();
    let grant = house.grant(1, Pick::Interval(3, 5), &[Usage::Aead]);
    let issued = house.issue(&grant);
    let (envelope, note) = (&issued.envelope, &issued.note);
    let refused = |reader: &GrantReader, envelope: &[u8], note: &[u8]| {
        let opened = block_on(reader.open(&house.opener("analysts"), envelope, note));
        let verified = reader.verify(envelope, note);
        assert_eq!(verified.clone().err(), opened.err(), "said without a key, too");
        verified.unwrap_err()
    };
    // Foreign: signed by somebody else.
    let other = GrantReader::new(house.backend.clone(), house.verifier("other")).unwrap();
    assert!(matches!(refused(&other, envelope, note), GrantError::Note(_)));
    // Expired, and revoked.
    assert_eq!(refused(&house.reader(2_001), envelope, note), AkdFault::Expired.into());
    let list = Revocations::none(TREE).with([&issued.statement], 1_500).unwrap();
    assert_eq!(
        refused(&house.reader(1_500).heed(list.clone()), envelope, note),
        GrantError::Revoked
    );
    let elsewhere = Revocations::none(TreeId([1; 16]));
    assert!(house.reader(1_500).heed(elsewhere).verify(envelope, note).is_ok());
    // Another grant's signature, and every altered byte of a short stretch of each part.
    let second = house.issue(&house.grant(2, Pick::Interval(3, 5), &[Usage::Aead]));
    assert_eq!(
        refused(&house.reader(1_500), envelope, &second.note),
        GrantError::OtherGrant
    );
    let text = String::from_utf8(note.clone()).unwrap();
    let altered = text.replacen("epochs 3 5", "epochs 3 6", 1);
    assert!(matches!(
        refused(&house.reader(1_500), envelope, altered.as_bytes()),
        GrantError::Note(_)
    ));
    for at in (0..envelope.len()).step_by(7) {
        let mut altered = envelope.clone();
        altered[at] ^= 1;
        let opened = house.open("analysts", &altered, note);
        assert!(opened.is_err(), "byte {at}");
    }
    // A detached signature is a note of the same key, and says nothing about a grant.
    let other_note = block_on(
        house
            .provider
            .signing_keys()
            .unwrap()
            .sign_note(&ISSUER.parse().unwrap(), b"x\n"),
    )
    .unwrap();
    assert_eq!(
        refused(&house.reader(1_500), envelope, &other_note),
        GrantError::NoStatement
    );
}

/// An issuer that signs one thing and seals another.
#[test]
fn a_contradiction_is_seen_when_it_is_opened() {
    let house = House::new();
    let issued = house.issue(&house.grant(1, Pick::Interval(3, 5), &[Usage::Aead]));
    let note_of = |statement: &kms_providers::grants::Statement| {
        let text = statement.to_text();
        block_on(
            house
                .provider
                .signing_keys()
                .unwrap()
                .sign_note(&ISSUER.parse().unwrap(), text.as_bytes()),
        )
        .unwrap()
    };
    let open = |note: &[u8]| house.open("analysts", &issued.envelope, note);
    assert!(open(&note_of(&issued.statement)).is_ok());
    let changes: [fn(&mut kms_providers::grants::Statement); 5] = [
        |statement| statement.usages = vec![Usage::Ff1],
        |statement| statement.epochs = (3, 4),
        |statement| statement.grantee = "auditors".to_owned(),
        |statement| statement.not_after = 9_000,
        |statement| statement.schema = [0; 32],
    ];
    for change in changes {
        let mut statement = issued.statement.clone();
        change(&mut statement);
        assert_eq!(open(&note_of(&statement)).err(), Some(GrantError::Contradiction));
    }
}

#[test]
fn grants_are_signed_by_both_schemes() {
    let house = House::new();
    assert_eq!(house.issuer("classical").err(), Some(GrantError::IssuerKey));
    let pinned = house.verifier("classical");
    assert_eq!(
        GrantReader::new(house.backend.clone(), pinned).err(),
        Some(GrantError::IssuerKey)
    );
    let half: VerifierKey = house
        .verifier("issuer")
        .to_string()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        GrantReader::new(house.backend.clone(), half).err(),
        Some(GrantError::IssuerKey)
    );
    assert!(matches!(house.issuer("root").err(), Some(GrantError::Core(_))));
}

#[test]
fn revoking_moves_the_epoch_beyond_what_was_granted() {
    let house = House::new();
    let of = |id, from, to| {
        house
            .issue(&house.grant(id, Pick::Interval(from, to), &[Usage::Aead]))
            .statement
    };
    let (short, long) = (of(1, 3, 5), of(2, 3, 17));
    let first = Revocations::none(TREE).with([&short], 1_500).unwrap();
    assert_eq!((first.epoch(), first.sequence()), (6, 1));
    let second = first.with([&long], 1_600).unwrap();
    assert_eq!((second.epoch(), second.sequence()), (18, 2));
    assert_eq!(second.with([&short], 1_700).unwrap().epoch(), 18, "never back");
    assert_eq!(second.revoked(&[1; 16]), Some(1_500));
    let issuer = house.issuer("issuer").unwrap();
    let note = block_on(issuer.sign_list(&second)).unwrap();
    assert_eq!(Revocations::open(&note, issuer.verifier()), Ok(second.clone()));
    assert!(matches!(
        Revocations::open(&note, &house.verifier("other")),
        Err(GrantError::Note(_))
    ));
    assert_eq!(second.check_follows(&first), Ok(()));
    assert_eq!(first.check_follows(&second), Err(GrantError::OldList));
    let forgetful = Revocations::none(TREE)
        .with([&long], 1)
        .unwrap()
        .with([], 2)
        .unwrap()
        .with([], 3)
        .unwrap();
    assert_eq!(forgetful.check_follows(&second), Err(GrantError::OldList));
    let last = of(3, 65_535, 65_535);
    assert_eq!(second.with([&last], 1_700), Err(GrantError::LastEpoch));
}

/// A root is asked for one usage at a time, by its version, and does nothing else.
#[test]
fn roots_derive_and_nothing_else() {
    let house = House::new();
    let derive = |uri: &str, usage| block_on(roots(&house.provider).usage_key(&uri.parse().unwrap(), TREE, usage));
    let first = derive("memory://root/1", Usage::Aead).unwrap();
    assert!(!first.ct_eq(&derive("memory://root/1", Usage::Ff1).unwrap()));
    block_on(
        house
            .provider
            .lifecycle()
            .unwrap()
            .rotate(&"memory://root".parse().unwrap()),
    )
    .unwrap();
    assert!(
        first.ct_eq(&derive("memory://root/1", Usage::Aead).unwrap()),
        "a rotation changes nothing"
    );
    assert!(!first.ct_eq(&derive("memory://root/2", Usage::Aead).unwrap()));
    let fault = |uri: &str| derive(uri, Usage::Aead).err().map(|error| error.kind);
    assert_eq!(fault("memory://root"), Some(KekFault::Unsupported), "without a version");
    assert_eq!(fault("memory://analysts/1"), Some(KekFault::Unsupported));
    assert_eq!(fault("memory://root/3"), Some(KekFault::NotFound));
    let sealed = block_on(
        Sealer::new(house.backend.clone())
            .recipient(house.kek("root"))
            .seal(b"x"),
    );
    assert!(matches!(sealed, Err(Error::Provider(error)) if error.kind == KekFault::Unsupported));
    let listed = block_on(house.provider.list()).unwrap();
    let root = listed.iter().find(|key| key.derives).unwrap();
    assert!(!root.is_kek());
    block_on(house.provider.lifecycle().unwrap().disable(&root.uri)).unwrap();
    assert_eq!(fault("memory://root/1"), Some(KekFault::Disabled));
}

/// A keystore with a root says so to versions that do not know roots.
#[test]
fn a_keystore_keeps_roots() {
    let folder = tempfile::tempdir().unwrap();
    let open = |create: bool| {
        let (key, backend) = (folder.path().join("k"), CryptoBackend::default());
        let seal = match create {
            true => KeyFileKek::create(&key, backend),
            false => KeyFileKek::open(&key, backend),
        };
        let keystore = Keystore::new(folder.path().join("keystore.ks1"), Arc::new(seal.unwrap()));
        block_on(async move {
            if create {
                keystore.create().await
            } else {
                keystore.open().await
            }
        })
        .unwrap()
    };
    let root: KeyUri = "local://root/1".parse().unwrap();
    let provider = open(true);
    let keys = provider.derivation_keys().unwrap();
    block_on(keys.create_derivation_key(&"root".parse().unwrap())).unwrap();
    let key = block_on(keys.usage_key(&root, TREE, Usage::Siv)).unwrap();
    drop(provider);
    let again = open(false);
    let keys = again.derivation_keys().unwrap();
    assert!(key.ct_eq(&block_on(keys.usage_key(&root, TREE, Usage::Siv)).unwrap()));
}

#[test]
fn schema_files_read_back_and_say_what_is_wrong() {
    let text = r#"
        tree = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
        root = "local://root/1"
        [[dimension]]
        name = "dataset"
        kind = "text"
        values = ["orders", "people"]
        [[dimension]]
        name = "epoch"
        kind = "epoch"
        [[dimension]]
        name = "customer"
        kind = "range"
        bits = 20
    "#;
    let file = SchemaFile::parse(text).unwrap();
    let again = SchemaFile::parse(&file.to_text()).unwrap();
    assert_eq!((again.schema(), again.root()), (file.schema(), file.root()));
    let values = vec![Value::text("orders"), Value::text("people")];
    assert_eq!(file.pick("dataset", &["*"]), Ok(Pick::Every(values.clone())));
    assert_eq!(file.pick("dataset", &["orders", "people"]), Ok(Pick::Each(values)));
    assert_eq!(file.pick("dataset", &["a..b"]), Ok(Pick::One(Value::text("a..b"))));
    assert_eq!(file.pick("epoch", &["3..17"]), Ok(Pick::Interval(3, 17)));
    assert_eq!(file.pick("epoch", &["3"]), Ok(Pick::One(Value::epoch(3))));
    assert_eq!(file.pick("customer", &["*"]), Err(AkdFault::NoValues.into()));
    assert_eq!(file.pick("color", &["red"]), Err(AkdFault::UnknownAttribute.into()));
    assert_eq!(file.pick("epoch", &["soon"]), Err(AkdFault::ValueKind.into()));
    for wrong in [
        "root = \"local://root\"",
        "root = \"no key\"",
        "tree = \"a0\"",
        "bits = 33",
        "kind = \"colour\"",
    ] {
        let key = wrong.split(' ').next().unwrap();
        let line = text
            .lines()
            .rev()
            .find(|line| line.trim().starts_with(&format!("{key} =")))
            .unwrap();
        assert!(SchemaFile::parse(&text.replacen(line, wrong, 1)).is_err(), "{wrong}");
    }
}

#[test]
fn the_register_keeps_what_was_issued_and_notices_another_schema() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    let register = Register::new(folder.path().join("grants"));
    assert!(register.grants().unwrap().is_empty());
    let issued = house.issue(&house.grant(1, Pick::Interval(3, 5), &[Usage::Aead]));
    let locked = register.lock().unwrap();
    assert!(register.lock().is_err(), "one at a time");
    locked.record(&schema(), &issued).unwrap();
    assert_eq!(register.grants().unwrap(), std::slice::from_ref(&issued.statement));
    let longer = schema()
        .dimensions()
        .to_vec()
        .into_iter()
        .chain([Dimension::path("class")]);
    assert_eq!(locked.check_schema(&Schema::new(TREE, longer).unwrap()), Ok(()));
    let other = Schema::new(TREE, [Dimension::epoch(), Dimension::text("dataset")]).unwrap();
    assert_eq!(locked.check_schema(&other), Err(AkdFault::SchemaChanged.into()));
    assert_eq!(locked.record(&other, &issued), Err(AkdFault::SchemaChanged.into()));
    let list = Revocations::none(TREE).with([&issued.statement], 5).unwrap();
    let issuer = house.issuer("issuer").unwrap();
    locked
        .publish(&list, &block_on(issuer.sign_list(&list)).unwrap())
        .unwrap();
    assert_eq!(locked.revocations(TREE, issuer.verifier()), Ok(list));
    let planted = locked.revocations(TREE, &house.verifier("other"));
    assert!(matches!(planted, Err(GrantError::Note(_))));
}

/// A released grant is accepted for ever. `tests/oracle/akd.py` reads the same files.
#[test]
fn the_golden_grant_is_accepted() {
    let folder = golden();
    let manifest: serde_json::Value = serde_json::from_slice(&read(&folder, "manifest.json")).unwrap();
    let text = |name: &str| manifest[name].as_str().unwrap().to_owned();
    let secret = |name: &str| {
        let bytes = HEXLOWER.decode(text(name).as_bytes()).unwrap();
        Secret::<32>::init_with(|place| place.copy_from_slice(&bytes))
    };
    let house = House::new();
    let name = "golden".parse().unwrap();
    block_on(house.provider.import().unwrap().import_key(&name, &secret("kek"))).unwrap();
    let reader = GrantReader::new(house.backend.clone(), text("issuer").parse().unwrap()).unwrap();
    let reader = reader.by_clock(Arc::new(At(1_766_620_801)));
    let (envelope, note) = (read(&folder, "analysts.grant"), read(&folder, "analysts.grant.sig"));
    let grant = block_on(reader.open(&house.opener("golden"), &envelope, &note)).unwrap();
    let schema = grant.schema().clone();
    let path = schema
        .path([
            ("dataset", Value::text("orders")),
            ("epoch", Value::epoch(4)),
            ("column", Value::text("email")),
        ])
        .unwrap();
    let from_root = NodeKey::root(&house.backend, &schema, Usage::Ff1, &secret("root"));
    let from_root = from_root
        .descend(&house.backend, &schema, &path)
        .unwrap()
        .leaf(&house.backend);
    let from_grant = grant
        .node(&house.backend, &schema, Usage::Ff1, &path)
        .unwrap()
        .leaf(&house.backend);
    assert!(from_root.secret().ct_eq(from_grant.secret()));
    let list = Revocations::open(&read(&folder, "revoked.list"), &text("issuer").parse().unwrap()).unwrap();
    assert_eq!(reader.heed(list).verify(&envelope, &note), Err(GrantError::Revoked));
}

/// Texts that somebody else wrote: read in one form only, and never with a panic.
#[test]
fn altered_statements_and_lists_are_refused() {
    let house = House::new();
    let statement = house
        .issue(&house.grant(1, Pick::Interval(3, 5), &[Usage::Aead]))
        .statement;
    let list = Revocations::none(TREE).with([&statement], 9).unwrap();
    let sign = |text: &str| house.sign(text);
    for (text, is_list) in [(statement.to_text(), false), (list.to_text(), true)] {
        let read = |text: &str| match is_list {
            true => Revocations::unverified(&sign(text)).map(drop),
            false => Statement::unverified(&sign(text)).map(drop),
        };
        assert_eq!(read(&text), Ok(()));
        let lines: Vec<_> = text.lines().collect();
        for at in 0..lines.len() {
            for change in [0, 1, 2] {
                let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
                match change {
                    0 => drop(lines.remove(at)),
                    1 => lines[at].push(' '),
                    _ => lines[at] = lines[at].replacen(' ', "  ", 1),
                }
                let altered = lines.join("\n") + "\n";
                // A list without its one grant is a list; so is one line fewer of them.
                let still = is_list && change == 0 && at == lines.len();
                assert_eq!(read(&altered).is_ok(), still, "line {at}, change {change}: {altered}");
            }
        }
    }
}

#[test]
#[ignore = "makes the golden files, once"]
fn make_golden() {
    let folder = golden();
    fs::create_dir(&folder).unwrap();
    let house = House::new();
    let kek = Secret::<32>::init_with(|place| place.fill(0x40));
    let name = "golden".parse().unwrap();
    block_on(house.provider.import().unwrap().import_key(&name, &kek)).unwrap();
    let root = Secret::init_with(|place| place.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at));
    let sources = [Usage::Aead, Usage::Ff1].map(|usage| NodeKey::root(&house.backend, &schema(), usage, &root));
    let picks = [
        ("dataset", Pick::One(Value::text("orders"))),
        ("epoch", Pick::Interval(3, 17)),
    ];
    let terms = Terms {
        id: [0x10; 16],
        issuer: house.verifier("issuer").name().to_owned(),
        grantee: "analysts".to_owned(),
        issued: 1_766_620_800,
        not_after: 1_798_761_600,
    };
    let usages = [Usage::Aead, Usage::Ff1];
    let scope = schema().scope(picks).unwrap();
    let grant = Grant::issue(&house.backend, &schema(), &sources, &usages, &scope, terms).unwrap();
    let issuer = house.issuer("issuer").unwrap();
    let sealer = Sealer::new(house.backend.clone()).recipient(house.kek("golden"));
    let issued = block_on(issuer.issue(&house.backend, sealer, &grant)).unwrap();
    let list = Revocations::none(TREE)
        .with([&issued.statement], 1_766_620_900)
        .unwrap();
    let list = block_on(issuer.sign_list(&list)).unwrap();
    let manifest = serde_json::json!({
        "root": HEXLOWER.encode(root.expose()),
        "kek": HEXLOWER.encode(kek.expose()),
        "kid": "memory://golden",
        "issuer": issuer.verifier().to_string(),
    });
    for (name, content) in [
        ("analysts.grant", &issued.envelope),
        ("analysts.grant.sig", &issued.note),
        ("revoked.list", &list),
        ("manifest.json", &serde_json::to_vec_pretty(&manifest).unwrap()),
    ] {
        fs::write(folder.join(name), content).unwrap();
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/grants")
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}
