//! What does a secret cost under a key of a token, with 1, 8 and 64 callers at once, and what do the bare calls cost?
//!
//! Over SoftHSM 2, which is software: with an HSM behind a network its own time is all that counts. Time is the clock's:
//! callers wait for each other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use kms_core::crypto::CryptoBackend;
use kms_core::{Binding, Domain, Kek, Kind, Suite};
use kms_providers::Provider;
use kms_providers::pkcs11::{Pkcs11Provider, Pkcs11Settings};
use setup::run;

fn main() {
    if !Path::new(MODULE).exists() {
        println!("SKIPPED: no SoftHSM 2 here; apt install softhsm2");
        return;
    }
    // The module reads where its keys lie from the environment of the process.
    let Some(folder) = std::env::var_os(INSIDE).map(PathBuf::from) else {
        return again();
    };
    let mut criterion = Criterion::default().configure_from_args();
    criterion = criterion.sample_size(10).measurement_time(Duration::from_secs(2));
    keystrand(&mut criterion, &folder);
    bare(&mut criterion);
    criterion.final_summary();
}

/// Makes a token, and runs this program again with it.
fn again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\n",
        folder.path().display()
    );
    std::fs::write(&config, text).expect("a temporary folder can be written");
    std::fs::write(folder.path().join("pin"), PIN).expect("a temporary folder can be written");
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "bench",
            "--so-pin",
            "12345678",
            "--pin",
            PIN,
        ])
        .env("SOFTHSM2_CONF", &config)
        .status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "softhsm2-util makes no token"
    );
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(std::env::args_os().skip(1))
        .env("SOFTHSM2_CONF", &config)
        .env(INSIDE, folder.path())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the bench failed");
}

fn keystrand(criterion: &mut Criterion, folder: &Path) {
    let mut settings = Pkcs11Settings::new(MODULE, "pkcs11:token=bench".parse().expect("a label"));
    settings.pin_file = Some(folder.join("pin"));
    let provider = Pkcs11Provider::new(settings, CryptoBackend::default()).expect("settings as documented");
    let lifecycle = provider.lifecycle().expect("tokens have a life cycle");
    let uri = run(lifecycle.create(&"bench".parse().expect("a name"))).expect("a new token has no keys");
    let kek: Arc<dyn Kek> = provider.kek(&uri).expect("a key of this token");
    let wrapped = run(kek.generate(&BINDING)).expect("a key that was made for it").wrapped;
    measure(criterion, "pkcs11-wrap", "keystrand", || {
        let kek = Arc::clone(&kek);
        move || drop(run(kek.generate(&BINDING)).expect("as before"))
    });
    measure(criterion, "pkcs11-unwrap", "keystrand", || {
        let (kek, wrapped) = (Arc::clone(&kek), wrapped.clone());
        move || drop(run(kek.unwrap(&wrapped, &BINDING)).expect("as before"))
    });
}

/// The same calls with nothing around them: a session a thread, and the key's handle at hand.
fn bare(criterion: &mut Criterion) {
    let context = Pkcs11::new(MODULE).expect("the module");
    drop(context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)));
    let slot = context.get_slots_with_initialized_token().expect("slots")[0];
    let open = || {
        let session = context.open_rw_session(slot).expect("a session");
        // Where another session of this process has, it is the whole process that is logged in.
        drop(session.login(UserType::User, Some(&AuthPin::from(PIN))));
        session
    };
    let first = open();
    let key = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::Label(b"bench".to_vec()),
    ];
    let key = first.find_objects(&key).expect("the key")[0];
    let wrapped = wrap(&first, key);
    measure(criterion, "pkcs11-wrap", "bare-cryptoki", || {
        let session = open();
        move || drop(wrap(&session, key))
    });
    measure(criterion, "pkcs11-unwrap", "bare-cryptoki", || {
        let (session, wrapped) = (open(), wrapped.clone());
        move || unwrap(&session, key, &wrapped)
    });
}

fn wrap(session: &Session, key: ObjectHandle) -> Vec<u8> {
    let mut template = transient();
    template.push(Attribute::Value(vec![7; 32]));
    let object = session.create_object(&template).expect("an object of the session");
    let wrapped = session
        .wrap_key(&Mechanism::AesKeyWrapPad, key, object)
        .expect("a wrapped key");
    session.destroy_object(object).expect("it is there");
    wrapped
}

fn unwrap(session: &Session, key: ObjectHandle, wrapped: &[u8]) {
    let object = session
        .unwrap_key(&Mechanism::AesKeyWrapPad, key, wrapped, &transient())
        .expect("the same key");
    let value = session
        .get_attributes(object, &[AttributeType::Value])
        .expect("it is not sensitive");
    assert_eq!(value.len(), 1);
    session.destroy_object(object).expect("it is there");
}

fn transient() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ]
}

/// Runs a caller on each of 1, 8 and 64 threads; `caller` makes what each does again and again.
fn measure<C: FnMut() + Send>(criterion: &mut Criterion, group: &str, name: &str, caller: impl Fn() -> C + Sync) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(1));
    for callers in [1_u64, 8, 64] {
        group.bench_function(format!("{name}/{callers}"), |bencher| {
            bencher.iter_custom(|times| {
                let each = times.div_ceil(callers);
                let mut ready: Vec<_> = (0..callers).map(|_| caller()).collect();
                let started = Instant::now();
                thread::scope(|scope| {
                    for call in &mut ready {
                        scope.spawn(move || (0..each).for_each(|_| call()));
                    }
                });
                // Each caller did its share: as if `times` had been done.
                started.elapsed().mul_f64(times as f64 / (each * callers) as f64)
            });
        });
    }
    group.finish();
}

const BINDING: Binding<'static> = Binding {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Message,
    },
    digest: &[0xb1; 32],
    dek_id: &[0xd1; 16],
    exposed: &[],
};
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "23424";
const INSIDE: &str = "KEYSTRAND_BENCH_TOKEN";
