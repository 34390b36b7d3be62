//! AES-SIV (RFC 5297) with one associated-data component, for both backends.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use zeroize::Zeroize;

use super::{DeterministicAead, OpenFailed};

/// AES-SIV with CMAC and a 64-byte key.
pub(super) struct AesSiv;

impl DeterministicAead for AesSiv {
    fn seal_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8]) -> [u8; 16] {
        Aes256Siv::new(key.into())
            .encrypt_inout_detached([aad], in_out.into())
            .expect("one component is below RFC 5297's limit of 126")
            .into()
    }

    fn open_in_place(&self, key: &[u8; 64], aad: &[u8], in_out: &mut [u8], siv: &[u8; 16]) -> Result<(), OpenFailed> {
        let opened = Aes256Siv::new(key.into()).decrypt_inout_detached([aad], (&mut *in_out).into(), siv.into());
        opened.map_err(|_| {
            in_out.zeroize();
            OpenFailed
        })
    }
}
