//! Requests, answers and frames, without a stream.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::ClientError;
use crate::payload::{DiscoverVersionsRequest, RequestPayload};
use crate::registry::{Operation, ResultReason, ResultStatus};
use crate::ttlv::{Frame, Limits};
use crate::{Call, ProtocolVersion, RequestHeader, RequestMessage, ResponseItem, ResponseMessage};

/// Adds to the header of each request what the session needs: credentials, a correlation value, a maximum size.
pub type Prepare = Box<dyn Fn(&mut RequestHeader) + Send + Sync>;

/// How a session behaves.
pub struct Options {
    /// The version to speak; by default the newest, until [`super::Client::negotiate`] finds another.
    pub version: ProtocolVersion,
    /// Caps on answers.
    pub limits: Limits,
    /// How long to wait for a connection, and for an answer.
    pub timeout: Duration,
    /// What each header needs besides the version.
    pub prepare: Option<Prepare>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: ProtocolVersion::V2_1,
            limits: Limits::DEFAULT,
            timeout: Duration::from_secs(30),
            prepare: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("version", &self.version)
            .field("limits", &self.limits)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// One session.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) options: Options,
    /// Set while an answer is due: after an error the stream may stand in the middle of one.
    pub(super) broken: bool,
}

impl Exchange {
    pub(super) const fn new(options: Options) -> Self {
        Self { options, broken: false }
    }

    /// The bytes of a request; from here on an answer is due.
    pub(super) fn begin(&mut self, request: &RequestMessage) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        if self.broken {
            return Err(ClientError::Broken);
        }
        let bytes = request.encode()?;
        self.broken = true;
        Ok(bytes)
    }

    /// The answer, all of which has been read.
    pub(super) fn finish(&mut self, request: &RequestMessage, frame: &Frame) -> Result<ResponseMessage, ClientError> {
        let response = ResponseMessage::decode(frame, &self.options.limits)?;
        self.broken = false;
        let major = response.header.protocol_version.major;
        // A server that does not speak the version answers in one that it does speak, with a failure.
        if major != request.header.protocol_version.major && response.items.iter().all(is_success) {
            return Err(ClientError::OtherAnswer);
        }
        Ok(response)
    }

    /// A request with one item.
    pub(super) fn request(&self, payload: RequestPayload) -> RequestMessage {
        self.prepared(RequestMessage::batch(self.options.version, [payload]))
    }

    pub(super) fn prepared(&self, mut request: RequestMessage) -> RequestMessage {
        if let Some(prepare) = &self.options.prepare {
            prepare(&mut request.header);
        }
        request
    }

    /// The versions of this side, in a request of a version that every server reads.
    pub(super) fn discovery(&self) -> RequestMessage {
        let versions = DiscoverVersionsRequest {
            protocol_version: ProtocolVersion::SUPPORTED.to_vec(),
            ..DiscoverVersionsRequest::default()
        };
        self.prepared(RequestMessage::batch(ProtocolVersion::V1_1, [versions.into()]))
    }

    /// The version to speak after the answer to [`Self::discovery`]. A server of 1.0 does not know the operation, and one
    /// that speaks 2.x only answers 1.1 with the version that it has.
    pub(super) fn agree(&mut self, response: ResponseMessage) -> Result<ProtocolVersion, ClientError> {
        let answered_in = response.header.protocol_version;
        let listed = match only::<DiscoverVersionsRequest>(response) {
            Ok(answer) => answer.protocol_version,
            Err(ClientError::Refused {
                reason: ResultReason::OPERATION_NOT_SUPPORTED,
                ..
            }) => vec![ProtocolVersion::V1_0],
            Err(ClientError::Refused { .. }) => vec![answered_in],
            Err(error) => return Err(error),
        };
        let common = listed.into_iter().filter(|version| version.is_supported()).max();
        self.options.version = common.ok_or(ClientError::NoCommonVersion)?;
        Ok(self.options.version)
    }
}

/// The result of the only item of a response.
pub(super) fn only<C: Call>(response: ResponseMessage) -> Result<C::Response, ClientError> {
    let [item] = <[ResponseItem; 1]>::try_from(response.items).map_err(|_| ClientError::OtherAnswer)?;
    if item.operation.is_some_and(|operation| operation != C::OPERATION) {
        return Err(ClientError::OtherAnswer);
    }
    match item.result_status {
        ResultStatus::SUCCESS => item.payload.and_then(C::response).ok_or(ClientError::OtherAnswer),
        ResultStatus::OPERATION_PENDING => {
            let value = item.asynchronous_correlation_value;
            Err(value.map_or(ClientError::OtherAnswer, ClientError::Pending))
        }
        _ => Err(refusal(C::OPERATION, item)),
    }
}

fn refusal(operation: Operation, item: ResponseItem) -> ClientError {
    ClientError::Refused {
        operation,
        reason: item.result_reason.unwrap_or(ResultReason::GENERAL_FAILURE),
        message: item.result_message.map(String::from),
    }
}

fn is_success(item: &ResponseItem) -> bool {
    item.result_status == ResultStatus::SUCCESS
}
