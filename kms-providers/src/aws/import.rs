//! Key material from outside.
//!
//! It is wrapped under a public key that AWS makes for the occasion, so it is never sent in clear. Whoever keeps a copy
//! can import it again when AWS has lost it; nobody gets it out of AWS.

use std::sync::Arc;

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};

use super::api::{GetParametersForImport, ImportKeyMaterial, ImportWrapping};
use super::lifecycle::{create, rotate_from};
use super::provider::{AwsProvider, Service};
use crate::cloud::{Blob, CallFault, OaepKey, strong};
use crate::provider::KeyImport;
use crate::uri::{AwsKey, KeyName, KeyUri};

impl AwsProvider {
    /// As [`KeyImport::import_key`], with a choice of how the material is protected on its way.
    ///
    /// # Errors
    /// As [`KeyImport::import_key`].
    pub async fn import_key_by(
        &self,
        name: &KeyName,
        material: &Secret<32>,
        wrapping: ImportWrapping,
    ) -> Result<KeyUri, KekError> {
        let alias = self.0.alias(name);
        let material = strong(material).map_err(|fault| KekError::new(&alias, KekOperation::Lifecycle, fault))?;
        let (service, name) = (Arc::clone(&self.0), name.clone());
        let mut new = self.new_key();
        (new.is_imported, new.rotation_days, new.custom_key_store) = (true, None, None);
        let made = async move {
            let uri = create(&service, &name, &new).await?;
            if let KeyUri::AwsKms(key) = &uri {
                upload(&service, key, &material, wrapping, None).await?;
            }
            Ok(uri)
        };
        self.change(&alias, made).await
    }

    /// Imports material that the key has had before: after it expired, or was deleted.
    ///
    /// # Errors
    /// `Unsupported` when the material is another, or the key has material that AWS made.
    pub async fn import_again(
        &self,
        uri: &KeyUri,
        material: &Secret<32>,
        wrapping: ImportWrapping,
    ) -> Result<(), KekError> {
        let key = self.own(uri, KekOperation::Lifecycle)?;
        let text = uri.to_string();
        let material = strong(material).map_err(|fault| KekError::new(&text, KekOperation::Lifecycle, fault))?;
        let service = Arc::clone(&self.0);
        let imported = async move { upload(&service, &key, &material, wrapping, None).await };
        self.change(&text, imported).await
    }
}

#[async_trait]
impl KeyImport for AwsProvider {
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError> {
        self.import_key_by(name, material, ImportWrapping::default()).await
    }

    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let text = key.to_string();
        let material = strong(material).map_err(|fault| KekError::new(&text, KekOperation::Lifecycle, fault))?;
        let service = Arc::clone(&self.0);
        let rotated = async move {
            let before = service.describe(&own).await?;
            before.usable()?;
            if before.origin != "EXTERNAL" {
                return Err(CallFault::new(KekFault::Unsupported));
            }
            upload(
                &service,
                &own,
                &material,
                ImportWrapping::default(),
                Some("NEW_KEY_MATERIAL"),
            )
            .await?;
            rotate_from(&service, &own, before.current_material.as_deref()).await
        };
        self.change(&text, rotated).await?;
        Ok(key.without_version())
    }
}

async fn upload(
    service: &Service,
    key: &AwsKey,
    material: &Secret<32>,
    wrapping: ImportWrapping,
    import_type: Option<&str>,
) -> Result<(), CallFault> {
    let arn = key.arn();
    let request = GetParametersForImport {
        key_id: &arn,
        wrapping_algorithm: wrapping,
        wrapping_key_spec: "RSA_4096",
    };
    let parameters = service.at_home(&request).await?;
    if parameters.key_id != arn {
        return Err(CallFault::new(KekFault::BadReply));
    }
    let wrapped = wrap(service, &parameters.public_key.0, material, wrapping)?;
    let request = ImportKeyMaterial {
        key_id: &arn,
        import_token: Blob(&parameters.import_token.0),
        encrypted_key_material: Blob(&wrapped),
        expiration_model: "KEY_MATERIAL_DOES_NOT_EXPIRE",
        import_type,
    };
    service.at_home(&request).await.map(drop)
}

fn wrap(service: &Service, public: &[u8], material: &Secret<32>, by: ImportWrapping) -> Result<Vec<u8>, KekFault> {
    let public = OaepKey::parse(public)?;
    match by {
        ImportWrapping::RsaOaep256 => public.encrypt(material.expose()),
        ImportWrapping::RsaAesKeyWrap256 => public.wrap_by_aes(&service.backend, material.expose()),
    }
}
