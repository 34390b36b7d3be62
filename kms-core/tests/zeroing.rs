//! Memory after a secret is gone. The tests read their own process through `/proc/self/mem`, so that they see what an
//! attacker with a memory dump would see and need no unsafe code.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]
#![cfg(target_os = "linux")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kms_core::Suite;
use kms_core::crypto::kem::Kem;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::crypto::{Aead, CryptoBackend, PasswordCost, aws_lc, rustcrypto};
use kms_core::hpke::Hpke;
use kms_core::memory::{Secret, SecretBytes};

#[test]
fn a_dropped_secret_leaves_zeros() {
    let secret = Secret::<64>::init_with(|bytes| bytes.fill(0xa7));
    let place = secret.expose().as_ptr().addr();
    assert_eq!(memory_at(place), [0xa7; 64]);
    drop(secret);
    assert_eq!(memory_at(place), [0; 64]);
}

#[test]
fn a_failed_fill_leaves_zeros() {
    let mut place = 0;
    let failed = Secret::<64>::try_init_with(|bytes| {
        bytes.fill(0xa7);
        place = bytes.as_ptr().addr();
        Err(())
    });
    assert!(failed.is_err());
    assert_eq!(memory_at(place), [0; 64]);
}

#[test]
fn a_panic_in_the_fill_leaves_zeros() {
    let place = std::sync::atomic::AtomicUsize::new(0);
    let panicked = std::panic::catch_unwind(|| {
        Secret::<64>::init_with(|bytes| {
            bytes.fill(0xa7);
            place.store(bytes.as_ptr().addr(), std::sync::atomic::Ordering::Relaxed);
            panic!("on purpose");
        })
    });
    assert!(panicked.is_err());
    assert_eq!(memory_at(place.into_inner()), [0; 64]);
}

#[test]
fn short_secret_bytes_leave_zeros() {
    let secret = SecretBytes::copy_of(&[0xa7; 64]);
    let place = secret.expose().as_ptr().addr();
    drop(secret);
    assert_eq!(memory_at(place), [0; 64]);
}

#[test]
fn long_secret_bytes_are_unmapped() {
    let _alone = alone();
    let secret = SecretBytes::copy_of(&[0xa7; 5000]);
    let place = secret.expose().as_ptr().addr();
    assert_eq!(memory_at(place), [0xa7; 64]);
    drop(secret);
    let mem = File::open("/proc/self/mem").unwrap();
    // Another thread may have been given the address meanwhile, but never these bytes.
    let mut seen = [0; 64];
    assert!(mem.read_exact_at(&mut seen, place as u64).is_err() || seen != [0xa7; 64]);
}

/// The 64 bytes at an address of this process.
fn memory_at(address: usize) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mem = File::open("/proc/self/mem").unwrap();
    mem.read_exact_at(&mut bytes, address as u64).unwrap();
    bytes
}

/// One search at a time: other searches beside it map and unmap memory while it looks, and have made it miscount.
fn alone() -> MutexGuard<'static, ()> {
    static SEARCH: Mutex<()> = Mutex::new(());
    SEARCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A test key that is not in memory by itself: the search compares with the inverse of what is stored.
struct Needle([u8; 32]);

impl Needle {
    fn fresh(backend: &CryptoBackend) -> Self {
        let mut inverse = [0; 32];
        backend.random.fill(&mut inverse).unwrap();
        Self(inverse)
    }

    fn as_secret(&self) -> Secret<32> {
        Secret::init_with(|key| key.iter_mut().zip(self.0).for_each(|(key, inverse)| *key = !inverse))
    }

