//! Golden files: what was sealed once opens for ever, with both backends, whoever made it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

mod hostile;
mod support;

use std::path::Path;

use hostile::manifest::{Case, KekEntry, Label, cases, folders, sha256};
use hostile::mint::Mint;
use hostile::{backends, unhex};
use kms_core::crypto::CryptoBackend;
use kms_core::record::{RecordOpener, RecordPlace, TicketKeys};
use kms_core::*;
use support::run;

#[test]
fn every_golden_file_opens_with_both_backends() {
    for folder in folders() {
        let (mut files, mut opens, mut refusals) = (0, 0, 0);
        for case in cases(&folder) {
            assert_eq!(
                case.expect, "open",
                "{}: a refusal belongs to the negative tests",
                case.name
            );
            let [first, second] = backends();
            // Argon2id is one implementation for both backends and takes most of the time: each such file once.
            let backends = match files % 2 {
                _ if !case.uses_passphrase() => vec![first, second],
                0 => vec![first],
                _ => vec![second],
            };
            for backend in backends {
                let (opened, refused) = open_as_listed(&folder, &case, &backend);
                opens += opened;
                refusals += refused;
            }
            files += 1;
        }
        println!(
            "{}: {files} files, {opens} opens, {refusals} refused sets of keys",
            folder.display()
        );
        assert!(files > 0);
    }
}

fn open_as_listed(folder: &Path, case: &Case, backend: &CryptoBackend) -> (usize, usize) {
    let (opens, fails) = case.key_sets();
    for keks in &opens {
        let opener = case.opener(backend, keks);
        assert_eq!(
            open(folder, case, &opener),
            Ok(()),
            "{} with {}",
            case.name,
            names(keks)
        );
        for (least, expected) in [(case.seq, Ok(())), (case.seq + 1, Err(Error::DoesNotOpen))] {
            let pinned = opener.clone().policy(OpenPolicy {
                min_sequence: Some(least),
                ..case.policy()
            });
            if !case.uses_passphrase() {
                assert_eq!(open(folder, case, &pinned), expected, "{} pinned to {least}", case.name);
            }
        }
    }
    for keks in &fails {
        let refused = open(folder, case, &case.opener(backend, keks));
        assert_eq!(
            refused,
            Err(CallerFault::NoConfiguredKey.into()),
            "{} with {}",
            case.name,
            names(keks)
        );
    }
    (opens.len(), fails.len())
}

/// Opens a case in its layout and compares all it holds.
fn open(folder: &Path, case: &Case, opener: &Opener) -> Result<()> {
    let (file, payload) = case.bytes(folder);
    let plaintext = match (case.layout.as_str(), payload) {
        ("attached", None) => run(opener.open(&file))?,
        ("detached", Some(payload)) => run(opener.open_detached(&file, &payload))?,
        ("ticket", None) => {
            open_records(case, &run(opener.open_ticket(&file))?);
            return Ok(());
        }
        other => panic!("{}: layout {other:?}", case.name),
    };
    assert!(case.plaintext_is(&plaintext), "{}: plaintext", case.name);
    Ok(())
}

