//! What Keystrand makes in tokens, as others see it, and what it makes of what others made.

use std::process::Command;
use std::sync::Arc;

use futures::executor::block_on;
use keystrand_fakes::aws::FakeKms;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Domain, Header, Kek, KekError, KekFault, Kind as EnvelopeKind, Opener, Suite, WrapMechanism, WrapParams,
};
use kms_providers::aws::{AwsProvider, AwsSettings};
use kms_providers::config::Config;
use kms_providers::{KeyUri, Provider, Resolver};

use crate::scene::{Kind, LABEL, PIN, Scene, run};

pub(crate) const BINDING: Binding<'static> = Binding {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: EnvelopeKind::Message,
    },
    digest: &[0xb1; 32],
    dek_id: &[0xd1; 16],
    exposed: &[],
};

pub(crate) fn fresh_key(provider: &dyn Provider, name: &str) -> KeyUri {
    block_on(provider.lifecycle().unwrap().create(&name.parse().unwrap())).unwrap()
}

pub(crate) fn round_trip(kek: &dyn Kek) -> Result<(), KekError> {
    let made = block_on(kek.generate(&BINDING))?;
    let back = block_on(kek.unwrap(&made.wrapped, &BINDING))?;
    assert!(back.secret.ct_eq(&made.secret), "another secret came back");
    Ok(())
}

/// What the token holds, as OpenSC sees it.
fn witness(scene: &Scene, kind: Kind) -> Option<String> {
    if Command::new("pkcs11-tool").arg("--help").output().is_err() {
        println!("SKIPPED: no pkcs11-tool here; apt install opensc");
        return None;
    }
    let mut tool = scene.command(kind, "pkcs11-tool");
    let module = scene.module.to_str().unwrap();
    Some(run(tool.args([
        "--module",
        module,
        "--token-label",
        LABEL,
        "--login",
        "--pin",
        PIN,
        "--list-objects",
    ])))
}

#[test]
fn a_witness_sees_keys_of_softhsm_that_wrap_and_never_leave() {
    witnessed(Kind::SoftHsm);
}

#[test]
fn a_witness_sees_keys_of_kryoptic_that_wrap_and_never_leave() {
    witnessed(Kind::Kryoptic);
}

fn witnessed(kind: Kind) {
    let Some(scene) = Scene::of(kind) else { return };
    let provider = scene.provider();
    let uri = fresh_key(&provider, "payments");
    block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
    drop(provider);
    let Some(seen) = witness(&scene, kind) else { return };
    println!("{seen}");
    assert_eq!(seen.matches("AES length 32").count(), 2, "{seen}");
    assert_eq!(seen.matches("label:      payments").count(), 2, "{seen}");
    // "ks1:1-" and "ks1:2-"
    assert!(seen.contains("6b73313a312d") && seen.contains("6b73313a322d"), "{seen}");
    let after = |word: &str| {
        let lines = seen
            .lines()
            .filter_map(move |line| Some(line.split_once(word)?.1.trim().to_owned()));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(after("Usage:"), ["wrap, unwrap"; 2], "{seen}");
    assert!(
        after("Access:")
            .iter()
            .all(|access| access.contains("sensitive") && access.contains("never extractable"))
    );
}

/// The token's key wrap with padding is RFC 5649, whoever implements it.
#[test]
fn what_the_token_wraps_another_implementation_unwraps() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let provider = scene.provider();
    let material = Secret::init_with(|place| place.fill(0x5a));
    let uri = block_on(
        provider
            .import()
            .unwrap()
            .import_key(&"brought".parse().unwrap(), &material),
    )
    .unwrap();
    let kek = provider.kek(&uri).unwrap();
    let made = block_on(kek.generate(&BINDING)).unwrap();
    assert_eq!(made.wrapped.params, WrapParams::Mechanism(WrapMechanism::AesKwp));
    for backend in [kms_core::crypto::aws_lc(), kms_core::crypto::rustcrypto()] {
        let unwrapped = backend
            .key_wrap
            .unwrap_padded(material.expose(), &made.wrapped.w)
            .unwrap();
        assert_eq!(&unwrapped[..], made.secret.expose());
    }
    let info = block_on(kek.describe()).unwrap();
    assert!(info.protection.contains("imported"), "{}", info.protection);
    assert!(!info.exportable);
}

