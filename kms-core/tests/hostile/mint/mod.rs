//! Makes golden files with one backend, through the public API only: random keys, random ids, all kinds of envelope.

mod pairs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kms_core::crypto::{CryptoBackend, PasswordCost};
use kms_core::memory::SecretBytes;
use kms_core::record::{RecordMode, RecordPlace};
use kms_core::*;

use super::hex;
use super::manifest::{Case, KekEntry, Label, Manifest, QuorumEntry, RecordEntry, sha256};
use crate::support::{TestKek, run, secret};

const PASSPHRASE: &str = "correct horse battery staple";
const SUITES: [(Suite, &str); 3] = [
    (Suite::Aes256Gcm, "gcm"),
    (Suite::Aes256GcmSiv, "gcmsiv"),
    (Suite::ChaCha20Poly1305, "chacha"),
];

/// Version and key of each version of a KEK.
type Versions = Vec<(Option<&'static str>, [u8; 32])>;

/// A folder of golden files in the making.
pub struct Mint {
    backend: CryptoBackend,
    folder: PathBuf,
    keys: BTreeMap<&'static str, Versions>,
    cases: Vec<Case>,
}

/// What a case was sealed with, as far as the envelope does not say it.
#[derive(Default)]
struct Facts<'a> {
    keks: Vec<KekEntry>,
    /// Members of each quorum.
    members: Vec<Vec<&'a str>>,
    required: Vec<(&'a str, &'a str)>,
    records: Vec<RecordEntry>,
}

const LOCAL: &str = "local://golden";
const KWP: &str = "pkcs11:token=golden;object=kwp";
const MEMORY: &str = "memory://golden";
const FILE: &str = "keyfile:five";
const KMIP: &str = "kmip://hsm.example:5696/7f";
const WORDS: &str = "passphrase:golden";

impl Mint {
    /// Golden files of `backend` into `folder`, which must not exist.
    pub fn new(backend: CryptoBackend, folder: &Path) -> Self {
        fs::create_dir(folder).expect("golden files are never made again: the folder must not be there");
        let random = || {
            let mut key = [0; 32];
            backend.random.fill(&mut key).unwrap();
            key
        };
        let keys = BTreeMap::from([
            (LOCAL, vec![(Some("1"), random()), (Some("2"), random())]),
            (KWP, vec![(None, random())]),
            (MEMORY, vec![(Some("12"), random())]),
            (FILE, vec![(None, random())]),
            (KMIP, vec![(Some("uid-7f"), random())]),
        ]);
        Self {
            folder: folder.to_owned(),
            cases: Vec::new(),
            keys,
            backend,
        }
    }

    /// Makes all files and the manifest, and says how many cases there are.
    pub fn strike(mut self) -> usize {
        self.matrix();
        self.tickets();
        self.singles();
        self.contexts();
        self.lengths();
        self.quorums();
        self.rewraps();
        self.finish()
    }

    /// Writes the manifest, and says how many cases there are.
    fn finish(mut self) -> usize {
        let count = self.cases.len();
        let manifest = Manifest {
            format: "KS1".into(),
            made_by: format!("kms-core/tests/golden.rs make_golden, backend {}", self.backend.name),
            cases: std::mem::take(&mut self.cases),
        };
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        self.write("manifest.json", (text + "\n").as_bytes());
        count
    }

    /// Every suite, kind, scheme, level and layout of messages and sealed secrets.
    fn matrix(&mut self) {
        for (kind, secret) in [("message", false), ("secret", true)] {
            for (suite, suite_name) in SUITES {
                for (kid, who) in [(LOCAL, "local"), (KWP, "kwp"), (WORDS, "pass")] {
                    for (level, number) in [(Level::DataKey, 0), (Level::Message, 1)] {
                        let sealer = self
                            .sealer()
                            .suite(suite)
                            .context(EncryptionContext::from_pairs([("purpose", "golden"), ("b", "1")]).unwrap())
                            .add(self.single(kid).at(level));
                        let sealer = if secret { sealer.sealed_secret() } else { sealer };
                        for layout in ["attached", "detached"] {
                            let name = format!("{kind}-{suite_name}-{who}-l{number}-{layout}");
                            let facts = self.facts(&[kid]);
                            self.seal(&name, layout, &sealer, facts);
                        }
                    }
                }
            }
        }
    }

