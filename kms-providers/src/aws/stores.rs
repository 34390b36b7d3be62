//! Custom key stores: keys in a CloudHSM cluster, or behind a proxy of one's own (XKS).

use std::sync::Arc;

use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{
    ConnectCustomKeyStore, CreateCustomKeyStore, DescribeCustomKeyStores, DisconnectCustomKeyStore, ListedStore,
    XksCredential,
};
use super::provider::{AwsProvider, Service};
use crate::cloud::CallFault;

/// A custom key store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomKeyStore {
    /// Its id: what `custom_key_store` in the configuration names.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`.
    pub kind: String,
    /// `CONNECTED`, `DISCONNECTED`, `FAILED` …
    pub state: String,
    /// Why it could not be connected.
    pub error: Option<String>,
}

/// A custom key store that is to be made.
#[non_exhaustive]
pub enum NewKeyStore {
    /// Over a CloudHSM cluster.
    CloudHsm {
        /// The cluster.
        cluster: String,
        /// The certificate of the cluster (PEM).
        trust_anchor: String,
        /// The password of the `kmsuser` there.
        password: SecretBytes,
    },
    /// Behind a proxy that speaks AWS' XKS protocol.
    External(NewXksProxy),
}

/// A proxy for keys outside of AWS.
pub struct NewXksProxy {
    /// `https://HOST`.
    pub endpoint: String,
    /// The path, which ends in `/kms/xks/v1`.
    pub path: String,
    /// The VPC endpoint service that leads there; over the internet without one.
    pub vpc_service: Option<String>,
    /// By what the proxy knows AWS.
    pub access_key_id: String,
    /// The secret to that.
    pub secret_access_key: SecretBytes,
}

impl AwsProvider {
    /// The custom key stores of the account in the home region.
    ///
    /// # Errors
    /// What kept AWS from answering.
    pub async fn key_stores(&self) -> Result<Vec<CustomKeyStore>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move { stores(&service).await };
        self.ask("custom key stores", KekOperation::Describe, listed).await
    }

    /// Makes a custom key store and returns its id. It is usable once it is connected.
    ///
    /// # Errors
    /// `AlreadyExists`; `Unsupported` for what AWS does not take.
    pub async fn create_key_store(&self, name: &str, new: NewKeyStore) -> Result<String, KekError> {
        let (service, named) = (Arc::clone(&self.0), name.to_owned());
        let made = async move { create(&service, &named, &new).await };
        self.change(name, made).await
    }

    /// Orders a key store to be connected (which takes AWS minutes) or disconnected.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when the store is in no state for that.
    pub async fn connect_key_store(&self, id: &str, connected: bool) -> Result<(), KekError> {
        let (service, store) = (Arc::clone(&self.0), id.to_owned());
        let changed = async move {
            match connected {
                true => {
                    let request = ConnectCustomKeyStore {
                        custom_key_store_id: &store,
                    };
                    service.at_home(&request).await.map(drop)
                }
                false => {
                    let request = DisconnectCustomKeyStore {
                        custom_key_store_id: &store,
                    };
                    service.at_home(&request).await.map(drop)
                }
            }
        };
        self.change(id, changed).await
    }
}

async fn create(service: &Service, name: &str, new: &NewKeyStore) -> Result<String, CallFault> {
    let unsupported = |_| CallFault::new(KekFault::Unsupported);
    let mut request = CreateCustomKeyStore {
        custom_key_store_name: name,
        ..CreateCustomKeyStore::default()
    };
    match new {
        NewKeyStore::CloudHsm {
            cluster,
            trust_anchor,
            password,
        } => {
            request.custom_key_store_type = "AWS_CLOUDHSM";
            request.cloud_hsm_cluster_id = Some(cluster);
            request.trust_anchor_certificate = Some(trust_anchor);
            request.key_store_password = Some(std::str::from_utf8(password.expose()).map_err(unsupported)?);
        }
        NewKeyStore::External(proxy) => {
            let secret = std::str::from_utf8(proxy.secret_access_key.expose()).map_err(unsupported)?;
            request.custom_key_store_type = "EXTERNAL_KEY_STORE";
            request.xks_proxy_uri_endpoint = Some(&proxy.endpoint);
            request.xks_proxy_uri_path = Some(&proxy.path);
            request.xks_proxy_vpc_endpoint_service_name = proxy.vpc_service.as_deref();
            request.xks_proxy_connectivity = Some(match proxy.vpc_service {
                Some(_) => "VPC_ENDPOINT_SERVICE",
                None => "PUBLIC_ENDPOINT",
            });
            request.xks_proxy_authentication_credential = Some(XksCredential {
                access_key_id: &proxy.access_key_id,
                raw_secret_access_key: secret,
            });
        }
    }
    let made = service.at_home(&request).await?;
    made.custom_key_store_id
        .ok_or_else(|| CallFault::new(KekFault::BadReply))
}

async fn stores(service: &Service) -> Result<Vec<CustomKeyStore>, CallFault> {
    let (mut stores, mut marker) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = service.at_home(&DescribeCustomKeyStores { limit: 100, marker }).await?;
        stores.extend(page.custom_key_stores.into_iter().map(CustomKeyStore::of));
        if !page.truncated {
            return Ok(stores);
        }
        marker = page.next_marker;
    }
    Err(CallFault::new(KekFault::BadReply))
}

impl CustomKeyStore {
    fn of(listed: ListedStore) -> Self {
        Self {
            id: listed.custom_key_store_id,
            name: listed.custom_key_store_name.unwrap_or_default(),
            kind: listed.custom_key_store_type.unwrap_or_default(),
            state: listed.connection_state.unwrap_or_default(),
            error: listed.connection_error_code,
        }
    }
}

const PAGES: usize = 100;