    /// How often the key stands in writable memory: the heap, the pool, static data. This thread's stack is left out:
    /// moves and spills put copies there that no library wipes.
    fn count_in_memory(&self) -> usize {
        let mem = File::open("/proc/self/mem").unwrap();
        let mut window = [0; 1 << 16];
        let own_stack = window.as_ptr().addr();
        let mut count = 0;
        for (start, end) in writable_mappings() {
            if (start..end).contains(&own_stack) {
                continue;
            }
            // Windows overlap, so that no key hides on a boundary.
            for at in (start..end).step_by(window.len() - 15) {
                let length = (end - at).min(window.len());
                // A mapping may have gone since the list was read.
                let read = mem.read_at(&mut window[..length], at as u64).unwrap_or(0);
                count += self.count_in(&window[..read]);
            }
        }
        count
    }

    /// Looks for the second half only: the allocator writes its links over the first 16 bytes of a freed block.
    fn count_in(&self, bytes: &[u8]) -> usize {
        let (_, half) = self.0.split_at(16);
        let first = !half[0];
        let is_key = |place: &[u8]| place.iter().zip(half).all(|(byte, inverse)| *byte == !inverse);
        let starts = bytes.iter().enumerate().filter(|&(_, &byte)| byte == first);
        let places = starts.filter_map(|(start, _)| bytes.get(start..start + half.len()));
        places.filter(|place| is_key(place)).count()
    }
}

#[test]
fn the_search_sees_freed_blocks() {
    let _alone = alone();
    for length in [100, 300, 500, 700, 1000] {
        let needle = Needle::fresh(&rustcrypto());
        let mut careless = vec![0u8; length];
        careless[..32].copy_from_slice(needle.as_secret().expose());
        assert_eq!(needle.count_in_memory(), 1);
        drop(std::hint::black_box(careless));
        assert_eq!(
            needle.count_in_memory(),
            1,
            "a block of {length} bytes, freed without being wiped"
        );
    }
}

