//! Envelopes to be mutated: every golden file, and fresh ones, each with a reader that has all its keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kms_core::crypto::CryptoBackend;
use kms_core::*;

use super::manifest::{Case, KekEntry, cases, folders};
use super::regions::Regions;
use super::unhex;
use crate::support::{TestKek, run, secret};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Attached,
    Detached,
    Ticket,
}

/// One envelope, sound.
#[derive(Clone)]
pub struct Specimen {
    pub name: String,
    pub layout: Layout,
    pub regions: Regions,
    pub required: EncryptionContext,
    pub policy: OpenPolicy,
    pub keys: Arc<Vec<KekEntry>>,
}

/// The bytes of an envelope as a reader is given them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub file: Vec<u8>,
    pub payload: Option<Vec<u8>>,
}

/// What opening gave: the plaintext, or nothing for a ticket.
pub type Plaintext = Option<Vec<u8>>;

impl Specimen {
    /// The bytes of these regions in the layout of this specimen.
    pub fn given(&self, regions: &Regions) -> Given {
        let mut file = regions.bytes();
        let header = file.len() - regions.payload.len();
        match self.layout {
            Layout::Attached => Given { file, payload: None },
            Layout::Ticket => Given { file, payload: None },
            Layout::Detached => Given {
                payload: Some(file.split_off(header)),
                file,
            },
        }
    }

    pub fn original(&self) -> Given {
        self.given(&self.regions)
    }

    /// A reader with every key of the folder, so that a recipient taken from a neighbour finds its key.
    pub fn opener(&self, backend: &CryptoBackend) -> Opener {
        Opener::new(backend.clone(), keyring(backend, &self.keys))
            .require(self.required.clone())
            .policy(self.policy.clone())
    }

    pub fn open(&self, opener: &Opener, given: &Given) -> Result<Plaintext> {
        match (self.layout, &given.payload) {
            (Layout::Ticket, _) => run(opener.open_ticket(&given.file)).map(|_| None),
            (_, Some(payload)) => run(opener.open_detached(&given.file, payload)).map(Some),
            (_, None) => run(opener.open(&given.file)).map(Some),
        }
    }
}

/// All golden files but those that only a passphrase opens: those cost 64 MiB and a tenth of a second each. Of either
/// backend's public keys and hybrids, whose long headers are those of the oracle in shape, two of each.
pub fn golden() -> Vec<Specimen> {
    let all = folders();
    let (pairs, others): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|folder| folder.to_string_lossy().ends_with("-pairs"));
    let of_others = others
        .into_iter()
        .flat_map(|folder| of_folder(folder, |case| !only_passphrase(case)));
    let few = |case: &Case| ["message-gcm-hpke-l0-attached", "message-gcm-hybrid-l1-detached"].contains(&&*case.name);
    of_others
        .chain(pairs.into_iter().flat_map(|folder| of_folder(folder, few)))
        .collect()
}

/// Two golden files that only a passphrase opens.
pub fn golden_passphrases() -> Vec<Specimen> {
    let with_label = |case: &Case| only_passphrase(case) && case.suite == 1 && case.layout == "attached";
    of_folder(&folders()[0], with_label).into_iter().take(2).collect()
}

fn only_passphrase(case: &Case) -> bool {
    case.keks.iter().all(|kek| kek.scheme == 5)
}

fn of_folder(folder: &Path, wanted: impl Fn(&Case) -> bool) -> Vec<Specimen> {
    let cases: Vec<Case> = cases(folder).into_iter().filter(wanted).collect();
    let with_passphrase = cases.iter().all(only_passphrase);
    let keks = cases.iter().flat_map(|case| {
        let passphrase = case.passphrase.clone();
        case.keks.iter().cloned().map(move |kek| KekEntry {
            passphrase: (kek.scheme == 5).then(|| passphrase.clone()).flatten(),
            ..kek
        })
    });
    let keys = Arc::new(
        keks.filter(|kek| with_passphrase || kek.scheme != 5)
            .collect::<Vec<_>>(),
    );
    cases.iter().map(|case| specimen(folder, case, &keys)).collect()
}

