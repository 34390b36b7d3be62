//! The payloads against the tables of the specifications, version by version.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SLOTS;
use crate::model::{
    AlternativeName, ApplicationSpecificInformation, AsynchronousRequest, AttestationCredential, CapabilityInformation,
    CertificateIdentifier, CertificateIssuer, CertificateSubject, Constraint, Constraints,
    CryptographicDomainParameters, CryptographicParameters, DefaultsInformation, DeviceCredential, DhPrivateKey,
    DhPublicKey, Digest, DsaPrivateKey, DsaPublicKey, EcPrivateKey, EcPublicKey, ExtensionInformation,
    HashedPasswordCredential, KeyInformation, KeyValueLocation, KeyWrappingData, KeyWrappingSpecification, Link, Name,
    Nonce, ObjectDefaults, ObjectGroups, ObjectTypeList, Objects, OneTimePasswordCredential, Operations,
    ProfileInformation, ProfileVersion, ProtectionStorageMasks, RequestHeader, ResponseHeader, RevocationReason, Right,
    Rights, RngParameters, RotateName, RsaPrivateKey, RsaPublicKey, SymmetricKeyMaterial, Ticket, TicketCredential,
    UsageLimits, UsernameAndPassword, ValidationInformation, X509CertificateIdentifier, X509CertificateIssuer,
    X509CertificateSubject,
};
use crate::registry::{Operation, tag_named};
use crate::version::ProtocolVersion;
use crate::wire::Slot;