    fn tickets(&mut self) {
        let modes = [RecordMode::None, RecordMode::Column, RecordMode::Row];
        let det = [RecordMode::Column, RecordMode::Row, RecordMode::Column];
        let suites = [SUITES[0], SUITES[1], (Suite::Aes256Siv, "det")];
        for (suite, suite_name) in suites {
            let modes = if suite == Suite::Aes256Siv { det } else { modes };
            for ((kid, who), mode) in [(LOCAL, "local"), (KWP, "kwp"), (WORDS, "pass")].into_iter().zip(modes) {
                for (level, number) in [(Level::DataKey, 0), (Level::Message, 1)] {
                    let sealer = self.sealer().suite(suite).ticket(mode).add(self.single(kid).at(level));
                    let name = format!("ticket-{suite_name}-{who}-l{number}-{}", mode.name());
                    let facts = self.facts(&[kid]);
                    self.ticket(&name, &sealer, facts);
                }
            }
        }
    }

    fn singles(&mut self) {
        let any = self
            .sealer()
            .add(self.single(LOCAL))
            .add(self.single(KWP))
            .add(self.single(MEMORY).at(Level::Message));
        self.seal("any-of-three", "attached", &any, self.facts(&[LOCAL, KWP, MEMORY]));
        self.seal(
            "wrap-kw",
            "attached",
            &self.sealer().add(self.single(KMIP)),
            self.facts(&[KMIP]),
        );
        self.seal(
            "keyfile",
            "attached",
            &self.sealer().add(self.single(FILE)),
            self.facts(&[FILE]),
        );
        let hidden = self.sealer().add(self.single(LOCAL).hidden()).add(self.single(KWP));
        self.seal("hidden", "attached", &hidden, self.facts(&[LOCAL, KWP]));
        let only = self.sealer().add(self.single(LOCAL).hidden().at(Level::Message));
        self.seal("hidden-only", "detached", &only, self.facts(&[LOCAL]));
        let hedged = Floor {
            posture: Some(Posture::Hedged),
            quorum: None,
        };
        let floored = self
            .sealer()
            .floor(hedged)
            .add(self.single(LOCAL))
            .add(self.single(KWP));
        self.seal("floor-hedged", "attached", &floored, self.facts(&[LOCAL, KWP]));
        let named = self.sealer().key_name("payments.eu-1_a").add(self.single(LOCAL));
        self.seal("logical-name", "attached", &named, self.facts(&[LOCAL]));
        let key = run(self.sealer().add(self.single(LOCAL)).data_key()).unwrap();
        for name in ["group-1", "group-2"] {
            let plaintext = format!("golden: {name}").into_bytes();
            let file = key.seal(&plaintext).unwrap();
            self.put(name, "attached", &file, None, &plaintext, self.facts(&[LOCAL]));
        }
    }

    fn contexts(&mut self) {
        let with = |pairs: &[(&str, &str)]| EncryptionContext::from_pairs(pairs.iter().copied()).unwrap();
        let external = self
            .sealer()
            .context(with(&[("purpose", "golden"), ("tenant", "7"), ("aa", "b")]))
            .external(["tenant", "aa"])
            .add(self.single(LOCAL));
        let facts = Facts {
            required: vec![("tenant", "7"), ("aa", "b")],
            ..self.facts(&[LOCAL])
        };
        self.seal("external-context", "attached", &external, facts);
        let only = self
            .sealer()
            .context(with(&[("tenant", "7")]))
            .external(["tenant"])
            .add(self.single(KWP));
        let facts = Facts {
            required: vec![("tenant", "7")],
            ..self.facts(&[KWP])
        };
        self.seal("external-only", "detached", &only, facts);
        let (long_name, long_value) = ("n".repeat(24), "v".repeat(300));
        let pairs = [
            ("z", "1"),
            ("aa", "2"),
            ("b", ""),
            ("ünïcode", "snow \u{2603}"),
            (&long_name, &long_value),
        ];
        let ordered = self.sealer().context(with(&pairs)).add(self.single(LOCAL));
        self.seal("context-order", "attached", &ordered, self.facts(&[LOCAL]));
        let labels = [
            ("trace", LabelValue::Text("00-4bf9".into())),
            ("raw", LabelValue::Bytes((0..8).collect())),
            ("a", LabelValue::Text(String::new())),
        ];
        let options = MessageOptions {
            labels: Labels::from_pairs(labels).unwrap(),
            plaintext_len: Some(14),
            ..MessageOptions::default()
        };
        let message = run(self.sealer().add(self.single(LOCAL)).begin(options)).unwrap();
        let file = message.seal(b"golden: labels").unwrap();
        self.put(
            "labels",
            "attached",
            &file,
            None,
            b"golden: labels",
            self.facts(&[LOCAL]),
        );
    }

