//! Assets as components.

use serde_json::{Map, Value, json};

use super::algorithms::Algorithms;
use crate::algorithm::{Primitive, posture_name};
use crate::asset::{Asset, AssetKind, Place, Role};
use crate::finding::Finding;

/// The components of a finding, each with what it depends on. A certificate brings its public key.
pub(super) fn components(finding: &Finding, reference: &str, algorithms: &Algorithms<'_>) -> Vec<(Value, Vec<String>)> {
    let asset = &finding.asset;
    let own = || {
        asset
            .algorithms
            .iter()
            .map(|used| algorithms.reference(&used.algorithm).to_owned())
    };
    if asset.kind != AssetKind::Certificate || asset.fault.is_some() {
        let crypto = json!({
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": material(asset, algorithms),
        });
        let mut depends_on: Vec<_> = own().collect();
        depends_on.dedup();
        return vec![(component(finding, reference, &crypto), depends_on)];
    }
    let key = format!("{reference}/key");
    let signature = asset
        .algorithm(Role::Signature)
        .map(|algorithm| algorithms.reference(algorithm).to_owned());
    let crypto = json!({
        "assetType": "certificate",
        "certificateProperties": certificate(asset, signature.as_deref(), &key),
    });
    let depends_on = signature.into_iter().chain([key.clone()]).collect();
    vec![
        (component(finding, reference, &crypto), depends_on),
        public_key(asset, &key, algorithms),
    ]
}

fn component(finding: &Finding, reference: &str, crypto: &Value) -> Value {
    let asset = &finding.asset;
    let occurrence = match &asset.place {
        Place::File { line: Some(line), .. } => json!({ "location": location(&asset.place), "line": line }),
        place => json!({ "location": location(place) }),
    };
    json!({
        "type": "cryptographic-asset",
        "bom-ref": reference,
        "name": asset.name.clone().unwrap_or_else(|| asset.kind.text().to_owned()),
        "description": finding.verdict.advice,
        "evidence": { "occurrences": [occurrence] },
        "cryptoProperties": crypto,
        "properties": properties(finding),
    })
}

fn certificate(asset: &Asset, signature: Option<&str>, key: &str) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
    put("subjectName", asset.name.as_ref().map(|name| json!(name)));
    put("issuerName", asset.issuer.as_ref().map(|name| json!(name)));
    put("notValidBefore", asset.created.map(|time| json!(time)));
    put("notValidAfter", asset.expires.map(|time| json!(time)));
    put("signatureAlgorithmRef", signature.map(|reference| json!(reference)));
    put("subjectPublicKeyRef", Some(json!(key)));
    put("certificateFormat", Some(json!("X.509")));
    fields.into()
}

fn public_key(asset: &Asset, reference: &str, algorithms: &Algorithms<'_>) -> (Value, Vec<String>) {
    let algorithm = asset
        .algorithm(Role::Key)
        .map(|algorithm| algorithms.reference(algorithm));
    let mut fields = json!({ "type": "public-key" });
    if let Some(algorithm) = algorithm {
        fields["algorithmRef"] = json!(algorithm);
    }
    let component = json!({
        "type": "cryptographic-asset",
        "bom-ref": reference,
        "name": "public key of the certificate",
        "cryptoProperties": {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": fields,
        },
    });
    (component, algorithm.map(str::to_owned).into_iter().collect())
}

