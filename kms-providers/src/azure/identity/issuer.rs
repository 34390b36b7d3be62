//! Requests to who issues tokens, and what replies mean.

use async_trait::async_trait;
use http::Method;
use kms_core::KekFault;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::token::{Issued, Token};
use crate::cloud::{CallSettings, Caller, Endpoint, Judgement, Protocol, Repeat, Reply, Request};

/// A service that issues tokens.
pub(super) struct Issuer {
    caller: Caller,
    endpoint: Endpoint,
}

impl Issuer {
    /// The calls that want a token try again, so that one attempt at a time is enough here.
    pub(super) fn new(endpoint: Endpoint, settings: &CallSettings) -> Result<Self, String> {
        let settings = CallSettings {
            attempts: 1,
            // Tokens are no secrets of years: whoever records one now has nothing from it later.
            require_pq_transport: false,
            ..settings.clone()
        };
        let caller = Caller::new(endpoint.clone(), settings).map_err(|fault| fault.to_string())?;
        Ok(Self { caller, endpoint })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn request(method: Method, path: String, body: Zeroizing<Vec<u8>>) -> Request {
        let mut request = Request::new(method, path, body);
        request.set("accept", "application/json");
        request
    }

    /// A token, or why there is none.
    pub(super) async fn token(&self, request: &Request) -> Result<Token, KekFault> {
        let reply = self.send(&Answers, request).await?;
        let issued: Issued = serde_json::from_slice(&reply.body).map_err(|_| KekFault::BadReply)?;
        Token::of(&issued)
    }

    pub(super) async fn send(&self, protocol: &dyn Protocol, request: &Request) -> Result<Reply, KekFault> {
        let answer = self.caller.call(protocol, "token", request, Repeat::Safe).await;
        answer.map(|answer| answer.reply).map_err(|fault| fault.kind)
    }
}

/// OAuth 2.0 (RFC 6749 5), and metadata services, which follow it.
struct Answers;

#[async_trait]
impl Protocol for Answers {
    fn name(&self) -> &str {
        "entra"
    }

    async fn authorize(&self, _: &mut Request, _: bool, _: i64) -> Result<(), KekFault> {
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        let error: ErrorBody = match reply.status {
            200 => return Judgement::Good,
            _ => serde_json::from_slice(&reply.body).unwrap_or_default(),
        };
        judge(reply.status, &error.error)
    }

    fn request_id<'r>(&self, reply: &'r Reply) -> Option<&'r str> {
        reply.header("x-ms-request-id")
    }
}

pub(super) fn judge(status: u16, error: &str) -> Judgement {
    match (status, error) {
        (_, "temporarily_unavailable" | "server_error") | (408 | 410 | 500..=599, _) => {
            Judgement::Failed(KekFault::Unavailable)
        }
        (429, _) => Judgement::Later(KekFault::Throttled),
        (400..=499, _) => Judgement::Final(KekFault::Denied),
        _ => Judgement::Final(KekFault::BadReply),
    }
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    /// Metadata services sometimes have an object here.
    #[serde(default, deserialize_with = "text")]
    error: String,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_a_failure() {
        assert_eq!(judge(400, "invalid_grant"), Judgement::Final(KekFault::Denied));
        assert_eq!(judge(401, "invalid_client"), Judgement::Final(KekFault::Denied));
        assert_eq!(
            judge(400, "temporarily_unavailable"),
            Judgement::Failed(KekFault::Unavailable)
        );
        assert_eq!(judge(503, ""), Judgement::Failed(KekFault::Unavailable));
        assert_eq!(judge(429, ""), Judgement::Later(KekFault::Throttled));
        assert_eq!(judge(302, ""), Judgement::Final(KekFault::BadReply));
    }
}
