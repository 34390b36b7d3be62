//! Signatures, and what replies mean.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use kms_core::KekFault;
use serde::Deserialize;
use std::sync::Arc;

use super::credentials::CredentialSource;
use crate::cloud::{Judgement, Protocol, Reply, Request};

/// AWS JSON 1.1 at one region.
pub(super) struct AwsProtocol {
    pub(super) region: String,
    pub(super) host: String,
    pub(super) credentials: Arc<CredentialSource>,
}

#[async_trait]
impl Protocol for AwsProtocol {
    fn name(&self) -> &str {
        "aws-kms"
    }

    async fn authorize(&self, request: &mut Request, afresh: bool, ahead: i64) -> Result<(), KekFault> {
        let credentials = self.credentials.credentials(afresh).await?;
        request.set("host", &self.host);
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("kms")
            .time(shifted(SystemTime::now(), ahead))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| KekFault::Denied)?
            .into();
        let headers = request.headers.iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let url = format!("https://{}{}", self.host, request.path);
        let signable = SignableRequest::new(
            request.method.as_str(),
            &url,
            headers,
            SignableBody::Bytes(&request.body),
        )
        .map_err(|_| KekFault::Denied)?;
        let (signature, _) = sign(signable, &parameters).map_err(|_| KekFault::Denied)?.into_parts();
        for (name, value) in signature.headers() {
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| KekFault::Denied)?;
            let mut value = http::HeaderValue::from_str(value).map_err(|_| KekFault::Denied)?;
            value.set_sensitive(true);
            request.headers.insert(name, value);
        }
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        if reply.status == 200 {
            return Judgement::Good;
        }
        let error: ErrorBody = serde_json::from_slice(&reply.body).unwrap_or_default();
        let header = reply.header("x-amzn-errortype").unwrap_or_default();
        let told = if error.kind.is_empty() { header } else { &error.kind };
        judge(reply.status, bare(told))
    }

    fn request_id<'r>(&self, reply: &'r Reply) -> Option<&'r str> {
        reply
            .header("x-amzn-requestid")
            .or_else(|| reply.header("x-amz-request-id"))
    }
}

fn shifted(time: SystemTime, ahead: i64) -> SystemTime {
    let by = Duration::from_secs(ahead.unsigned_abs());
    let moved = if ahead < 0 {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    moved.unwrap_or(time)
}

/// The name of an exception without namespace (`com.amazonaws.kms#`) and address (`:http://…`).
fn bare(name: &str) -> &str {
    let name = name.rsplit('#').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// One table from what AWS says to what is done about it.
fn judge(status: u16, exception: &str) -> Judgement {
    use Judgement::{Clock, Failed, Final, Later, Reauthorize};
    match exception {
        "NotFoundException"
        | "InvalidArnException"
        | "InvalidAliasNameException"
        | "CustomKeyStoreNotFoundException" => Final(KekFault::NotFound),
        "AlreadyExistsException" | "CustomKeyStoreNameInUseException" => Final(KekFault::AlreadyExists),
        "DisabledException" => Final(KekFault::Disabled),
        // Which state it is, DescribeKey tells.
        "KMSInvalidStateException" => Final(KekFault::PendingDestruction),
        "InvalidCiphertextException" | "IncorrectKeyException" => Final(KekFault::DoesNotUnwrap),
        "InvalidKeyUsageException"
        | "UnsupportedOperationException"
        | "UnknownOperationException"
        | "InvalidAction"
        | "ValidationException"
        | "IncorrectKeyMaterialException"
        | "InvalidImportTokenException"
        | "ExpiredImportTokenException"
        | "MalformedPolicyDocumentException"
        | "TagException"
        | "SerializationException" => Final(KekFault::Unsupported),
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "OptInRequired"
        | "InvalidGrantTokenException" => Final(KekFault::Denied),
        "ExpiredTokenException" | "ExpiredToken" | "TokenRefreshRequired" => Reauthorize(KekFault::Denied),
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" | "RequestTimeTooSkewed" => {
            Clock(KekFault::Denied)
        }
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => {
            Later(KekFault::Throttled)
        }
        // A rotation is under way; the next one has to wait for it.
        "ConflictException" => Later(KekFault::Throttled),
        "LimitExceededException" => Final(KekFault::Quota),
        "KMSInternalException"
        | "DependencyTimeoutException"
        | "KeyUnavailableException"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => Failed(KekFault::Unavailable),
        "CustomKeyStoreInvalidStateException" | "CloudHsmClusterNotActiveException" => Final(KekFault::Unavailable),
        _ => by_status(status),
    }
}

/// What is not from KMS itself: a proxy, a gateway, an exception that is new.
fn by_status(status: u16) -> Judgement {
    match status {
        429 => Judgement::Later(KekFault::Throttled),
        500..=599 => Judgement::Failed(KekFault::Unavailable),
        401 | 403 | 407 => Judgement::Final(KekFault::Denied),
        404 | 410 => Judgement::Final(KekFault::NotFound),
        400..=499 => Judgement::Final(KekFault::Unsupported),
        _ => Judgement::Final(KekFault::BadReply),
    }
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(rename = "__type", default)]
    kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_known_however_it_is_dressed() {
        for dressed in [
            "NotFoundException",
            "com.amazonaws.kms#NotFoundException",
            "NotFoundException:http://internal.amazon.com/coral/com.amazonaws.kms/",
        ] {
            assert_eq!(judge(400, bare(dressed)), Judgement::Final(KekFault::NotFound));
        }
    }

    #[test]
    fn what_is_not_from_kms_is_judged_by_its_status() {
        assert_eq!(judge(503, ""), Judgement::Failed(KekFault::Unavailable));
        assert_eq!(judge(429, "<html>"), Judgement::Later(KekFault::Throttled));
        assert_eq!(judge(403, ""), Judgement::Final(KekFault::Denied));
        assert_eq!(judge(302, ""), Judgement::Final(KekFault::BadReply));
    }
}
