//! The keystore file: what opens it, what does not, and what stays in it.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kms_core::crypto::{CryptoBackend, OpenFailed, PasswordCost, PasswordKdf, RandomFailed, SecureRandom};
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{EncryptionContext, Kek, KekFault, Keyring, Opener, PassphraseKek, Sealer};
use kms_providers::durable::FileLock;
use kms_providers::local::{KeyFileKek, Keystore};
use kms_providers::{DestroyWindow, KeyState, Provider};
use support::{BINDING, Home, TestClock, create, name, rotate, run, unneeded, uri, versions};

#[test]
fn keys_survive_reopening() {
    let (home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let kek = provider.kek(&key).unwrap();
    let first = run(kek.generate(&BINDING)).unwrap();
    rotate(&provider, &key);
    let second = run(kek.generate(&BINDING)).unwrap();
    drop((kek, provider));

    let provider = home.open();
    let kek = provider.kek(&key).unwrap();
    for generated in [first, second] {
        let unwrapped = run(kek.unwrap(&generated.wrapped, &BINDING)).unwrap();
        assert_eq!(unwrapped.secret.expose(), generated.secret.expose());
    }
    assert_eq!(versions(&provider, &key), ["1", "2"]);
}

#[test]
fn every_state_survives_reopening() {
    let home = Home::new();
    let clock = Arc::new(TestClock::default());
    let provider = run(home.keystore().clock(clock.clone()).create()).unwrap();
    let lifecycle = provider.lifecycle().unwrap();
    for text in ["used", "disabled", "pending", "gone"] {
        rotate(&provider, &create(&provider, text));
    }
    let one_day = DestroyWindow::dangerously_none();
    run(lifecycle.disable(&uri("local://disabled"))).unwrap();
    run(lifecycle.disable(&uri("local://used/1"))).unwrap();
    run(lifecycle.schedule_destroy(&uri("local://gone"), one_day, &unneeded)).unwrap();
    run(lifecycle.schedule_destroy(&uri("local://disabled/1"), one_day, &unneeded)).unwrap();
    assert_eq!(run(lifecycle.destroy_due(&unneeded)).unwrap().destroyed.len(), 2);
    run(lifecycle.schedule_destroy(&uri("local://pending"), DestroyWindow::DEFAULT, &unneeded)).unwrap();

    let before = run(provider.list()).unwrap();
    assert_eq!(before, run(home.open().list()).unwrap());
    let states: Vec<_> = before.iter().map(|key| (key.uri.to_string(), key.state)).collect();
    assert_eq!(states[0], ("local://disabled".into(), KeyState::Disabled));
    assert_eq!(before[0].versions[0].state, KeyState::Destroyed);
    assert_eq!(states[1], ("local://gone".into(), KeyState::Destroyed));
    assert!(matches!(states[2].1, KeyState::PendingDestruction { .. }));
    assert_eq!(before[3].versions[0].state, KeyState::Disabled);
}

#[test]
fn what_does_not_open_it_says_why() {
    let (home, _) = Home::with_keystore();
    let faults = |keystore: Keystore| run(keystore.open()).err().unwrap().fault;

    let other = Home::new();
    let wrong_key_file = Keystore::new(home.path(), other.key_file());
    assert_eq!(faults(wrong_key_file), KekFault::BadPassphrase);
    assert_eq!(faults(Keystore::new(home.path(), passphrase("x"))), KekFault::OtherSeal);
    assert_eq!(faults(other.keystore()), KekFault::NotFound);
    assert_eq!(
        run(home.keystore().create()).err().unwrap().fault,
        KekFault::AlreadyExists
    );

    let error = run(other.keystore().open()).err().unwrap().to_string();
    assert!(error.contains("keystore.ks1: there is no keystore here"), "{error}");
}

#[test]
fn a_wrong_passphrase_is_one_clear_error() {
    let home = Home::new();
    let provider = run(Keystore::new(home.path(), passphrase("right")).create()).unwrap();
    create(&provider, "payments");
    let error = run(Keystore::new(home.path(), passphrase("wrong")).open())
        .err()
        .unwrap();
    assert_eq!(error.fault, KekFault::BadPassphrase);
    assert!(error.to_string().contains("wrong passphrase"), "{error}");
    let again = run(Keystore::new(home.path(), passphrase("right")).open()).unwrap();
    assert_eq!(run(again.list()).unwrap().len(), 1);
    assert_eq!(run(home.keystore().open()).err().unwrap().fault, KekFault::OtherSeal);
}

#[test]
fn a_damaged_keystore_never_opens_and_never_panics() {
    let (home, provider) = Home::with_keystore();
    create(&provider, "payments");
    let good = home.bytes();
    let refused = |bytes: &[u8], what: &str| {
        fs::write(home.path(), bytes).unwrap();
        let fault = run(home.keystore().open())
            .err()
            .unwrap_or_else(|| panic!("{what}: it opened"))
            .fault;
        let is_told = matches!(
            fault,
            KekFault::BadPassphrase | KekFault::Corrupt | KekFault::OtherSeal | KekFault::TooNew
        );
        assert!(is_told, "{what}: {fault:?}");
    };
    for length in 0..good.len() {
        refused(&good[..length], &format!("cut at {length}"));
    }
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes, &format!("bit {bit} flipped"));
    }
    refused(&[&good[..], b"x"].concat(), "one byte added");
    refused(&[&good[..], &good[..]].concat(), "doubled");
    println!("{} damaged keystores refused", good.len() * 9 + 2);

    fs::write(home.path(), &good).unwrap();
    assert_eq!(run(home.open().list()).unwrap().len(), 1);
}

