//! HPKE against the crate `hpke`: each opens what the other sealed, for every KEM that both have, every KDF, AEAD and
//! mode, on both backends.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]
#![cfg(all(feature = "aws-lc", feature = "rustcrypto"))]

use hpke::aead::{AesGcm256, ChaCha20Poly1305};
use hpke::kdf::{HkdfSha256, HkdfSha384, HkdfSha512, KdfShake128, KdfShake256, KdfTurboShake128, KdfTurboShake256};
use hpke::kem::{
    DhP256HkdfSha256, DhP384HkdfSha384, MlKem768, MlKem768P256, MlKem1024, MlKem1024P384, X25519HkdfSha256, XWing,
};
use hpke::{Deserializable, OpModeR, OpModeS, PskBundle, Serializable};
use kms_core::crypto::kem::Kem;
use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};
use kms_core::hpke::{Aead, Ciphersuite, Hpke, HpkeError, Kdf, Psk};
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{KemFault, Posture, Suite};

/// One test function for a KEM; inside, every KDF and AEAD.
macro_rules! kems {
    ($($test:ident: $theirs:ident = $ours:expr,)+) => {$(
        #[test]
        fn $test() {
            for backend in [aws_lc(), rustcrypto()] {
                kdfs!($theirs, $ours, &backend, HkdfSha256 HkdfSha384 HkdfSha512);
                shake!($theirs, $ours, &backend, KdfShake128 = Shake128, KdfShake256 = Shake256,
                    KdfTurboShake128 = TurboShake128, KdfTurboShake256 = TurboShake256);
            }
        }
    )+};
}

macro_rules! kdfs {
    ($kem:ident, $ours:expr, $backend:expr, $($kdf:ident)+) => {$(
        shake!($kem, $ours, $backend, $kdf = $kdf);
    )+};
}

macro_rules! shake {
    ($kem:ident, $ours:expr, $backend:expr, $($kdf:ident = $name:ident),+) => {$(
        let suite = |aead| Ciphersuite::new($ours, aead).with_kdf(Kdf::$name);
        exchange::<AesGcm256, $kdf, $kem>($backend, suite(Aead::Aes256Gcm));
        exchange::<ChaCha20Poly1305, $kdf, $kem>($backend, suite(Aead::ChaCha20Poly1305));
    )+};
}

kems! {
    x25519: X25519HkdfSha256 = Kem::X25519,
    p256: DhP256HkdfSha256 = Kem::P256,
    p384: DhP384HkdfSha384 = Kem::P384,
    ml_kem_768: MlKem768 = Kem::MlKem768,
    ml_kem_1024: MlKem1024 = Kem::MlKem1024,
    ml_kem_768_p256: MlKem768P256 = Kem::MlKem768P256,
    ml_kem_1024_p384: MlKem1024P384 = Kem::MlKem1024P384,
    x_wing: XWing = Kem::XWing,
}

/// Every mode that the KEM has, both ways.
fn exchange<A: hpke::aead::Aead, D: hpke::kdf::Kdf, K: hpke::Kem>(backend: &CryptoBackend, suite: Ciphersuite) {
    let secret = SecretBytes::copy_of(&[5; 32]);
    let psk = Psk {
        secret: &secret,
        id: b"a name",
    };
    let hpke = Hpke::new(backend, suite, b"some info");
    let bundle = PskBundle::new(&[5; 32], b"a name").unwrap();
    let parties = Parties::<K>::new(backend, suite.kem());
    parties.exchange::<A, D>(&hpke, &OpModeS::Base, &OpModeR::Base, false);
    parties.exchange::<A, D>(&hpke.with_psk(psk), &OpModeS::Psk(bundle), &OpModeR::Psk(bundle), false);
    if suite.kem().posture() != Posture::Classical {
        return;
    }
    let (private, public) = &parties.their_sender;
    let pair = || (private.clone(), public.clone());
    parties.exchange::<A, D>(&hpke, &OpModeS::Auth(pair()), &OpModeR::Auth(public.clone()), true);
    let (sender, receiver) = (
        OpModeS::AuthPsk(pair(), bundle),
        OpModeR::AuthPsk(public.clone(), bundle),
    );
    parties.exchange::<A, D>(&hpke.with_psk(psk), &sender, &receiver, true);
}

/// One recipient and one sender, each in both implementations.
struct Parties<'a, K: hpke::Kem> {
    backend: &'a CryptoBackend,
    kem: Kem,
    theirs: (K::PrivateKey, K::PublicKey),
    their_sender: (K::PrivateKey, K::PublicKey),
}

impl<'a, K: hpke::Kem> Parties<'a, K> {
    fn new(backend: &'a CryptoBackend, kem: Kem) -> Self {
        Self {
            backend,
            kem,
            theirs: K::derive_keypair(&[3; 64]),
            their_sender: K::derive_keypair(&[4; 64]),
        }
    }

