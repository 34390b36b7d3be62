//! One action at one region.

use std::sync::Arc;

use http::Method;
use kms_core::{KekFault, Posture};

use super::api::Action;
use super::credentials::CredentialSource;
use super::protocol::AwsProtocol;
use super::provider::AwsError;
use crate::cloud::{Answer, CallFault, CallSettings, Caller, Endpoint, KeyExchange, Request, json};

/// KMS of one region.
pub(super) struct Client {
    pub(super) region: String,
    protocol: AwsProtocol,
    caller: Caller,
}

/// What an action gave.
pub(super) struct Done<T> {
    pub(super) reply: T,
    pub(super) request_id: Option<String>,
    /// Whether the reply's connection can be recorded now and read by a quantum computer later; none without TLS.
    pub(super) key_exchange: Option<String>,
}

impl Client {
    pub(super) fn new(
        region: &str,
        endpoint: Endpoint,
        credentials: Arc<CredentialSource>,
        settings: &CallSettings,
    ) -> Result<Self, AwsError> {
        Ok(Self {
            region: region.to_owned(),
            protocol: AwsProtocol {
                region: region.to_owned(),
                host: endpoint.authority().to_owned(),
                credentials,
            },
            caller: Caller::new(endpoint, settings.clone()).map_err(|fault| AwsError::Connection(fault.to_string()))?,
        })
    }

    pub(super) async fn call<A: Action>(&self, action: &A) -> Result<Done<A::Reply>, CallFault> {
        let mut request = Request::new(Method::POST, "/", json(action)?);
        request.set("content-type", "application/x-amz-json-1.1");
        request.set("x-amz-target", &format!("TrentService.{}", A::NAME));
        let answer = self.caller.call(&self.protocol, A::NAME, &request, A::REPEAT).await?;
        let key_exchange = answer.key_exchange().map(KeyExchange::name);
        let Answer { reply, request_id } = answer;
        let body = if reply.body.is_empty() {
            b"{}"
        } else {
            reply.body.as_slice()
        };
        match serde_json::from_slice(body) {
            Ok(reply) => Ok(Done {
                reply,
                request_id,
                key_exchange,
            }),
            // What it says of the reply may quote the reply.
            Err(_) => Err(CallFault {
                kind: KekFault::BadReply,
                request_id,
            }),
        }
    }

    /// The posture of a key whose secrets cross the connections to this region.
    pub(super) fn carried(&self, key: Posture) -> Posture {
        self.caller.carried(key)
    }

    /// The key exchange of these connections.
    pub(super) fn key_exchange(&self) -> Option<String> {
        self.caller.key_exchange().map(KeyExchange::name)
    }

    /// Whether there was an answer from here yet.
    pub(super) fn is_met(&self) -> bool {
        self.caller.is_met()
    }

    /// By how many seconds the service's clock is ahead of ours, as far as replies have told.
    pub(super) fn ahead(&self) -> i64 {
        self.caller.ahead()
    }
}