    fn lengths(&mut self) {
        let sealer = |suite| self.sealer().suite(suite).add(self.single(LOCAL));
        let files: Vec<_> = [
            ("empty", 0, Suite::Aes256Gcm),
            ("chunk-16383", 16_383, Suite::ChaCha20Poly1305),
            ("chunk-16384", 16_384, Suite::Aes256Gcm),
            ("chunk-16385", 16_385, Suite::Aes256GcmSiv),
        ]
        .map(|(name, length, suite)| {
            let plaintext: Vec<u8> = (0..length).map(|at: usize| (at % 251) as u8).collect();
            (name, run(sealer(suite).seal(&plaintext)).unwrap(), plaintext)
        })
        .into();
        let unknown_length = run(sealer(Suite::Aes256Gcm).begin(MessageOptions::default())).unwrap();
        let padded = unknown_length.seal(b"golden: padded").unwrap();
        for (name, file, plaintext) in files {
            self.put(name, "attached", &file, None, &plaintext, self.facts(&[LOCAL]));
        }
        self.put(
            "padded",
            "attached",
            &padded,
            None,
            b"golden: padded",
            self.facts(&[LOCAL]),
        );
    }

    fn quorums(&mut self) {
        let five = [LOCAL, KWP, MEMORY, WORDS, FILE];
        let members = |count: usize| Facts {
            members: vec![five[..count].to_vec()],
            ..self.facts(&five[..count])
        };
        let of = |threshold, count: usize| Recipient::quorum(threshold, five[..count].iter().map(|kid| self.kek(kid)));
        let (two, three, all) = (members(2), members(3), members(5));
        let hidden = (members(3), of(2, 3).hidden().at(Level::Message));
        let beside = Facts {
            keks: self.facts(&[LOCAL, KWP, MEMORY]).keks,
            members: vec![vec![LOCAL, KWP]],
            ..Facts::default()
        };
        let twice = Facts {
            keks: self.facts(&[LOCAL, KWP, MEMORY, FILE]).keks,
            members: vec![vec![LOCAL, KWP], vec![MEMORY, FILE]],
            ..Facts::default()
        };
        let floor = Floor {
            posture: Some(Posture::PostQuantum),
            quorum: Some(2),
        };
        let floored = (members(3), self.sealer().floor(floor).add(of(2, 3)));
        let second = Recipient::quorum(2, [MEMORY, FILE].map(|kid| self.kek(kid)));
        let sealers = [
            ("quorum-2-of-3", "attached", self.sealer().add(of(2, 3)), three),
            (
                "quorum-3-of-5",
                "attached",
                self.sealer().suite(Suite::Aes256GcmSiv).sealed_secret().add(of(3, 5)),
                all,
            ),
            (
                "quorum-hidden-detached",
                "detached",
                self.sealer().suite(Suite::ChaCha20Poly1305).add(hidden.1),
                hidden.0,
            ),
            ("floor-quorum", "attached", floored.1, floored.0),
            (
                "quorum-beside-single",
                "attached",
                self.sealer().add(of(2, 2)).add(self.single(MEMORY)),
                beside,
            ),
            (
                "two-quorums",
                "attached",
                self.sealer().add(of(2, 2)).add(second),
                twice,
            ),
        ];
        let ticket = self
            .sealer()
            .suite(Suite::Aes256Siv)
            .ticket(RecordMode::Column)
            .add(of(2, 2));
        for (name, layout, sealer, facts) in sealers {
            self.seal(name, layout, &sealer, facts);
        }
        self.ticket("quorum-2-of-2-ticket", &ticket, two);
        self.moved_share();
    }

