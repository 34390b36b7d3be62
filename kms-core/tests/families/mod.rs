//! One function a family.

mod aead;
mod dh;
mod hash;
mod kem;
mod keywrap;
mod signature;
mod siv;

pub(crate) use aead::{aes_gcm, aes_gcm_siv, chacha20_poly1305};
pub(crate) use dh::{ecdh_p256, ecdh_p384, x25519};
pub(crate) use hash::{hkdf, hkdf_sha512, hmac_sha512};
pub(crate) use kem::{ml_kem, ml_kem_encapsulation, ml_kem_key_generation};
pub(crate) use keywrap::{aes_kwp, aes_wrap};
pub(crate) use signature::{ml_dsa_sign, ml_dsa_sign_expanded, ml_dsa_verify};
pub(crate) use siv::aes_siv_cmac;
