//! The forms of an inventory.

use std::collections::BTreeSet;
use std::process::Command;

use kms_core::crypto::CryptoBackend;
use kms_scan::{Asset, AssetKind, Judge, Place, Priority, Purpose, Report, Serial, cbom, html};
use serde_json::Value;

use super::support::{Folder, at, data, python};

const SERIAL: &str = "3e671687-395b-41f5-a30f-a58921a69b79";

/// Some of everything that needs no tool, with names that try to be more than names.
fn report() -> Report {
    let folder = Folder::new();
    folder.file("a/encrypted.parquet", data("plaintext-footer.parquet"));
    folder.file(
        "a/<img src=x onerror=alert(1)>.age",
        "age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n",
    );
    folder.file("key set.json", r#"{"keys":[{"kty":"OKP","crv":"X25519","x":"","kid":"</td><script>alert(1)</script>"},{"kty":"EC","crv":"P-256"}]}"#);
    folder.file("cut.pem", "-----BEGIN CERTIFICATE-----\nMAA\n");
    folder.file("same", "age-encryption.org/v1\n-> scrypt abc 10\ndef\n--- mac\n");
    let mut scanned = folder.scan();
    for asset in &mut scanned.assets {
        // A folder of this test's own, so that its report is the same every time.
        if let Place::File { path, .. } = &mut asset.place {
            *path = path.strip_prefix(folder.path()).unwrap().to_owned();
        }
        asset.modified = Some(at("2026-01-01"));
    }
    let mut certificate = Asset::in_file("c.pem".as_ref(), AssetKind::Certificate, Purpose::Signature);
    certificate = certificate.named("CN=\u{202e}gpj.exe\u{0}\"'&");
    certificate.expires = Some(at("2020-01-01"));
    scanned.assets.push(certificate);
    let judge = Judge::at(at("2026-11-22"));
    Report::new(
        scanned.assets.into_iter().map(|asset| judge.finding(asset)),
        scanned.tally,
        judge.now(),
    )
}

#[test]
fn a_bill_of_materials_is_the_same_every_time() {
    let serial: Serial = SERIAL.parse().unwrap();
    let one = cbom(&report(), &serial).to_string();
    assert_eq!(cbom(&report(), &serial).to_string(), one);
    assert!(one.contains(&format!("urn:uuid:{SERIAL}")));
    let other = cbom(&report(), &Serial::random(&CryptoBackend::default()).unwrap()).to_string();
    assert_ne!(other, one);
}

#[test]
fn every_reference_of_a_bill_of_materials_leads_somewhere() {
    let bom = cbom(&report(), &SERIAL.parse().unwrap());
    let components = bom["components"].as_array().unwrap();
    let mut names = BTreeSet::from(["inventory".to_owned()]);
    for component in components {
        assert!(
            names.insert(component["bom-ref"].as_str().unwrap().to_owned()),
            "{component}"
        );
        assert_eq!(component["type"], "cryptographic-asset");
    }
    let mut references = Vec::new();
    collect_references(&bom, &mut references);
    assert!(references.len() > components.len());
    for reference in references {
        assert!(names.contains(&reference), "{reference}");
    }
    let with_dependencies = bom["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["ref"].as_str().unwrap());
    assert_eq!(with_dependencies.map(str::to_owned).collect::<BTreeSet<_>>(), names);
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_reference = name.ends_with("Ref") || name == "dependsOn" || name == "ref";
                match value {
                    Value::String(text) if is_reference => found.push(text.clone()),
                    Value::Array(items) if is_reference => {
                        found.extend(items.iter().map(|item| item.as_str().unwrap().to_owned()));
                    }
                    _ => collect_references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[test]
fn a_bill_of_materials_is_valid_by_the_published_schema() {
    let Some(python) = python("cyclonedx.validation.json, jsonschema") else {
        return;
    };
    let folder = Folder::new();
    let bom = cbom(&report(), &SERIAL.parse().unwrap());
    let good = folder.file("good.json", bom.to_string());
    // The validator has to be one that finds faults.
    let mut wrong = bom;
    wrong["components"][0]["cryptoProperties"]["assetType"] = "rumour".into();
    let bad = folder.file("bad.json", wrong.to_string());
    let verdict = |path| {
        let script = "import sys\nfrom cyclonedx.validation.json import JsonStrictValidator\n\
                      from cyclonedx.schema import SchemaVersion\n\
                      fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\n\
                      print(fault or 'valid')\n";
        let output = Command::new(&python).args(["-c", script]).arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(verdict(good).trim(), "valid");
    assert_ne!(verdict(bad).trim(), "valid");
}

#[test]
fn a_page_loads_and_runs_nothing_and_shows_names_as_text() {
    let page = html(&report(), "Posture of <us> & \"them\"");
    assert_eq!(page, html(&report(), "Posture of <us> & \"them\""));
    for forbidden in [
        "<script",
        "<img",
        "javascript:",
        "onerror=alert(1)>\"",
        "http:",
        "https:",
        "url(",
        "@import",
        "\u{202e}",
        "\0",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("<title>Posture of &lt;us&gt; &amp; &quot;them&quot;</title>"));
    assert!(page.contains("default-src 'none'; style-src 'sha512-"));
    assert!(page.contains("prefers-color-scheme:dark"));
    // The policy names the one style sheet by its hash, so an attribute with a style would not work.
    assert!(!page.contains(" style="));
    balanced(&page);
}

#[test]
fn the_policy_of_a_page_allows_its_style_sheet() {
    let page = html(&report(), "t");
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = data_encoding::BASE64.encode(&CryptoBackend::default().hash.digest(&[style.as_bytes()]));
    assert!(page.contains(&format!("'sha512-{hash}'")));
}

/// Every element that is opened is closed, in order.
#[track_caller]
fn balanced(page: &str) {
    const EMPTY: &[&str] = &["meta", "!DOCTYPE", "rect"];
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag that does not end");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !EMPTY[..2].contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn totals_are_those_of_the_findings() {
    let report = report();
    let summary = &report.summary;
    assert_eq!(summary.findings, 7);
    assert_eq!(summary.priorities.values().sum::<u64>(), summary.findings);
    assert_eq!(
        summary.classical + summary.quantum_safe + summary.unknown,
        summary.findings
    );
    assert_eq!((summary.harvest, summary.unreadable, summary.due), (2, 1, 1));
    assert_eq!(summary.tally.files, 5);
    let priorities: Vec<_> = report.findings.iter().map(|finding| finding.verdict.priority).collect();
    assert!(priorities.is_sorted() && priorities[0] == Priority::Exposed);
}

#[test]
fn an_empty_inventory_has_its_forms_too() {
    let nothing = Report::new([], kms_scan::Tally::default(), at("2026-11-22"));
    balanced(&html(&nothing, "t"));
    assert_eq!(
        cbom(&nothing, &SERIAL.parse().unwrap())["components"],
        serde_json::json!([])
    );
}