fn material(asset: &Asset, algorithms: &Algorithms<'_>) -> Value {
    let reference = |role| {
        asset
            .algorithm(role)
            .map(|algorithm| json!(algorithms.reference(algorithm)))
    };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
    put("type", Some(json!(material_type(asset))));
    put(
        "algorithmRef",
        reference(Role::Key).or_else(|| reference(Role::Content)),
    );
    put("creationDate", asset.created.map(|time| json!(time)));
    put("updateDate", asset.modified.map(|time| json!(time)));
    put("expirationDate", asset.expires.map(|time| json!(time)));
    if let Place::Key { key } = &asset.place {
        put("id", Some(json!(key)));
    }
    put("format", format(asset.kind).map(|text| json!(text)));
    let weakest = asset.deciding().filter(|_| asset.algorithm(Role::Recipient).is_some());
    let secured_by = weakest.or_else(|| asset.algorithm(Role::AtRest));
    if let Some(algorithm) = secured_by {
        let secured = json!({ "mechanism": "Software", "algorithmRef": algorithms.reference(algorithm) });
        put("securedBy", Some(secured));
    } else if asset.in_clear {
        put("securedBy", Some(json!({ "mechanism": "None" })));
    }
    fields.into()
}

fn material_type(asset: &Asset) -> &'static str {
    match asset.kind {
        AssetKind::Envelope
        | AssetKind::Ticket
        | AssetKind::SealedSecret
        | AssetKind::Keystore
        | AssetKind::EsdkMessage
        | AssetKind::ParquetFile
        | AssetKind::AgeFile
        | AssetKind::Jwe => "ciphertext",
        AssetKind::PrivateKey => "private-key",
        AssetKind::PublicKey | AssetKind::SshKey | AssetKind::VerifierKey => "public-key",
        AssetKind::SignedNote => "signature",
        AssetKind::SshCertificate => "credential",
        AssetKind::ProviderKey => match asset.algorithm(Role::Key).map(|algorithm| algorithm.primitive) {
            Some(Primitive::Ae) | None => "secret-key",
            Some(_) => "private-key",
        },
        AssetKind::AgeKey | AssetKind::JsonWebKey if asset.in_clear => "private-key",
        AssetKind::AgeKey | AssetKind::JsonWebKey => "public-key",
        AssetKind::Certificate | AssetKind::CertificateRequest | AssetKind::Container => "other",
    }
}

fn format(kind: AssetKind) -> Option<&'static str> {
    Some(match kind {
        AssetKind::Envelope | AssetKind::Ticket | AssetKind::SealedSecret | AssetKind::Keystore => "KS1",
        AssetKind::EsdkMessage => "AWS Encryption SDK",
        AssetKind::ParquetFile => "Parquet",
        AssetKind::AgeFile | AssetKind::AgeKey => "age",
        AssetKind::Jwe => "JWE",
        AssetKind::JsonWebKey => "JWK",
        AssetKind::SignedNote | AssetKind::VerifierKey => "signed-note",
        AssetKind::SshKey | AssetKind::SshCertificate => "OpenSSH",
        AssetKind::CertificateRequest => "PKCS#10",
        _ => return None,
    })
}

/// What CycloneDX has no field for.
fn properties(finding: &Finding) -> Vec<Value> {
    let (asset, verdict) = (&finding.asset, &finding.verdict);
    let mut properties = Vec::new();
    let mut put = |name: &str, value: String| {
        properties.push(json!({ "name": format!("keystrand:{name}"), "value": value }));
    };
    put("kind", word(&asset.kind));
    put("posture", asset.posture.map_or("unknown", posture_name).to_owned());
    put("priority", word(&verdict.priority));
    put("exposure", word(&verdict.exposure));
    verdict
        .weaknesses
        .iter()
        .for_each(|weakness| put("weakness", word(weakness)));
    if let Some(due) = verdict.due {
        put("due", due.at.to_string());
        put("due-reason", word(&due.reason));
    }
    asset
        .recipients
        .iter()
        .for_each(|recipient| put("recipient", recipient.id.clone()));
    asset.fault.iter().for_each(|fault| put("fault", fault.clone()));
    asset.notes.iter().for_each(|note| put("note", note.clone()));
    properties
}

/// The word that JSON has for a variant.
fn word(variant: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(variant).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn location(place: &Place) -> String {
    match place {
        Place::File { path, .. } => path.display().to_string(),
        Place::Key { key } => key.clone(),
    }
}