fn specimen(folder: &Path, case: &Case, keys: &Arc<Vec<KekEntry>>) -> Specimen {
    let (file, payload) = case.bytes(folder);
    let mut regions = Regions::of(&file);
    regions.payload.extend(payload.unwrap_or_default());
    let layout = match case.layout.as_str() {
        "attached" => Layout::Attached,
        "detached" => Layout::Detached,
        _ => Layout::Ticket,
    };
    let required = case.required_context.iter();
    Specimen {
        name: format!("{}/{}", folder.file_name().unwrap().to_string_lossy(), case.name),
        layout,
        regions,
        required: EncryptionContext::from_pairs(required.map(|(key, value)| (key.clone(), value.clone()))).unwrap(),
        policy: case.policy(),
        keys: keys.clone(),
    }
}

/// One KEK a kid, with every version that any case has. Hybrids are found by their two halves.
fn keyring(backend: &CryptoBackend, entries: &[KekEntry]) -> Keyring {
    let mut by_kid = BTreeMap::<&str, Vec<&KekEntry>>::new();
    for entry in entries.iter().flat_map(KekEntry::parts) {
        by_kid.entry(&entry.kid).or_default().push(entry);
    }
    let keks = by_kid.into_iter().map(|(kid, entries)| -> Arc<dyn Kek> {
        if entries[0].scheme == 5 {
            return entries[0].kek(backend, None);
        }
        if entries[0].kem.is_some() {
            let mut kem = entries[0].kem(backend);
            for entry in &entries {
                if kem.versions.iter().all(|(known, _)| *known != entry.version()) {
                    kem.versions.extend(entry.kem(backend).versions);
                }
            }
            return kem.kek();
        }
        let mut versions: Vec<(Option<Vec<u8>>, _)> = Vec::new();
        for entry in &entries {
            let version = entry.version.as_ref().map(|version| version.clone().into_bytes());
            if versions.iter().all(|(known, _)| *known != version) {
                versions.push((version, secret(&unhex(entry.key_hex.as_deref().unwrap()))));
            }
        }
        Arc::new(TestKek {
            versions,
            mechanism: (entries[0].scheme == 2).then_some(WrapMechanism::AesKwp),
            ..TestKek::new(backend, kid, 0)
        })
    });
    keks.collect()
}

/// Envelopes sealed just now: messages of one data key, a quorum, padding, several chunks.
pub fn fresh(backend: &CryptoBackend) -> Vec<Specimen> {
    let entry = |kid: &str| KekEntry {
        kid: kid.into(),
        scheme: 1,
        version: Some("1".into()),
        key_hex: Some("01".repeat(32)),
        ..KekEntry::default()
    };
    let kids = ["local://a", "local://b", "local://c"];
    let keys = Arc::new(kids.map(entry).to_vec());
    let kek = |at: usize| Arc::new(TestKek::new(backend, kids[at], 1)) as Arc<dyn Kek>;
    let specimen = |name: &str, layout, file: Vec<u8>, payload: &[u8]| {
        let mut regions = Regions::of(&file);
        regions.payload.extend_from_slice(payload);
        Specimen {
            name: format!("fresh/{name}"),
            layout,
            regions,
            required: EncryptionContext::new(),
            policy: OpenPolicy::default(),
            keys: keys.clone(),
        }
    };
    let sealer = || Sealer::new(backend.clone());
    let group = run(sealer().recipient(kek(0)).recipient(kek(1)).data_key()).unwrap();
    let long = vec![0x42; 3 * 16_384 + 100];
    let padded = MessageOptions {
        reserve: Reserve::Spare(0),
        ..MessageOptions::default()
    };
    let detached = MessageOptions {
        detached: true,
        ..MessageOptions::default()
    };
    let (header, payload) = group.begin(detached).unwrap().seal_detached(b"group: three").unwrap();
    let quorum = sealer().add(Recipient::quorum(2, [0, 1, 2].map(kek))).recipient(kek(2));
    vec![
        specimen("group-1", Layout::Attached, group.seal(b"group: one").unwrap(), b""),
        specimen("group-2", Layout::Attached, group.seal(b"group: two").unwrap(), b""),
        specimen("group-3", Layout::Detached, header, &payload),
        specimen(
            "group-padded",
            Layout::Attached,
            group.begin(padded).unwrap().seal(b"padded").unwrap(),
            b"",
        ),
        specimen("chunks", Layout::Attached, group.seal(&long).unwrap(), b""),
        specimen(
            "quorum-and-single",
            Layout::Attached,
            run(quorum.seal(b"minutes")).unwrap(),
            b"",
        ),
    ]
}
