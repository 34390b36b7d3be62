//! One request at the vault.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use http::Method;
use kms_core::{KekFault, Posture};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::api::{API_VERSION, Page};
use super::identity::Tokens;
use super::place::Place;
use super::protocol::AzureProtocol;
use super::provider::AzureError;
use crate::cloud::{Answer, CallFault, CallSettings, Caller, Endpoint, KeyExchange, Repeat, Request, json};

/// The vault.
pub(super) struct Client {
    pub(super) place: Arc<Place>,
    pub(super) protocol: AzureProtocol,
    caller: Caller,
}

/// What a request gave.
pub(super) struct Done<T> {
    pub(super) reply: T,
    pub(super) request_id: Option<String>,
    /// The key exchange of the connection; none without TLS.
    pub(super) key_exchange: Option<String>,
}

impl Client {
    pub(super) fn new(
        place: Place,
        endpoint: Endpoint,
        tokens: Tokens,
        settings: &CallSettings,
    ) -> Result<Self, AzureError> {
        let connection = |fault: crate::cloud::ConnectFault| AzureError::Connection(fault.to_string());
        let once = CallSettings {
            attempts: 1,
            ..settings.clone()
        };
        let place = Arc::new(place);
        Ok(Self {
            protocol: AzureProtocol {
                place: Arc::clone(&place),
                tokens,
                asker: Caller::new(endpoint.clone(), once).map_err(connection)?,
                known: tokio::sync::Mutex::default(),
                told: std::sync::Mutex::default(),
            },
            place,
            caller: Caller::new(endpoint, settings.clone()).map_err(connection)?,
        })
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, name: &'static str, path: &str) -> Result<Done<T>, CallFault> {
        let request = Self::request(Method::GET, path, Zeroizing::default());
        self.parsed(name, &request, Repeat::Safe).await
    }

    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        name: &'static str,
        method: Method,
        path: &str,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<Done<T>, CallFault> {
        let request = Self::request(method, path, json(body)?);
        self.parsed(name, &request, repeat).await
    }

    /// An order without a body, whose answer says no more than that it is done.
    pub(super) async fn order(&self, name: &'static str, method: Method, path: &str) -> Result<Answer, CallFault> {
        let request = Self::request(method, path, Zeroizing::default());
        self.caller.call(&self.protocol, name, &request, Repeat::Unsafe).await
    }

    /// A use of a key, by a request whose id is that of the data key: Azure logs it.
    pub(super) async fn used<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        body: &impl Serialize,
        dek_id: &[u8; 16],
    ) -> Result<Done<T>, CallFault> {
        let mut request = Self::request(Method::POST, path, json(body)?);
        request.set("x-ms-client-request-id", &guid(dek_id));
        self.parsed(name, &request, Repeat::Safe).await
    }

    /// Every item of a listing. Azure says where its next page is; that has to be in the same vault.
    pub(super) async fn all<T: DeserializeOwned>(&self, name: &'static str, path: &str) -> Result<Vec<T>, CallFault> {
        let (mut items, mut request) = (Vec::new(), Self::request(Method::GET, path, Zeroizing::default()));
        for _ in 0..PAGES {
            let page: Page<T> = self.parsed(name, &request, Repeat::Safe).await?.reply;
            items.extend(page.value);
            let Some(link) = page.next_link.filter(|link| !link.is_empty()) else {
                return Ok(items);
            };
            request.path = self.place.page(&link).ok_or(CallFault::new(KekFault::BadReply))?;
        }
        Err(CallFault::new(KekFault::BadReply))
    }

    /// The posture of a key whose secrets cross the connections to the vault.
    pub(super) fn carried(&self, key: Posture) -> Posture {
        self.caller.carried(key)
    }

    /// The key exchange of these connections.
    pub(super) fn key_exchange(&self) -> Option<String> {
        self.caller.key_exchange().map(KeyExchange::name)
    }

    /// Whether the vault has answered yet.
    pub(super) fn is_met(&self) -> bool {
        self.caller.is_met()
    }

    /// By how many seconds the service's clock is ahead of ours, as far as replies have told.
    pub(super) fn ahead(&self) -> i64 {
        self.caller.ahead()
    }

    fn request(method: Method, path: &str, body: Zeroizing<Vec<u8>>) -> Request {
        let joint = if path.contains('?') { '&' } else { '?' };
        let has_body = !body.is_empty();
        let mut request = Request::new(method, format!("{path}{joint}api-version={API_VERSION}"), body);
        request.set("accept", "application/json");
        if has_body {
            request.set("content-type", "application/json");
        }
        request
    }

    async fn parsed<T: DeserializeOwned>(
        &self,
        name: &'static str,
        request: &Request,
        repeat: Repeat,
    ) -> Result<Done<T>, CallFault> {
        let answer = self.caller.call(&self.protocol, name, request, repeat).await?;
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
}

/// Sixteen bytes as RFC 9562 4 writes them.
fn guid(id: &[u8; 16]) -> String {
    let hex = HEXLOWER.encode(id);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// How long a listing may become before it is taken for one that never ends.
const PAGES: usize = 4_000;
