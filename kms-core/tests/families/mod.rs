//! One function a family.

mod aead;
mod hash;
mod keywrap;
mod siv;

pub use aead::{aes_gcm, aes_gcm_siv, chacha20_poly1305};
pub use hash::{hkdf_sha512, hmac_sha512};
pub use keywrap::{aes_kwp, aes_wrap};
pub use siv::aes_siv_cmac;
