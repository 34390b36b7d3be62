//! One function a family.

mod aead;
mod hash;
mod keywrap;
mod siv;

pub(crate) use aead::{aes_gcm, aes_gcm_siv, chacha20_poly1305};
pub(crate) use hash::{hkdf_sha512, hmac_sha512};
pub(crate) use keywrap::{aes_kwp, aes_wrap};
pub(crate) use siv::aes_siv_cmac;