    /// One member's key rotated; its share moved without the others.
    fn moved_share(&mut self) {
        let members = [LOCAL, KWP, MEMORY];
        let old = self.kek_at(LOCAL, 1);
        let keks = [old, self.kek(KWP), self.kek(MEMORY)];
        let plaintext = b"golden: share-moved";
        let file = run(self.sealer().add(Recipient::quorum(2, keks)).seal(plaintext)).unwrap();
        let header = Header::parse_prefix(&file, 16).unwrap();
        let opener = Opener::new(self.backend.clone(), Keyring::new().with(self.kek_at(LOCAL, 2)));
        let new = rewrapped(&opener, &header, &Target::Current, None);
        let mut keks = self.facts(&[KWP, MEMORY]).keks;
        keks.insert(0, self.entry(LOCAL, 1));
        let facts = Facts {
            keks,
            members: vec![members.to_vec()],
            ..Facts::default()
        };
        let moved = [&new, &file[header.len()..]].concat();
        self.put("share-moved", "attached", &moved, None, plaintext, facts);
    }

    /// Each as sealed, and after a rewrap to new versions and one more recipient.
    fn rewraps(&mut self) {
        let context = EncryptionContext::from_pairs([("purpose", "golden")]).unwrap();
        let old = Recipient::single(self.kek_at(LOCAL, 1));
        let sealer = self.sealer().context(context).add(old).add(self.single(KWP));
        let target = Target::Replace(vec![
            Recipient::single(self.kek_at(LOCAL, 2)),
            self.single(KWP),
            self.single(MEMORY).at(Level::Message),
        ]);
        let before = self.facts(&[LOCAL, KWP]).keks;
        let mut after = self.facts(&[KWP, MEMORY]).keks;
        after.insert(0, self.entry(LOCAL, 1));
        let facts = |keks: &Vec<KekEntry>| Facts {
            keks: keks.clone(),
            ..Facts::default()
        };
        let opener = Opener::new(self.backend.clone(), Keyring::new().with(self.kek_at(LOCAL, 2)));

        let plaintext = b"golden: rewrap";
        let file = run(sealer.seal(plaintext)).unwrap();
        let header = Header::parse_prefix(&file, 16).unwrap();
        let payload = &file[header.len()..];
        let new = rewrapped(&opener, &header, &target, Some(payload.len() as u64));
        self.put("rewrap-seq0", "attached", &file, None, plaintext, facts(&before));
        self.put(
            "rewrap-seq1",
            "attached",
            &[&new, payload].concat(),
            None,
            plaintext,
            facts(&after),
        );

        let (header, payload) = run(sealer.clone().sealed_secret().seal_detached(plaintext)).unwrap();
        let new = rewrapped(&opener, &Header::parse_detached(&header, 16).unwrap(), &target, None);
        self.put(
            "rewrap-detached-seq0",
            "detached",
            &header,
            Some(&payload),
            plaintext,
            facts(&before),
        );
        self.put(
            "rewrap-detached-seq1",
            "detached",
            &new,
            Some(&payload),
            plaintext,
            facts(&after),
        );

        let roomy = MessageOptions {
            reserve: Reserve::Spare(0),
            plaintext_len: Some(14),
            ..MessageOptions::default()
        };
        let file = run(sealer.begin(roomy)).unwrap().seal(plaintext).unwrap();
        let header = Header::parse_prefix(&file, 16).unwrap();
        let new = rewrapped(&opener, &header, &target, Some(86));
        assert_eq!(new.len(), header.len());
        self.put("rewrap-padded-seq0", "attached", &file, None, plaintext, facts(&before));
        let file = [&new, &file[header.len()..]].concat();
        self.put("rewrap-padded-seq1", "attached", &file, None, plaintext, facts(&after));

        self.ticket("rewrap-ticket-seq0", &sealer.ticket(RecordMode::Row), facts(&before));
        let sealed = self.cases.last().unwrap().clone();
        let header = fs::read(self.folder.join(&sealed.file)).unwrap();
        let new = rewrapped(&opener, &Header::parse_detached(&header, 16).unwrap(), &target, None);
        let facts = Facts {
            records: sealed.records,
            ..facts(&after)
        };
        self.put("rewrap-ticket-seq1", "ticket", &new, None, b"", facts);
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(self.backend.clone())
    }

