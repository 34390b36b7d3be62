//! The client over mutual TLS, blocking and for tokio, against a server of the test's own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kmip::client::{AsyncClient, Client, ClientError, Identity, Options, tls_config};
use kmip::payload::{
    DiscoverVersionsResponse, GetRequest, PingRequest, PingResponse, QueryRequest, RequestPayload, ResponsePayload,
};
use kmip::registry::{Operation, ResultReason};
use kmip::ttlv::{Fault, Frame, Limits};
use kmip::{DateTime, ProtocolVersion, RequestMessage, ResponseHeader, ResponseItem, ResponseMessage, Unknown};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

#[test]
fn a_session_over_mutual_tls() {
    let site = Site::new();
    let (address, server) = site.serve(2, answer);
    let mut client = Client::connect(address, "localhost", site.identity(), Options::default()).unwrap();
    assert_eq!(client.negotiate().unwrap(), ProtocolVersion::V1_4);
    assert_eq!(client.version(), ProtocolVersion::V1_4);
    client.call(PingRequest::default()).unwrap();
    drop(client);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let mut client = AsyncClient::connect(address, "localhost", site.identity(), Options::default())
                .await
                .unwrap();
            assert_eq!(client.negotiate().await.unwrap(), ProtocolVersion::V1_4);
            let refused = client.call(QueryRequest::default()).await.unwrap_err();
            let ClientError::Refused {
                operation,
                reason,
                message,
            } = refused
            else {
                panic!("{refused}")
            };
            assert_eq!(
                (operation, reason),
                (Operation::QUERY, ResultReason::OPERATION_NOT_SUPPORTED)
            );
            assert_eq!(message.unwrap(), "not here");
        });
    server.join().unwrap();
}

#[test]
fn the_name_of_the_server_is_checked() {
    let site = Site::new();
    let (address, server) = site.serve(1, answer);
    let mut client = Client::connect(address, "other.example", site.identity(), Options::default()).unwrap();
    assert!(matches!(
        client.call(PingRequest::default()),
        Err(ClientError::Connection(_))
    ));
    assert!(matches!(client.call(PingRequest::default()), Err(ClientError::Broken)));
    server.join().unwrap();
}

#[test]
fn an_answer_longer_than_the_caps_is_not_read() {
    let site = Site::new();
    let (address, server) = site.serve(1, |_| vec![0x42, 0x00, 0x7b, 0x01, 0xff, 0xff, 0xff, 0xf8]);
    let mut client = Client::connect(address, "localhost", site.identity(), Options::default()).unwrap();
    let Err(ClientError::Decode(error)) = client.call(PingRequest::default()) else {
        panic!("it was read")
    };
    assert_eq!(error.fault, Fault::FrameTooLong);
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_answer_to_something_else_is_no_result() {
    let site = Site::new();
    let (address, server) = site.serve(1, |request| {
        respond(request, |_| ResponseItem::success(PingResponse::default().into()))
    });
    let mut client = Client::connect(address, "localhost", site.identity(), Options::default()).unwrap();
    assert!(matches!(
        client.call(GetRequest::default()),
        Err(ClientError::OtherAnswer)
    ));
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = Site::new();
    let options = || Options {
        timeout: Duration::from_millis(100),
        ..Options::default()
    };
    let address = listener.local_addr().unwrap();
    let mut client = Client::connect(address, "localhost", site.identity(), options()).unwrap();
    assert!(matches!(
        client.call(PingRequest::default()),
        Err(ClientError::Connection(_))
    ));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let client = AsyncClient::connect(address, "localhost", site.identity(), options()).await;
            assert!(matches!(client, Err(ClientError::Connection(_))));
        });
}

#[test]
fn an_identity_that_is_no_pem_is_told() {
    let what = |identity: &Identity<'_>| tls_config(identity).unwrap_err().to_string();
    let site = Site::new();
    let certificate = site.client.0.as_bytes();
    let empty = Identity {
        certificates: b"",
        key: b"",
        authorities: certificate,
    };
    assert!(what(&empty).contains("client certificate"));
    assert!(
        what(&Identity {
            certificates: certificate,
            ..empty
        })
        .contains("client key")
    );
    assert!(
        what(&Identity {
            authorities: b"x",
            ..empty
        })
        .contains("authorities")
    );
}

/// What the test's server says to each operation.
fn answer(request: &[u8]) -> Vec<u8> {
    respond(request, |payload| match payload {
        RequestPayload::DiscoverVersions(_) => {
            let versions = DiscoverVersionsResponse {
                protocol_version: vec![ProtocolVersion::V1_4, ProtocolVersion::V1_0, ProtocolVersion::new(7, 0)],
                ..DiscoverVersionsResponse::default()
            };
            // One that nobody speaks must not be chosen.
            ResponseItem::success(ResponsePayload::from(versions))
        }
        RequestPayload::Ping(_) => ResponseItem::success(PingResponse::default().into()),
        other => ResponseItem::failure(
            Some(other.operation()),
            ResultReason::OPERATION_NOT_SUPPORTED,
            "not here",
        ),
    })
}

fn respond(request: &[u8], answer: impl Fn(&RequestPayload) -> ResponseItem) -> Vec<u8> {
    let request = RequestMessage::decode(&Frame::from(request), &Limits::DEFAULT).unwrap();
    let response = ResponseMessage {
        header: ResponseHeader::new(request.header.protocol_version, DateTime(1)),
        items: request.items.iter().map(|item| answer(&item.payload)).collect(),
        unknown: Unknown::default(),
    };
    response.encode().unwrap().to_vec()
}

/// An authority, a server and a client.
struct Site {
    authority: String,
    server: (String, String),
    client: (String, String),
}

impl Site {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
        };
        Self {
            server: leaf("localhost"),
            client: leaf("client"),
            authority: authority.pem(),
        }
    }

    fn identity(&self) -> Arc<rustls::ClientConfig> {
        let identity = Identity {
            certificates: self.client.0.as_bytes(),
            key: self.client.1.as_bytes(),
            authorities: self.authority.as_bytes(),
        };
        tls_config(&identity).unwrap()
    }

    /// Serves this many connections, one after the other, and insists on certificates.
    fn serve(
        &self,
        connections: usize,
        answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> (SocketAddr, JoinHandle<()>) {
        let config = Arc::new(self.server_config());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            for _ in 0..connections {
                let (stream, _) = listener.accept().unwrap();
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                while let Some(request) = read_request(&mut stream) {
                    assert!(stream.conn.peer_certificates().is_some());
                    stream.write_all(&answer(&request)).unwrap();
                }
            }
        });
        (address, server)
    }

    fn server_config(&self) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots
            .add(PemObject::from_pem_slice(self.authority.as_bytes()).unwrap())
            .unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let certificate = PemObject::from_pem_slice(self.server.0.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.server.1.as_bytes()).unwrap();
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], key)
            .unwrap()
    }
}

/// A request, or `None` when the client has gone.
fn read_request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).ok()?;
    let mut request = vec![0; Frame::length(header, &Limits::DEFAULT).unwrap()];
    request[..8].copy_from_slice(&header);
    stream.read_exact(&mut request[8..]).ok()?;
    Some(request)
}
