//! Schemes 3 and 4: public keys of every KEM, and hybrids of every two halves.

use std::sync::Arc;

use kms_core::record::RecordMode;
use kms_core::*;

use super::{Facts, KMIP, KWP, LOCAL, MEMORY, Mint, SUITES, hex, rewrapped};
use crate::hostile::manifest::KekEntry;
use crate::support::{TestKem, run};

/// The KEMs of envelopes.
const KEMS: [(Kem, &str); 8] = [
    (Kem::XWing, "xwing"),
    (Kem::MlKem768P256, "mlkem768-p256"),
    (Kem::MlKem1024P384, "mlkem1024-p384"),
    (Kem::MlKem512, "mlkem512"),
    (Kem::MlKem768, "mlkem768"),
    (Kem::MlKem1024, "mlkem1024"),
    (Kem::P256, "p256"),
    (Kem::X25519, "x25519"),
];
const CURVE: &str = "gcp-kms://projects/p/locations/eu/keyRings/r/cryptoKeys/c";
const LEVELS: [(Level, u8); 2] = [(Level::DataKey, 0), (Level::Message, 1)];

impl Mint {
    /// Makes the files of schemes 3 and 4 and their manifest, and says how many cases there are.
    pub fn strike_pairs(mut self) -> usize {
        self.every_suite();
        self.every_mechanism();
        self.every_half();
        self.tickets_of_pairs();
        self.in_company();
        self.rotated_halves();
        self.finish()
    }

    /// Every suite, kind, level and layout of messages and sealed secrets, by either scheme.
    fn every_suite(&mut self) {
        for (kind, secret) in [("message", false), ("secret", true)] {
            for (suite, suite_name) in SUITES {
                for who in ["hpke", "hybrid"] {
                    for (level, number) in LEVELS {
                        for layout in ["attached", "detached"] {
                            let pq = self.public_key(Kem::XWing);
                            let entry = match who {
                                "hpke" => pq,
                                _ => self.hybrid_of(self.entry(KWP, 0), pq),
                            };
                            let sealer = self.sealer_to(&entry, level).suite(suite);
                            let sealer = if secret { sealer.sealed_secret() } else { sealer };
                            let name = format!("{kind}-{suite_name}-{who}-l{number}-{layout}");
                            self.seal(&name, layout, &sealer, of(&[&entry]));
                        }
                    }
                }
            }
        }
    }

    /// Public keys of every KEM, by thumbprint and by the name of a key with versions.
    fn every_mechanism(&mut self) {
        for (kem, who) in KEMS {
            let named = format!("local://golden-{who}");
            for (entry, how) in [
                (self.public_key(kem), "thumbprint"),
                (self.key_pair(kem, &named, Some("7")), "named"),
            ] {
                let name = format!("hpke-{who}-{how}");
                self.seal(
                    &name,
                    "attached",
                    &self.sealer_to(&entry, Level::DataKey),
                    of(&[&entry]),
                );
            }
        }
    }

    /// Hybrids of every classical half with every post-quantum one.
    fn every_half(&mut self) {
        for (at, (kem, who)) in KEMS.into_iter().take(6).enumerate() {
            for half in ["kwp", "kw", "bound", "p256"] {
                let classical = match half {
                    "kwp" => self.entry(KWP, 0),
                    "kw" => self.entry(KMIP, 0),
                    "bound" => self.entry(LOCAL, 0),
                    _ => self.key_pair(Kem::P256, CURVE, Some("1")),
                };
                let entry = self.hybrid_of(classical, self.public_key(kem));
                let (level, number) = LEVELS[at % 2];
                let name = format!("hybrid-{half}-{who}-l{number}");
                self.seal(&name, "attached", &self.sealer_to(&entry, level), of(&[&entry]));
            }
        }
    }

    fn tickets_of_pairs(&mut self) {
        for (suite, mode) in [
            (Suite::Aes256Gcm, RecordMode::Row),
            (Suite::Aes256GcmSiv, RecordMode::None),
            (Suite::Aes256Siv, RecordMode::Column),
        ] {
            for who in ["hpke", "hybrid"] {
                let pq = self.public_key(Kem::MlKem768P256);
                let entry = match who {
                    "hpke" => pq,
                    _ => self.hybrid_of(self.entry(LOCAL, 0), pq),
                };
                let sealer = self.sealer_to(&entry, Level::DataKey).suite(suite).ticket(mode);
                let name = format!("ticket-{}-{who}-{}", suite.name().to_lowercase(), mode.name());
                self.ticket(&name, &sealer, of(&[&entry]));
            }
        }
    }