    fn single(&self, kid: &str) -> Recipient {
        Recipient::single(self.kek(kid))
    }

    /// The KEK of this kid, its first version current.
    fn kek(&self, kid: &str) -> Arc<dyn Kek> {
        self.kek_at(kid, 1)
    }

    /// The same with its first `versions` versions.
    fn kek_at(&self, kid: &str, versions: usize) -> Arc<dyn Kek> {
        if let Some(label) = kid.strip_prefix("passphrase:") {
            let kek = PassphraseKek::new(self.backend.clone(), SecretBytes::copy_of(PASSPHRASE.as_bytes()));
            let cost = PasswordCost {
                memory_kib: 65_536,
                passes: 1,
                lanes: 1,
            };
            return Arc::new(kek.labelled(label).unwrap().with_cost(cost).unwrap());
        }
        let keys = &self.keys[kid][..versions];
        let version = |(version, key): &(Option<&str>, [u8; 32])| {
            (version.map(|version| version.as_bytes().to_vec()), secret(key))
        };
        Arc::new(TestKek {
            versions: keys.iter().map(version).collect(),
            mechanism: match kid {
                KWP => Some(WrapMechanism::AesKwp),
                KMIP => Some(WrapMechanism::AesKw),
                _ => None,
            },
            ..TestKek::new(&self.backend, kid, 0)
        })
    }

    fn facts<'a>(&self, kids: &[&str]) -> Facts<'a> {
        Facts {
            keks: kids.iter().map(|kid| self.entry(kid, 0)).collect(),
            ..Facts::default()
        }
    }

    fn entry(&self, kid: &str, version: usize) -> KekEntry {
        let kid = kid.to_owned();
        if kid.starts_with("passphrase:") {
            let passphrase = Some(PASSPHRASE.into());
            return KekEntry {
                kid,
                scheme: 5,
                passphrase,
                ..KekEntry::default()
            };
        }
        let (version, key) = self.keys[kid.as_str()][version];
        KekEntry {
            scheme: if kid == KWP || kid == KMIP { 2 } else { 1 },
            version: version.map(str::to_owned),
            key_hex: Some(hex(&key)),
            kid,
            ..KekEntry::default()
        }
    }

    fn seal(&mut self, name: &str, layout: &str, sealer: &Sealer, facts: Facts<'_>) {
        let plaintext = format!("golden: {name}").into_bytes();
        if layout == "attached" {
            let file = run(sealer.seal(&plaintext)).unwrap();
            self.put(name, layout, &file, None, &plaintext, facts);
        } else {
            let (header, payload) = run(sealer.seal_detached(&plaintext)).unwrap();
            self.put(name, layout, &header, Some(&payload), &plaintext, facts);
        }
    }

    fn ticket(&mut self, name: &str, sealer: &Sealer, facts: Facts<'_>) {
        let message = run(sealer.begin(MessageOptions::default())).unwrap();
        let ticket = message.keys().ticket().unwrap();
        let mut sealer = ticket.sealer().unwrap();
        let entries = [
            ("email", "42", "alice@example.org"),
            ("kärnten", "r\u{2603}", ""),
            ("x", "3", "third"),
        ];
        let records = entries.map(|(column, row, plaintext)| {
            let place = match ticket.mode() {
                RecordMode::None => RecordPlace::None,
                RecordMode::Column => RecordPlace::Column(column),
                RecordMode::Row => RecordPlace::Row(column, row.as_bytes()),
            };
            let mut record = Vec::new();
            sealer.seal(place, plaintext.as_bytes(), &mut record).unwrap();
            let counting = ticket.suite() != Suite::Aes256Siv;
            RecordEntry {
                column: (ticket.mode() != RecordMode::None).then(|| column.to_owned()),
                row: (ticket.mode() == RecordMode::Row).then(|| row.to_owned()),
                plaintext_hex: hex(plaintext.as_bytes()),
                wid_hex: counting.then(|| hex(&record[6..16])),
                ctr: counting.then(|| u32::from_be_bytes(record[16..20].try_into().unwrap())),
                record_hex: hex(&record),
            }
        });
        let facts = Facts {
            records: records.to_vec(),
            ..facts
        };
        self.put(name, "ticket", message.header(), None, b"", facts);
    }

