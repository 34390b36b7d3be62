//! Encrypted Parquet files (parquet-format, Encryption.md): both modes, with what the footer says of algorithm and keys.
//! A file without encryption is not listed.

mod footer;
mod thrift;

use std::io;

use super::sample::Sample;
use super::{Fault, or_fault};
use crate::algorithm::{Algorithm, Primitive};
use crate::asset::{Asset, AssetKind, Purpose, Recipient, Role, cut};
use crate::limits;
use footer::{Cipher, Columns, Encryption};

/// The Parquet file, if it is encrypted.
pub(super) fn read(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    let is_encrypted_whole = match sample.head().get(..4) {
        Some(b"PAR1") => false,
        Some(b"PARE") => true,
        _ => return Ok(None),
    };
    let end = match sample.size.checked_sub(8) {
        None => return Ok(None),
        Some(end) => sample.range(end, 8)?,
    };
    let encryption = match footer_bytes(sample, &end, is_encrypted_whole)? {
        Ok(bytes) if is_encrypted_whole => footer::of_encrypted(&bytes).map(Some),
        Ok(bytes) => footer::of_plaintext(&bytes),
        Err(fault) => Err(fault),
    };
    let asset = encryption.map(|found| found.map(|found| asset(sample, &found, is_encrypted_whole)));
    Ok(asset
        .transpose()
        .map(|asset| or_fault(sample, AssetKind::ParquetFile, asset)))
}

/// The footer, by its length and the magic number behind it. Of an encrypted one the beginning is enough.
fn footer_bytes(sample: &Sample<'_>, end: &[u8], is_encrypted: bool) -> io::Result<Result<Vec<u8>, Fault>> {
    let (length, magic) = end.split_at(4);
    if magic != if is_encrypted { b"PARE" } else { b"PAR1" } {
        return Ok(Err("its end is missing"));
    }
    let length = length.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let Some(start) = sample.size.checked_sub(8 + 4 + length).map(|start| start + 4) else {
        return Ok(Err("its footer is longer than the file"));
    };
    let most = if is_encrypted {
        limits::HEAD
    } else {
        limits::PARQUET_FOOTER
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > most && !is_encrypted {
        return Ok(Err("its footer is larger than is read"));
    }
    let bytes = sample.range(start, length.min(most))?;
    Ok(Ok(bytes.to_vec()))
}

fn asset(sample: &Sample<'_>, encryption: &Encryption, is_encrypted_whole: bool) -> Asset {
    let (name, note) = match encryption.cipher {
        Cipher::Gcm => ("AES-GCM", None),
        Cipher::GcmCtr => (
            "AES-GCM-CTR",
            Some("pages of data are encrypted without authentication (AES-CTR)"),
        ),
    };
    let cipher = Algorithm {
        // 128, 192 or 256 bits: no file says which.
        classical_bits: None,
        quantum_level: None,
        ..Algorithm::symmetric(name, Primitive::Ae, 128)
    };
    let mut asset =
        Asset::in_file(sample.path, AssetKind::ParquetFile, Purpose::Confidentiality).with(Role::Content, cipher);
    asset = asset.note(match is_encrypted_whole {
        true => "footer encrypted",
        false => "footer in clear, signed; names, types and statistics of clear columns can be read",
    });
    if let Some(note) = note {
        asset = asset.note(note);
    }
    if let Columns::Counted { encrypted, all } = encryption.columns {
        asset = asset.note(format!("{encrypted} of {all} column chunks encrypted"));
    }
    asset.recipients = encryption.keys.iter().map(|key| recipient(key)).collect();
    asset
}

/// Key metadata is what the writer's key tools made it: those of Arrow and parquet-mr write JSON.
fn recipient(metadata: &[u8]) -> Recipient {
    let json: Option<serde_json::Value> = serde_json::from_slice(metadata).ok();
    let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(cut);
    let text = || match std::str::from_utf8(metadata) {
        Ok(text) if json.is_none() && text.chars().all(|c| !c.is_control()) => cut(text),
        _ => format!("{} bytes of key metadata", metadata.len()),
    };
    Recipient {
        id: field("masterKeyID")
            .or_else(|| field("keyReference"))
            .unwrap_or_else(text),
        scheme: field("keyMaterialType").unwrap_or_else(|| "parquet".to_owned()),
        version: None,
        posture: None,
    }
}