#[test]
fn every_payload_has_the_fields_of_the_specification_in_every_version() {
    let Some(table) = load("operations.json") else { return };
    let slots: BTreeMap<_, _> = SLOTS
        .iter()
        .map(|(operation, request, response)| (*operation, (request, response)))
        .collect();
    let mut compared = BTreeMap::<String, usize>::new();
    let mut wrong = Vec::new();
    for operation in table["operations"].as_array().unwrap() {
        // Where the directions differ, the tables of client to server have all fields.
        let name = operation["operation"].as_str().unwrap();
        let to_client = operation["direction"] == "server-to-client";
        if to_client && matches!(name, "Query" | "DiscoverVersions" | "SetEndpointRole") {
            continue;
        }
        let number = operation["code"].as_str().unwrap().trim_start_matches("0x");
        let (request, response) = slots[&Operation(u32::from_str_radix(number, 16).unwrap())];
        let since = version(operation["since"].as_str().unwrap());
        for version in ProtocolVersion::SUPPORTED
            .into_iter()
            .filter(|version| *version >= since)
        {
            for (direction, slots) in [("request", request), ("response", response)] {
                let expected = fields(operation, version, direction);
                let Some(expected) = expected.as_array() else { continue };
                *compared.entry(version.to_string()).or_default() += 1;
                wrong.extend(
                    compare(expected, slots, version).map(|why| format!("{name} {direction} {version}: {why}")),
                );
            }
        }
    }
    println!("payloads compared by version: {compared:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared["2.1"] > 110 && compared["1.0"] > 50, "{compared:?}");
}

#[test]
fn every_structure_has_the_fields_of_the_specification() {
    let (Some(objects), Some(attributes)) = (load("objects.json"), load("attributes.json")) else {
        return;
    };
    let tables = ["structures", "messages"]
        .into_iter()
        .flat_map(|list| objects[list].as_array().unwrap());
    let tables: Vec<_> = tables.chain(attributes["attributes"].as_array().unwrap()).collect();
    let mut wrong = Vec::new();
    for (name, slots) in STRUCTURES {
        let table = tables
            .iter()
            .find(|table| table["element"] == *name || table["name"] == *name);
        let table = table.unwrap_or_else(|| panic!("no table of {name}"));
        for (major, version) in [("v1", ProtocolVersion::V1_4), ("v2", ProtocolVersion::V2_1)] {
            if let Some(expected) = table[major]["fields"].as_array() {
                wrong.extend(compare(expected, slots, version).map(|why| format!("{name} {version}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const STRUCTURES: &[(&str, &[Slot])] = &[
    ("RequestHeader", RequestHeader::SLOTS),
    ("ResponseHeader", ResponseHeader::SLOTS),
    ("AlternativeName", AlternativeName::SLOTS),
    ("ApplicationSpecificInformation", ApplicationSpecificInformation::SLOTS),
    ("AsynchronousRequest", AsynchronousRequest::SLOTS),
    ("CapabilityInformation", CapabilityInformation::SLOTS),
    ("CertificateIdentifier", CertificateIdentifier::SLOTS),
    ("CertificateIssuer", CertificateIssuer::SLOTS),
    ("CertificateSubject", CertificateSubject::SLOTS),
    ("Constraint", Constraint::SLOTS),
    ("Constraints", Constraints::SLOTS),
    ("CredentialValue/Attestation", AttestationCredential::SLOTS),
    ("CredentialValue/Device", DeviceCredential::SLOTS),
    ("CredentialValue/HashedPassword", HashedPasswordCredential::SLOTS),
    ("CredentialValue/OneTimePassword", OneTimePasswordCredential::SLOTS),
    ("CredentialValue/Ticket", TicketCredential::SLOTS),
    ("CredentialValue/UsernameAndPassword", UsernameAndPassword::SLOTS),
    ("CryptographicDomainParameters", CryptographicDomainParameters::SLOTS),
    ("CryptographicParameters", CryptographicParameters::SLOTS),
    ("DefaultsInformation", DefaultsInformation::SLOTS),
    ("DerivationParameters/All", super::DerivationParameters::SLOTS),
    ("DerivationParameters/PBKDF2", super::DerivationParameters::SLOTS),
    ("Digest", Digest::SLOTS),
    ("EncryptionKeyInformation", KeyInformation::SLOTS),
    ("ExtensionInformation", ExtensionInformation::SLOTS),
    ("KeyMaterial/TransparentDHPrivateKey", DhPrivateKey::SLOTS),
    ("KeyMaterial/TransparentDHPublicKey", DhPublicKey::SLOTS),
    ("KeyMaterial/TransparentDSAPrivateKey", DsaPrivateKey::SLOTS),
    ("KeyMaterial/TransparentDSAPublicKey", DsaPublicKey::SLOTS),
    ("KeyMaterial/TransparentECDSAPrivateKey", EcPrivateKey::SLOTS),
    ("KeyMaterial/TransparentECPublicKey", EcPublicKey::SLOTS),
    ("KeyMaterial/TransparentRSAPrivateKey", RsaPrivateKey::SLOTS),
    ("KeyMaterial/TransparentRSAPublicKey", RsaPublicKey::SLOTS),
    ("KeyMaterial/TransparentSymmetricKey", SymmetricKeyMaterial::SLOTS),
    ("KeyValueLocation", KeyValueLocation::SLOTS),
    ("KeyWrappingData", KeyWrappingData::SLOTS),
    ("KeyWrappingSpecification", KeyWrappingSpecification::SLOTS),
    ("Link", Link::SLOTS),
    ("MACSignatureKeyInformation", KeyInformation::SLOTS),
    ("Name", Name::SLOTS),
    ("Nonce", Nonce::SLOTS),
    ("ObjectGroups", ObjectGroups::SLOTS),
    ("ObjectTypes", ObjectTypeList::SLOTS),
    ("Objects", Objects::SLOTS),
    ("Operations", Operations::SLOTS),
    ("ProfileInformation", ProfileInformation::SLOTS),
    ("ProfileVersion", ProfileVersion::SLOTS),
    ("ProtectionStorageMasks", ProtectionStorageMasks::SLOTS),
    ("RNGParameters", RngParameters::SLOTS),
    ("RevocationReason", RevocationReason::SLOTS),
    ("Right", Right::SLOTS),
    ("Rights", Rights::SLOTS),
    ("RotateName", RotateName::SLOTS),
    ("Ticket", Ticket::SLOTS),
    ("UsageLimits", UsageLimits::SLOTS),
    ("ValidationInformation", ValidationInformation::SLOTS),
    ("X_509CertificateIdentifier", X509CertificateIdentifier::SLOTS),
    ("X_509CertificateIssuer", X509CertificateIssuer::SLOTS),
    ("X_509CertificateSubject", X509CertificateSubject::SLOTS),
];

/// A choice of two fields has no place in the tables; both are in the structure.
#[test]
fn defaults_are_for_a_type_or_for_types() {
    let tags: Vec<_> = ObjectDefaults::SLOTS
        .iter()
        .filter_map(|slot| slot.tag_in(ProtocolVersion::V2_1))
        .collect();
    let expected = ["ObjectType", "ObjectTypes", "Attributes", "ObjectGroups"].map(|name| tag_named(name).unwrap());
    assert_eq!(tags, expected);
}

/// The fields in one version: of that version where they differ, else of the newest one of the same major version.
fn fields<'a>(operation: &'a Value, version: ProtocolVersion, direction: &str) -> &'a Value {
    let older = &operation["older"][version.to_string()][direction];
    if older.is_array() {
        return older;
    }
    // What differs in an older version also differs in those between it and the newest, unless they have their own.
    &operation["versions"][if version.is_1x() { "1.4" } else { "2.1" }][direction]
}

fn compare(expected: &[Value], slots: &[Slot], version: ProtocolVersion) -> Option<String> {
    let name = |field: &Value| field["field"].as_str().unwrap().to_owned();
    let expected: Vec<_> = expected.iter().map(name).collect();
    let ours: Vec<_> = slots
        .iter()
        .filter_map(|slot| {
            let tag = slot.tag_in(version)?;
            Some(if slot.is_object() {
                "<object>".into()
            } else {
                tag.to_string()
            })
        })
        .collect();
    let vendor = |field: &String| field != "<vendor items>";
    let expected: Vec<_> = expected.into_iter().filter(vendor).collect();
    (expected != ours).then(|| format!("specification {expected:?}, here {ours:?}"))
}

fn version(text: &str) -> ProtocolVersion {
    let (major, minor) = text.split_once('.').unwrap();
    ProtocolVersion::new(major.parse().unwrap(), minor.parse().unwrap())
}

fn load(name: &str) -> Option<Value> {
    let root = std::env::var_os("KEYSTRAND_TEST_DATA").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into(),
        std::path::PathBuf::from,
    );
    let path = root.join("kmip/registry").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "SKIPPED the tables of the specifications: 0 files at {}",
            path.display()
        );
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}
