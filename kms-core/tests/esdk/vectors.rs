//! Decrypt vectors of the AWS Encryption SDKs, manifests of versions 1 to 5. Every set that stands in the test data is
//! run; what needs an AWS account is parsed and counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use kms_core::Error;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{
    BranchKeyring, Context, EcdhCurve, Header, Keyring, RawAesKeyring, RawEcdhKeyring, RawRsaKeyring, RsaPadding,
};
use serde_json::Value;

use crate::archive::{self, Set};
use crate::support::{lenient, open};

#[test]
fn every_published_vector_that_needs_no_account() {
    let sets = archive::sets();
    if sets.is_empty() {
        println!("SKIPPED the decrypt vectors: 0 sets in {}", archive::root().display());
        return;
    }
    let mut ran = 0;
    for set in &sets {
        for name in set.json_names() {
            let manifest = set.json(&name);
            if manifest["manifest"]["type"] == "awses-decrypt" {
                let tally = run(set, &manifest);
                println!("esdk vectors {}: {tally:?}", set.name);
                assert!(tally.wrong.is_empty(), "{}: {:#?}", set.name, tally.wrong);
                ran += tally.opened + tally.rejected;
            }
        }
    }
    assert!(ran > 0, "sets were found, and no test in them");
}

#[test]
fn keys_whose_vectors_are_not_here_are_told() {
    let Ok(entries) = std::fs::read_dir(archive::root()) else {
        println!("SKIPPED the look for vectors: 0 files in {}", archive::root().display());
        return;
    };
    let names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for name in &names {
        if let Some(set) = name.strip_suffix("_keys.json")
            && !names.contains(&format!("{set}.zip"))
        {
            println!("SKIPPED {set}: its keys are here, its messages (0 of them) are not");
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    opened: usize,
    rejected: usize,
    /// Headers that were parsed of messages whose keys are in an AWS account.
    only_parsed: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

fn run(set: &Set, manifest: &Value) -> Tally {
    let keys = set.json(manifest["keys"].as_str().unwrap());
    let mut tally = Tally::default();
    for (name, test) in manifest["tests"].as_object().unwrap() {
        let case = Case::new(set, &keys["keys"], test);
        match case.judge() {
            Verdict::Opened => tally.opened += 1,
            Verdict::Rejected => tally.rejected += 1,
            Verdict::OnlyParsed(why) => *tally.only_parsed.entry(why).or_default() += 1,
            Verdict::Wrong(why) => tally.wrong.push(format!("{name}: {why}")),
        }
    }
    tally
}

enum Verdict {
    Opened,
    Rejected,
    OnlyParsed(String),
    Wrong(String),
}

struct Case {
    message: Vec<u8>,
    /// `None` where the message must not open.
    plaintext: Option<Vec<u8>>,
    required: Context,
    /// The keyrings, or what kind of key is not to be had here.
    keyrings: Result<Vec<Arc<dyn Keyring>>, String>,
}

impl Case {
    fn new(set: &Set, keys: &Value, test: &Value) -> Self {
        let scenario = test.get("decryption-scenario").unwrap_or(test);
        let result = &scenario["result"];
        let plaintext = result
            .as_str()
            .or_else(|| result["output"]["plaintext"].as_str())
            .or_else(|| scenario["plaintext"].as_str())
            // Sets of messages that a faulty version wrote say what it was meant to write.
            .filter(|_| !set.name.starts_with("invalid"));
        let context = ["reproduced-encryption-context", "encryption-context"];
        let context = context.iter().find_map(|name| scenario.get(name)?.as_object());
        let pairs = context.into_iter().flatten();
        let described: Vec<_> = match scenario.get("decryptKeyDescription") {
            Some(one) => vec![one],
            None => scenario["master-keys"].as_array().unwrap().iter().collect(),
        };
        Self {
            message: set.bytes(scenario["ciphertext"].as_str().unwrap()),
            plaintext: plaintext.map(|name| set.bytes(name)),
            required: Context::from_pairs(pairs.map(|(key, value)| (key, value.as_str().unwrap()))).unwrap(),
            keyrings: described
                .into_iter()
                .map(|key| keyrings(keys, key))
                .collect::<Result<Vec<_>, _>>()
                .map(|all| all.into_iter().flatten().collect()),
        }
    }

    fn judge(self) -> Verdict {
        let keyrings = match self.keyrings {
            Ok(keyrings) => keyrings,
            Err(kind) => {
                return match Header::parse_prefix(&self.message, 16) {
                    Ok(header) if !header.data_keys().is_empty() => Verdict::OnlyParsed(kind),
                    parsed => Verdict::Wrong(format!("{parsed:?}")),
                };
            }
        };
        let opener = keyrings.into_iter().fold(lenient(), kms_core::esdk::Opener::keyring);
        match (open(&opener.require(self.required), &self.message), self.plaintext) {
            (Ok(found), Some(wanted)) if found == wanted => Verdict::Opened,
            (Err(Error::DoesNotOpen), None) => Verdict::Rejected,
            (Ok(_), None) => Verdict::Wrong("opened".to_owned()),
            (Ok(_), Some(_)) => Verdict::Wrong("another plaintext".to_owned()),
            (Err(error), _) => Verdict::Wrong(error.to_string()),
        }
    }
}

/// The keyrings of a description; an error names the kind that only an AWS account has.
fn keyrings(keys: &Value, described: &Value) -> Result<Vec<Arc<dyn Keyring>>, String> {
    let kind = described["type"].as_str().unwrap();
    let key = described["key"].as_str().map(|name| &keys[name]);
    let one = |keyring: Arc<dyn Keyring>| Ok(vec![keyring]);
    match kind {
        "raw" => one(raw(key.unwrap(), described)),
        "raw-ecdh" => one(ecdh(keys, described)),
        "aws-kms-hierarchy" if key.unwrap()["type"] == "static-branch-key" => one(branch(key.unwrap())),
        "multi-keyring" => {
            let children = described["childKeyrings"].as_array().into_iter().flatten();
            let mut all = Vec::new();
            for child in described.get("generator").into_iter().chain(children) {
                all.extend(keyrings(keys, child)?);
            }
            Ok(all)
        }
        "required-encryption-context-cmm" => keyrings(keys, &described["underlying"]),
        other => Err(other.to_owned()),
    }
}

fn raw(key: &Value, described: &Value) -> Arc<dyn Keyring> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (namespace, name, material) = (
        text(&described["provider-id"]),
        text(&key["key-id"]),
        text(&key["material"]),
    );
    if described["encryption-algorithm"] == "aes" {
        let bytes = base64(&material);
        return Arc::new(RawAesKeyring::new(CryptoBackend::default(), namespace, name, &bytes).unwrap());
    }
    let padding = match (
        &*text(&described["padding-algorithm"]),
        described["padding-hash"].as_str(),
    ) {
        ("pkcs1", _) => RsaPadding::Pkcs1,
        (_, Some("sha1")) => RsaPadding::OaepSha1,
        (_, Some("sha256")) => RsaPadding::OaepSha256,
        (_, Some("sha384")) => RsaPadding::OaepSha384,
        (_, Some("sha512")) => RsaPadding::OaepSha512,
        other => panic!("{other:?}"),
    };
    let make = match &*text(&key["type"]) {
        "private" => RawRsaKeyring::private,
        "public" => RawRsaKeyring::public,
        other => panic!("{other}"),
    };
    Arc::new(make(namespace, name, padding, material.as_bytes()).unwrap())
}

fn ecdh(keys: &Value, described: &Value) -> Arc<dyn Keyring> {
    let curve = match described["ecc-curve"].as_str().unwrap() {
        "ecc-256" => EcdhCurve::P256,
        "ecc-384" => EcdhCurve::P384,
        "ecc-521" => EcdhCurve::P521,
        other => panic!("{other}"),
    };
    let backend = CryptoBackend::default();
    let recipient = &keys[described["recipient"].as_str().unwrap()];
    Arc::new(match described["schema"].as_str().unwrap() {
        "discovery" => {
            let private = recipient["recipient-material"].as_str().unwrap();
            RawEcdhKeyring::of(backend, curve, private.as_bytes()).unwrap()
        }
        "static" => {
            let sender = &keys[described["sender"].as_str().unwrap()];
            let private = sender["sender-material"].as_str().unwrap();
            let public = recipient[described["recipient-public-key"].as_str().unwrap()]
                .as_str()
                .unwrap();
            RawEcdhKeyring::between(backend, curve, private.as_bytes(), &base64(public)).unwrap()
        }
        other => panic!("{other}"),
    })
}

fn branch(key: &Value) -> Arc<dyn Keyring> {
    let text = |name: &str| key[name].as_str().unwrap();
    let version = data_encoding::HEXLOWER
        .decode(text("branchKeyVersion").replace('-', "").as_bytes())
        .unwrap();
    let material = base64(text("branchKey"));
    let version = version.try_into().unwrap();
    Arc::new(BranchKeyring::new(CryptoBackend::default(), text("key-id"), version, &material).unwrap())
}

fn base64(text: &str) -> Vec<u8> {
    let whole: String = text.split_whitespace().collect();
    data_encoding::BASE64.decode(whole.as_bytes()).unwrap()
}
