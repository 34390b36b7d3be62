//! One request, one reply of bounded size.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use zeroize::{Zeroize, Zeroizing};

use super::connect::{ConnectFault, Connector, KeyExchange};
use super::{CallSettings, Endpoint};

/// What is sent. Cloning it copies no body.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, from the slash on.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) key_exchange: Option<KeyExchange>,
}

/// Why nothing came back that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExchangeFault {
    /// There is no connection, so the request was not sent.
    NotSent,
    /// It cannot be sent as configured; trying again changes nothing.
    NotSendable,
    /// It may have been sent; the reply did not come in time.
    Timeout,
    /// It may have been sent; the connection broke.
    Broken,
    /// The reply is longer than any that is expected.
    TooLong,
}

impl Request {
    /// A request whose body is wiped when the last copy of it is dropped.
    pub(crate) fn new(method: Method, path: impl Into<String>, body: Zeroizing<Vec<u8>>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Bytes::from_owner(body),
        }
    }

    /// Sets a header. A value that no header can have is left out: the service then says what it misses.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Connections to one endpoint, used again and again.
pub(super) struct HttpClient {
    endpoint: Endpoint,
    connector: Connector,
    /// With the process that made them: after fork(2) a child must not write into its parent's connections.
    connections: Mutex<Option<(u32, Connections)>>,
}

type Connections = Client<Connector, Full<Bytes>>;

impl HttpClient {
    pub(super) fn new(endpoint: Endpoint, settings: &CallSettings) -> Result<Self, ConnectFault> {
        Ok(Self {
            connector: Connector::new(&endpoint, settings)?,
            endpoint,
            connections: Mutex::default(),
        })
    }

    /// Sends a request and reads its reply, redirects included: nobody is sent elsewhere with our credentials.
    pub(super) async fn exchange(&self, request: &Request, patience: Duration) -> Result<Reply, ExchangeFault> {
        let exchange = self.exchange_unhurried(request);
        let ended = tokio::time::timeout(patience, exchange).await;
        ended.unwrap_or(Err(ExchangeFault::Timeout))
    }

    async fn exchange_unhurried(&self, request: &Request) -> Result<Reply, ExchangeFault> {
        let mut sent = http::Request::builder()
            .method(&request.method)
            .uri(self.endpoint.at(&request.path))
            .body(Full::new(request.body.clone()))
            .map_err(|_| ExchangeFault::NotSendable)?;
        *sent.headers_mut() = request.headers.clone();
        let reply = self
            .connections()
            .request(sent)
            .await
            .map_err(|error| fault_of(&error))?;
        let (head, mut body) = reply.into_parts();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| ExchangeFault::Broken)?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > REPLY_LEN {
                return Err(ExchangeFault::TooLong);
            }
            extend(&mut bytes, &data);
        }
        Ok(Reply {
            status: head.status.as_u16(),
            key_exchange: head.extensions.get::<KeyExchange>().copied(),
            headers: head.headers,
            body: bytes,
        })
    }

    fn connections(&self) -> Connections {
        let mut kept = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if let Some((owner, connections)) = &*kept
            && *owner == process
        {
            return connections.clone();
        }
        let made = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(self.connector.clone());
        if let Some((_, inherited)) = kept.replace((process, made.clone())) {
            // Dropping them would close the parent's TLS sessions.
            std::mem::forget(inherited);
        }
        made
    }
}

fn fault_of(error: &hyper_util::client::legacy::Error) -> ExchangeFault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(ConnectFault::Classical) = error.downcast_ref() {
            return ExchangeFault::NotSendable;
        }
        cause = error.source();
    }
    match error.is_connect() {
        true => ExchangeFault::NotSent,
        false => ExchangeFault::Broken,
    }
}

/// Grows without leaving what it held in freed memory.
fn extend(bytes: &mut Vec<u8>, data: &[u8]) {
    if bytes.capacity() - bytes.len() < data.len() {
        let mut larger = Vec::with_capacity((bytes.len() + data.len()).next_power_of_two());
        larger.extend_from_slice(bytes);
        bytes.zeroize();
        *bytes = larger;
    }
    bytes.extend_from_slice(data);
}

/// A page of a listing is the longest reply that is ever expected.
const REPLY_LEN: usize = 1 << 20;
const IDLE: Duration = Duration::from_secs(50);
const IDLE_CONNECTIONS: usize = 16;
