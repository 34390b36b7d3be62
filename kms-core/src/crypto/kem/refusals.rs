//! What a KEM must not take.

use super::dh::{self, LOW_ORDER};
use super::*;
use crate::test_data::{Scripted, backends};

fn seed() -> Secret<32> {
    Secret::init_with(|bytes| bytes.fill(7))
}

#[test]
fn wrong_lengths() {
    for backend in backends() {
        for kem in Kem::ALL {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            for wrong in [0, 1, kem.public_len() - 1, kem.public_len() + 1] {
                let refused = backend.kems.public_key(kem, &vec![4; wrong]).err();
                assert_eq!(refused, Some(KemFault::PublicKeyLength), "{}", kem.name());
            }
            for wrong in [0, 1, kem.ciphertext_len() - 1, kem.ciphertext_len() + 1] {
                let refused = key.decapsulate(&vec![4; wrong]).err();
                assert_eq!(refused, Some(KemFault::CiphertextLength), "{}", kem.name());
            }
            for wrong in [0, 1, kem.private_len() - 1, kem.private_len() + 1] {
                let refused = backend.kems.private_key(kem, &vec![4; wrong]).err();
                assert_eq!(refused, Some(KemFault::PrivateKeyLength), "{}", kem.name());
            }
            for wrong in [0, kem.secret_len() - 1, kem.secret_len() + 1] {
                let refused = SharedSecret::from_remote(kem, SecretBytes::copy_of(&vec![4; wrong])).err();
                assert_eq!(refused, Some(KemFault::SharedSecretLength), "{}", kem.name());
            }
        }
    }
}

/// One coefficient at a time is 3329, or the largest that 12 bits hold (FIPS 203 7.2).
#[test]
fn ml_kem_keys_that_are_not_reduced() {
    for backend in backends() {
        for kem in [
            Kem::MlKem512,
            Kem::MlKem768,
            Kem::MlKem1024,
            Kem::XWing,
            Kem::MlKem768P256,
            Kem::MlKem1024P384,
        ] {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            let last = match kem {
                Kem::MlKem512 => 800,
                Kem::MlKem1024 | Kem::MlKem1024P384 => 1568,
                _ => 1184,
            } - 35;
            for (at, three) in [
                (0, [0x01, 0x0d, 0x00]),
                (0, [0x00, 0x10, 0xd0]),
                (last, [0xff, 0x0f, 0x00]),
                (last, [0x00, 0xf0, 0xff]),
            ] {
                let mut public = key.public().to_vec();
                public[at..at + 3].copy_from_slice(&three);
                let refused = backend.kems.public_key(kem, &public).err();
                assert_eq!(refused, Some(KemFault::PublicKey), "{} at {at}", kem.name());
            }
            let mut public = key.public().to_vec();
            public[..3].copy_from_slice(&[0x00, 0x0d, 0xd0]);
            assert!(backend.kems.public_key(kem, &public).is_ok(), "3328 is reduced");
        }
    }
}

#[test]
fn x25519_points_of_low_order() {
    for backend in backends() {
        let key = backend.kems.derive_key(Kem::X25519, &seed()).unwrap();
        let hybrid = backend.kems.derive_key(Kem::XWing, &seed()).unwrap();
        for point in LOW_ORDER {
            for top in [0, 0x80] {
                let mut point = point;
                point[31] |= top;
                let refused = backend.kems.public_key(Kem::X25519, &point).err();
                assert_eq!(refused, Some(KemFault::PublicKey));
                assert_eq!(key.decapsulate(&point).err(), Some(KemFault::Ciphertext));

                let public = [&hybrid.public()[..1184], &point].concat();
                let refused = backend.kems.public_key(Kem::XWing, &public).err();
                assert_eq!(refused, Some(KemFault::PublicKey));
                let made = backend.kems.public_key(Kem::XWing, hybrid.public()).unwrap();
                let made = made.encapsulate(&*backend.random).unwrap();
                let ciphertext = [&made.ciphertext[..1088], &point].concat();
                assert_eq!(hybrid.decapsulate(&ciphertext).err(), Some(KemFault::Ciphertext));
            }
        }
    }
}

