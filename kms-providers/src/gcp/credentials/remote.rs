//! One server that gives tokens.

use async_trait::async_trait;
use http::{Method, Uri};
use kms_core::KekFault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{CredentialsFault, Token};
use crate::cloud::{CallFault, CallSettings, Caller, Endpoint, Judgement, Protocol, Repeat, Reply, Request};
use crate::gcp::settings::GcpSettings;

/// Hosts that URLs of a credentials file may name.
pub(super) struct Hosts<'s>(&'s [String]);

impl<'s> Hosts<'s> {
    pub(super) fn new(settings: &'s GcpSettings) -> Self {
        Self(&settings.token_hosts)
    }

    /// Google's own, over TLS, and those that the configuration allows.
    fn allow(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host();
        let is_googles = host == "googleapis.com" || host.ends_with(".googleapis.com") || host == "accounts.google.com";
        let is_allowed = |allowed: &String| allowed == host || allowed == endpoint.authority();
        is_googles && endpoint.is_tls() && endpoint.authority() == host || self.0.iter().any(is_allowed)
    }
}

/// A path of a server.
pub(super) struct Remote {
    caller: Caller,
    path: String,
}

impl Remote {
    /// The URL of a credentials file, if its host is allowed.
    pub(super) fn allowed(url: &str, hosts: &Hosts<'_>, calls: &CallSettings) -> Result<Self, CredentialsFault> {
        let (endpoint, path) = split(url)?;
        match hosts.allow(&endpoint) {
            true => Self::new(endpoint, path, calls),
            false => Err(CredentialsFault::Host),
        }
    }

    /// An endpoint that the operator has named.
    pub(super) fn new(
        endpoint: Endpoint,
        path: impl Into<String>,
        calls: &CallSettings,
    ) -> Result<Self, CredentialsFault> {
        let caller = Caller::new(endpoint, calls.clone()).map_err(|_| CredentialsFault::Connection)?;
        let path = path.into();
        Ok(Self { caller, path })
    }

    /// A request to it.
    pub(super) fn request(&self, method: Method, body: Zeroizing<Vec<u8>>) -> Request {
        Request::new(method, self.path.clone(), body)
    }

    /// By how many seconds its clock is ahead of ours, as far as replies have told.
    pub(super) fn ahead(&self) -> i64 {
        self.caller.ahead()
    }

    /// What it answers, unparsed.
    pub(super) async fn ask(&self, protocol: &dyn Protocol, request: &Request) -> Result<Reply, KekFault> {
        let answer = self.caller.call(protocol, "Token", request, Repeat::Safe).await;
        Ok(answer.map_err(|CallFault { kind, .. }| kind)?.reply)
    }

    /// What it answers.
    pub(super) async fn ask_json<T: DeserializeOwned>(
        &self,
        protocol: &dyn Protocol,
        request: &Request,
    ) -> Result<T, KekFault> {
        let reply = self.ask(protocol, request).await?;
        serde_json::from_slice(&reply.body).map_err(|_| KekFault::BadReply)
    }
}

/// The reply of a token endpoint (RFC 6749 5.1).
#[derive(Deserialize)]
pub(super) struct TokenReply {
    #[serde(deserialize_with = "secret")]
    access_token: Zeroizing<String>,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

impl TokenReply {
    pub(super) fn token(self) -> Result<Token, KekFault> {
        match self.access_token.is_empty() {
            true => Err(KekFault::BadReply),
            false => Ok(Token::new(self.access_token, self.expires_in)),
        }
    }
}

/// Text of a reply that is a secret.
pub(super) fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

/// Where nothing but the request says who asks.
pub(super) struct Plain;

#[async_trait]
impl Protocol for Plain {
    fn name(&self) -> &str {
        "gcp-token"
    }

    async fn authorize(&self, _: &mut Request, _: bool, _: i64) -> Result<(), KekFault> {
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        judge(reply, Judgement::Final(KekFault::Denied))
    }

    fn request_id<'r>(&self, _: &'r Reply) -> Option<&'r str> {
        None
    }
}

/// What a reply means; `refused` is what is done when it is a refusal.
pub(super) fn judge(reply: &Reply, refused: Judgement) -> Judgement {
    match reply.status {
        200 => Judgement::Good,
        429 => Judgement::Later(KekFault::Throttled),
        500..=599 => Judgement::Failed(KekFault::Unavailable),
        400..=499 => refused,
        // A redirect, above all: nobody is sent elsewhere with our credentials.
        _ => Judgement::Final(KekFault::BadReply),
    }
}

fn split(url: &str) -> Result<(Endpoint, String), CredentialsFault> {
    let uri: Uri = url.parse().map_err(|_| CredentialsFault::Form)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(CredentialsFault::Form);
    };
    let endpoint = Endpoint::parse_metadata(&format!("{scheme}://{authority}")).map_err(CredentialsFault::Url)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok((endpoint, path.to_owned()))
}

fn an_hour() -> u64 {
    3_600
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str, hosts: &[&str]) -> Result<(), CredentialsFault> {
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let (endpoint, _) = split(url)?;
        match Hosts(&hosts).allow(&endpoint) {
            true => Ok(()),
            false => Err(CredentialsFault::Host),
        }
    }

    #[test]
    fn googles_own_hosts_and_those_that_are_configured() {
        for googles in [
            "https://oauth2.googleapis.com/token",
            "https://sts.googleapis.com/v1/token",
            "https://sts.eu-west-3.rep.googleapis.com/v1/token",
            "https://accounts.google.com/o/oauth2/token",
        ] {
            assert_eq!(allowed(googles, &[]), Ok(()), "{googles}");
        }
        for other in [
            "https://oauth2.googleapis.com.evil.example/token",
            "https://evil.example/googleapis.com",
            "https://evilgoogleapis.com/token",
            "https://oauth2.googleapis.com:8443/token",
            "http://169.254.169.254/token",
            "http://127.0.0.1:8080/token",
        ] {
            assert_eq!(allowed(other, &[]), Err(CredentialsFault::Host), "{other}");
        }
        assert_eq!(
            allowed("https://sts.partner.example/t", &["sts.partner.example"]),
            Ok(())
        );
        assert_eq!(allowed("http://127.0.0.1:8080/t", &["127.0.0.1:8080"]), Ok(()));
        assert_eq!(
            allowed("http://127.0.0.1:8081/t", &["127.0.0.1:8080"]),
            Err(CredentialsFault::Host)
        );
        assert_eq!(
            allowed("http://169.254.169.254/metadata?x=1", &["169.254.169.254"]),
            Ok(())
        );
    }

    #[test]
    fn plain_http_and_what_is_no_url_is_refused() {
        assert!(matches!(
            allowed("http://oauth2.googleapis.com/token", &[]),
            Err(CredentialsFault::Url(_))
        ));
        assert!(matches!(
            allowed("https://u@oauth2.googleapis.com/t", &[]),
            Err(CredentialsFault::Url(_))
        ));
        assert_eq!(allowed("oauth2.googleapis.com/token", &[]), Err(CredentialsFault::Form));
    }
}