/// Every record opens where it belongs and nowhere else; deterministic ones are sealed to the same bytes again.
fn open_records(case: &Case, ticket: &TicketKeys) {
    assert!(!case.records.is_empty(), "{}: no records", case.name);
    let mut opener = RecordOpener::new();
    opener.insert(ticket.clone());
    for entry in &case.records {
        let (record, plaintext) = (unhex(&entry.record_hex), unhex(&entry.plaintext_hex));
        let mut opened = Vec::new();
        opener.open(entry.place(), &record, &mut opened).unwrap();
        assert_eq!(opened, plaintext, "{}", case.name);
        if ticket.suite() == Suite::Aes256Siv {
            let mut again = Vec::new();
            ticket
                .sealer()
                .unwrap()
                .seal(entry.place(), &plaintext, &mut again)
                .unwrap();
            assert_eq!(again, record, "{}", case.name);
        }
        if let RecordPlace::Column(column) | RecordPlace::Row(column, _) = entry.place() {
            let other = format!("{column}x");
            let elsewhere = match entry.place() {
                RecordPlace::Row(_, row) => RecordPlace::Row(&other, row),
                _ => RecordPlace::Column(&other),
            };
            assert_eq!(
                opener.open(elsewhere, &record, &mut opened),
                Err(Error::DoesNotOpen),
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn every_golden_header_is_what_its_manifest_says_and_encodes_to_itself() {
    let mut headers = 0;
    for folder in folders() {
        for case in cases(&folder) {
            let (file, _) = case.bytes(&folder);
            assert_eq!(
                sha256(&file),
                case.sha256,
                "{}: a golden file is never changed",
                case.name
            );
            let header = Header::parse_prefix(&file, caps::RECIPIENTS_HARD).unwrap();
            assert_eq!(header.as_bytes(), &file[..case.header_length], "{}", case.name);
            assert_eq!(
                header.reencoded().unwrap(),
                header.as_bytes(),
                "{}: re-encoded",
                case.name
            );
            compare(&case, &header);
            headers += 1;
        }
    }
    println!("{headers} headers re-encoded to themselves");
}

/// Golden files are made once and never again: a folder that is there already is left as it is.
#[test]
#[ignore = "makes new golden files in the folder that KEYSTRAND_GOLDEN names"]
fn make_golden() {
    let Ok(folder) = std::env::var("KEYSTRAND_GOLDEN") else {
        println!("SKIPPED: KEYSTRAND_GOLDEN names no folder");
        return;
    };
    for backend in backends() {
        let (one, pairs) = (backend.name.to_owned(), format!("{}-pairs", backend.name));
        for (name, strike) in [(one, Mint::strike as fn(Mint) -> usize), (pairs, Mint::strike_pairs)] {
            let folder = Path::new(&folder).join(&name);
            if folder.exists() {
                println!("{name}: is there");
                continue;
            }
            println!("{name}: {} cases", strike(Mint::new(backend.clone(), &folder)));
        }
    }
}

fn compare(case: &Case, header: &Header) {
    let name = &case.name;
    let immutable = header.immutable();
    assert_eq!(
        (header.domain().kind.wire(), header.domain().suite.wire()),
        (case.kind, case.suite),
        "{name}"
    );
    assert_eq!(header.sequence(), case.seq, "{name}");
    assert_eq!(header.previous().is_some(), case.seq > 0, "{name}");
    assert_eq!(
        header.entries().iter().map(scheme).collect::<Vec<_>>(),
        case.schemes,
        "{name}"
    );
    let level = header.entries()[0]
        .level()
        .map_or(0, |level| u64::from(level == Level::Message));
    assert_eq!(level, case.level, "{name}");
    let stored: Vec<_> = immutable
        .context
        .pairs()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(
        stored.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        case.context,
        "{name}"
    );
    let mut external = immutable.external.clone();
    external.sort();
    assert!(external.iter().eq(case.required_context.keys()), "{name}");
    assert_eq!(immutable.labels.pairs().len(), case.labels.len(), "{name}");
    for (key, value) in &case.labels {
        let expected = match value {
            Label::Text(text) => LabelValue::Text(text.clone()),
            Label::Bytes { hex } => LabelValue::Bytes(unhex(hex)),
        };
        assert_eq!(immutable.labels.value(key), Some(&expected), "{name}");
    }
    assert_eq!(immutable.key_name, case.logical_key, "{name}");
    let posture = case
        .floor
        .get("1")
        .map(|rank| [Posture::PostQuantum, Posture::Hedged][usize::from(rank - 1)]);
    assert_eq!(
        immutable.floor,
        Floor {
            posture,
            quorum: case.floor.get("2").copied()
        },
        "{name}"
    );
    let quorums: Vec<_> = header
        .quorums()
        .map(|(quorum, shares)| (usize::from(quorum.threshold), shares.len()))
        .collect();
    assert_eq!(
        quorums,
        case.quorum
            .iter()
            .map(|quorum| (quorum.k, quorum.n))
            .collect::<Vec<_>>(),
        "{name}"
    );
}

fn scheme(entry: &Entry) -> u64 {
    match entry {
        Entry::Single(single) => u64::from(single.scheme.wire()),
        Entry::Quorum(_) => 16,
        Entry::Unknown(unknown) => u64::from(unknown.scheme),
    }
}

fn names(keks: &[KekEntry]) -> String {
    keks.iter().map(|kek| kek.kid.as_str()).collect::<Vec<_>>().join(", ")
}
