//! What a certificate's key signs (RFC 7523 2.2, RFC 7515).

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use kms_core::KekFault;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use zeroize::Zeroizing;

/// A certificate that is registered with the application, and its RSA key.
pub(super) struct Certificate {
    key: KeyPair,
    /// The application's own first.
    chain: Vec<CertificateDer<'static>>,
    is_sent: bool,
}

impl Certificate {
    /// From a PEM file with certificates and one RSA key, not encrypted. `None` for anything else.
    pub(super) fn read(file: &Path, is_sent: bool) -> Option<Self> {
        let pem = Zeroizing::new(std::fs::read(file).ok()?);
        Self::of_pem(&pem, is_sent)
    }

    fn of_pem(pem: &[u8], is_sent: bool) -> Option<Self> {
        let key = match PrivateKeyDer::from_pem_slice(pem).ok()? {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return None,
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
        (!chain.is_empty()).then_some(())?;
        Some(Self {
            key: key.ok()?,
            chain,
            is_sent,
        })
    }

    /// A statement that this is the application, good for some minutes at this issuer.
    pub(super) fn assertion(&self, client_id: &str, audience: &str) -> Result<Zeroizing<String>, KekFault> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|_| KekFault::Denied)?;
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| KekFault::Random)?;
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": HEXLOWER.encode(&id),
            "iat": now.as_secs(),
            // Clocks differ.
            "nbf": now.as_secs().saturating_sub(60),
            "exp": now.as_secs() + 600,
        });
        self.signed(&claims.to_string())
    }

    fn signed(&self, claims: &str) -> Result<Zeroizing<String>, KekFault> {
        let thumbprint = digest(&SHA256, &self.chain[0]);
        let mut header = json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": BASE64URL_NOPAD.encode(thumbprint.as_ref()),
        });
        if self.is_sent {
            header["x5c"] = self
                .chain
                .iter()
                .map(|certificate| BASE64.encode(certificate))
                .collect();
        }
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let mut token = Zeroizing::new(format!("{}.{}", part(&header.to_string()), part(claims)));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self
            .key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature);
        signed.map_err(|_| KekFault::Random)?;
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut token);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_assertion_is_signed_and_says_for_whom() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pem = |label: &str, der: &[u8]| {
            format!(
                "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
                BASE64.encode(der)
            )
        };
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        // What a certificate says is nothing to us; its bytes are its name.
        let file = pem("CERTIFICATE", b"certificate") + &pem("PRIVATE KEY", der.as_ref());
        let certificate = Certificate::of_pem(file.as_bytes(), true).unwrap();
        let token = certificate
            .assertion("app", "https://issuer.example/t/oauth2/v2.0/token")
            .unwrap();

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key().as_ref().to_vec());
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let json =
            |part: &str| serde_json::from_slice::<Value>(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
        let (header, claims) = (json(header), json(claims));
        assert_eq!(header["alg"], "PS256");
        assert_eq!(
            header["x5t#S256"],
            BASE64URL_NOPAD.encode(digest(&SHA256, b"certificate").as_ref())
        );
        assert_eq!(header["x5c"][0], BASE64.encode(b"certificate"));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app"), &json!("app")));
        assert_eq!(claims["aud"], "https://issuer.example/t/oauth2/v2.0/token");
        assert!(claims["exp"].as_u64() > claims["nbf"].as_u64());
    }

    #[test]
    fn what_is_no_certificate_with_its_key_is_refused() {
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "garbage",
        ] {
            assert!(Certificate::of_pem(text.as_bytes(), false).is_none(), "{text}");
        }
    }
}
