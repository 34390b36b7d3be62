//! Proxy, TCP and TLS: from an endpoint to a connection.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, NamedGroup, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::{CallSettings, Endpoint};

/// Makes connections to one endpoint.
#[derive(Clone)]
pub(super) struct Connector {
    way: Way,
    tls: Option<Tls>,
    patience: Duration,
}

/// The key exchange that a connection negotiated, for the audit trail: whether what crosses it can be recorded now and
/// read by a quantum computer later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyExchange(pub(super) NamedGroup);

/// A connection cannot be made as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectFault {
    #[error("the CA file cannot be read, or has no certificate in PEM")]
    CaFile,
    #[error("the system has no trusted certificates; name a CA file")]
    NoRoots,
    #[error("the host of the endpoint is no name of a TLS server")]
    ServerName,
    #[error("only http:// proxies are supported")]
    Proxy,
    #[error("the connection did not stand in time")]
    Slow,
    #[error("the server does not offer a post-quantum key exchange")]
    Classical,
}

#[derive(Clone)]
enum Way {
    Direct(HttpConnector),
    Proxy(Tunnel<HttpConnector>),
}

#[derive(Clone)]
struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
    require_pq: bool,
}

impl KeyExchange {
    pub(crate) fn is_post_quantum(self) -> bool {
        matches!(
            self.0,
            NamedGroup::X25519MLKEM768 | NamedGroup::secp256r1MLKEM768 | NamedGroup::MLKEM768 | NamedGroup::MLKEM1024
        )
    }

    pub(crate) fn name(self) -> String {
        format!("{:?}", self.0)
    }
}

impl Connector {
    pub(super) fn new(endpoint: &Endpoint, settings: &CallSettings) -> Result<Self, ConnectFault> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(settings.connect()));
        let (way, tls) = match endpoint.is_tls() {
            // What is not encrypted does not leave this machine.
            false => (Way::Direct(tcp), None),
            true => (way(endpoint, tcp)?, Some(Tls::new(endpoint, settings)?)),
        };
        Ok(Self {
            way,
            tls,
            patience: settings.connect(),
        })
    }

    async fn connect(mut self, to: Uri) -> Result<Stream, BoxError> {
        let tcp = match &mut self.way {
            Way::Direct(tcp) => tcp.call(to).await?,
            Way::Proxy(tunnel) => tunnel.call(to).await?,
        };
        match self.tls {
            None => Ok(Stream::Plain(tcp)),
            Some(tls) => Ok(Stream::Tls(Box::new(TokioIo::new(tls.over(tcp).await?)))),
        }
    }
}

/// As curl reads HTTPS_PROXY, ALL_PROXY and NO_PROXY.
fn way(endpoint: &Endpoint, tcp: HttpConnector) -> Result<Way, ConnectFault> {
    let Some(proxy) = Matcher::from_env().intercept(endpoint.uri()) else {
        return Ok(Way::Direct(tcp));
    };
    if proxy.uri().scheme_str() != Some("http") {
        return Err(ConnectFault::Proxy);
    }
    let tunnel = Tunnel::new(proxy.uri().clone(), tcp);
    Ok(Way::Proxy(match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }))
}

impl Tls {
    fn new(endpoint: &Endpoint, settings: &CallSettings) -> Result<Self, ConnectFault> {
        let roots = match &settings.ca_file {
            Some(file) => roots_of(file)?,
            None => system_roots()?,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| ConnectFault::NoRoots)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let host = endpoint.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server: ServerName::try_from(host.to_owned()).map_err(|_| ConnectFault::ServerName)?,
            require_pq: settings.require_pq_transport,
        })
    }

    async fn over(self, tcp: TokioIo<TcpStream>) -> Result<TlsStream<TcpStream>, BoxError> {
        let stream = self.connector.connect(self.server, tcp.into_inner()).await?;
        if self.require_pq && !key_exchange(&stream).is_some_and(KeyExchange::is_post_quantum) {
            return Err(ConnectFault::Classical.into());
        }
        Ok(stream)
    }
}

fn key_exchange(stream: &TlsStream<TcpStream>) -> Option<KeyExchange> {
    let group = stream.get_ref().1.negotiated_key_exchange_group()?;
    Some(KeyExchange(group.name()))
}

fn roots_of(file: &Path) -> Result<RootCertStore, ConnectFault> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|_| ConnectFault::CaFile)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|_| ConnectFault::CaFile)?;
        roots.add(certificate).map_err(|_| ConnectFault::CaFile)?;
    }
    match roots.is_empty() {
        true => Err(ConnectFault::CaFile),
        false => Ok(roots),
    }
}

fn system_roots() -> Result<RootCertStore, ConnectFault> {
    let mut roots = RootCertStore::empty();
    // A system may hold certificates that nobody can parse; one that can be is enough to go on.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err(ConnectFault::NoRoots),
        false => Ok(roots),
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connector, patience) = (self.clone(), self.patience);
        Box::pin(async move {
            let connected = tokio::time::timeout(patience, connector.connect(to)).await;
            connected.unwrap_or_else(|_| Err(ConnectFault::Slow.into()))
        })
    }
}

/// A connection.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Plain(_) => Connected::new(),
            Self::Tls(stream) => match key_exchange(stream.inner()) {
                Some(exchange) => Connected::new().extra(exchange),
                None => Connected::new(),
            },
        }
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
