//! As much of HTTP/1.1 as stand-ins need: requests with a length, replies that may break off, hang or never come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::tls::Tls;

/// A server on this machine's loopback, until it is dropped.
pub struct Server {
    scheme: &'static str,
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method and path: `POST /`.
    pub line: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A reply.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, further headers, body.
    Whole(u16, Vec<(String, String)>, Vec<u8>),
    /// The same, and the connection breaks in the middle of the body.
    Half(u16, Vec<(String, String)>, Vec<u8>),
    /// None for this long, then the connection closes.
    Silence(Duration),
    /// The connection closes.
    Closed,
}

impl Request {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Server {
    /// Starts a server. `port` 0 takes any that is free.
    #[must_use]
    pub fn start(port: u16, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(port, None, handler)
    }

    /// Starts a server that speaks TLS.
    #[must_use]
    pub fn start_tls(tls: &Tls, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(0, Some(Arc::clone(&tls.config)), handler)
    }

    fn start_with(
        port: u16,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (handler, until) = (Arc::new(handler), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if until.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (handler, until) = (Arc::clone(&handler), Arc::clone(&until));
                let tls = tls.clone();
                thread::spawn(move || match tls {
                    None => serve(stream, &*handler, &until),
                    Some(config) => {
                        let session = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(session, stream), &*handler, &until);
                    }
                });
            }
        });
        Self {
            scheme,
            address,
            stopped,
        }
    }

    /// `http://127.0.0.1:PORT`, or `https:`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // What waits for a connection sees the flag at the next one.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: impl Read + Write, handler: &(dyn Fn(&Request) -> Reply + Send + Sync), stopped: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        if stopped.load(Ordering::Relaxed) || !write(reader.get_mut(), handler(&request)) {
            return;
        }
    }
}

fn read(reader: &mut BufReader<impl Read>) -> Option<Request> {
    let mut line = || {
        let mut text = String::new();
        let read = reader.read_line(&mut text).ok()?;
        (read > 0).then(|| text.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        line: first.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or("0").parse().ok()?;
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// Whether the connection goes on.
fn write(stream: &mut impl Write, reply: Reply) -> bool {
    let head = |status: u16, headers: &[(String, String)], length: usize| {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n")
    };
    match reply {
        Reply::Whole(status, headers, body) => {
            let whole = [head(status, &headers, body.len()).into_bytes(), body].concat();
            stream.write_all(&whole).and_then(|()| stream.flush()).is_ok()
        }
        Reply::Half(status, headers, body) => {
            let head = head(status, &headers, body.len()).into_bytes();
            let half = [head.as_slice(), &body[..body.len() >> 1]].concat();
            drop(stream.write_all(&half));
            false
        }
        Reply::Silence(time) => {
            thread::sleep(time);
            false
        }
        Reply::Closed => false,
    }
}