    /// Writes a case; what the envelope says of itself is read from it.
    fn put(
        &mut self,
        name: &str,
        layout: &str,
        file: &[u8],
        payload: Option<&[u8]>,
        plaintext: &[u8],
        facts: Facts<'_>,
    ) {
        let header = Header::parse_prefix(file, caps::RECIPIENTS_HARD).unwrap();
        let extension = match layout {
            "attached" => ".ks1",
            "detached" => ".bin.ksh",
            _ => ".kst",
        };
        let mut case = Case {
            name: name.into(),
            file: format!("{name}{extension}"),
            payload_file: payload.map(|_| format!("{name}.bin")),
            layout: layout.into(),
            passphrase: facts.keks.iter().find_map(|kek| kek.passphrase.clone()),
            keks: facts.keks,
            required_context: facts
                .required
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
            records: facts.records,
            sha256: sha256(file),
            expect: "open".into(),
            ..described(&header)
        };
        for (quorum, members) in case.quorum.iter_mut().zip(facts.members) {
            quorum.members = members.into_iter().map(str::to_owned).collect();
        }
        match plaintext.len() {
            _ if layout == "ticket" => {}
            0..=256 => case.plaintext_hex = Some(hex(plaintext)),
            length => (case.plaintext_sha256, case.length) = (Some(sha256(plaintext)), Some(length)),
        }
        self.write(&case.file, file);
        if let (Some(name), Some(payload)) = (&case.payload_file, payload) {
            self.write(name, payload);
        }
        self.cases.push(case);
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        use std::io::Write;
        let mut file = fs::File::create_new(self.folder.join(name)).unwrap();
        file.write_all(bytes).unwrap();
    }
}

fn rewrapped(opener: &Opener, header: &Header, target: &Target, payload_len: Option<u64>) -> Vec<u8> {
    let outcome = run(Rewrapper::new(opener.clone()).rewrap(header, target, payload_len)).unwrap();
    let RewrapOutcome::Rewrapped(new) = outcome else {
        panic!("there is something to do")
    };
    new.header
}

fn described(header: &Header) -> Case {
    let immutable = header.immutable();
    let scheme = |entry: &Entry| match entry {
        Entry::Single(single) => u64::from(single.scheme.wire()),
        Entry::Quorum(_) => 16,
        Entry::Unknown(unknown) => u64::from(unknown.scheme),
    };
    let label = |value: &LabelValue| match value {
        LabelValue::Text(text) => Label::Text(text.clone()),
        LabelValue::Bytes(bytes) => Label::Bytes { hex: hex(bytes) },
    };
    let rank = immutable.floor.posture.map(|posture| ("1".to_owned(), posture as u8));
    let quorum = immutable.floor.quorum.map(|threshold| ("2".to_owned(), threshold));
    Case {
        kind: header.domain().kind.wire(),
        suite: header.domain().suite.wire(),
        schemes: header.entries().iter().map(scheme).collect(),
        level: u64::from(header.entries()[0].level() == Some(Level::Message)),
        seq: header.sequence(),
        header_length: header.len(),
        context: immutable
            .context
            .pairs()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        labels: immutable
            .labels
            .pairs()
            .map(|(key, value)| (key.to_owned(), label(value)))
            .collect(),
        logical_key: immutable.key_name.clone(),
        floor: rank.into_iter().chain(quorum).collect(),
        quorum: header
            .quorums()
            .map(|(quorum, shares)| QuorumEntry {
                k: usize::from(quorum.threshold),
                n: shares.len(),
                members: Vec::new(),
            })
            .collect(),
        ..Case::default()
    }
}
