//! Who may ask: an OAuth endpoint, a security token service, service accounts that are impersonated, a metadata server.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, UnparsedPublicKey};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};

use super::Refusal;
use super::crypto::armoured;
use super::keys::random;
use super::routes::decoded;
use crate::clock::{now, rfc3339};
use crate::server::Request;

/// Tokens that were given, until they expire.
pub(super) struct Tokens {
    pub(super) are_required: bool,
    pub(super) life: i64,
    pub(super) ahead: i64,
    given: BTreeMap<String, i64>,
    /// The key of the one service account, made when somebody wants it.
    pair: Option<KeyPair>,
    audience: String,
}

/// Whether a path is of a server that gives tokens.
pub(super) fn is_for(path: &str) -> bool {
    path == "/token" || path == "/v1/token" || path == METADATA || path == SUBJECT || is_impersonation(path)
}

fn is_impersonation(path: &str) -> bool {
    path.starts_with("/v1/projects/-/serviceAccounts/") && path.ends_with(":generateAccessToken")
}

impl Tokens {
    pub(super) fn new() -> Self {
        Self {
            are_required: false,
            life: 3_600,
            ahead: 0,
            given: BTreeMap::new(),
            pair: None,
            audience: String::new(),
        }
    }

    pub(super) fn revoke(&mut self) {
        self.given.clear();
    }

    pub(super) fn service_account_file(&mut self, token_uri: &str) -> String {
        let pair = self
            .pair
            .get_or_insert_with(|| KeyPair::generate(KeySize::Rsa2048).unwrap());
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let key = armoured("PRIVATE KEY", der.as_ref());
        token_uri.clone_into(&mut self.audience);
        json!({
            "type": "service_account",
            "project_id": "acme",
            "private_key_id": "canary-key-id",
            "private_key": key,
            "client_email": ACCOUNT,
            "client_id": "1",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        })
        .to_string()
    }

    /// Whether a request shows a token that is good; a token that a service account signed itself is one too.
    pub(super) fn allow(&self, request: &Request) -> bool {
        let shown = request
            .header("authorization")
            .and_then(|shown| shown.strip_prefix("Bearer "));
        !self.are_required || shown.is_some_and(|token| self.is_good(token) || self.is_signed(token, SELF_SIGNED))
    }

    fn is_good(&self, token: &str) -> bool {
        self.given.get(token).is_some_and(|expires| *expires > self.now())
    }

    fn now(&self) -> i64 {
        now() + self.ahead
    }

    pub(super) fn give(&mut self, path: &str, request: &Request, body: &Value) -> Result<Value, Refusal> {
        let form = form(&request.body);
        let field = |name: &str| {
            form.iter()
                .find(|(found, _)| found == name)
                .map_or("", |(_, value)| value)
        };
        let is_given = match path {
            METADATA => request.header("metadata-flavor") == Some("Google"),
            SUBJECT => {
                let is_told = request.header("x-subject-secret") == Some("canary-header");
                return is_told
                    .then(|| json!({ "wrapped": { "x": 1 }, "token": "canary-subject" }))
                    .ok_or(DENIED);
            }
            "/token" => match field("grant_type") {
                "refresh_token" => {
                    field("refresh_token") == "canary-refresh" && field("client_secret") == "canary-client"
                }
                "urn:ietf:params:oauth:grant-type:jwt-bearer" => self.is_signed(field("assertion"), &self.audience),
                _ => false,
            },
            "/v1/token" => {
                let is_asked_right = field("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange"
                    && field("requested_token_type") == "urn:ietf:params:oauth:token-type:access_token"
                    && field("audience").starts_with("//iam.googleapis.com/")
                    && field("scope").starts_with("https://www.googleapis.com/auth/")
                    && field("subject_token_type") == "urn:ietf:params:oauth:token-type:jwt";
                is_asked_right && field("subject_token") == "canary-subject"
            }
            _ => return self.impersonate(request, body),
        };
        if !is_given {
            return Err(DENIED);
        }
        let token = self.new_token();
        Ok(json!({ "access_token": token, "expires_in": self.life, "token_type": "Bearer" }))
    }

    fn impersonate(&mut self, request: &Request, body: &Value) -> Result<Value, Refusal> {
        let shown = request
            .header("authorization")
            .and_then(|shown| shown.strip_prefix("Bearer "));
        if !shown.is_some_and(|token| self.is_good(token)) || !body["scope"][0].is_string() {
            return Err((403, "PERMISSION_DENIED", None));
        }
        let (token, expires) = (self.new_token(), rfc3339(self.now() + self.life));
        Ok(json!({ "accessToken": token, "expireTime": expires }))
    }

    fn new_token(&mut self) -> String {
        let token = format!("canary-token-{}", HEXLOWER.encode(&random::<16>()));
        self.given.insert(token.clone(), self.now() + self.life);
        token
    }

    /// Whether a token is signed by the service account, for `audience`, and at this time.
    fn is_signed(&self, token: &str, audience: &str) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let Some((header, claims)) = signed.split_once('.') else {
            return false;
        };
        let part = |text: &str| -> Option<Value> {
            serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
        };
        let (Some(header), Some(claims), Some(pair)) = (part(header), part(claims), &self.pair) else {
            return false;
        };
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else {
            return false;
        };
        let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
        let (from, until) = (
            claims["iat"].as_i64().unwrap_or_default(),
            claims["exp"].as_i64().unwrap_or_default(),
        );
        let is_now = (from - 300..until).contains(&self.now()) && until - from <= 3_600;
        let is_ours = header["alg"] == "RS256" && header["kid"] == "canary-key-id" && claims["iss"] == ACCOUNT;
        is_now && is_ours && claims["aud"] == audience && key.verify(signed.as_bytes(), &signature).is_ok()
    }
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body).into_owned();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

const METADATA: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// Where the other side of a federation gives its tokens.
const SUBJECT: &str = "/subject";
const ACCOUNT: &str = "keystrand@acme.iam.gserviceaccount.com";
const SELF_SIGNED: &str = "https://cloudkms.googleapis.com/";
const DENIED: Refusal = (400, "invalid_grant", None);
