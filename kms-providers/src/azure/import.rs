//! Key material from outside.
//!
//! It is wrapped under a key exchange key of the vault's own HSM, made for nothing else, and so is in clear nowhere on
//! its way ("key transfer blob"). Only an HSM takes that; a vault without one takes RSA keys as they are, inside TLS.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rsa::OAEP_SHA1_MGF1SHA1;
use http::Method;
use kms_core::memory::{Secret, SecretBytes};
use kms_core::{KekError, KekFault, KekOperation};
use serde_json::json;

use super::api::{CreateKey, ImportKey, ImportedKey, NewAttributes, Tags};
use super::bytes::Url;
use super::facts::KeyFacts;
use super::jwk::RsaKey;
use super::lifecycle::{absent, azure_name, made, tags};
use super::provider::{AzureProvider, Service, path};
use super::settings::KeyAlgorithm;
use crate::cloud::{CallFault, strong};
use crate::provider::KeyImport;
use crate::uri::{AzureKey, KeyName, KeyUri};

/// How key material is protected on its way into Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ImportWrapping {
    /// Under a key of the HSM that it goes into: CKM_RSA_AES_KEY_WRAP.
    #[default]
    KeyExchange,
    /// By TLS alone.
    Plain,
}

impl AzureProvider {
    /// As [`KeyImport::import_key`], with a choice of how the material is protected on its way.
    ///
    /// # Errors
    /// As [`KeyImport::import_key`]; `Unsupported` where the vault has no AES keys.
    pub async fn import_key_by(
        &self,
        name: &KeyName,
        material: &Secret<32>,
        wrapping: ImportWrapping,
    ) -> Result<KeyUri, KekError> {
        let uri = self.uri_of(name);
        let fail = |fault: KekFault| KekError::new(&uri, KekOperation::Lifecycle, fault);
        let material = Material::aes(material, self.0.algorithm(&azure_name(name))).map_err(fail)?;
        self.bring(name, material, wrapping).await
    }

    /// Makes a key of an RSA key in PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// `AlreadyExists`; `Unsupported` for what is no RSA key of 2048, 3072 or 4096 bits, and for a key exchange where the
    /// vault has no HSM.
    pub async fn import_rsa_key(
        &self,
        name: &KeyName,
        pkcs8: &SecretBytes,
        wrapping: ImportWrapping,
    ) -> Result<KeyUri, KekError> {
        let uri = self.uri_of(name);
        let rsa = RsaKey::parse(pkcs8.expose());
        let rsa = rsa.ok_or_else(|| KekError::new(&uri, KekOperation::Lifecycle, KekFault::Unsupported))?;
        self.bring(
            name,
            Material::Rsa(Box::new(rsa), SecretBytes::copy_of(pkcs8.expose())),
            wrapping,
        )
        .await
    }

    async fn bring(&self, name: &KeyName, material: Material, wrapping: ImportWrapping) -> Result<KeyUri, KekError> {
        let (service, uri, tags) = (Arc::clone(&self.0), self.uri_of(name), tags(name));
        let of = uri.clone();
        let made = async move {
            let key = absent(&service, &uri).await?;
            upload(&service, &key, &material, wrapping, &tags).await?;
            Ok(KeyUri::AzureKv(key))
        };
        self.change(&of, made).await
    }
}

#[async_trait]
impl KeyImport for AzureProvider {
    async fn import_key(&self, name: &KeyName, material: &Secret<32>) -> Result<KeyUri, KekError> {
        self.import_key_by(name, material, ImportWrapping::default()).await
    }

    async fn import_version(&self, key: &KeyUri, material: &Secret<32>) -> Result<KeyUri, KekError> {
        let own = self.own(&key.without_version(), KekOperation::Lifecycle)?;
        let fail = |fault: KekFault| KekError::new(key.to_string(), KekOperation::Lifecycle, fault);
        let material = Material::aes(material, self.0.algorithm(own.name())).map_err(fail)?;
        let service = Arc::clone(&self.0);
        let made = async move {
            let before = service.facts(&own).await?;
            before.usable()?;
            if !before.kind.starts_with("oct") {
                return Err(CallFault::new(KekFault::Unsupported));
            }
            let after = upload(&service, &own, &material, ImportWrapping::default(), &before.tags).await?;
            match after.version() == before.version() {
                true => Err(CallFault::new(KekFault::BadReply)),
                false => Ok(KeyUri::AzureKv(after.key)),
            }
        };
        self.change(&key.to_string(), made).await
    }
}

