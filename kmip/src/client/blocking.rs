//! A session that blocks.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use zeroize::Zeroizing;

use super::ClientError;
use super::exchange::{Exchange, Options, only};
use crate::ttlv::{Frame, HEADER, Limits};
use crate::{Call, ProtocolVersion, RequestMessage, ResponseMessage};

/// A session over a stream. After an error of the connection it is of no more use.
#[derive(Debug)]
pub struct Client<S = StreamOwned<ClientConnection, TcpStream>> {
    stream: S,
    exchange: Exchange,
}

impl Client {
    /// Connects with mutual TLS. The certificate of the server must have this name.
    ///
    /// # Errors
    /// The server is not reached, or one side does not accept the other's certificate.
    pub fn connect(
        address: impl ToSocketAddrs,
        server_name: &str,
        tls: Arc<ClientConfig>,
        options: Options,
    ) -> Result<Self, ClientError> {
        let name = ServerName::try_from(server_name.to_owned()).map_err(|_| ClientError::ServerName)?;
        let stream = reach(address, &options)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(options.timeout))?;
        stream.set_write_timeout(Some(options.timeout))?;
        let connection = ClientConnection::new(tls, name)?;
        Ok(Self::over(StreamOwned::new(connection, stream), options))
    }
}

impl<S: Read + Write> Client<S> {
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
    pub fn negotiate(&mut self) -> Result<ProtocolVersion, ClientError> {
        let response = self.send(&self.exchange.discovery())?;
        self.exchange.agree(response)
    }

    /// Performs one operation.
    ///
    /// # Errors
    /// The server refuses, or the connection fails.
    pub fn call<C: Call>(&mut self, call: C) -> Result<C::Response, ClientError> {
        let request = self.exchange.request(call.into());
        only::<C>(self.send(&request)?)
    }

    /// Sends a message as it is and waits for the answer.
    ///
    /// # Errors
    /// The connection fails, or the answer does not read. What its items say is the caller's to look at.
    pub fn send(&mut self, request: &RequestMessage) -> Result<ResponseMessage, ClientError> {
        let bytes = self.exchange.begin(request)?;
        self.stream.write_all(&bytes)?;
        self.stream.flush()?;
        let frame = read_frame(&mut self.stream, &self.exchange.options.limits)?;
        self.exchange.finish(request, &frame)
    }
}

fn reach(address: impl ToSocketAddrs, options: &Options) -> Result<TcpStream, ClientError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, options.timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

fn read_frame(stream: &mut impl Read, limits: &Limits) -> Result<Frame, ClientError> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let mut bytes = Zeroizing::new(vec![0; Frame::length(header, limits)?]);
    bytes[..HEADER].copy_from_slice(&header);
    stream.read_exact(&mut bytes[HEADER..])?;
    Ok(Frame::new(bytes))
}
