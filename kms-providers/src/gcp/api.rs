//! Requests and replies, as Google's discovery document has them. Members of a reply that is at its default are absent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::checksum::Crc;
use crate::cloud::{Base64Secret, Blob, Bytes};

/// A request without a body.
#[derive(Serialize)]
pub(super) struct Nothing {}

/// A reply whose content does not matter.
pub(super) type Anything = serde::de::IgnoredAny;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encrypt<'a> {
    pub(super) plaintext: Blob<'a>,
    pub(super) plaintext_crc32c: Crc,
    pub(super) additional_authenticated_data: Blob<'a>,
    pub(super) additional_authenticated_data_crc32c: Crc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encrypted {
    pub(super) name: String,
    pub(super) ciphertext: Bytes,
    pub(super) ciphertext_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) verified_plaintext_crc32c: bool,
    #[serde(default)]
    pub(super) verified_additional_authenticated_data_crc32c: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decrypt<'a> {
    pub(super) ciphertext: Blob<'a>,
    pub(super) ciphertext_crc32c: Crc,
    pub(super) additional_authenticated_data: Blob<'a>,
    pub(super) additional_authenticated_data_crc32c: Crc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decrypted {
    pub(super) plaintext: Base64Secret,
    pub(super) plaintext_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) used_primary: bool,
}

/// Of AsymmetricDecrypt and Decapsulate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ciphertext<'a> {
    pub(super) ciphertext: Blob<'a>,
    pub(super) ciphertext_crc32c: Crc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AsymmetricDecrypted {
    pub(super) plaintext: Base64Secret,
    pub(super) plaintext_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) verified_ciphertext_crc32c: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decapsulated {
    pub(super) name: String,
    pub(super) shared_secret: Base64Secret,
    pub(super) shared_secret_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) verified_ciphertext_crc32c: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicKey {
    pub(super) name: String,
    #[serde(default)]
    pub(super) algorithm: String,
    pub(super) pem: Option<String>,
    pub(super) pem_crc32c: Option<Crc>,
    pub(super) public_key: Option<ChecksummedData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChecksummedData {
    pub(super) data: Bytes,
    pub(super) crc32c_checksum: Option<Crc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MacSign<'a> {
    pub(super) data: Blob<'a>,
    pub(super) data_crc32c: Crc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MacSigned {
    pub(super) name: String,
    pub(super) mac: Base64Secret,
    pub(super) mac_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) verified_data_crc32c: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MacVerify<'a> {
    pub(super) data: Blob<'a>,
    pub(super) data_crc32c: Crc,
    pub(super) mac: Blob<'a>,
    pub(super) mac_crc32c: Crc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MacVerified {
    pub(super) name: String,
    #[serde(default)]
    pub(super) success: bool,
    #[serde(default)]
    pub(super) verified_data_crc32c: bool,
    #[serde(default)]
    pub(super) verified_mac_crc32c: bool,
    #[serde(default)]
    pub(super) verified_success_integrity: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawEncrypt<'a> {
    pub(super) plaintext: Blob<'a>,
    pub(super) plaintext_crc32c: Crc,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_authenticated_data: Option<Blob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_authenticated_data_crc32c: Option<Crc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawEncrypted {
    pub(super) name: String,
    pub(super) ciphertext: Bytes,
    pub(super) ciphertext_crc32c: Option<Crc>,
    pub(super) initialization_vector: Bytes,
    pub(super) initialization_vector_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) tag_length: u32,
    #[serde(default)]
    pub(super) verified_plaintext_crc32c: bool,
    #[serde(default)]
    pub(super) verified_additional_authenticated_data_crc32c: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawDecrypt<'a> {
    pub(super) ciphertext: Blob<'a>,
    pub(super) ciphertext_crc32c: Crc,
    pub(super) initialization_vector: Blob<'a>,
    pub(super) initialization_vector_crc32c: Crc,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_authenticated_data: Option<Blob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_authenticated_data_crc32c: Option<Crc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag_length: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawDecrypted {
    pub(super) plaintext: Option<Base64Secret>,
    pub(super) plaintext_crc32c: Option<Crc>,
    #[serde(default)]
    pub(super) verified_ciphertext_crc32c: bool,
    #[serde(default)]
    pub(super) verified_initialization_vector_crc32c: bool,
    #[serde(default)]
    pub(super) verified_additional_authenticated_data_crc32c: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerateRandomBytes {
    pub(super) length_bytes: u32,
    pub(super) protection_level: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RandomBytes {
    pub(super) data: Base64Secret,
    pub(super) data_crc32c: Option<Crc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CryptoKey {
    pub(super) name: String,
    pub(super) primary: Option<Version>,
    #[serde(default)]
    pub(super) purpose: String,
    pub(super) create_time: Option<String>,
    pub(super) next_rotation_time: Option<String>,
    pub(super) rotation_period: Option<String>,
    pub(super) version_template: Option<Template>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) import_only: bool,
    pub(super) destroy_scheduled_duration: Option<String>,
    pub(super) crypto_key_backend: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) protection_level: String,
    #[serde(default)]
    pub(super) algorithm: String,
    pub(super) create_time: Option<String>,
    pub(super) destroy_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Template {
    #[serde(default)]
    pub(super) protection_level: String,
    #[serde(default)]
    pub(super) algorithm: String,
}

/// A page of a listing: which member the entries stand in is its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T> {
    #[serde(
        default = "Vec::new",
        alias = "keyRings",
        alias = "cryptoKeys",
        alias = "cryptoKeyVersions",
        alias = "ekmConnections",
        alias = "keyHandles"
    )]
    pub(super) entries: Vec<T>,
    #[serde(default)]
    pub(super) next_page_token: String,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateCryptoKey<'a> {
    pub(super) purpose: &'a str,
    pub(super) version_template: NewTemplate<'a>,
    pub(super) destroy_scheduled_duration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation_period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_rotation_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crypto_key_backend: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) import_only: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewTemplate<'a> {
    pub(super) protection_level: &'a str,
    pub(super) algorithm: &'a str,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateVersion<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_protection_level_options: Option<ExternalOptions<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_key_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ekm_connection_key_path: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdatePrimary {
    pub(super) crypto_key_version_id: String,
}

#[derive(Serialize)]
pub(super) struct UpdateState {
    pub(super) state: &'static str,
}

#[derive(Serialize)]
pub(super) struct UpdateLabels<'a> {
    pub(super) labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateRotation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation_period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_rotation_time: Option<String>,
}

