//! A session for tokio.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::ClientError;
use super::exchange::{Exchange, Options, only};
use crate::ttlv::{Frame, HEADER, Limits};
use crate::{Call, ProtocolVersion, RequestMessage, ResponseMessage};

/// A session over a stream. After an error of the connection, or when a call was dropped before it was answered, it is of
/// no more use.
#[derive(Debug)]
pub struct AsyncClient<S = TlsStream<TcpStream>> {
    stream: S,
    exchange: Exchange,
}

impl AsyncClient {
    /// Connects with mutual TLS. The certificate of the server must have this name.
    ///
    /// # Errors
    /// The server is not reached, or one side does not accept the other's certificate.
    pub async fn connect(
        address: impl ToSocketAddrs,
        server_name: &str,
        tls: Arc<ClientConfig>,
        options: Options,
    ) -> Result<Self, ClientError> {
        let name = ServerName::try_from(server_name.to_owned()).map_err(|_| ClientError::ServerName)?;
        let handshake = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            TlsConnector::from(tls).connect(name, stream).await
        };
        let stream = timeout(options.timeout, handshake).await.map_err(late)??;
        Ok(Self::over(stream, options))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncClient<S> {
    /// A session over a stream that is already secured.
    pub const fn over(stream: S, options: Options) -> Self {
        Self {
            stream,
            exchange: Exchange::new(options),
        }
    }

    /// The version that is spoken.
    pub const fn version(&self) -> ProtocolVersion {
        self.exchange.options.version
    }

    /// Finds the newest version that both sides speak, and speaks it from now on.
    ///
    /// # Errors
    /// There is none, or the connection fails.
    pub async fn negotiate(&mut self) -> Result<ProtocolVersion, ClientError> {
        let request = self.exchange.discovery();
        let response = self.send(&request).await?;
        self.exchange.agree(response)
    }

    /// Performs one operation.
    ///
    /// # Errors
    /// The server refuses, or the connection fails.
    pub async fn call<C: Call>(&mut self, call: C) -> Result<C::Response, ClientError> {
        let request = self.exchange.request(call.into());
        only::<C>(self.send(&request).await?)
    }

    /// Sends a message as it is and waits for the answer.
    ///
    /// # Errors
    /// The connection fails, or the answer does not read. What its items say is the caller's to look at.
    pub async fn send(&mut self, request: &RequestMessage) -> Result<ResponseMessage, ClientError> {
        let bytes = self.exchange.begin(request)?;
        let limits = self.exchange.options.limits;
        let answer = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await?;
            read_frame(&mut self.stream, &limits).await
        };
        let frame = timeout(self.exchange.options.timeout, answer).await.map_err(late)??;
        self.exchange.finish(request, &frame)
    }
}

async fn read_frame(stream: &mut (impl AsyncRead + Unpin), limits: &Limits) -> Result<Frame, ClientError> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await?;
    let mut bytes = Zeroizing::new(vec![0; Frame::length(header, limits)?]);
    bytes[..HEADER].copy_from_slice(&header);
    stream.read_exact(&mut bytes[HEADER..]).await?;
    Ok(Frame::new(bytes))
}

fn late(_: tokio::time::error::Elapsed) -> io::Error {
    io::ErrorKind::TimedOut.into()
}