fn writable_mappings() -> Vec<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let writable = maps
        .lines()
        .filter(|line| line.split(' ').nth(1).is_some_and(|flags| flags.starts_with("rw")));
    writable
        .map(|line| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            (
                usize::from_str_radix(start, 16).unwrap(),
                usize::from_str_radix(end, 16).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_dropped_aead_key_leaves_no_key_bytes() {
    let _alone = alone();
    for backend in [aws_lc(), rustcrypto()] {
        let aeads = [
            ("AES-256-GCM", backend.aes_gcm),
            ("AES-256-GCM-SIV", backend.aes_gcm_siv),
            ("ChaCha20-Poly1305", backend.chacha20_poly1305),
        ];
        for (name, aead) in aeads {
            aead_key_leaves_nothing(&backend, name, aead);
        }
    }
}

fn aead_key_leaves_nothing(backend: &CryptoBackend, name: &str, aead: &dyn Aead) {
    let needle = Needle::fresh(backend);
    let secret = needle.as_secret();
    let name = format!("{} {name}", backend.name);
    assert_eq!(needle.count_in_memory(), 1, "{name}: the secret alone");

    let key = aead.key(secret.expose());
    let mut sealed = [0; 116];
    key.seal_into(&[1; 12], b"", &[2; 100], &mut sealed);
    let mut opened = [0; 100];
    key.open_into(&[1; 12], b"", &sealed, &mut opened).unwrap();
    // Every schedule here begins with the key itself, so a dead one would be found.
    assert_eq!(needle.count_in_memory(), 2, "{name}: the secret and the scheduled key");

    drop(key);
    assert_eq!(needle.count_in_memory(), 1, "{name}: the secret alone again");
    drop(secret);
    assert_eq!(needle.count_in_memory(), 0, "{name}: nothing");
}

#[test]
fn keys_of_single_calls_leave_nothing_on_the_heap() {
    let _alone = alone();
    for backend in [aws_lc(), rustcrypto()] {
        let needle = Needle::fresh(&backend);
        let secret = needle.as_secret();
        use_everywhere(&backend, secret.expose());
        assert_eq!(needle.count_in_memory(), 1, "{}: the secret alone", backend.name);
        drop(secret);
        assert_eq!(needle.count_in_memory(), 0, "{}: nothing", backend.name);
    }
}

fn use_everywhere(backend: &CryptoBackend, key: &[u8; 32]) {
    backend.hash.hmac(key, &[b"a", b"b"]);
    backend.hash.expand(key, &[b"info"], &mut [0; 100]);
    // As a message: keys are wrapped and passphrases hashed.
    backend.hash.hmac(b"key", &[key, &[0; 1000]]);
    let wrapped = backend.key_wrap.wrap(&[1; 32], key).unwrap();
    drop(backend.key_wrap.unwrap(&[1; 32], &wrapped).unwrap());
    let wrapped = backend.key_wrap.wrap_padded(key, key).unwrap();
    drop(backend.key_wrap.unwrap_padded(key, &wrapped).unwrap());
    let mut siv_key = Secret::<64>::init_with(|both| both[..32].copy_from_slice(key));
    backend.aes_siv.seal_in_place(siv_key.expose(), b"", &mut [1; 40]);
    siv_key = Secret::init_with(|both| both[32..].copy_from_slice(key));
    backend.aes_siv.seal_in_place(siv_key.expose(), b"", &mut [1; 40]);
    let cost = PasswordCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    backend.password.derive(key, &[3; 16], cost, &mut [0; 32]).unwrap();
}

#[test]
fn a_dropped_private_key_leaves_no_seed_on_the_heap() {
    let _alone = alone();
    for backend in [aws_lc(), rustcrypto()] {
        for kem in Kem::ALL {
            let needle = Needle::fresh(&backend);
            let secret = needle.as_secret();
            let key = backend.kems.derive_key(kem, &secret).unwrap();
            let public = backend.kems.public_key(kem, key.public()).unwrap();
            let made = public.encapsulate(&*backend.random).unwrap();
            drop(key.decapsulate(&made.ciphertext).unwrap());
            drop(key);
            assert_eq!(needle.count_in_memory(), 1, "{} {}", backend.name, kem.name());
            // As the private key itself: a scalar, `d || z`, or the seed of a hybrid.
            let private = SecretBytes::try_init_with(kem.private_len(), |room| {
                let seed = secret.expose().iter().cycle();
                room.iter_mut().zip(seed).for_each(|(place, byte)| *place = *byte);
                Ok::<_, ()>(())
            });
            let private = private.unwrap();
            drop(backend.kems.private_key(kem, private.expose()).unwrap());
            drop(private);
            assert_eq!(needle.count_in_memory(), 1, "{} {}", backend.name, kem.name());
        }
        for scheme in SignatureScheme::ALL {
            let needle = Needle::fresh(&backend);
            let secret = needle.as_secret();
            let key = backend.signatures.derive_key(scheme, &secret);
            key.sign(b"", b"message", &*backend.random).unwrap();
            key.sign(b"context", b"message", &*backend.random).unwrap();
            drop(key);
            assert_eq!(needle.count_in_memory(), 1, "{} {}", backend.name, scheme.name());
        }
    }
}

#[test]
fn a_dropped_shared_secret_leaves_nothing_on_the_heap() {
    let _alone = alone();
    for backend in [aws_lc(), rustcrypto()] {
        for kem in Kem::ALL {
            let seed = Secret::init_with(|seed| seed.fill(5));
            let key = backend.kems.derive_key(kem, &seed).unwrap();
            let public = backend.kems.public_key(kem, key.public()).unwrap();
            let made = public.encapsulate(&*backend.random).unwrap();
            let opened = key.decapsulate(&made.ciphertext).unwrap();
            let needle = Needle(std::array::from_fn(|index| !opened.expose()[index]));
            let hpke = Hpke::new(&backend, Suite::Aes256Gcm.hpke(kem), b"info");
            drop(hpke.receiver_shared(&opened).unwrap());
            drop((made.shared_secret, opened));
            assert_eq!(needle.count_in_memory(), 0, "{} {}", backend.name, kem.name());
        }
    }
}
