//! Written by scripts/kmip_registry.py from the OASIS KMIP Specifications 1.0 to 2.1: change it there.

super::super::masks::masks! {
    CryptographicUsageMask "CryptographicUsageMask" 0x42002C {
        SIGN = 0x00000001, "Sign", V1_0;
        VERIFY = 0x00000002, "Verify", V1_0;
        ENCRYPT = 0x00000004, "Encrypt", V1_0;
        DECRYPT = 0x00000008, "Decrypt", V1_0;
        WRAP_KEY = 0x00000010, "WrapKey", V1_0;
        UNWRAP_KEY = 0x00000020, "UnwrapKey", V1_0;
        EXPORT = 0x00000040, "Export", V1_0 until V2_0;
        MAC_GENERATE = 0x00000080, "MACGenerate", V1_0;
        MAC_VERIFY = 0x00000100, "MACVerify", V1_0;
        DERIVE_KEY = 0x00000200, "DeriveKey", V1_0;
        CONTENT_COMMITMENT_NON_REPUDIATION = 0x00000400, "ContentCommitmentNonRepudiation", V1_0 until V2_0;
        KEY_AGREEMENT = 0x00000800, "KeyAgreement", V1_0;
        CERTIFICATE_SIGN = 0x00001000, "CertificateSign", V1_0;
        CRL_SIGN = 0x00002000, "CRLSign", V1_0;
        GENERATE_CRYPTOGRAM = 0x00004000, "GenerateCryptogram", V1_0 until V2_0;
        VALIDATE_CRYPTOGRAM = 0x00008000, "ValidateCryptogram", V1_0 until V2_0;
        TRANSLATE_ENCRYPT = 0x00010000, "TranslateEncrypt", V1_0 until V2_0;
        TRANSLATE_DECRYPT = 0x00020000, "TranslateDecrypt", V1_0 until V2_0;
        TRANSLATE_WRAP = 0x00040000, "TranslateWrap", V1_0 until V2_0;
        TRANSLATE_UNWRAP = 0x00080000, "TranslateUnwrap", V1_0 until V2_0;
        AUTHENTICATE = 0x00100000, "Authenticate", V2_0;
        UNRESTRICTED = 0x00200000, "Unrestricted", V2_0;
        FPE_ENCRYPT = 0x00400000, "FPEEncrypt", V2_0;
        FPE_DECRYPT = 0x00800000, "FPEDecrypt", V2_0;
    }
    ProtectionStorageMask "ProtectionStorageMask" 0x42015E {
        SOFTWARE = 0x00000001, "Software", V2_0;
        HARDWARE = 0x00000002, "Hardware", V2_0;
        ON_PROCESSOR = 0x00000004, "OnProcessor", V2_0;
        ON_SYSTEM = 0x00000008, "OnSystem", V2_0;
        OFF_SYSTEM = 0x00000010, "OffSystem", V2_0;
        HYPERVISOR = 0x00000020, "Hypervisor", V2_0;
        OPERATING_SYSTEM = 0x00000040, "OperatingSystem", V2_0;
        CONTAINER = 0x00000080, "Container", V2_0;
        ON_PREMISES = 0x00000100, "OnPremises", V2_0;
        OFF_PREMISES = 0x00000200, "OffPremises", V2_0;
        SELF_MANAGED = 0x00000400, "SelfManaged", V2_0;
        OUTSOURCED = 0x00000800, "Outsourced", V2_0;
        VALIDATED = 0x00001000, "Validated", V2_0;
        SAME_JURISDICTION = 0x00002000, "SameJurisdiction", V2_0;
    }
    StorageStatusMask "StorageStatusMask" 0x42008E {
        ON_LINE_STORAGE = 0x00000001, "OnLineStorage", V1_0;
        ARCHIVAL_STORAGE = 0x00000002, "ArchivalStorage", V1_0;
        DESTROYED_STORAGE = 0x00000004, "DestroyedStorage", V2_0;
    }
}
