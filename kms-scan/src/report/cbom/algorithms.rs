//! Algorithms as components, each once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::algorithm::{Algorithm, Primitive, posture_name};
use crate::asset::Used;

/// The algorithms of an inventory with their references.
pub(super) struct Algorithms<'a>(BTreeMap<&'a Algorithm, String>);

impl<'a> Algorithms<'a> {
    pub(super) fn of(used: impl IntoIterator<Item = &'a Used>) -> Self {
        let distinct: BTreeSet<&Algorithm> = used.into_iter().map(|used| &used.algorithm).collect();
        let mut taken = BTreeSet::new();
        let mut name = |algorithm: &Algorithm| {
            let mut reference = format!("algorithm/{}", algorithm.name);
            while !taken.insert(reference.clone()) {
                reference.push('+');
            }
            reference
        };
        Self(
            distinct
                .into_iter()
                .map(|algorithm| (algorithm, name(algorithm)))
                .collect(),
        )
    }

    /// The reference of an algorithm of this inventory.
    pub(super) fn reference(&self, algorithm: &Algorithm) -> &str {
        &self.0[algorithm]
    }

    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    pub(super) fn components(&self) -> Vec<Value> {
        let all = self.0.iter();
        all.map(|(algorithm, reference)| component(algorithm, reference))
            .collect()
    }
}

fn component(algorithm: &Algorithm, reference: &str) -> Value {
    let mut properties = Map::new();
    properties.insert("primitive".to_owned(), json!(algorithm.primitive.name()));
    let mut put = |name: &str, value: Option<Value>| value.map(|value| properties.insert(name.to_owned(), value));
    put(
        "parameterSetIdentifier",
        algorithm.parameter.as_ref().map(|text| json!(text)),
    );
    put("curve", algorithm.curve.as_ref().map(|text| json!(text)));
    put(
        "cryptoFunctions",
        functions(algorithm.primitive).map(|names| json!(names)),
    );
    put(
        "classicalSecurityLevel",
        algorithm.classical_bits.map(|bits| json!(bits)),
    );
    put(
        "nistQuantumSecurityLevel",
        algorithm.quantum_level.map(|level| json!(level)),
    );
    let mut crypto = json!({ "assetType": "algorithm", "algorithmProperties": properties });
    if let Some(oid) = &algorithm.oid {
        crypto["oid"] = json!(oid);
    }
    json!({
        "type": "cryptographic-asset",
        "bom-ref": reference,
        "name": algorithm.name,
        "cryptoProperties": crypto,
        "properties": [{
            "name": "keystrand:posture",
            "value": algorithm.posture.map_or("unknown", posture_name),
        }],
    })
}

fn functions(primitive: Primitive) -> Option<&'static [&'static str]> {
    Some(match primitive {
        Primitive::Ae | Primitive::BlockCipher | Primitive::StreamCipher | Primitive::Pke => &["encrypt", "decrypt"],
        Primitive::Signature => &["sign", "verify"],
        Primitive::KeyAgree | Primitive::Kdf => &["keyderive"],
        Primitive::Kem | Primitive::Combiner => &["encapsulate", "decapsulate"],
        Primitive::Unknown => return None,
    })
}
