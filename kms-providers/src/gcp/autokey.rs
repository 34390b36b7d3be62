//! Keys that Autokey makes: handles for resources of other services of Google's, each with a key of its own.

use std::sync::Arc;
use std::time::Duration;

use kms_core::{KekError, KekFault, KekOperation};

use super::api::{CreateHandle, Handle, Operation};
use super::client::Call;
use super::keys::Waiting;
use super::names;
use super::provider::{GcpProvider, Service};
use crate::cloud::CallFault;
use crate::uri::KeyUri;

/// A handle, and the key that Autokey made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyHandle {
    /// Its resource name.
    pub name: String,
    /// What the key is to protect: `storage.googleapis.com/Bucket`.
    pub resource_type: String,
    /// The key. It may be in a project of its own, which this provider serves only if it is configured.
    pub key: KeyUri,
}

impl GcpProvider {
    /// Has Autokey make a key for a type of resource, and waits until it is there.
    ///
    /// # Errors
    /// `Unsupported` for an id or a type that Google does not take, and where Autokey is not set up; `Timeout`.
    pub async fn create_key_handle(&self, id: &str, resource_type: &str) -> Result<KeyHandle, KekError> {
        if !names::is_id(id) {
            return Err(KekError::new(id, KekOperation::Lifecycle, KekFault::Unsupported));
        }
        let (service, kind) = (Arc::clone(&self.0), resource_type.to_owned());
        let path = format!("{}?keyHandleId={id}", collection(&self.0));
        let made = async move { create(&service, &path, &kind).await };
        self.change(id, made).await
    }

    /// The handles of the configured project and location whose keys are there.
    ///
    /// # Errors
    /// What kept Google from answering.
    pub async fn key_handles(&self) -> Result<Vec<KeyHandle>, KekError> {
        let service = Arc::clone(&self.0);
        let listed = async move {
            let found: Vec<Handle> = service
                .home()?
                .list("ListKeyHandles", &collection(&service), "")
                .await?;
            let ready = found.into_iter().filter(|handle| handle.kms_key.is_some());
            ready.map(|handle| KeyHandle::of(&service, handle)).collect()
        };
        self.ask(&names::location(&self.0.settings), KekOperation::Describe, listed)
            .await
    }
}

impl KeyHandle {
    fn of(service: &Service, told: Handle) -> Result<Self, CallFault> {
        let key = told.kms_key.as_deref().and_then(names::parse);
        match (key, names::is_of(&service.settings, &told.name, "keyHandles")) {
            (Some(key), true) => Ok(Self {
                name: told.name,
                resource_type: told.resource_type_selector.unwrap_or_default(),
                key: KeyUri::GcpKms(key),
            }),
            _ => Err(CallFault::new(KekFault::BadReply)),
        }
    }
}

async fn create(service: &Service, path: &str, resource_type: &str) -> Result<KeyHandle, CallFault> {
    let body = CreateHandle {
        resource_type_selector: resource_type,
    };
    let call: Call<Operation> = Call::post("CreateKeyHandle", path).once();
    let home = service.home()?;
    let mut operation = home.send(&call, &body).await?.reply;
    if !names::is_of(&service.settings, &operation.name, "operations") {
        return Err(CallFault::new(KekFault::BadReply));
    }
    let name = operation.name.clone();
    let mut waiting = Waiting::of(PROVISIONS);
    while !operation.done {
        waiting.on().await?;
        operation = home.fetch(&Call::get("GetOperation", &name)).await?.reply;
    }
    // Done, and without a handle: it failed.
    let handle = operation.response.ok_or(KekFault::Unsupported)?;
    KeyHandle::of(service, handle)
}

fn collection(service: &Service) -> String {
    format!("{}/keyHandles", names::location(&service.settings))
}

/// Autokey may have to make a project's key ring, a key, and its permissions.
const PROVISIONS: Duration = Duration::from_secs(120);