#[test]
fn another_secret_under_the_same_key_is_no_keystore() {
    let (home, _provider) = Home::with_keystore();
    let seal = |sealer: Sealer| run(sealer.recipient(home.key_file()).seal(&[0; 40])).unwrap();
    let sealer = || Sealer::new(CryptoBackend::default());
    let purpose = |value| EncryptionContext::from_pairs([("purpose", value)]).unwrap();
    let impostors = [
        seal(sealer().sealed_secret()),
        seal(sealer().sealed_secret().context(purpose("grant"))),
        seal(sealer().context(purpose("keystrand-keystore"))),
        seal(sealer().sealed_secret().context(purpose("keystrand-keystore"))),
    ];
    for impostor in impostors {
        fs::write(home.path(), impostor).unwrap();
        assert_eq!(run(home.keystore().open()).err().unwrap().fault, KekFault::Corrupt);
    }
}

#[test]
fn an_open_keystore_that_is_damaged_or_gone_is_not_used_on() {
    let home = Home::new();
    let provider = run(home.keystore().freshness(Duration::ZERO).create()).unwrap();
    let key = create(&provider, "payments");
    let kek = provider.kek(&key).unwrap();
    let good = home.bytes();
    let wrap = || run(kek.generate(&BINDING)).map(drop).map_err(|error| error.kind);

    fs::write(home.path(), &good[..good.len() - 1]).unwrap();
    assert!(wrap().is_err());
    assert!(
        wrap().is_err(),
        "the second caller must not be given what the first was refused"
    );
    fs::remove_file(home.path()).unwrap();
    assert_eq!(wrap(), Err(KekFault::NotFound));
    let change = run(provider.lifecycle().unwrap().create(&name("other")));
    assert_eq!(change.unwrap_err().kind, KekFault::NotFound);
    assert!(!home.path().exists(), "a change must not bring a removed keystore back");

    let (foreign, _) = Home::with_keystore();
    fs::copy(
        foreign.folder.path().join("keystore.key"),
        home.folder.path().join("keystore.key"),
    )
    .unwrap();
    fs::write(home.path(), foreign.bytes()).unwrap();
    assert!(wrap().is_err(), "another keystore has other keys under the same names");

    fs::write(home.path(), &good).unwrap();
    assert_eq!(wrap(), Ok(()));
}

