//! Entra's token endpoint and the metadata service.

use std::collections::{BTreeMap, VecDeque};

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::fault::Fault;
use crate::server::{Reply, Request};

/// The tenant of everybody.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// The one application that there is.
pub const CLIENT: &str = "app-1234";
/// Its secret.
pub const SECRET: &str = "canary-secret & more";
/// The token of another issuer that it trusts.
pub const FEDERATED: &str = "canary-federated-token";

/// Who issues tokens, and what the vault wants of them.
pub struct Tokens {
    /// For whom the vault takes tokens.
    pub resource: &'static str,
    /// What the vault says of that, where it is to lie.
    pub challenge: Option<String>,
    /// Claims that a token must have been asked for with, as the vault encodes them.
    pub claims: Option<String>,
    /// How long tokens live, as they say.
    pub lifetime: u64,
    /// When to ask for another, where the issuer says so.
    pub refresh_in: Option<u64>,
    /// RSA public key of the application's certificate (PKCS#1).
    pub certificate: Option<Vec<u8>>,
    /// How many tokens were issued.
    pub issued: usize,
    /// Bodies and queries of requests for tokens.
    pub asked: Vec<String>,
    pub(super) faults: VecDeque<Fault>,
    good: BTreeMap<String, Issued>,
}

struct Issued {
    resource: String,
    claims: Option<String>,
}

impl Tokens {
    pub(super) fn of(resource: &'static str) -> Self {
        Self {
            resource,
            challenge: None,
            claims: None,
            lifetime: 3_600,
            refresh_in: None,
            certificate: None,
            issued: 0,
            asked: Vec::new(),
            faults: VecDeque::new(),
            good: BTreeMap::new(),
        }
    }

    /// No token that was issued before is good any more.
    pub fn revoke(&mut self) {
        self.good.clear();
    }

    pub(super) fn challenge(&self) -> String {
        let usual = format!(
            r#"Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{}""#,
            self.resource
        );
        self.challenge.clone().unwrap_or(usual)
    }

    /// Whether a token is good here; else the challenge.
    pub(super) fn check(&self, header: &str) -> Result<(), String> {
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        let issued = self.good.get(token);
        let Some(issued) = issued.filter(|issued| issued.resource == self.resource) else {
            return Err(self.challenge() + r#", error="invalid_token""#);
        };
        match &self.claims {
            Some(wanted) if issued.claims.as_deref() != Some(wanted) => {
                let claims = BASE64URL_NOPAD.encode(wanted.as_bytes());
                Err(self.challenge() + &format!(r#", error="insufficient_claims", claims="{claims}""#))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn answer(&mut self, method: &str, path: &str, query: &str, request: &Request) -> Option<Reply> {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let told = match (method, path) {
            ("POST", path) if path == format!("/{TENANT}/oauth2/v2.0/token") => &form,
            ("POST", path) if path.ends_with("/oauth2/v2.0/token") => "",
            ("GET", "/metadata/identity/oauth2/token" | "/msi/token") => query,
            _ => return None,
        };
        self.asked.push(told.to_owned());
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(reply) = self.faults.pop_front().and_then(|fault| fault.reply(&headers)) {
            return Some(reply);
        }
        let told: BTreeMap<String, String> = told.split('&').filter_map(pair).collect();
        let issued = match method {
            "POST" => self.principal(path, &told),
            _ => machine(path, &told, request),
        };
        Some(match issued {
            Ok(issued) => {
                let body = self.issue(issued, method == "GET");
                Reply::Whole(200, headers, body.to_string().into_bytes())
            }
            Err((status, error)) => {
                let body = json!({ "error": error, "error_description": "canary-description" });
                Reply::Whole(status, headers, body.to_string().into_bytes())
            }
        })
    }

    fn principal(&self, path: &str, told: &BTreeMap<String, String>) -> Result<Issued, (u16, &'static str)> {
        let find = |name: &str| told.get(name).map_or("", String::as_str);
        if find("grant_type") != "client_credentials" || find("client_id") != CLIENT {
            return Err((400, "unauthorized_client"));
        }
        let is_proved = match find("client_assertion") {
            "" => find("client_secret") == SECRET,
            assertion => {
                let is_jwt = find("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                is_jwt && (assertion == FEDERATED || self.is_signed(assertion, path))
            }
        };
        if !is_proved {
            return Err((401, "invalid_client"));
        }
        let resource = find("scope").strip_suffix("/.default").ok_or((400, "invalid_scope"))?;
        Ok(Issued {
            resource: resource.to_owned(),
            claims: told.get("claims").cloned(),
        })
    }

    /// Whether the application's certificate has signed this, for this endpoint, and lately.
    fn is_signed(&self, assertion: &str, path: &str) -> bool {
        let checked = || {
            let (signed, signature) = assertion.rsplit_once('.')?;
            let (_, claims) = signed.split_once('.')?;
            let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, self.certificate.as_ref()?);
            key.verify(signed.as_bytes(), &BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?)
                .ok()?;
            let claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()?;
            let now = crate::clock::now();
            let is_fresh = claims["nbf"].as_i64()? <= now && now < claims["exp"].as_i64()?;
            Some(is_fresh && claims["aud"].as_str()?.ends_with(path) && claims["sub"] == CLIENT)
        };
        checked().unwrap_or_default()
    }

    fn issue(&mut self, issued: Issued, by_machine: bool) -> Value {
        self.issued += 1;
        let token = format!("canary-token-{}", self.issued);
        self.good.insert(token.clone(), issued);
        let mut told = json!({ "access_token": token, "expires_in": self.lifetime, "token_type": "Bearer" });
        if by_machine {
            told["expires_in"] = json!(self.lifetime.to_string());
        }
        if let Some(seconds) = self.refresh_in {
            told["refresh_in"] = json!(seconds);
        }
        told
    }
}

fn machine(path: &str, told: &BTreeMap<String, String>, request: &Request) -> Result<Issued, (u16, &'static str)> {
    let is_asked_well = match path {
        "/msi/token" => request.header("x-identity-header") == Some("canary-header"),
        _ => request.header("metadata") == Some("true"),
    };
    if !is_asked_well || told.get("client_id").is_some_and(|id| id != CLIENT) {
        return Err((400, "invalid_request"));
    }
    Ok(Issued {
        resource: told.get("resource").cloned().unwrap_or_default(),
        claims: None,
    })
}

fn pair(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    Some((name.to_owned(), decoded(value)?))
}

/// Undoes percent-encoding.
pub(super) fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.replace('+', " ").bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend(rest.replace('+', " ").bytes());
    String::from_utf8(bytes).ok()
}
