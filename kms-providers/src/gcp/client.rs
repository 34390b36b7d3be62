//! One request at one endpoint.

use std::marker::PhantomData;
use std::sync::Arc;

use http::Method;
use kms_core::{KekFault, Posture};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::api::Page;
use super::credentials::Credentials;
use super::names::encoded;
use super::protocol::GcpProtocol;
use super::provider::GcpError;
use crate::cloud::{Answer, CallFault, CallSettings, Caller, Endpoint, KeyExchange, Repeat, Request, json};

/// KMS at one endpoint.
pub(super) struct Client {
    protocol: GcpProtocol,
    caller: Caller,
}

/// A method of the API on a resource, and the reply that it has.
pub(super) struct Call<R> {
    name: &'static str,
    method: Method,
    path: String,
    repeat: Repeat,
    /// What stands in Google's audit log beside the request.
    reason: Option<String>,
    reply: PhantomData<fn() -> R>,
}

/// What a call gave.
pub(super) struct Done<T> {
    pub(super) reply: T,
    pub(super) request_id: Option<String>,
    /// Whether the reply's connection can be recorded now and read by a quantum computer later; none without TLS.
    pub(super) key_exchange: Option<String>,
}

impl<R> Call<R> {
    /// Asks for a resource.
    pub(super) fn get(name: &'static str, resource: &str) -> Self {
        Self::new(name, Method::GET, resource)
    }

    /// Does what it finds done already, or nothing that lasts.
    pub(super) fn post(name: &'static str, resource: &str) -> Self {
        Self::new(name, Method::POST, resource)
    }

    /// Sets members of a resource.
    pub(super) fn patch(name: &'static str, resource: &str) -> Self {
        Self::new(name, Method::PATCH, resource)
    }

    /// Each time makes one more.
    pub(super) fn once(mut self) -> Self {
        self.repeat = Repeat::Unsafe;
        self
    }

    pub(super) fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// `resource` is made of parts that were parsed: keys, and ids that were looked at.
    fn new(name: &'static str, method: Method, resource: &str) -> Self {
        Self {
            name,
            method,
            path: format!("/v1/{resource}"),
            repeat: Repeat::Safe,
            reason: None,
            reply: PhantomData,
        }
    }
}

impl Client {
    pub(super) fn new(
        endpoint: Endpoint,
        credentials: Arc<Credentials>,
        settings: &CallSettings,
    ) -> Result<Self, GcpError> {
        Ok(Self {
            protocol: GcpProtocol { credentials },
            caller: Caller::new(endpoint, settings.clone()).map_err(|fault| GcpError::Connection(fault.to_string()))?,
        })
    }

    /// Sends a request with a body.
    pub(super) async fn send<R: DeserializeOwned>(
        &self,
        call: &Call<R>,
        body: &(impl Serialize + Sync),
    ) -> Result<Done<R>, CallFault> {
        self.request(call, json(body)?).await
    }

    /// Sends a request without a body.
    pub(super) async fn fetch<R: DeserializeOwned>(&self, call: &Call<R>) -> Result<Done<R>, CallFault> {
        self.request(call, Zeroizing::default()).await
    }

    /// Every entry of a listing. `parameters` are of the query, from an ampersand on.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        name: &'static str,
        collection: &str,
        parameters: &str,
    ) -> Result<Vec<T>, CallFault> {
        let (mut entries, mut token) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let from = match token.is_empty() {
                true => String::new(),
                false => format!("&pageToken={}", encoded(&token)),
            };
            let page: Page<T> = self
                .fetch(&Call::get(
                    name,
                    &format!("{collection}?pageSize={PAGE}{parameters}{from}"),
                ))
                .await?
                .reply;
            entries.extend(page.entries);
            if page.next_page_token.is_empty() {
                return Ok(entries);
            }
            token = page.next_page_token;
        }
        Err(CallFault::new(KekFault::BadReply))
    }

    async fn request<R: DeserializeOwned>(
        &self,
        call: &Call<R>,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<Done<R>, CallFault> {
        let mut request = Request::new(call.method.clone(), call.path.clone(), body);
        if call.method != Method::GET {
            request.set("content-type", "application/json");
        }
        if let Some(reason) = &call.reason {
            request.set("x-goog-request-reason", reason);
        }
        let answer = self
            .caller
            .call(&self.protocol, call.name, &request, call.repeat)
            .await?;
        let key_exchange = answer.key_exchange().map(KeyExchange::name);
        let Answer { reply, request_id } = answer;
        match serde_json::from_slice(&reply.body) {
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

    /// The posture of a key whose secrets cross the connections to this endpoint.
    pub(super) fn carried(&self, key: Posture) -> Posture {
        self.caller.carried(key)
    }

    /// The key exchange of these connections.
    pub(super) fn key_exchange(&self) -> Option<String> {
        self.caller.key_exchange().map(KeyExchange::name)
    }

    /// Whether the endpoint has answered yet.
    pub(super) fn is_met(&self) -> bool {
        self.caller.is_met()
    }

    /// By how many seconds the service's clock is ahead of ours, as far as replies have told.
    pub(super) fn ahead(&self) -> i64 {
        self.caller.ahead()
    }
}

/// How long a listing may become before it is taken for one that never ends.
const PAGES: usize = 1_000;
const PAGE: u32 = 500;