    fn exchange<A: hpke::aead::Aead, D: hpke::kdf::Kdf>(
        &self,
        hpke: &Hpke<'_>,
        their_sender: &OpModeS<'_, K>,
        their_receiver: &OpModeR<'_, K>,
        auth: bool,
    ) {
        let ours = |private: &K::PrivateKey| self.backend.kems.private_key(self.kem, &private.to_bytes()).unwrap();
        let public = |public: &K::PublicKey| self.backend.kems.public_key(self.kem, &public.to_bytes()).unwrap();
        let (key, sender_key) = (ours(&self.theirs.0), ours(&self.their_sender.0));
        assert_eq!(key.public(), &self.theirs.1.to_bytes()[..]);
        let (recipient, sender_public) = (public(&self.theirs.1), public(&self.their_sender.1));

        // Ours to theirs.
        let (enc, mut sender) = if auth {
            hpke.auth_sender(&*recipient, &*sender_key).unwrap()
        } else {
            hpke.sender(&*recipient).unwrap()
        };
        let enc = K::EncappedKey::from_bytes(&enc).unwrap();
        let mut receiver = hpke::setup_receiver::<A, D, K>(their_receiver, &self.theirs.0, &enc, b"some info").unwrap();
        for message in 0..3 {
            let sealed = sender.seal(&[message], &[message; 40]).unwrap();
            assert_eq!(receiver.open(&sealed, &[message]).unwrap(), [message; 40]);
        }
        let (mut ours, mut theirs) = ([0; 100], [0; 100]);
        sender.export(b"for this", &mut ours).unwrap();
        receiver.export(b"for this", &mut theirs).unwrap();
        assert_eq!(ours, theirs);

        // Theirs to ours.
        let (enc, mut sender) = hpke::setup_sender::<A, D, K>(their_sender, &self.theirs.1, b"some info").unwrap();
        let mut receiver = if auth {
            hpke.auth_receiver(&*key, &*sender_public, &enc.to_bytes()).unwrap()
        } else {
            hpke.receiver(&*key, &enc.to_bytes()).unwrap()
        };
        for message in 0..3 {
            let sealed = sender.seal(&[message; 40], &[message]).unwrap();
            let mut opened = [0; 40];
            receiver.open_into(&[message], &sealed, &mut opened).unwrap();
            assert_eq!(opened, [message; 40]);
        }
        receiver.export(b"for this", &mut ours).unwrap();
        sender.export(b"for this", &mut theirs).unwrap();
        assert_eq!(ours, theirs);
    }
}

struct Case {
    backend: CryptoBackend,
    key: Box<dyn kms_core::crypto::kem::DecapsulationKey>,
    public: Box<dyn kms_core::crypto::kem::EncapsulationKey>,
}

fn cases() -> impl Iterator<Item = Case> {
    [aws_lc(), rustcrypto()].into_iter().flat_map(|backend| {
        Kem::ALL.map(|kem| {
            let key = backend
                .kems
                .derive_key(kem, &Secret::init_with(|seed| seed.fill(1)))
                .unwrap();
            let public = backend.kems.public_key(kem, key.public()).unwrap();
            Case {
                backend: backend.clone(),
                key,
                public,
            }
        })
    })
}

/// A secret that was decapsulated elsewhere opens what the private key would.
#[test]
fn a_remote_decapsulation_opens() {
    for case in cases() {
        let hpke = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(case.key.kem()), b"i");
        let sealed = hpke.seal(&*case.public, b"aad", &[8; 32]).unwrap();
        let remote = case.key.decapsulate(&sealed.enc).unwrap();
        let bytes = SecretBytes::copy_of(remote.expose());
        let arrived = kms_core::crypto::kem::SharedSecret::from_remote(case.key.kem(), bytes).unwrap();
        let opened = Secret::<32>::try_init_with(|out| hpke.open_shared(&arrived, b"aad", &sealed.ciphertext, out));
        assert_eq!(opened.unwrap().expose(), &[8; 32]);
    }
}

