//! Servers that speak TLS, under a certificate authority that nobody else knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::PrivateKeyDer;

/// What a server speaks.
#[derive(Clone)]
pub struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    authority: String,
}

/// Which key exchanges a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// X25519MLKEM768 too.
    PostQuantum,
    /// X25519 alone, which a quantum computer undoes.
    Classical,
}

impl Tls {
    /// A server for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn new(offers: Offers) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let mut provider = default_provider();
        provider.kx_groups = match offers {
            Offers::PostQuantum => vec![kx_group::X25519MLKEM768, kx_group::X25519],
            Offers::Classical => vec![kx_group::X25519],
        };
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        Self {
            config: Arc::new(config),
            authority: authority.pem(),
        }
    }

    /// Writes the authority's certificate to a file below `folder`.
    #[must_use]
    pub fn ca_file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("ca.pem");
        std::fs::write(&path, &self.authority).unwrap();
        path
    }
}
