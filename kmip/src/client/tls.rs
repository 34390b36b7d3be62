//! Who the client is and whom it trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::ClientError;

/// The client's certificate and key, and the authorities that it trusts, in PEM.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The certificate, then those between it and the authority.
    pub certificates: &'a [u8],
    /// Its private key.
    pub key: &'a [u8],
    /// Who may have signed the server's certificate.
    pub authorities: &'a [u8],
}

/// TLS 1.2 or 1.3 with certificates on both sides, and X25519MLKEM768 where the server has it.
///
/// # Errors
/// Something is no PEM, or certificate and key do not belong together.
pub fn tls_config(identity: &Identity<'_>) -> Result<Arc<ClientConfig>, ClientError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(identity.authorities, "list of authorities")? {
        roots.add(authority)?;
    }
    let chain = certificates(identity.certificates, "client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key).map_err(|_| ClientError::Pem("client key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(ClientError::Pem(what)),
    }
}
