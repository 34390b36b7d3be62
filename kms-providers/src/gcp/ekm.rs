//! Connections to external key managers, over private networks (`EXTERNAL_VPC`).

use std::sync::Arc;

use data_encoding::BASE64;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{Anything, Certificate, Connection, Resolver};
use super::client::Call;
use super::names;
use super::provider::{GcpProvider, Service};
use crate::cloud::CallFault;

/// A connection to make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEkmConnection {
    /// The service of Service Directory behind which the key manager is:
    /// `projects/P/locations/L/namespaces/N/services/S`.
    pub service_directory_service: String,
    /// The name that its TLS certificate is for.
    pub hostname: String,
    /// Its leaf certificates, in DER (RFC 5280 4.1): Google trusts these and no authority.
    pub server_certificates: Vec<Vec<u8>>,
    /// The crypto space in which Google makes and destroys keys by itself; none where keys are made by hand.
    pub crypto_space: Option<String>,
}

/// A connection as Google describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EkmConnection {
    /// Its resource name: what `ekm_connection` of the configuration names.
    pub name: String,
    /// The host names of its key managers.
    pub hostnames: Vec<String>,
    /// Whether Google makes and destroys keys there by itself.
    pub is_managed: bool,
}

impl NewEkmConnection {
    /// A connection to one key manager, whose keys are made by hand.
    #[must_use]
    pub fn new(
        service_directory_service: impl Into<String>,
        hostname: impl Into<String>,
        server_certificates: Vec<Vec<u8>>,
    ) -> Self {
        Self {
            service_directory_service: service_directory_service.into(),
            hostname: hostname.into(),
            server_certificates,
            crypto_space: None,
        }
    }
}

impl GcpProvider {
    /// Makes a connection at the configured project and location.
    ///
    /// # Errors
    /// `AlreadyExists`; `Unsupported` for an id or a description that Google does not take.
    pub async fn create_ekm_connection(&self, id: &str, new: &NewEkmConnection) -> Result<EkmConnection, KekError> {
        if !names::is_id(id) {
            return Err(KekError::new(id, KekOperation::Lifecycle, KekFault::Unsupported));
        }
        let (service, body) = (Arc::clone(&self.0), described(new));
        let path = format!("{}?ekmConnectionId={id}", collection(&self.0));
        let made = async move {
            let call: Call<Connection> = Call::post("CreateEkmConnection", &path).once();
            EkmConnection::of(&service, service.home()?.send(&call, &body).await?.reply)
        };
        self.change(id, made).await
    }

    /// The connections of the configured project and location.
    ///
    /// # Errors
    /// What kept Google from answering.
    pub async fn ekm_connections(&self) -> Result<Vec<EkmConnection>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move {
            let found: Vec<Connection> = service
                .home()?
                .list("ListEkmConnections", &collection(&service), "")
                .await?;
            found
                .into_iter()
                .map(|told| EkmConnection::of(&service, told))
                .collect()
        };
        self.ask(&names::location(&self.0.settings), KekOperation::Describe, listed)
            .await
    }

    /// Has Google try to reach the key manager behind a connection.
    ///
    /// # Errors
    /// `Unavailable` when it cannot; `NotFound`; `Unsupported` for a name that is not of a place that is served.
    pub async fn verify_connectivity(&self, connection: &str) -> Result<(), KekError> {
        if !names::is_of(&self.0.settings, connection, "ekmConnections") {
            return Err(KekError::new(connection, KekOperation::Describe, KekFault::Unsupported));
        }
        let service = Arc::clone(&self.0);
        let path = format!("{connection}:verifyConnectivity");
        let verified = async move {
            let call: Call<Anything> = Call::get("VerifyConnectivity", &path);
            match service.at_resource(&path)?.fetch(&call).await {
                // FAILED_PRECONDITION: what of it fails is told in a form that is not read.
                Err(fault) if fault.kind == KekFault::Disabled => Err(CallFault {
                    kind: KekFault::Unavailable,
                    ..fault
                }),
                verified => verified.map(drop),
            }
        };
        self.ask(connection, KekOperation::Describe, verified).await
    }
}

impl EkmConnection {
    fn of(service: &Service, told: Connection) -> Result<Self, CallFault> {
        if !names::is_of(&service.settings, &told.name, "ekmConnections") {
            return Err(CallFault::new(KekFault::BadReply));
        }
        Ok(Self {
            hostnames: told.service_resolvers.into_iter().map(|told| told.hostname).collect(),
            is_managed: told.key_management_mode.as_deref() == Some(MANAGED),
            name: told.name,
        })
    }
}

fn described(new: &NewEkmConnection) -> Connection {
    let certificates = new.server_certificates.iter().map(|der| Certificate {
        raw_der: BASE64.encode(der),
    });
    Connection {
        name: String::new(),
        service_resolvers: vec![Resolver {
            service_directory_service: new.service_directory_service.clone(),
            hostname: new.hostname.clone(),
            server_certificates: certificates.collect(),
        }],
        key_management_mode: new.crypto_space.as_ref().map(|_| MANAGED.to_owned()),
        crypto_space_path: new.crypto_space.clone(),
    }
}

fn collection(service: &Service) -> String {
    format!("{}/ekmConnections", names::location(&service.settings))
}

const MANAGED: &str = "CLOUD_KMS";
