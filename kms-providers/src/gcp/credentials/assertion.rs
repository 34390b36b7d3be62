//! JSON web tokens (RFC 7519) that a service account's key signs by RS256 (RFC 7518 3.3).

use std::time::SystemTime;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use kms_core::KekFault;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use zeroize::Zeroizing;

use super::CredentialsFault;
use crate::seconds::unix_seconds;

/// The key of a service account.
pub(super) struct ServiceKey {
    account: String,
    key_id: String,
    pair: RsaKeyPair,
}

impl ServiceKey {
    pub(super) fn new(account: String, key_id: String, pem: &str) -> Result<Self, CredentialsFault> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| CredentialsFault::PrivateKey)?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| CredentialsFault::PrivateKey)?;
        Ok(Self { account, key_id, pair })
    }

    /// A token that asks `audience` for another one of this scope (RFC 7523 3). `ahead` is by how much its clock is.
    pub(super) fn assertion(&self, audience: &str, scope: &str, ahead: i64) -> Result<Zeroizing<String>, KekFault> {
        let now = now(ahead);
        let claims = json!({ "iss": self.account, "scope": scope, "aud": audience, "iat": now, "exp": now + LIFE });
        self.signed(&claims)
    }

    /// A token that KMS itself takes.
    pub(super) fn bearer(&self, ahead: i64) -> Result<(Zeroizing<String>, u64), KekFault> {
        let (now, account) = (now(ahead), &self.account);
        let claims = json!({ "iss": account, "sub": account, "aud": AUDIENCE, "iat": now, "exp": now + LIFE });
        Ok((self.signed(&claims)?, LIFE))
    }

    fn signed(&self, claims: &serde_json::Value) -> Result<Zeroizing<String>, KekFault> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let part = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        let made = self
            .pair
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature);
        made.map_err(|_| KekFault::Random)?;
        Ok(Zeroizing::new(format!(
            "{signed}.{}",
            BASE64URL_NOPAD.encode(&signature)
        )))
    }
}

fn now(ahead: i64) -> u64 {
    unix_seconds(SystemTime::now()).saturating_add_signed(ahead)
}

/// Google takes no assertion that is good for longer.
const LIFE: u64 = 3_600;
const AUDIENCE: &str = "https://cloudkms.googleapis.com/";