/// One bit anywhere: a format fault or the flat failure, and no plaintext.
#[test]
fn nothing_altered_opens() {
    for case in cases() {
        let hpke = Hpke::new(&case.backend, Suite::ChaCha20Poly1305.hpke(case.key.kem()), b"i");
        let sealed = hpke.seal(&*case.public, b"aad", &[8; 32]).unwrap();
        let open = |hpke: &Hpke<'_>, enc: &[u8], aad: &[u8], ciphertext: &[u8]| {
            let mut out = [1; 32];
            let opened = hpke.open(&*case.key, enc, aad, ciphertext, &mut out);
            (opened, out)
        };
        assert_eq!(open(&hpke, &sealed.enc, b"aad", &sealed.ciphertext), (Ok(()), [8; 32]));
        let fails = |outcome: (Result<(), HpkeError>, [u8; 32])| {
            assert_ne!(outcome.1, [8; 32]);
            outcome.0.unwrap_err()
        };
        for byte in [0, 15, 47] {
            let mut altered = sealed.ciphertext.clone();
            altered[byte] ^= 1;
            assert_eq!(
                fails(open(&hpke, &sealed.enc, b"aad", &altered)),
                HpkeError::DoesNotOpen
            );
        }
        for byte in (0..sealed.enc.len()).step_by(97) {
            let mut altered = sealed.enc.clone();
            altered[byte] ^= 1;
            let fault = fails(open(&hpke, &altered, b"aad", &sealed.ciphertext));
            assert!(
                matches!(fault, HpkeError::DoesNotOpen | HpkeError::Kem(KemFault::Ciphertext)),
                "{fault:?}"
            );
        }
        assert_eq!(
            fails(open(&hpke, &sealed.enc, b"aae", &sealed.ciphertext)),
            HpkeError::DoesNotOpen
        );
        let other = Hpke::new(&case.backend, Suite::ChaCha20Poly1305.hpke(case.key.kem()), b"j");
        assert_eq!(
            fails(open(&other, &sealed.enc, b"aad", &sealed.ciphertext)),
            HpkeError::DoesNotOpen
        );
        let other = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(case.key.kem()), b"i");
        assert_eq!(
            fails(open(&other, &sealed.enc, b"aad", &sealed.ciphertext)),
            HpkeError::DoesNotOpen
        );
        let short = fails(open(&hpke, &sealed.enc, b"aad", &sealed.ciphertext[..47]));
        assert_eq!(short, HpkeError::Length);
        let cut = fails(open(&hpke, &sealed.enc[1..], b"aad", &sealed.ciphertext));
        assert_eq!(cut, HpkeError::Kem(KemFault::CiphertextLength));
    }
}

#[test]
fn misuse_is_refused() {
    for case in cases() {
        let kem = case.key.kem();
        let other = if kem == Kem::XWing { Kem::MlKem768 } else { Kem::XWing };
        let hpke = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(other), b"");
        assert_eq!(hpke.seal(&*case.public, b"", b"").err(), Some(HpkeError::OtherKem));

        let hpke = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(kem), b"");
        let (short, long) = (SecretBytes::copy_of(&[1; 31]), SecretBytes::copy_of(&[1; 32]));
        for psk in [
            Psk {
                secret: &short,
                id: b"x",
            },
            Psk { secret: &long, id: b"" },
        ] {
            let refused = hpke.with_psk(psk).seal(&*case.public, b"", b"").err();
            assert_eq!(refused, Some(HpkeError::Psk));
        }
        let info = vec![0; 65_536];
        let long = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(kem), &info);
        assert_eq!(long.seal(&*case.public, b"", b"").err(), Some(HpkeError::Length));

        let export = Hpke::new(&case.backend, Ciphersuite::new(kem, Aead::ExportOnly), b"");
        let (enc, mut sender) = export.sender(&*case.public).unwrap();
        assert_eq!(sender.seal(b"", b"").err(), Some(HpkeError::Length));
        let receiver = export.receiver(&*case.key, &enc).unwrap();
        let (mut ours, mut theirs) = ([0; 32], [0; 32]);
        sender.export(b"x", &mut ours).unwrap();
        receiver.export(b"x", &mut theirs).unwrap();
        assert_eq!(ours, theirs);
        assert_eq!(sender.export(b"x", &mut vec![0; 255 * 64 + 1]), Err(HpkeError::Length));
    }
}

/// A message that does not open leaves the receiver where it was; order matters.
#[test]
fn messages_open_in_order() {
    let case = cases().next().unwrap();
    let hpke = Hpke::new(&case.backend, Suite::Aes256Gcm.hpke(case.key.kem()), b"");
    let (enc, mut sender) = hpke.sender(&*case.public).unwrap();
    let mut receiver = hpke.receiver(&*case.key, &enc).unwrap();
    let [first, second] = [b"1", b"2"].map(|message| sender.seal(b"", message).unwrap());
    let mut out = [0; 1];
    assert_eq!(receiver.open_into(b"", &second, &mut out), Err(HpkeError::DoesNotOpen));
    assert_eq!((receiver.open_into(b"", &first, &mut out), out), (Ok(()), *b"1"));
    assert_eq!(receiver.open_into(b"", &first, &mut out), Err(HpkeError::DoesNotOpen));
    assert_eq!((receiver.open_into(b"", &second, &mut out), out), (Ok(()), *b"2"));
}