/// What is brought.
enum Material {
    Aes(Secret<32>, KeyAlgorithm),
    /// Its parts, and PKCS#8 as it came.
    Rsa(Box<RsaKey>, SecretBytes),
}

impl Material {
    fn aes(material: &Secret<32>, algorithm: KeyAlgorithm) -> Result<Self, KekFault> {
        let material = strong(material)?;
        match algorithm.is_rsa() {
            // A vault of RSA keys has no place for it.
            true => Err(KekFault::Unsupported),
            false => Ok(Self::Aes(material, algorithm)),
        }
    }

    fn expose(&self) -> &[u8] {
        match self {
            Self::Aes(material, _) => material.expose(),
            Self::Rsa(_, pkcs8) => pkcs8.expose(),
        }
    }

    fn kind(&self, is_in_hsm: bool) -> &'static str {
        match (self, is_in_hsm) {
            (Self::Aes(..), _) => "oct-HSM",
            (Self::Rsa(..), true) => "RSA-HSM",
            (Self::Rsa(..), false) => "RSA",
        }
    }

    fn operations(&self) -> [&'static str; 2] {
        match self {
            Self::Aes(_, algorithm) => algorithm.operations(),
            Self::Rsa(..) => KeyAlgorithm::RsaOaep256.operations(),
        }
    }
}

async fn upload(
    service: &Service,
    key: &AzureKey,
    material: &Material,
    wrapping: ImportWrapping,
    tags: &Tags,
) -> Result<KeyFacts, CallFault> {
    let is_in_hsm = wrapping == ImportWrapping::KeyExchange || service.client.place.is_managed_hsm();
    let key_ops = material.operations();
    let mut imported = ImportedKey {
        kty: material.kind(is_in_hsm),
        key_ops: &key_ops,
        ..ImportedKey::default()
    };
    let blob;
    match (wrapping, material) {
        (ImportWrapping::KeyExchange, _) => {
            blob = transfer_blob(service, material.expose()).await?;
            imported.key_hsm = Some(Url(&blob));
        }
        (ImportWrapping::Plain, Material::Aes(material, _)) => imported.k = Some(Url(material.expose())),
        (ImportWrapping::Plain, Material::Rsa(rsa, _)) => imported.rsa = Some(rsa.parts()),
    }
    let request = ImportKey {
        hsm: is_in_hsm.then_some(true),
        key: imported,
        attributes: NewAttributes {
            enabled: true,
            exportable: None,
        },
        tags,
    };
    made(service, key, &path(key), Method::PUT, &request).await
}

/// A key transfer blob, as Azure's specification of "bring your own key" has it: RSA-OAEP is with SHA-1 there.
async fn transfer_blob(service: &Service, material: &[u8]) -> Result<Vec<u8>, CallFault> {
    let exchange = exchange_key(service).await?;
    let public = exchange.public.as_ref().ok_or(KekFault::BadReply)?;
    let ciphertext = public.wrap_material(&service.backend, &OAEP_SHA1_MGF1SHA1, material)?;
    let blob = json!({
        "schema_version": "1.0.0",
        "header": {
            "kid": format!("https://{}", exchange.key),
            "alg": "dir",
            "enc": "CKM_RSA_AES_KEY_WRAP",
        },
        "ciphertext": data_encoding::BASE64URL_NOPAD.encode(&ciphertext),
        "generator": concat!("keystrand ", env!("CARGO_PKG_VERSION")),
    });
    Ok(blob.to_string().into_bytes())
}

/// The key under which material is brought. It can do nothing else.
async fn exchange_key(service: &Service) -> Result<KeyFacts, CallFault> {
    let uri = format!(
        "azure-kv://{}/keys/{}",
        service.client.place.vault, service.settings.exchange_key
    );
    let Ok(KeyUri::AzureKv(key)) = KeyUri::parse(&uri) else {
        return Err(CallFault::new(KekFault::Unsupported));
    };
    let found = match service.facts(&key).await {
        Err(fault) if fault.kind == KekFault::NotFound => {
            let request = CreateKey {
                kty: "RSA-HSM",
                key_size: 4096,
                key_ops: &["import"],
                attributes: NewAttributes {
                    enabled: true,
                    exportable: None,
                },
                tags: &Tags::new(),
                release_policy: None,
            };
            made(service, &key, &format!("{}/create", path(&key)), Method::POST, &request).await?
        }
        found => found?,
    };
    found.usable()?;
    // A key that also unwraps would show the material to whoever may use it.
    match found.kind == "RSA-HSM" && found.operations == ["import"] {
        true => Ok(found),
        false => Err(CallFault::new(KekFault::Unsupported)),
    }
}