/// How key material is protected on its way into Google.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub enum ImportWrapping {
    /// RSA-OAEP (4096 bits, SHA-256) over an AES key, and AES key wrap with padding over the material.
    #[default]
    #[serde(rename = "RSA_OAEP_4096_SHA256_AES_256")]
    RsaAesKeyWrap4096,
    /// The same with RSA of 3072 bits.
    #[serde(rename = "RSA_OAEP_3072_SHA256_AES_256")]
    RsaAesKeyWrap3072,
    /// RSA-OAEP (4096 bits, SHA-256) over the material itself.
    #[serde(rename = "RSA_OAEP_4096_SHA256")]
    RsaOaep4096,
    /// The same with RSA of 3072 bits.
    #[serde(rename = "RSA_OAEP_3072_SHA256")]
    RsaOaep3072,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateImportJob<'a> {
    pub(super) import_method: ImportWrapping,
    pub(super) protection_level: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImportJob {
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: String,
    pub(super) public_key: Option<WrappingKey>,
}

#[derive(Deserialize)]
pub(super) struct WrappingKey {
    pub(super) pem: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImportVersion<'a> {
    pub(super) algorithm: &'a str,
    pub(super) import_job: &'a str,
    pub(super) wrapped_key: Blob<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    #[serde(skip_serializing, default)]
    pub(super) name: String,
    pub(super) service_resolvers: Vec<Resolver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key_management_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crypto_space_path: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resolver {
    pub(super) service_directory_service: String,
    pub(super) hostname: String,
    pub(super) server_certificates: Vec<Certificate>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificate {
    pub(super) raw_der: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateHandle<'a> {
    pub(super) resource_type_selector: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handle {
    pub(super) name: String,
    pub(super) kms_key: Option<String>,
    pub(super) resource_type_selector: Option<String>,
}

/// A change that takes its time.
#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) name: String,
    #[serde(default)]
    pub(super) done: bool,
    pub(super) response: Option<Handle>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
