//! Numbers that some clients write in place of names.

use serde_json::{Value, json};

/// Writes names where a request has the numbers of enumerations.
pub(super) fn name_all(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for (member, value) in members {
        match TABLES.iter().find(|(name, _)| name == member) {
            Some((_, table)) => {
                let number = value.as_u64();
                if let Some((_, name)) = table.iter().find(|(known, _)| Some(*known) == number) {
                    *value = json!(name);
                }
            }
            None => name_all(value),
        }
    }
}

type Table = &'static [(u64, &'static str)];

const TABLES: [(&str, Table); 6] = [
    ("purpose", PURPOSES),
    ("algorithm", ALGORITHMS),
    ("protectionLevel", PROTECTION_LEVELS),
    ("state", STATES),
    ("importMethod", IMPORT_METHODS),
    ("keyManagementMode", &[(1, "MANUAL"), (2, "CLOUD_KMS")]),
];
const PURPOSES: Table = &[
    (1, "ENCRYPT_DECRYPT"),
    (5, "ASYMMETRIC_SIGN"),
    (6, "ASYMMETRIC_DECRYPT"),
    (7, "RAW_ENCRYPT_DECRYPT"),
    (9, "MAC"),
    (10, "KEY_ENCAPSULATION"),
];
const ALGORITHMS: Table = &[
    (1, "GOOGLE_SYMMETRIC_ENCRYPTION"),
    (8, "RSA_DECRYPT_OAEP_2048_SHA256"),
    (9, "RSA_DECRYPT_OAEP_3072_SHA256"),
    (10, "RSA_DECRYPT_OAEP_4096_SHA256"),
    (18, "EXTERNAL_SYMMETRIC_ENCRYPTION"),
    (19, "AES_256_GCM"),
    (32, "HMAC_SHA256"),
    (35, "HMAC_SHA512"),
    (47, "ML_KEM_768"),
    (48, "ML_KEM_1024"),
    (63, "KEM_XWING"),
];
const PROTECTION_LEVELS: Table = &[(1, "SOFTWARE"), (2, "HSM"), (3, "EXTERNAL"), (4, "EXTERNAL_VPC")];
const STATES: Table = &[(1, "ENABLED"), (2, "DISABLED")];
const IMPORT_METHODS: Table = &[
    (3, "RSA_OAEP_3072_SHA256_AES_256"),
    (4, "RSA_OAEP_4096_SHA256_AES_256"),
    (5, "RSA_OAEP_3072_SHA256"),
    (6, "RSA_OAEP_4096_SHA256"),
];
