//! What closes a recipient's copy of the secret: `SK` from `W` and the binding, or HPKE's key schedule from a shared
//! secret (docs/format.md 6.1, 6.3).

use super::binding::Scope;
use crate::crypto::NONCE_LEN;
use crate::crypto::kem::{Kem, SharedSecret};
use crate::hpke::{Aead, Ciphersuite, Hpke};
use crate::kek::WrapParams;
use crate::memory::{Secret, SecretBytes};
use crate::schedule::Digest;
use crate::suite::Suite;

/// Seals `secret` under what a provider made.
pub(super) fn seal(
    scope: Scope<'_>,
    params: &WrapParams,
    made: &Secret<32>,
    binding: &Digest,
    secret: &Secret<32>,
) -> Option<[u8; 48]> {
    let mut sealed = [0; 48];
    if let WrapParams::Hpke { kem } = params {
        let info = scope.domain.hpke_info();
        let hpke = Hpke::new(scope.backend, ciphersuite(scope.domain.suite, *kem), &info);
        let mut sender = hpke.sender_shared(&shared_secret(*kem, made)?).ok()?;
        sealed.copy_from_slice(&sender.seal(binding, secret.expose()).ok()?);
        return Some(sealed);
    }
    let key = scope.domain.seal_key(scope.backend, made, binding);
    let key = scope.domain.suite.aead(scope.backend).key(&key);
    key.seal_into(&NONCE, &[], secret.expose(), &mut sealed);
    Some(sealed)
}

/// Opens `sealed` with what a provider recovered.
pub(super) fn open(
    scope: Scope<'_>,
    params: &WrapParams,
    recovered: &Secret<32>,
    binding: &Digest,
    sealed: &[u8; 48],
) -> Option<Secret<32>> {
    if let WrapParams::Hpke { kem } = params {
        let info = scope.domain.hpke_info();
        let hpke = Hpke::new(scope.backend, ciphersuite(scope.domain.suite, *kem), &info);
        let shared_secret = shared_secret(*kem, recovered)?;
        return Secret::try_init_with(|out| hpke.open_shared(&shared_secret, binding, sealed, out)).ok();
    }
    let key = scope.domain.seal_key(scope.backend, recovered, binding);
    let key = scope.domain.suite.aead(scope.backend).key(&key);
    Secret::try_init_with(|out| key.open_into(&NONCE, &[], sealed, out)).ok()
}

/// KDF and AEAD follow from KEM and suite: nothing is negotiated in the file.
fn ciphersuite(suite: Suite, kem: Kem) -> Ciphersuite {
    let aead = match suite {
        Suite::ChaCha20Poly1305 => Aead::ChaCha20Poly1305,
        Suite::Aes256Gcm | Suite::Aes256GcmSiv | Suite::Aes256Siv => Aead::Aes256Gcm,
    };
    Ciphersuite::new(kem, aead)
}

fn shared_secret(kem: Kem, bytes: &Secret<32>) -> Option<SharedSecret> {
    SharedSecret::from_remote(kem, SecretBytes::copy_of(bytes.expose())).ok()
}

/// Each seal key is used for one seal only: `W` is fresh for each wrap.
const NONCE: [u8; NONCE_LEN] = [0; NONCE_LEN];
