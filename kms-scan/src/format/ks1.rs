//! KS1 envelopes, sidecars, tickets and keystores: everything that a header says without a key.

use std::io;

use kms_core::{Entry, FormatFault, Header, Kind, Posture, Prelude, Quorum, RecipientId, Share, Single, Suite, caps};
use kms_core::{WrapMechanism, WrapParams};

use super::Fault;
use super::sample::Sample;
use crate::algorithm::{Algorithm, Primitive, by_name, hpke_kem, rsa_oaep};
use crate::asset::{Asset, AssetKind, Purpose, Recipient, Role, cut};
use crate::limits;

/// The envelope in a file.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    if !sample.head().starts_with(MAGIC) {
        return Ok(None);
    }
    let asset = match header(sample)? {
        Ok(header) => asset(sample, &header),
        Err(fault) => Asset::unreadable(sample.path, AssetKind::Envelope, fault),
    };
    Ok(Some(asset))
}

fn header(sample: &Sample<'_>) -> io::Result<Result<Header, Fault>> {
    let Ok(prelude) = Prelude::parse(sample.head()) else {
        return Ok(Err("its first bytes are damaged"));
    };
    let bytes = sample.start(prelude.header_len())?;
    Ok(
        Header::parse_prefix(&bytes, caps::RECIPIENTS_HARD).map_err(|error| match error {
            kms_core::Error::Format(FormatFault::Truncated) => "its header is cut off",
            kms_core::Error::Format(_) => "its header is damaged",
            kms_core::Error::Limit(_) => "its header is beyond the limits of the format",
            _ => "its suite is of a newer version, or none",
        }),
    )
}

fn asset(sample: &Sample<'_>, header: &Header) -> Asset {
    let immutable = header.immutable();
    let asset = Asset::in_file(sample.path, kind(header), Purpose::Confidentiality);
    let mut asset = asset.with(Role::Content, suite(immutable.domain.suite));
    asset.name = immutable.key_name.as_deref().map(cut);
    asset.floor = immutable.floor.posture.filter(|posture| *posture > Posture::Classical);
    if header.len() as u64 == sample.size && immutable.domain.kind == Kind::Message {
        asset = asset.note("header alone; its payload stands beside it or elsewhere");
    }
    if let Some(least) = immutable.floor.quorum {
        asset = asset.note(format!("promises that {least} must agree"));
    }
    let mut shares = header.shares().iter();
    for entry in header.entries() {
        asset = match entry {
            Entry::Single(single) => with_single(asset, single),
            Entry::Quorum(quorum) => with_quorum(asset, quorum, shares.next().map_or(&[], Vec::as_slice)),
            Entry::Unknown(unknown) => {
                let name = format!("recipient scheme {}", unknown.scheme);
                asset.with(Role::Recipient, Algorithm::unknown(name))
            }
        };
    }
    // A quorum is as strong as the weakest share that its threshold needs; the header knows that rule.
    asset.posture = header.posture();
    if asset.posture.is_some_and(|posture| posture > Posture::Classical) && asset.quantum_level == Some(0) {
        asset.quantum_level = None;
    }
    asset
}

fn kind(header: &Header) -> AssetKind {
    let immutable = header.immutable();
    let is_keystore = || {
        let mut pairs = immutable.context.pairs();
        pairs.any(|pair| pair == KEYSTORE)
    };
    match immutable.domain.kind {
        Kind::Message => AssetKind::Envelope,
        Kind::Ticket => AssetKind::Ticket,
        Kind::SealedSecret if is_keystore() => AssetKind::Keystore,
        Kind::SealedSecret => AssetKind::SealedSecret,
    }
}

fn with_single(mut asset: Asset, single: &Single) -> Asset {
    list(&mut asset, single);
    algorithms(single)
        .into_iter()
        .fold(asset, |asset, algorithm| asset.with(Role::Recipient, algorithm))
}

fn with_quorum(asset: Asset, quorum: &Quorum, shares: &[Share]) -> Asset {
    let note = format!("{} of {} must agree", quorum.threshold, shares.len());
    shares
        .iter()
        .fold(asset.note(note), |asset, share| with_single(asset, &share.recipient))
}

fn list(asset: &mut Asset, single: &Single) {
    if asset.recipients.len() == limits::RECIPIENTS {
        return;
    }
    asset.recipients.push(Recipient {
        id: match &single.id {
            RecipientId::Kid(kid) => cut(kid),
            RecipientId::Hint(_) => "hidden".to_owned(),
        },
        scheme: single.scheme.name().to_owned(),
        version: single.wrapped.version.as_deref().map(version_text),
        posture: Some(single.posture()),
    });
}

/// What protects the secret of a recipient; of a hybrid, the two together.
fn algorithms(single: &Single) -> Vec<Algorithm> {
    let algorithm = match &single.wrapped.params {
        WrapParams::None => Algorithm::symmetric("provider's AES-256", Primitive::Ae, 256),
        WrapParams::Mechanism(WrapMechanism::RsaOaep256) => rsa_oaep(single.wrapped.w.len() * 8),
        WrapParams::Mechanism(WrapMechanism::AesKwp) => known("AES-256-KWP"),
        WrapParams::Mechanism(WrapMechanism::AesKw) => known("AES-256-KW"),
        WrapParams::Hpke { kem } => hpke_kem(*kem),
        WrapParams::Hybrid { kem, .. } => {
            let half = hpke_kem(*kem);
            Algorithm {
                posture: Some(single.posture()),
                primitive: Primitive::Combiner,
                name: format!("provider's key and {}", half.name),
                oid: None,
                ..half
            }
        }
        WrapParams::Passphrase { cost, .. } => Algorithm {
            parameter: Some(format!("m={},t={},p={}", cost.memory_kib, cost.passes, cost.lanes)),
            // As strong as its passphrase, which cannot be seen.
            classical_bits: None,
            quantum_level: None,
            ..Algorithm::symmetric("Argon2id", Primitive::Kdf, 256)
        },
        _ => Algorithm {
            posture: Some(single.posture()),
            ..Algorithm::unknown(single.scheme.name())
        },
    };
    vec![algorithm]
}

fn suite(suite: Suite) -> Algorithm {
    known(match suite {
        Suite::Aes256Gcm => "AES-256-GCM",
        Suite::Aes256GcmSiv => "AES-256-GCM-SIV",
        Suite::ChaCha20Poly1305 => "ChaCha20-Poly1305",
        Suite::Aes256Siv => "AES-256-SIV",
    })
}

fn known(name: &str) -> Algorithm {
    by_name(name).unwrap_or_else(|| Algorithm::unknown(name))
}

/// A key version as [`kms_core::KekInfo`] gives it, in the form in which versions are compared here.
pub(crate) fn version_text(version: &[u8]) -> String {
    match std::str::from_utf8(version) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text.to_owned(),
        _ => format!("hex:{}", data_encoding::HEXLOWER.encode(version)),
    }
}

const MAGIC: &[u8] = b"\x89KS1";
/// What a keystore binds itself to (`kms_providers::local`).
const KEYSTORE: (&str, &str) = ("purpose", "keystrand-keystore");