    /// Beside others, unnamed, under a floor, and as members of quorums.
    fn in_company(&mut self) {
        let (public, local) = (self.public_key(Kem::XWing), self.entry(LOCAL, 0));
        let hybrid = self.hybrid_of(self.entry(KWP, 0), self.public_key(Kem::MlKem768));
        let sealer = self
            .sealer_to(&public, Level::DataKey)
            .add(Recipient::single(self.kek_of(&hybrid)).at(Level::Message))
            .add(self.single(LOCAL));
        self.seal(
            "pairs-any-of-three",
            "attached",
            &sealer,
            of(&[&public, &hybrid, &local]),
        );
        let floor = Floor {
            posture: Some(Posture::Hedged),
            quorum: None,
        };
        for (name, entry) in [("hpke-hidden", &public), ("hybrid-hidden", &hybrid)] {
            let recipient = Recipient::single(self.kek_of(entry)).hidden();
            let sealer = self.sealer().floor(floor).add(recipient);
            self.seal(name, "detached", &sealer, of(&[entry]));
        }
        let members = [&hybrid, &public, &self.entry(MEMORY, 0)].map(Clone::clone);
        let quorum = Recipient::quorum(2, members.iter().map(|entry| self.kek_of(entry)));
        let facts = Facts {
            members: vec![members.iter().map(|entry| entry.kid.as_str()).collect()],
            ..of(&members.iter().collect::<Vec<_>>())
        };
        self.seal("quorum-of-pairs", "attached", &self.sealer().add(quorum), facts);
    }

    /// A hybrid as sealed, and after a rewrap to new versions of both halves.
    fn rotated_halves(&mut self) {
        let kid = "local://golden-rotated";
        let pq = ["1", "2"].map(|version| self.key_pair(Kem::XWing, kid, Some(version)));
        let at = |versions: usize| -> Arc<dyn Kek> {
            let pair = TestKem {
                versions: pq[..versions]
                    .iter()
                    .flat_map(|entry| entry.kem(&self.backend).versions)
                    .collect(),
                ..TestKem::new(&self.backend, kid, Kem::XWing, 0)
            };
            let classical = self.kek_at(LOCAL, versions);
            Arc::new(HybridKek::new(self.backend.clone(), classical, Arc::new(pair)).unwrap())
        };
        let entries = [0, 1].map(|version| self.hybrid_of(self.entry(LOCAL, version), pq[version].clone()));
        let plaintext = b"golden: rewrap-hybrid";
        let file = run(self.sealer().add(Recipient::single(at(1))).seal(plaintext)).unwrap();
        let header = Header::parse_prefix(&file, 16).unwrap();
        let payload = &file[header.len()..];
        let opener = Opener::new(self.backend.clone(), Keyring::new().with(at(2)));
        let new = rewrapped(&opener, &header, &Target::Current, Some(payload.len() as u64));
        let moved = [&new, payload].concat();
        for (name, file, entry) in [
            ("rewrap-hybrid-seq0", &file, &entries[0]),
            ("rewrap-hybrid-seq1", &moved, &entries[1]),
        ] {
            self.put(name, "attached", file, None, plaintext, of(&[entry]));
        }
    }

    fn sealer_to(&self, entry: &KekEntry, level: Level) -> Sealer {
        let context = EncryptionContext::from_pairs([("purpose", "golden"), ("b", "1")]).unwrap();
        let recipient = Recipient::single(self.kek_of(entry)).at(level);
        self.sealer().context(context).add(recipient)
    }

    fn kek_of(&self, entry: &KekEntry) -> Arc<dyn Kek> {
        match (&entry.classical, &entry.pq) {
            (Some(classical), Some(pq)) => {
                let pq = Arc::new(pq.kem(&self.backend));
                Arc::new(HybridKek::new(self.backend.clone(), self.kek_of(classical), pq).unwrap())
            }
            _ if entry.kem.is_some() => entry.kem(&self.backend).kek(),
            _ => self.kek(&entry.kid),
        }
    }

    fn hybrid_of(&self, classical: KekEntry, pq: KekEntry) -> KekEntry {
        KekEntry {
            kid: classical.kid.clone(),
            scheme: 4,
            version: classical.version.clone(),
            classical: Some(Box::new(classical)),
            pq: Some(Box::new(pq)),
            ..KekEntry::default()
        }
    }

    /// A fresh key pair that goes by its thumbprint.
    fn public_key(&self, kem: Kem) -> KekEntry {
        let mut entry = self.key_pair(kem, "", None);
        let pair = entry.kem(&self.backend);
        let public = pair.versions[0].1.public();
        entry.kid = KemPublicKey::new(&self.backend, kem, public).unwrap().uri();
        entry
    }

    /// A fresh key pair. Of the curves, not every string of bytes is a private key.
    fn key_pair(&self, kem: Kem, kid: &str, version: Option<&str>) -> KekEntry {
        let mut private = vec![0; kem.private_len()];
        loop {
            self.backend.random.fill(&mut private).unwrap();
            if self.backend.kems.private_key(kem, &private).is_ok() {
                break;
            }
        }
        KekEntry {
            kid: kid.to_owned(),
            scheme: 3,
            version: version.map(str::to_owned),
            key_hex: Some(hex(&private)),
            kem: Some(kem.wire()),
            ..KekEntry::default()
        }
    }
}

fn of<'a>(entries: &[&KekEntry]) -> Facts<'a> {
    Facts {
        keks: entries.iter().map(|entry| (*entry).clone()).collect(),
        ..Facts::default()
    }
}