#[test]
fn points_that_are_not_on_the_curve() {
    for backend in backends() {
        for (kem, start) in [
            (Kem::P256, 0),
            (Kem::P384, 0),
            (Kem::MlKem768P256, 1184),
            (Kem::MlKem1024P384, 1568),
        ] {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            let made = backend.kems.public_key(kem, key.public()).unwrap();
            let made = made.encapsulate(&*backend.random).unwrap();
            let ciphertext_start = kem.ciphertext_len() - (kem.public_len() - start);
            let off_curve = |bytes: &[u8], start: usize| {
                let mut bytes = bytes.to_vec();
                *bytes.last_mut().unwrap() ^= 1;
                let mut identity = bytes.clone();
                identity[start..].fill(0);
                // The hybrid form, which begins with 6 or 7, is X9.62's and not HPKE's.
                let mut hybrid_form = bytes.clone();
                *hybrid_form.last_mut().unwrap() ^= 1;
                hybrid_form[start] = 6 + (hybrid_form.last().unwrap() & 1);
                [bytes, identity, hybrid_form]
            };
            for public in off_curve(key.public(), start) {
                let refused = backend.kems.public_key(kem, &public).err();
                assert_eq!(refused, Some(KemFault::PublicKey), "{}", kem.name());
            }
            for ciphertext in off_curve(&made.ciphertext, ciphertext_start) {
                let refused = key.decapsulate(&ciphertext).err();
                assert_eq!(refused, Some(KemFault::Ciphertext), "{}", kem.name());
            }
        }
    }
}

#[test]
fn scalars_outside_their_range() {
    for backend in backends() {
        for (kem, length) in [(Kem::P256, 32), (Kem::P384, 48)] {
            for byte in [0, 0xff] {
                let refused = backend.kems.private_key(kem, &vec![byte; length]).err();
                assert_eq!(refused, Some(KemFault::PrivateKey), "{}", kem.name());
            }
        }
    }
}

/// A wrong ML-KEM ciphertext gives a secret that depends on key and ciphertext, the same in both libraries
/// (FIPS 203 6.3), and in a hybrid another combined secret.
#[test]
fn implicit_rejection_is_silent() {
    for kem in [Kem::MlKem768, Kem::XWing, Kem::MlKem1024P384] {
        let mut secrets = Vec::new();
        let first = &backends()[0];
        let key = first.kems.derive_key(kem, &seed()).unwrap();
        let made = first.kems.public_key(kem, key.public()).unwrap();
        let made = made.encapsulate(&*first.random).unwrap();
        let mut altered = made.ciphertext;
        altered[500] ^= 1;
        for backend in backends() {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            let secret = key.decapsulate(&altered).unwrap();
            assert_ne!(secret.expose(), made.shared_secret.expose());
            secrets.push(secret.expose().to_vec());
        }
        secrets.dedup();
        assert_eq!(secrets.len(), 1);
    }
}

/// Only a group authenticates a sender, and only with a key of the same group.
#[test]
fn senders_that_cannot_authenticate() {
    for backend in backends() {
        let x25519 = backend.kems.derive_key(Kem::X25519, &seed()).unwrap();
        for kem in Kem::ALL {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            let public = backend.kems.public_key(kem, key.public()).unwrap();
            if kem == Kem::X25519 {
                assert!(x25519.auth_encapsulate(&*public, &*backend.random).is_ok());
                continue;
            }
            let fault = Some(KemFault::NotAuthenticating);
            assert_eq!(x25519.auth_encapsulate(&*public, &*backend.random).err(), fault);
            assert_eq!(x25519.auth_decapsulate(&[9; 32], &*public).err(), fault);
        }
        let x_wing = backend.kems.derive_key(Kem::XWing, &seed()).unwrap();
        let public = backend.kems.public_key(Kem::XWing, x_wing.public()).unwrap();
        let fault = Some(KemFault::NotAuthenticating);
        assert_eq!(x_wing.auth_encapsulate(&*public, &*backend.random).err(), fault);
        assert_eq!(x_wing.auth_decapsulate(&vec![0; 1120], &*public).err(), fault);
    }
}

#[test]
fn nothing_is_made_without_randomness() {
    for backend in backends() {
        for kem in [Kem::X25519, Kem::P256, Kem::P384, Kem::XWing, Kem::MlKem768P256] {
            let key = backend.kems.derive_key(kem, &seed()).unwrap();
            let public = backend.kems.public_key(kem, key.public()).unwrap();
            let made = public.encapsulate(&Scripted::new(&[1; 31]));
            assert_eq!(made.err(), Some(KemFault::Random), "{} {}", backend.name, kem.name());
        }
    }
}

/// A point is on the list because every agreement with it is zero.
#[test]
fn the_list_of_low_order_is_what_it_says() {
    for backend in backends() {
        let key = backend.kems.derive_key(Kem::X25519, &seed()).unwrap();
        for point in LOW_ORDER {
            assert_eq!(key.decapsulate(&point).err(), Some(KemFault::Ciphertext));
        }
        assert!(!dh::is_low_order(key.public()));
        let mut nine = [0; 32];
        nine[0] = 9;
        assert!(!dh::is_low_order(&nine) && key.decapsulate(&nine).is_ok());
    }
}
