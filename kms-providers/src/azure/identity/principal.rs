//! An application, by OAuth 2.0 client credentials (RFC 6749 4.4).

use std::path::{Path, PathBuf};

use http::Method;
use kms_core::KekFault;
use zeroize::Zeroizing;

use super::assertion::Certificate;
use super::issuer::Issuer;
use super::token::{Token, Wanted};

/// An application registered with a tenant.
pub(in crate::azure) struct Principal {
    pub(super) issuer: Issuer,
    /// Where it is configured; else that which the vault names.
    pub(super) tenant: Option<String>,
    pub(super) client_id: String,
    pub(super) proof: Proof,
}

/// How an application proves that it is the one.
pub(super) enum Proof {
    /// A secret of the environment.
    Secret(Zeroizing<String>),
    /// A secret in a file, read each time: whoever renews it need not start us again.
    SecretFile(PathBuf),
    /// A certificate's key signs.
    Certificate(Box<Certificate>),
    /// Another issuer's token, read each time: they live for minutes.
    Federated(PathBuf),
}

impl Principal {
    pub(super) async fn token(&self, wanted: &Wanted) -> Result<Token, KekFault> {
        let tenant = self
            .tenant
            .as_ref()
            .or(wanted.tenant.as_ref())
            .ok_or(KekFault::Denied)?;
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let mut form = Form::default();
        form.add("grant_type", "client_credentials");
        form.add("client_id", &self.client_id);
        form.add("scope", &format!("{}/.default", wanted.resource));
        if let Some(claims) = &wanted.claims {
            form.add("claims", claims);
        }
        self.prove(&mut form, &path)?;
        let mut request = Issuer::request(Method::POST, path, form.0);
        request.set("content-type", "application/x-www-form-urlencoded");
        self.issuer.token(&request).await
    }

    fn prove(&self, form: &mut Form, path: &str) -> Result<(), KekFault> {
        let assertion = match &self.proof {
            Proof::Secret(secret) => {
                form.add("client_secret", secret);
                return Ok(());
            }
            Proof::SecretFile(file) => {
                form.add("client_secret", &line_of(file)?);
                return Ok(());
            }
            Proof::Certificate(certificate) => {
                certificate.assertion(&self.client_id, &self.issuer.endpoint().at(path))?
            }
            Proof::Federated(file) => line_of(file)?,
        };
        form.add(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        );
        form.add("client_assertion", &assertion);
        Ok(())
    }
}

/// What a file holds but for white space around it.
fn line_of(file: &Path) -> Result<Zeroizing<String>, KekFault> {
    let length = std::fs::metadata(file).map_err(|_| KekFault::Denied)?.len();
    if length > PROOF_LEN {
        return Err(KekFault::Denied);
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|_| KekFault::Denied)?);
    match text.trim() {
        "" => Err(KekFault::Denied),
        line => Ok(Zeroizing::new(line.to_owned())),
    }
}

/// `application/x-www-form-urlencoded`, wiped.
#[derive(Default)]
struct Form(Zeroizing<Vec<u8>>);

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        let needed = self.0.len() + name.len() + 2 + 3 * value.len();
        // A vector that grows leaves its old bytes behind.
        let mut larger = Zeroizing::new(Vec::with_capacity(needed));
        larger.extend_from_slice(&self.0);
        if !larger.is_empty() {
            larger.push(b'&');
        }
        larger.extend_from_slice(name.as_bytes());
        larger.push(b'=');
        encode(value, &mut larger);
        self.0 = larger;
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 2.3).
pub(super) fn encode(text: &str, into: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => into.push(byte),
            _ => into.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
        }
    }
}

const PROOF_LEN: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_can_hold_any_secret() {
        let mut form = Form::default();
        form.add("a", "b");
        form.add("client_secret", "p&=+ %~ü");
        assert_eq!(form.0.as_slice(), b"a=b&client_secret=p%26%3D%2B%20%25~%C3%BC");
    }
}
