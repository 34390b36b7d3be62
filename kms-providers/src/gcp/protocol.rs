//! Who asks, and what replies mean.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kms_core::KekFault;
use serde::Deserialize;

use super::credentials::Credentials;
use crate::cloud::{Judgement, Protocol, Reply, Request, retry_after};

/// JSON of Google's APIs.
pub(super) struct GcpProtocol {
    pub(super) credentials: Arc<Credentials>,
}

#[async_trait]
impl Protocol for GcpProtocol {
    fn name(&self) -> &str {
        "gcp-kms"
    }

    async fn authorize(&self, request: &mut Request, afresh: bool, ahead: i64) -> Result<(), KekFault> {
        self.credentials.authorize(request, afresh, ahead).await
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if reply.status == 200 {
            return Judgement::Good;
        }
        let error = ErrorBody::of(reply);
        judge(reply.status, &error)
    }

    /// Google gives none; what ties its audit log to ours is the reason that stands in both.
    fn request_id<'r>(&self, _: &'r Reply) -> Option<&'r str> {
        None
    }

    fn asks_to_wait(&self, reply: &Reply) -> Option<Duration> {
        retry_after(reply).or_else(|| ErrorBody::of(reply).error.retry_delay())
    }
}

/// One table from what Google says to what is done about it (google.rpc.Code).
fn judge(status: u16, body: &ErrorBody) -> Judgement {
    use Judgement::{Failed, Final, Later, Reauthorize};
    match body.error.status.as_str() {
        "NOT_FOUND" => Final(KekFault::NotFound),
        "ALREADY_EXISTS" => Final(KekFault::AlreadyExists),
        "PERMISSION_DENIED" => Final(KekFault::Denied),
        "UNAUTHENTICATED" => Reauthorize(KekFault::Denied),
        "INVALID_ARGUMENT" | "OUT_OF_RANGE" | "UNIMPLEMENTED" => Final(KekFault::Unsupported),
        "FAILED_PRECONDITION" => Final(body.error.precondition()),
        "RESOURCE_EXHAUSTED" | "ABORTED" => Later(KekFault::Throttled),
        "DEADLINE_EXCEEDED" => Failed(KekFault::Timeout),
        "UNAVAILABLE" | "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "CANCELLED" => Failed(KekFault::Unavailable),
        _ => by_status(status),
    }
}

/// What is not from KMS itself: a proxy, a gateway, a code that is new.
fn by_status(status: u16) -> Judgement {
    match status {
        429 => Judgement::Later(KekFault::Throttled),
        500..=599 => Judgement::Failed(KekFault::Unavailable),
        401 => Judgement::Reauthorize(KekFault::Denied),
        403 | 407 => Judgement::Final(KekFault::Denied),
        404 | 410 => Judgement::Final(KekFault::NotFound),
        400..=499 => Judgement::Final(KekFault::Unsupported),
        _ => Judgement::Final(KekFault::BadReply),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    error: Status,
}

/// `google.rpc.Status`. Its message is not read: it quotes what it likes.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    status: String,
    details: Vec<Detail>,
}

/// What is looked at of `ErrorInfo`, `PreconditionFailure` and `RetryInfo`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    reason: String,
    violations: Vec<Violation>,
    retry_delay: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    #[serde(rename = "type")]
    kind: String,
}

impl ErrorBody {
    fn of(reply: &Reply) -> Self {
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }
}

impl Status {
    /// The state that is in the way. Where the reply does not tell, any state: the version itself is asked for it then.
    fn precondition(&self) -> KekFault {
        let reasons = self.details.iter().flat_map(|detail| {
            let violations = detail.violations.iter().map(|violation| violation.kind.as_str());
            violations.chain([detail.reason.as_str()])
        });
        let known = |reason: &str| match reason {
            "KEY_DESTROYED" => Some(KekFault::Destroyed),
            "KEY_PENDING_DESTRUCTION" | "KEY_DESTROY_SCHEDULED" => Some(KekFault::PendingDestruction),
            _ => None,
        };
        reasons.filter_map(known).next().unwrap_or(KekFault::Disabled)
    }

    /// `"3.5s"`, as protobuf writes durations.
    fn retry_delay(&self) -> Option<Duration> {
        let mut told = self.details.iter().map(|detail| detail.retry_delay.as_str());
        told.find_map(seconds)
    }
}

/// A duration as protobuf writes it in JSON.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Judgement {
        judge(status, &serde_json::from_str(body).unwrap_or_default())
    }

    #[test]
    fn codes_are_known_and_what_is_not_from_kms_is_judged_by_its_status() {
        let of = |code: &str| format!("{{\"error\":{{\"code\":400,\"message\":\"m\",\"status\":\"{code}\"}}}}");
        assert_eq!(judged(404, &of("NOT_FOUND")), Judgement::Final(KekFault::NotFound));
        assert_eq!(
            judged(401, &of("UNAUTHENTICATED")),
            Judgement::Reauthorize(KekFault::Denied)
        );
        assert_eq!(
            judged(429, &of("RESOURCE_EXHAUSTED")),
            Judgement::Later(KekFault::Throttled)
        );
        assert_eq!(
            judged(400, &of("FAILED_PRECONDITION")),
            Judgement::Final(KekFault::Disabled)
        );
        assert_eq!(judged(503, "<html>"), Judgement::Failed(KekFault::Unavailable));
        assert_eq!(
            judged(404, "{\"error\":\"text\"}"),
            Judgement::Final(KekFault::NotFound)
        );
        assert_eq!(judged(302, ""), Judgement::Final(KekFault::BadReply));
    }

    #[test]
    fn details_tell_states_and_waits() {
        let body = r#"{"error":{"status":"FAILED_PRECONDITION","details":[
            {"@type":"type.googleapis.com/google.rpc.Help","links":[]},
            {"@type":"type.googleapis.com/google.rpc.PreconditionFailure","violations":[{"type":"KEY_DESTROYED"}]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}}"#;
        assert_eq!(judged(400, body), Judgement::Final(KekFault::Destroyed));
        let parsed: ErrorBody = serde_json::from_str(body).unwrap();
        assert_eq!(parsed.error.retry_delay(), Some(Duration::from_millis(1_500)));
        assert_eq!((seconds("-1s"), seconds("1"), seconds("NaNs")), (None, None, None));
    }
}
