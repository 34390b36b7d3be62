//! Signed notes and the keys that verify them (C2SP signed-note, tlog-checkpoint): detached signatures, checkpoints.

use std::str::FromStr;

use data_encoding::BASE64;
use kms_providers::signing::{NoteKey, VerifierKey};

use super::sample::Sample;
use super::text::Lines;
use crate::algorithm::{Algorithm, Primitive, by_name};
use crate::asset::{Asset, AssetKind, Purpose, Role, cut};
use crate::limits;

/// The note that a text is: lines, an empty line, and lines of signatures.
pub(super) fn read(sample: &Sample<'_>, text: &[u8]) -> Option<Asset> {
    let at = memchr::memmem::rfind(text, SIGNATURES)?;
    let is_whole = text.len() as u64 == sample.size;
    let signatures = std::str::from_utf8(&text[at + 2..]).ok().filter(|_| is_whole)?;
    let signatures: Vec<_> = signatures.lines().map(signature).collect::<Option<_>>()?;
    let mut asset = Asset::in_file(sample.path, AssetKind::SignedNote, Purpose::Signature);
    for (name, _) in &signatures {
        if asset.notes.len() < limits::RECIPIENTS {
            asset = asset.note(format!("signed by {}", cut(name)));
        }
    }
    asset.notes.dedup();
    let all: Vec<_> = signatures.into_iter().map(|(_, algorithm)| algorithm).collect();
    let has = |wanted: &str| all.iter().any(|algorithm| algorithm.name == wanted);
    // A key of two halves signs a line by each. That both are there is what this note can show; that both are asked for
    // is its reader's to say.
    let whole = match has(ED25519) && has(ML_DSA) {
        true => named(PAIR),
        false => all.iter().min_by_key(|algorithm| algorithm.posture).cloned()?,
    };
    (asset.posture, asset.quantum_level) = (whole.posture, whole.quantum_level);
    Some(
        all.into_iter()
            .fold(asset, |asset, algorithm| asset.with(Role::Signature, algorithm)),
    )
}

/// Keys of notes, each on a line of its own.
pub(super) fn keys(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let mut lines = Lines::of(text);
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let at = start;
        start += line.len() + 1;
        if found.len() <= limits::FINDINGS
            && let Some(key) = key(sample, line.trim_ascii())
        {
            found.push(key.at_line(lines.number(at)));
        }
    }
    found
}

fn key(sample: &Sample<'_>, line: &[u8]) -> Option<Asset> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.len() <= MOST_KEY)?;
    let asset = |kind| Asset::in_file(sample.path, kind, Purpose::Signature);
    if line.starts_with(PRIVATE) {
        let key = NoteKey::parse(line).ok()?.verifier();
        let mut found = asset(AssetKind::PrivateKey).with(Role::Key, algorithm(&key));
        found.in_clear = true;
        return Some(found.named(key.name()));
    }
    // First what is cheap: a name, eight digits, a key.
    let (_, rest) = line.split_once('+')?;
    rest.split_once('+').filter(|(id, _)| is_id(id))?;
    let key = VerifierKey::from_str(line).ok()?;
    let found = asset(AssetKind::VerifierKey).with(Role::Key, algorithm(&key));
    Some(found.named(key.name()))
}

fn algorithm(key: &VerifierKey) -> Algorithm {
    named(match (key.ed25519(), key.is_post_quantum()) {
        (Some(_), true) => PAIR,
        (Some(_), false) => ED25519,
        (None, _) => ML_DSA,
    })
}

/// `— NAME BASE64`: four bytes of the key's id, then the signature, which says by its length alone what it is.
fn signature(line: &str) -> Option<(&str, Algorithm)> {
    let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let length = BASE64.decode(encoded.as_bytes()).ok()?.len().checked_sub(4)?;
    let algorithm = match length {
        // Alone, or behind the time of a cosignature (C2SP tlog-cosignature).
        64 | 72 => named(ED25519),
        3309 => named(ML_DSA),
        _ => Algorithm {
            primitive: Primitive::Signature,
            ..Algorithm::unknown(format!("signature of {length} bytes"))
        },
    };
    Some((name, algorithm))
}

fn is_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn named(name: &str) -> Algorithm {
    by_name(name).expect("it is in the registry")
}

const SIGNATURES: &[u8] = "\n\n— ".as_bytes();
const PRIVATE: &str = "PRIVATE+KEY+";
const ED25519: &str = "Ed25519";
const ML_DSA: &str = "ML-DSA-65";
const PAIR: &str = "MLDSA65-Ed25519";
/// Both halves, each with a name of 255 bytes.
const MOST_KEY: usize = 4096;