#[test]
fn an_older_copy_is_not_taken_by_a_running_process() {
    let home = Home::new();
    let provider = run(home.keystore().freshness(Duration::ZERO).create()).unwrap();
    let key = create(&provider, "payments");
    let older = home.bytes();
    run(provider.lifecycle().unwrap().disable(&key)).unwrap();
    fs::write(home.path(), older).unwrap();
    let kek = provider.kek(&key).unwrap();
    assert_eq!(run(kek.generate(&BINDING)).err().unwrap().kind, KekFault::RolledBack);
    let change = run(provider.lifecycle().unwrap().rotate(&key));
    assert_eq!(change.unwrap_err().kind, KekFault::RolledBack);
    // A process that starts now cannot know; restoring a backup is a thing that operators do.
    run(home.open().kek(&key).unwrap().generate(&BINDING)).unwrap();
}

#[cfg(unix)]
#[test]
fn whoever_comes_through_a_link_meets_the_same_lock() {
    let (home, provider) = Home::with_keystore();
    create(&provider, "payments");
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.ks1");
    std::os::unix::fs::symlink(home.path(), &link).unwrap();
    let linked = Keystore::new(&link, home.key_file()).patience(Duration::from_millis(20));
    let linked = run(linked.open()).unwrap();
    let lock = FileLock::try_acquire(&FileLock::beside(&home.path())).unwrap().unwrap();
    let refused = run(linked.lifecycle().unwrap().rotate(&uri("local://payments")));
    assert_eq!(refused.unwrap_err().kind, KekFault::Locked);
    drop(lock);
    rotate(&linked, &uri("local://payments"));
    assert_eq!(
        versions(&run(home.keystore().open()).unwrap(), &uri("local://payments")).len(),
        2
    );
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn changes_of_another_opener_are_seen() {
    let (home, one) = Home::with_keystore();
    let other = run(home.keystore().freshness(Duration::ZERO).open()).unwrap();
    let slow = run(home.keystore().freshness(Duration::from_secs(3600)).open()).unwrap();
    let key = create(&one, "payments");
    // What is not known is looked for at once, whatever the freshness.
    let kek = slow.kek(&key).unwrap();
    let wrapped = run(kek.generate(&BINDING)).unwrap().wrapped;

    let kek = other.kek(&key).unwrap();
    run(kek.unwrap(&wrapped, &BINDING)).unwrap();
    run(one.lifecycle().unwrap().disable(&key)).unwrap();
    assert_eq!(
        run(kek.unwrap(&wrapped, &BINDING)).err().unwrap().kind,
        KekFault::Disabled
    );
    run(one.lifecycle().unwrap().enable(&key)).unwrap();
    run(kek.unwrap(&wrapped, &BINDING)).unwrap();

    // Both write: neither loses the other's change.
    for _ in 0..5 {
        rotate(&one, &key);
        rotate(&other, &key);
    }
    assert_eq!(versions(&one, &key).len(), 11);
    assert_eq!(versions(&other, &key), versions(&home.open(), &key));
}

#[test]
fn a_change_waits_for_another_process_and_then_gives_up() {
    let (home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let impatient = run(home.keystore().patience(Duration::from_millis(40)).open()).unwrap();
    let lock = FileLock::try_acquire(&FileLock::beside(&home.path())).unwrap().unwrap();
    let refused = run(impatient.lifecycle().unwrap().rotate(&key)).unwrap_err();
    assert_eq!(refused.kind, KekFault::Locked);
    assert!(refused.kind.is_unavailable());
    // Reading and wrapping wait for nobody.
    run(impatient.kek(&key).unwrap().generate(&BINDING)).unwrap();
    drop(lock);
    rotate(&impatient, &key);
}

#[test]
fn a_new_seal_shuts_the_old_one_out() {
    let home = Home::new();
    let old = passphrase("old");
    let provider = run(Keystore::new(home.path(), old.clone()).create()).unwrap();
    let key = create(&provider, "payments");
    let bystander = run(Keystore::new(home.path(), old.clone()).freshness(Duration::ZERO).open()).unwrap();

    run(provider.reseal(passphrase("new"))).unwrap();
    rotate(&provider, &key);
    assert_eq!(
        run(Keystore::new(home.path(), old).open()).err().unwrap().fault,
        KekFault::BadPassphrase
    );
    assert_eq!(
        versions(
            &run(Keystore::new(home.path(), passphrase("new")).open()).unwrap(),
            &key
        )
        .len(),
        2
    );
    assert_eq!(run(bystander.list()).unwrap_err().kind, KekFault::BadPassphrase);

    run(provider.reseal(home.key_file())).unwrap();
    assert_eq!(versions(&home.open(), &key).len(), 2);
}

#[test]
fn a_passphrase_is_derived_once_a_process() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    struct Counting;
    impl PasswordKdf for Counting {
        fn derive(
            &self,
            passphrase: &[u8],
            salt: &[u8; 16],
            cost: PasswordCost,
            out: &mut [u8; 32],
        ) -> Result<(), OpenFailed> {
            CALLS.fetch_add(1, Ordering::Relaxed);
            CryptoBackend::default().password.derive(passphrase, salt, cost, out)
        }
    }
    let backend = CryptoBackend {
        password: &Counting,
        ..CryptoBackend::default()
    };
    let home = Home::new();
    let open = || {
        let seal = PassphraseKek::new(backend.clone(), SecretBytes::copy_of(b"right"));
        Keystore::new(home.path(), Arc::new(seal)).freshness(Duration::ZERO)
    };
    let one = run(open().create()).unwrap();
    let key = create(&one, "payments");
    rotate(&one, &key);
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    let other = run(open().open()).unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
    rotate(&other, &key);
    rotate(&one, &key);
    assert_eq!(versions(&other, &key).len(), 4);
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_destroyed_key_is_not_in_the_file_any_more() {
    let (home, provider) = Home::with_keystore();
    let material = [0x5c; 32];
    let import = provider.import().unwrap();
    let key = run(import.import_key(&name("doomed"), &Secret::init_with(|place| *place = material))).unwrap();
    create(&provider, "kept");
    let holds = || content(&home).windows(32).any(|window| window == material);
    assert!(holds());
    let lifecycle = provider.lifecycle().unwrap();
    run(lifecycle.schedule_destroy(&key, DestroyWindow::dangerously_none(), &unneeded)).unwrap();
    assert!(holds(), "until the sweep the order can be taken back");
    let swept = run(lifecycle.destroy_due(&unneeded)).unwrap();
    assert_eq!(swept.destroyed, [key]);
    assert!(!holds());

    let files: Vec<_> = fs::read_dir(home.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files.len(), 3, "keystore, key file and lock, no old copy: {files:?}");
}

/// The content of a keystore, opened as any sealed secret.
fn content(home: &Home) -> Vec<u8> {
    let keyring = Keyring::new().with(home.key_file());
    run(Opener::new(CryptoBackend::default(), keyring).open(&home.bytes())).unwrap()
}

#[test]
fn a_failing_random_source_makes_nothing() {
    struct Failing;
    impl SecureRandom for Failing {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomFailed> {
            Err(RandomFailed)
        }
    }
    let failing = || CryptoBackend {
        random: Arc::new(Failing),
        ..CryptoBackend::default()
    };
    let (home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let before = home.bytes();
    let broken = run(home.keystore().backend(failing()).open()).unwrap();
    assert_eq!(
        run(broken.kek(&key).unwrap().generate(&BINDING)).err().unwrap().kind,
        KekFault::Random
    );
    assert_eq!(
        run(broken.lifecycle().unwrap().rotate(&key)).unwrap_err().kind,
        KekFault::Random
    );
    assert_eq!(
        run(broken.lifecycle().unwrap().create(&name("other")))
            .unwrap_err()
            .kind,
        KekFault::Random
    );
    assert_eq!(home.bytes(), before);

    let nowhere = home.folder.path().join("other.ks1");
    let made = run(Keystore::new(&nowhere, home.key_file()).backend(failing()).create());
    assert_eq!(made.err().unwrap().fault, KekFault::Random);
    assert!(!nowhere.exists());
    assert!(KeyFileKek::create(&home.folder.path().join("other.key"), failing()).is_err());
}

#[test]
fn ten_thousand_keys_open_fast() {
    let (home, provider) = Home::with_keystore();
    // One change each would be 10 000 writes; what is measured is reading.
    let start = Instant::now();
    fill(&home, 10_000);
    let filled = start.elapsed();
    let start = Instant::now();
    let opened = home.open();
    let open = start.elapsed();
    assert_eq!(run(opened.list()).unwrap().len(), 10_000);
    let start = Instant::now();
    rotate(&opened, &uri("local://key-09999"));
    println!(
        "10 000 keys, {} bytes: made in {filled:?}, opened in {open:?}, one rotated in {:?}",
        home.bytes().len(),
        start.elapsed()
    );
    assert!(
        open < Duration::from_secs(2),
        "unoptimised and on a busy machine it takes some 50 ms: {open:?}"
    );
    assert_eq!(versions(&provider, &uri("local://key-09999")).len(), 2);
}

/// Writes a keystore of `count` keys as its format says, which is also a check of the format.
fn fill(home: &Home, count: usize) {
    let old = content(home);
    let json_len = u32::from_be_bytes(*old.first_chunk().unwrap()) as usize;
    let mut index: serde_json::Value = serde_json::from_slice(&old[4..4 + json_len]).unwrap();
    index["keys"] = (0..count)
        .map(|n| {
            serde_json::json!({
                "name": format!("key-{n:05}"), "created": 1_800_000_000u64, "state": "enabled", "primary": 1,
                "versions": [{"number": 1, "created": 1_800_000_000u64, "state": "enabled"}],
            })
        })
        .collect();
    let json = serde_json::to_vec(&index).unwrap();
    let mut content = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
    content.extend_from_slice(&json);
    content.resize(content.len() + count * 32, 0x77);
    let purpose = EncryptionContext::from_pairs([("purpose", "keystrand-keystore")]).unwrap();
    let sealer = Sealer::new(CryptoBackend::default()).sealed_secret().context(purpose);
    fs::write(
        home.path(),
        run(sealer.recipient(home.key_file()).seal(&content)).unwrap(),
    )
    .unwrap();
}

#[cfg(unix)]
#[test]
fn the_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (home, provider) = Home::with_keystore();
    create(&provider, "payments");
    for file in ["keystore.ks1", "keystore.key", "keystore.lock"] {
        let mode = fs::metadata(home.folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o600, "{file}");
    }
}

#[test]
#[ignore = "a measurement: run it alone, with --release and --nocapture"]
fn how_long_one_wrap_takes() {
    let (_home, provider) = Home::with_keystore();
    let key = create(&provider, "payments");
    let kek = provider.kek(&key).unwrap();
    let wrapped = run(kek.generate(&BINDING)).unwrap().wrapped;
    let per_call = |call: &dyn Fn()| {
        let rounds: u32 = 300_000;
        let start = Instant::now();
        (0..rounds).for_each(|_| call());
        start.elapsed() / rounds
    };
    let wrap = per_call(&|| drop(run(kek.generate(&BINDING)).unwrap()));
    let unwrap = per_call(&|| drop(run(kek.unwrap(&wrapped, &BINDING)).unwrap()));
    println!("local KEK: wrap {wrap:?}, unwrap {unwrap:?}");
    assert!(wrap < Duration::from_micros(3) && unwrap < Duration::from_micros(3));
}

fn passphrase(text: &str) -> Arc<dyn Kek> {
    Arc::new(PassphraseKek::new(
        CryptoBackend::default(),
        SecretBytes::copy_of(text.as_bytes()),
    ))
}
