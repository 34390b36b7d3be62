//! Project Wycheproof against both backends: what is valid passes, what is invalid fails, and what is skipped is
//! counted with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

#[path = "support/data.rs"]
mod data;
mod families;

use kms_core::crypto::{CryptoBackend, aws_lc, rustcrypto};

macro_rules! for_each_backend {
    ($($family:ident)*) => {
        mod on_aws_lc {
            $(#[test] fn $family() { super::families::$family(&super::aws_lc()); })*
        }
        mod on_rustcrypto {
            $(#[test] fn $family() { super::families::$family(&super::rustcrypto()); })*
        }
    };
}

for_each_backend! {
    aes_gcm aes_gcm_siv chacha20_poly1305 aes_siv_cmac hmac_sha512 hkdf hkdf_sha512 aes_wrap aes_kwp
    ml_kem ml_kem_encapsulation ml_kem_key_generation x25519 ecdh_p256 ecdh_p384
    ml_dsa_verify ml_dsa_sign ml_dsa_sign_expanded
}

/// What became of a family's tests.
struct Tally {
    family: &'static str,
    backend: &'static str,
    passed: usize,
    skipped: std::collections::BTreeMap<&'static str, usize>,
}

impl Tally {
    fn new(family: &'static str, backend: &CryptoBackend) -> Self {
        Self {
            family,
            backend: backend.name,
            passed: 0,
            skipped: std::collections::BTreeMap::new(),
        }
    }

    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// Prints the count and checks that every test of the set is in it.
    fn close(self, number_of_tests: usize) {
        let skipped: usize = self.skipped.values().sum();
        let reasons: Vec<String> = self
            .skipped
            .iter()
            .map(|(reason, count)| format!("{reason}: {count}"))
            .collect();
        println!(
            "{} {}: {} passed, {skipped} skipped ({})",
            self.family,
            self.backend,
            self.passed,
            reasons.join(", ")
        );
        assert_eq!(self.passed + skipped, number_of_tests);
        assert!(self.passed > 0);
    }
}
