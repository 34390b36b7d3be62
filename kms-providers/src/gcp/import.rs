//! Key material from outside.
//!
//! It is wrapped under a public key that Google makes for the occasion (an import job), so it is never sent in clear.
//! A key that is made so takes imported versions alone. Import jobs cannot be deleted: they expire after three days.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use kms_core::memory::Secret;
use kms_core::{KekError, KekFault, KekOperation};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

use super::api::{CreateImportJob, ImportJob, ImportVersion, ImportWrapping, Version};
use super::client::Call;
use super::facts::{KeyFacts, VersionFacts};
use super::keys::Waiting;
use super::lifecycle::create;
use super::provider::{GcpProvider, Service};
use super::settings::Protection;
use crate::cloud::{Blob, CallFault, OaepKey, strong};
use crate::provider::KeyImport;
use crate::uri::{GcpKey, KeyName, KeyUri};

impl GcpProvider {
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
        let failed = |fault| KekError::new(name.as_str(), KekOperation::Lifecycle, fault);
        let material = strong(material).map_err(failed)?;
        let mut new = self.new_key();
        new.is_imported = true;
        if new.protection.is_external() {
            new.protection = Protection::Hsm;
        }
        let (service, named) = (Arc::clone(&self.0), name.clone());
        let made = async move {
            let key = create(&service, &named, &new).await?;
            bring(&service, &key, &material, wrapping).await?;
            Ok(KeyUri::GcpKms(key))
        };
        self.change(name.as_str(), made).await
    }
}

#[async_trait]
impl KeyImport for GcpProvider {
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError> {
        self.import_key_by(name, material, ImportWrapping::default()).await
    }

    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let own = self.own(key, KekOperation::Lifecycle)?;
        let text = key.to_string();
        let failed = |fault| KekError::new(&text, KekOperation::Lifecycle, fault);
        let material = strong(material).map_err(failed)?;
        let service = Arc::clone(&self.0);
        let imported = async move {
            service.in_use(&own).await?;
            bring(&service, &own, &material, ImportWrapping::default())
                .await
                .map(KeyUri::GcpKms)
        };
        self.change(&text, imported).await
    }
}

/// Imports a version, and has new wraps use it.
async fn bring(
    service: &Service,
    key: &GcpKey,
    material: &Secret<32>,
    wrapping: ImportWrapping,
) -> Result<GcpKey, CallFault> {
    let facts = service.facts(key).await?;
    if !facts.has_primary() || facts.protection.starts_with("EXTERNAL") {
        return Err(CallFault::new(KekFault::Unsupported));
    }
    let (job, public) = import_job(service, &facts, wrapping).await?;
    let wrapped = match wrapping {
        ImportWrapping::RsaAesKeyWrap4096 | ImportWrapping::RsaAesKeyWrap3072 => {
            public.wrap_by_aes(&service.backend, material.expose())?
        }
        ImportWrapping::RsaOaep4096 | ImportWrapping::RsaOaep3072 => public.encrypt(material.expose())?,
    };
    let body = ImportVersion {
        algorithm: &facts.algorithm,
        import_job: &job,
        wrapped_key: Blob(&wrapped),
    };
    let path = format!("{}/cryptoKeyVersions:import", facts.key);
    let call: Call<Version> = Call::post("ImportCryptoKeyVersion", &path).once();
    let made = VersionFacts::of(service.at(key)?.send(&call, &body).await?.reply)?;
    let number = service.adopt(&facts, &made).await?;
    Ok(facts.key.with_version(Some(number)))
}

/// A new import job in the key's ring, and its public key.
async fn import_job(
    service: &Service,
    facts: &KeyFacts,
    wrapping: ImportWrapping,
) -> Result<(String, OaepKey), CallFault> {
    let mut id = [0; 8];
    service.backend.random.fill(&mut id).map_err(|_| KekFault::Random)?;
    let id = format!("keystrand-{}", HEXLOWER.encode(&id));
    let text = facts.key.resource_name();
    let ring = text.split_once("/cryptoKeys/").map_or("", |(ring, _)| ring);
    let name = format!("{ring}/importJobs/{id}");
    let body = CreateImportJob {
        import_method: wrapping,
        protection_level: &facts.protection,
    };
    let client = service.at(&facts.key)?;
    let call: Call<ImportJob> = Call::post("CreateImportJob", &format!("{ring}/importJobs?importJobId={id}")).once();
    let mut job = client.send(&call, &body).await?.reply;
    let mut waiting = Waiting::of(GENERATES);
    while job.state == "PENDING_GENERATION" {
        waiting.on().await?;
        job = client.fetch(&Call::get("GetImportJob", &name)).await?.reply;
    }
    match (job.state.as_str(), job.public_key) {
        ("ACTIVE", Some(key)) if job.name == name => {
            let spki = SubjectPublicKeyInfoDer::from_pem_slice(key.pem.as_bytes()).map_err(|_| KekFault::BadReply)?;
            Ok((name, OaepKey::parse(&spki)?))
        }
        _ => Err(CallFault::new(KekFault::BadReply)),
    }
}

/// How long the key of an import job may take to be made in an HSM.
const GENERATES: Duration = Duration::from_secs(60);
