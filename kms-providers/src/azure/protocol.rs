//! Tokens on requests, and what replies mean.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::Method;
use http::header::AUTHORIZATION;
use kms_core::KekFault;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::api::API_VERSION;
use super::challenge::Challenge;
use super::identity::{Tokens, Wanted};
use super::place::Place;
use crate::cloud::{Caller, Judgement, Protocol, Repeat, Reply, Request};

/// The REST API of one vault.
pub(super) struct AzureProtocol {
    pub(super) place: Arc<Place>,
    pub(super) tokens: Tokens,
    /// Asks the vault whose token it wants.
    pub(super) asker: Caller,
    pub(super) known: tokio::sync::Mutex<Option<Challenge>>,
    /// What the vault has said since.
    pub(super) told: Mutex<Option<Challenge>>,
}

#[async_trait]
impl Protocol for AzureProtocol {
    fn name(&self) -> &str {
        "azure-kv"
    }

    async fn authorize(&self, request: &mut Request, afresh: bool, _: i64) -> Result<(), KekFault> {
        let challenge = self.challenge(afresh).await?;
        let wanted = Wanted {
            resource: challenge.resource,
            tenant: challenge.tenant,
            claims: challenge.claims,
        };
        let header = self.tokens.header(&wanted, afresh).await?;
        request.headers.insert(AUTHORIZATION, header);
        request.set("host", &self.place.vault);
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if matches!(reply.status, 200 | 204) {
            return Judgement::Good;
        }
        if reply.status == 401 {
            let header = reply.header("www-authenticate").unwrap_or_default();
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Challenge::read(header, &self.place);
        }
        let body: ErrorBody = serde_json::from_slice(&reply.body).unwrap_or_default();
        judge(reply.status, &body.error.code, body.error.inner())
    }

    fn request_id<'r>(&self, reply: &'r Reply) -> Option<&'r str> {
        reply.header("x-ms-request-id")
    }
}

impl AzureProtocol {
    /// The tenant that the vault named, once it has.
    pub(super) async fn tenant(&self) -> Option<String> {
        self.known.lock().await.as_ref()?.tenant.clone()
    }

    /// What the vault wants. It is asked once, without token or body, and again when it has refused a token.
    async fn challenge(&self, afresh: bool) -> Result<Challenge, KekFault> {
        let mut known = self.known.lock().await;
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(told) = told.filter(|_| afresh) {
            *known = Some(told);
        }
        if let Some(challenge) = &*known {
            return Ok(challenge.clone());
        }
        let mut request = Request::new(
            Method::GET,
            format!("/keys?api-version={API_VERSION}&maxresults=1"),
            Zeroizing::default(),
        );
        request.set("host", &self.place.vault);
        let answer = self
            .asker
            .call(&Unauthorized, "challenge", &request, Repeat::Safe)
            .await;
        let reply = answer.map_err(|fault| fault.kind)?.reply;
        let header = reply.header("www-authenticate").unwrap_or_default();
        let challenge = Challenge::read(header, &self.place).ok_or(KekFault::BadReply)?;
        *known = Some(challenge.clone());
        Ok(challenge)
    }
}

/// The question whose answer is a refusal.
struct Unauthorized;

#[async_trait]
impl Protocol for Unauthorized {
    fn name(&self) -> &str {
        "azure-kv"
    }

    async fn authorize(&self, _: &mut Request, _: bool, _: i64) -> Result<(), KekFault> {
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        match reply.status {
            401 => Judgement::Good,
            // A vault that lists its keys to everybody is none.
            200..=299 => Judgement::Final(KekFault::BadReply),
            status => judge(status, "", ""),
        }
    }

    fn request_id<'r>(&self, reply: &'r Reply) -> Option<&'r str> {
        reply.header("x-ms-request-id")
    }
}

/// One table from what Azure says to what is done about it.
fn judge(status: u16, code: &str, inner: &str) -> Judgement {
    use Judgement::{Failed, Final, Later, Reauthorize};
    match (status, code, inner) {
        (401, ..) => Reauthorize(KekFault::Denied),
        // What is out of its dates is as little to be used as what is disabled.
        (_, _, "KeyDisabled" | "KeyNotYetValid" | "KeyExpired") => Final(KekFault::Disabled),
        (403 | 409, _, "KeyQuotaExceeded" | "QuotaExceeded" | "VaultKeyLimitExceeded") => Final(KekFault::Quota),
        // Deleted, and its name still taken.
        (409, _, "ObjectIsDeletedButRecoverable") => Final(KekFault::AlreadyExists),
        (409, _, "ObjectIsBeingDeleted" | "ObjectIsBeingRecovered") => Later(KekFault::Throttled),
        (409, ..) => Later(KekFault::Throttled),
        (429, ..) => Later(KekFault::Throttled),
        (408 | 500..=599, ..) => Failed(KekFault::Unavailable),
        (403 | 407, ..) => Final(KekFault::Denied),
        (404 | 410, ..) => Final(KekFault::NotFound),
        (400..=499, ..) => Final(KekFault::Unsupported),
        _ => Final(KekFault::BadReply),
    }
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    error: Refusal,
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    code: String,
    /// Spelled in both ways.
    #[serde(default, alias = "innerError")]
    innererror: Option<Box<Refusal>>,
}

impl Refusal {
    fn inner(&self) -> &str {
        self.innererror.as_ref().map_or("", |inner| inner.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let judged = |status, body: &str| {
            let body: ErrorBody = serde_json::from_str(body).unwrap_or_default();
            judge(status, &body.error.code, body.error.inner())
        };
        let disabled = r#"{"error":{"code":"Forbidden","message":"m","innererror":{"code":"KeyDisabled"}}}"#;
        assert_eq!(judged(403, disabled), Judgement::Final(KekFault::Disabled));
        let disabled = disabled.replace("innererror", "innerError");
        assert_eq!(judged(403, &disabled), Judgement::Final(KekFault::Disabled));
        let policy = r#"{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}}"#;
        assert_eq!(judged(403, policy), Judgement::Final(KekFault::Denied));
        let deleted = r#"{"error":{"code":"Conflict","innererror":{"code":"ObjectIsDeletedButRecoverable"}}}"#;
        assert_eq!(judged(409, deleted), Judgement::Final(KekFault::AlreadyExists));
    }

    #[test]
    fn what_is_not_from_azure_is_judged_by_its_status() {
        assert_eq!(judge(503, "", ""), Judgement::Failed(KekFault::Unavailable));
        assert_eq!(judge(429, "<html>", ""), Judgement::Later(KekFault::Throttled));
        assert_eq!(judge(401, "", ""), Judgement::Reauthorize(KekFault::Denied));
        assert_eq!(judge(407, "", ""), Judgement::Final(KekFault::Denied));
        assert_eq!(judge(307, "", ""), Judgement::Final(KekFault::BadReply));
    }
}
