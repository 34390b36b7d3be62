//! Acting as a service account: a token of ours for one of its own.

use std::time::SystemTime;

use async_trait::async_trait;
use http::Method;
use kms_core::KekFault;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::remote::{Hosts, Plain, Remote, secret};
use super::{CredentialsFault, Token, bear};
use crate::cloud::{CallSettings, Endpoint, Judgement, Protocol, Reply, Request, json};
use crate::gcp::facts::time;
use crate::gcp::settings::{GcpSettings, Impersonate};
use crate::seconds::unix_seconds;

/// A service account to act as.
pub(super) struct Impersonation {
    remote: Remote,
    delegates: Vec<String>,
}

#[derive(Serialize)]
struct GenerateAccessToken<'a> {
    scope: [&'a str; 1],
    delegates: &'a [String],
    lifetime: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated {
    #[serde(deserialize_with = "secret")]
    access_token: Zeroizing<String>,
    expire_time: String,
}

impl Impersonation {
    /// As the configuration names it.
    pub(super) fn configured(account: &Impersonate, settings: &GcpSettings) -> Result<Self, CredentialsFault> {
        let all = std::iter::once(&account.service_account).chain(&account.delegates);
        if !all.into_iter().all(|address| is_address(address)) {
            return Err(CredentialsFault::Account);
        }
        let endpoint = settings.iam_endpoint.as_deref().unwrap_or(ENDPOINT);
        let endpoint = Endpoint::parse(endpoint).map_err(CredentialsFault::Url)?;
        let path = format!("/v1/{}:generateAccessToken", resource(&account.service_account));
        Ok(Self {
            remote: Remote::new(endpoint, path, &settings.calls)?,
            delegates: account.delegates.iter().map(|address| resource(address)).collect(),
        })
    }

    /// As a credentials file names it.
    pub(super) fn of_url(
        url: &str,
        delegates: Vec<String>,
        hosts: &Hosts<'_>,
        calls: &CallSettings,
    ) -> Result<Self, CredentialsFault> {
        let remote = Remote::allowed(url, hosts, calls)?;
        Ok(Self { remote, delegates })
    }

    /// A token of the service account, for who has `token`.
    pub(super) async fn token(&self, token: &str, scope: &str) -> Result<Token, KekFault> {
        let body = json(&GenerateAccessToken {
            scope: [scope],
            delegates: &self.delegates,
            lifetime: "3600s",
        });
        let mut request = self.remote.request(Method::POST, body.map_err(|fault| fault.kind)?);
        request.set("content-type", "application/json");
        let generated: Generated = self.remote.ask_json(&Bearer(token), &request).await?;
        let expires = time(&generated.expire_time).ok_or(KekFault::BadReply)?;
        let now = unix_seconds(SystemTime::now()).saturating_add_signed(self.remote.ahead());
        Ok(Token::new(
            generated.access_token,
            unix_seconds(expires).saturating_sub(now),
        ))
    }
}

/// Requests of who has a token.
struct Bearer<'t>(&'t str);

#[async_trait]
impl Protocol for Bearer<'_> {
    fn name(&self) -> &str {
        Plain.name()
    }

    async fn authorize(&self, request: &mut Request, _: bool, _: i64) -> Result<(), KekFault> {
        bear(request, self.0)
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        Plain.judge(reply)
    }

    fn request_id<'r>(&self, _: &'r Reply) -> Option<&'r str> {
        None
    }
}

fn resource(address: &str) -> String {
    format!("projects/-/serviceAccounts/{address}")
}

fn is_address(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'@');
    matches!(text.len(), 3..=254) && text.bytes().all(is_allowed) && text.matches('@').count() == 1
}

const ENDPOINT: &str = "https://iamcredentials.googleapis.com";
