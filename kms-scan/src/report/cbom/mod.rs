//! An inventory as a bill of materials: CycloneDX 1.6, JSON.
//!
//! Algorithms stand once each; every asset refers to its own. What CycloneDX has no field for (posture, exposure, what
//! to do) is a property whose name begins with `keystrand:`.

mod algorithms;
mod asset;
mod serial;

use std::collections::BTreeSet;

use serde_json::{Value, json};

pub use serial::Serial;

use super::Report;
use crate::finding::Finding;
use algorithms::Algorithms;

/// The bill of materials. The same report and serial number give the same document, byte for byte.
#[must_use]
pub fn cbom(report: &Report, serial: &Serial) -> Value {
    let mut findings: Vec<_> = report.findings.iter().collect();
    findings.sort_by(|a, b| a.asset.place.cmp(&b.asset.place));
    let algorithms = Algorithms::of(findings.iter().flat_map(|finding| &finding.asset.algorithms));
    let mut components = algorithms.components();
    let mut dependencies = Vec::new();
    let mut roots = Vec::new();
    for (reference, finding) in referenced(&findings) {
        roots.push(reference.clone());
        for (component, depends_on) in asset::components(finding, &reference, &algorithms) {
            dependencies.push(json!({ "ref": component["bom-ref"], "dependsOn": depends_on }));
            components.push(component);
        }
    }
    dependencies.insert(0, json!({ "ref": INVENTORY, "dependsOn": roots }));
    dependencies.extend(algorithms.references().map(|reference| json!({ "ref": reference })));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial.to_string(),
        "version": 1,
        "metadata": metadata(report),
        "components": components,
        "dependencies": dependencies,
    })
}

fn metadata(report: &Report) -> Value {
    json!({
        "timestamp": report.at,
        "lifecycles": [{ "phase": "discovery" }],
        "tools": { "components": [{
            "type": "application",
            "name": "kmsctl",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Keystrand's inventory of cryptography",
        }] },
        "component": {
            "type": "data",
            "bom-ref": INVENTORY,
            "name": "cryptographic inventory",
        },
    })
}

/// Each finding with a name for it: by place, so that it keeps it from one inventory to the next. What shares a place,
/// or is called what another thing's name came to be, gets a sign more.
fn referenced<'a>(findings: &[&'a Finding]) -> Vec<(String, &'a Finding)> {
    let mut taken = BTreeSet::new();
    let mut name = |finding: &Finding| {
        let mut reference = format!("asset/{}", finding.asset.place.text());
        while !taken.insert(reference.clone()) {
            reference.push('+');
        }
        reference
    };
    findings.iter().map(|finding| (name(finding), *finding)).collect()
}

const INVENTORY: &str = "inventory";