#[test]
fn a_key_that_does_more_than_wrap_is_refused_unless_the_configuration_says_so() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let Some(_) = witness(&scene, Kind::SoftHsm) else {
        return;
    };
    // As the tool makes keys: for encryption, decryption, wrapping and unwrapping at once.
    let mut tool = scene.command(Kind::SoftHsm, "pkcs11-tool");
    let module = scene.module.to_str().unwrap();
    let common = ["--module", module, "--token-label", LABEL, "--login", "--pin", PIN];
    run(tool.args(common).args([
        "--keygen",
        "--key-type",
        "AES:32",
        "--label",
        "theirs",
        "--id",
        "0102",
        "--extractable",
    ]));
    let uri: KeyUri = "pkcs11:token=keystrand%20test;object=theirs;type=secret-key"
        .parse()
        .unwrap();
    let provider = scene.provider();
    let kek = provider.kek(&uri).unwrap();
    assert_eq!(round_trip(&*kek).unwrap_err().kind, KekFault::WeakKey);
    let survey = block_on(provider.survey()).unwrap();
    assert_eq!(survey.weak.len(), 1, "{:?}", survey.weak);
    assert!(
        block_on(provider.list()).unwrap().is_empty(),
        "a key of others is listed as ours"
    );
}

#[test]
fn rotations_of_two_processes_are_all_kept_and_nothing_is_lost() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let uri: KeyUri = "pkcs11:token=keystrand%20test;object=shared;type=secret-key"
        .parse()
        .unwrap();
    if std::env::var_os("KEYSTRAND_TEST_WORKER").is_some() {
        let provider = scene.provider();
        let kek = provider.kek(&uri).unwrap();
        for _ in 0..8 {
            round_trip(&*kek).unwrap();
            block_on(provider.lifecycle().unwrap().rotate(&uri)).unwrap();
            round_trip(&*kek).unwrap();
        }
        return;
    }
    let provider = scene.provider();
    assert_eq!(fresh_key(&provider, "shared"), uri);
    let kek = provider.kek(&uri).unwrap();
    let before = block_on(kek.generate(&BINDING)).unwrap();
    let worker = || {
        let mut worker = scene.command(Kind::SoftHsm, std::env::current_exe().unwrap());
        let test = std::thread::current().name().unwrap().to_owned();
        worker
            .args([&test, "--exact", "--nocapture"])
            .env("KEYSTRAND_TEST_WORKER", "1");
        worker.spawn().unwrap()
    };
    for mut worker in [worker(), worker()] {
        assert!(worker.wait().unwrap().success());
    }
    let listed = block_on(provider.list()).unwrap();
    assert_eq!(listed[0].versions.len(), 17, "{listed:?}");
    let after = block_on(kek.unwrap(&before.wrapped, &BINDING)).unwrap();
    assert!(after.secret.ct_eq(&before.secret));
}

#[test]
fn either_of_a_token_and_aws_opens() {
    let Some(scene) = Scene::of(Kind::SoftHsm) else { return };
    let kms = FakeKms::start("eu-west-1");
    let credentials = scene.folder.join("credentials");
    std::fs::write(
        &credentials,
        "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = canary\n",
    )
    .unwrap();
    let aws = || {
        let mut settings = AwsSettings::of_region("eu-west-1");
        settings.endpoint = Some(kms.endpoint());
        settings.credentials_file = Some(credentials.clone());
        (settings.calls.attempt_ms, settings.calls.total_ms) = (1_000, 2_000);
        AwsProvider::new(settings, CryptoBackend::default()).unwrap()
    };
    let (at_token, at_aws) = (fresh_key(&scene.provider(), "both"), fresh_key(&aws(), "both"));
    let config = format!(
        "audit = \"none\"\n[provider.hsm]\nkind = \"pkcs11\"\nmodule = \"/m\"\ntoken = \"pkcs11:token=t\"\n\
         [provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\n[key.both]\nany = [\"{at_token}\", \"{at_aws}\"]\n"
    );
    let config = Config::parse(&config, "/".as_ref()).unwrap();
    let resolver = |hsm: Arc<dyn Provider>| {
        let aws: Arc<dyn Provider> = Arc::new(aws());
        Resolver::new(&config, [("hsm".parse().unwrap(), hsm), ("aws".parse().unwrap(), aws)]).unwrap()
    };
    let both = resolver(Arc::new(scene.provider()));
    let key = both.logical("both").unwrap();
    let sealer = both.sealer(&key, CryptoBackend::default()).unwrap();
    let envelope = block_on(sealer.seal(b"hello")).unwrap();
    let opened = |resolver: &Resolver| {
        let header = Header::parse_prefix(&envelope, 16).unwrap();
        let keyring = block_on(resolver.keyring(&header)).unwrap();
        block_on(Opener::new(CryptoBackend::default(), keyring).open(&envelope))
    };
    assert_eq!(opened(&both).unwrap(), b"hello");

    // The token is gone: AWS opens.
    let gone = resolver(Arc::new(scene.provider_with(scene.settings_of("/nowhere.so".as_ref()))));
    drop(kms.seen());
    assert_eq!(opened(&gone).unwrap(), b"hello");
    assert_eq!(kms.seen().len(), 1);

    // AWS is gone: the token opens, and is asked first.
    drop(kms);
    assert_eq!(opened(&both).unwrap(), b"hello");
    assert!(opened(&gone).is_err());
}
