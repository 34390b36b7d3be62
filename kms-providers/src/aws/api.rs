//! Requests and replies of the actions that are used, as AWS JSON 1.1 has them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cloud::{Base64Secret, Blob, Bytes, Repeat};

/// An action of the service.
pub(super) trait Action: Serialize + Sync {
    const NAME: &'static str;
    const REPEAT: Repeat = Repeat::Safe;
    type Reply: DeserializeOwned;
}

macro_rules! actions {
    ($($request:ident $(<$life:lifetime>)? => $reply:ty $(, $repeat:expr)?;)+) => {
        $(impl Action for $request $(<$life>)? {
            const NAME: &'static str = stringify!($request);
            $(const REPEAT: Repeat = $repeat;)?
            type Reply = $reply;
        })+
    };
}

actions! {
    GenerateDataKey<'_> => GeneratedKey;
    Encrypt<'_> => Encrypted;
    Decrypt<'_> => Decrypted;
    ReEncrypt<'_> => ReEncrypted;
    DescribeKey<'_> => Described;
    GetPublicKey<'_> => PublicKey;
    ListKeys => KeyPage;
    ListAliases => AliasPage;
    CreateKey<'_> => Described, Repeat::Unsafe;
    CreateAlias<'_> => Nothing, Repeat::Unsafe;
    EnableKey<'_> => Nothing;
    DisableKey<'_> => Nothing;
    EnableKeyRotation<'_> => Nothing;
    DisableKeyRotation<'_> => Nothing;
    GetKeyRotationStatus<'_> => RotationStatus;
    RotateKeyOnDemand<'_> => Nothing, Repeat::Unsafe;
    ListKeyRotations<'_> => RotationPage;
    ScheduleKeyDeletion<'_> => Scheduled, Repeat::Unsafe;
    CancelKeyDeletion<'_> => Nothing, Repeat::Unsafe;
    GetParametersForImport<'_> => ImportParameters;
    ImportKeyMaterial<'_> => Nothing, Repeat::Unsafe;
    ReplicateKey<'_> => Replicated, Repeat::Unsafe;
    CreateCustomKeyStore<'_> => StoreCreated, Repeat::Unsafe;
    DescribeCustomKeyStores => StorePage;
    ConnectCustomKeyStore<'_> => Nothing;
    DisconnectCustomKeyStore<'_> => Nothing;
}

/// Names to values: sorted, so that equal contexts are equal bytes.
pub(super) type Context = BTreeMap<String, String>;

/// A reply whose content does not matter: `{}`, `null` or nothing.
pub(super) type Nothing = serde::de::IgnoredAny;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKey<'a> {
    pub(super) key_id: String,
    pub(super) number_of_bytes: u32,
    pub(super) encryption_context: &'a Context,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recipient: Option<Recipient<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GeneratedKey {
    pub(super) key_id: String,
    pub(super) ciphertext_blob: Bytes,
    pub(super) plaintext: Option<Base64Secret>,
    pub(super) ciphertext_for_recipient: Option<Bytes>,
    pub(super) key_material_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypt<'a> {
    pub(super) key_id: String,
    pub(super) plaintext: Blob<'a>,
    pub(super) encryption_context: &'a Context,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypted {
    pub(super) key_id: String,
    pub(super) ciphertext_blob: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypt<'a> {
    pub(super) key_id: String,
    pub(super) ciphertext_blob: Blob<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption_context: Option<&'a Context>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption_algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recipient: Option<Recipient<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypted {
    pub(super) key_id: String,
    pub(super) plaintext: Option<Base64Secret>,
    pub(super) ciphertext_for_recipient: Option<Bytes>,
    pub(super) key_material_id: Option<String>,
}

/// Who alone may read the reply.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Recipient<'a> {
    pub(super) key_encryption_algorithm: &'a str,
    pub(super) attestation_document: Blob<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReEncrypt<'a> {
    pub(super) ciphertext_blob: Blob<'a>,
    pub(super) source_key_id: String,
    pub(super) source_encryption_context: &'a Context,
    pub(super) destination_key_id: String,
    pub(super) destination_encryption_context: &'a Context,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReEncrypted {
    pub(super) ciphertext_blob: Bytes,
    pub(super) source_key_id: Option<String>,
    pub(super) key_id: String,
    pub(super) destination_key_material_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeKey<'a> {
    pub(super) key_id: String,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    pub(super) key_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metadata {
    pub(super) arn: String,
    pub(super) creation_date: Option<f64>,
    pub(super) key_usage: Option<String>,
    pub(super) key_state: Option<String>,
    pub(super) deletion_date: Option<f64>,
    pub(super) origin: Option<String>,
    pub(super) custom_key_store_id: Option<String>,
    pub(super) key_manager: Option<String>,
    pub(super) key_spec: Option<String>,
    #[serde(default)]
    pub(super) multi_region: Option<bool>,
    pub(super) current_key_material_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetPublicKey<'a> {
    pub(super) key_id: String,
    #[serde(skip_serializing_if = "is_empty")]
    pub(super) grant_tokens: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublicKey {
    pub(super) key_id: String,
    pub(super) public_key: Bytes,
    pub(super) key_spec: Option<String>,
    pub(super) key_usage: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeys {
    pub(super) limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyPage {
    pub(super) keys: Vec<ListedKey>,
    pub(super) next_marker: Option<String>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedKey {
    pub(super) key_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListAliases {
    pub(super) limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AliasPage {
    pub(super) aliases: Vec<ListedAlias>,
    pub(super) next_marker: Option<String>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedAlias {
    pub(super) alias_name: String,
    pub(super) target_key_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateKey<'a> {
    pub(super) description: &'a str,
    pub(super) key_usage: &'a str,
    pub(super) key_spec: &'a str,
    pub(super) origin: &'a str,
    pub(super) multi_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom_key_store_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_key_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateAlias<'a> {
    pub(super) alias_name: &'a str,
    pub(super) target_key_id: &'a str,
}

macro_rules! of_one_key {
    ($($name:ident)+) => {
        $(#[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct $name<'a> {
            pub(super) key_id: &'a str,
        })+
    };
}

of_one_key! { EnableKey DisableKey DisableKeyRotation GetKeyRotationStatus RotateKeyOnDemand CancelKeyDeletion }

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnableKeyRotation<'a> {
    pub(super) key_id: &'a str,
    pub(super) rotation_period_in_days: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotationStatus {
    pub(super) key_rotation_enabled: bool,
    pub(super) rotation_period_in_days: Option<u32>,
    pub(super) next_rotation_date: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeyRotations<'a> {
    pub(super) key_id: &'a str,
    pub(super) include_key_material: &'a str,
    pub(super) limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotationPage {
    #[serde(default)]
    pub(super) rotations: Vec<Rotation>,
    pub(super) next_marker: Option<String>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rotation {
    pub(super) key_material_id: Option<String>,
    pub(super) key_material_state: Option<String>,
    pub(super) rotation_date: Option<f64>,
    pub(super) rotation_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduleKeyDeletion<'a> {
    pub(super) key_id: &'a str,
    pub(super) pending_window_in_days: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Scheduled {
    pub(super) deletion_date: Option<f64>,
}

/// How key material is protected on its way into AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub enum ImportWrapping {
    /// RSA-OAEP over the material itself.
    #[default]
    #[serde(rename = "RSAES_OAEP_SHA_256")]
    RsaOaep256,
    /// RSA-OAEP over an AES key, and AES key wrap with padding over the material.
    #[serde(rename = "RSA_AES_KEY_WRAP_SHA_256")]
    RsaAesKeyWrap256,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetParametersForImport<'a> {
    pub(super) key_id: &'a str,
    pub(super) wrapping_algorithm: ImportWrapping,
    pub(super) wrapping_key_spec: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImportParameters {
    pub(super) key_id: String,
    pub(super) import_token: Bytes,
    pub(super) public_key: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImportKeyMaterial<'a> {
    pub(super) key_id: &'a str,
    pub(super) import_token: Blob<'a>,
    pub(super) encrypted_key_material: Blob<'a>,
    pub(super) expiration_model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) import_type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplicateKey<'a> {
    pub(super) key_id: &'a str,
    pub(super) replica_region: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Replicated {
    pub(super) replica_key_metadata: Metadata,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateCustomKeyStore<'a> {
    pub(super) custom_key_store_name: &'a str,
    pub(super) custom_key_store_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cloud_hsm_cluster_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trust_anchor_certificate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_store_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_proxy_uri_endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_proxy_uri_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_proxy_vpc_endpoint_service_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_proxy_authentication_credential: Option<XksCredential<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xks_proxy_connectivity: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct XksCredential<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) raw_secret_access_key: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StoreCreated {
    pub(super) custom_key_store_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeCustomKeyStores {
    pub(super) limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StorePage {
    #[serde(default)]
    pub(super) custom_key_stores: Vec<ListedStore>,
    pub(super) next_marker: Option<String>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedStore {
    pub(super) custom_key_store_id: String,
    pub(super) custom_key_store_name: Option<String>,
    pub(super) custom_key_store_type: Option<String>,
    pub(super) connection_state: Option<String>,
    pub(super) connection_error_code: Option<String>,
}

macro_rules! of_one_store {
    ($($name:ident)+) => {
        $(#[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub(super) struct $name<'a> {
            pub(super) custom_key_store_id: &'a str,
        })+
    };
}

of_one_store! { ConnectCustomKeyStore DisconnectCustomKeyStore }

fn is_empty(list: &&[String]) -> bool {
    list.is_empty()
}
