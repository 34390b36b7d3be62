//! Formats: one file each. A reader takes the bytes that it needs and gives assets; what only looks like its format is
//! an asset with a fault. No reader panics, recurses with its input, or allocates by a length that it has not checked.
//!
//! ```text
//! sample      a file, as far as it was read
//! text        what may stand anywhere in a text: PEM, SSH, age, JOSE, keys of notes
//! ks1         envelopes, sidecars, tickets, keystores
//! esdk        messages of the AWS Encryption SDK
//! asn1        DER: certificates, private and public keys
//! pem         their armour
//! ssh         keys and certificates of OpenSSH
//! age         files and keys of age
//! jose        JWE and JWK
//! note        signed notes, and keys that verify them
//! parquet     encrypted Parquet files
//! container   what is recognised and not looked into
//! ```

mod age;
mod asn1;
mod container;
mod esdk;
mod jose;
pub(crate) mod ks1;
mod note;
mod parquet;
mod pem;
mod sample;
mod ssh;
mod text;

use std::io;
use std::path::Path;

use kms_core::payload::ReadAt;

use crate::asset::{Asset, AssetKind};
use crate::limits;
use sample::Sample;

/// What stands in the file at `path`, whose content is `bytes`; nothing where nothing is recognised. The path is only
/// looked at, for its extension and for the place of what is found.
///
/// # Errors
/// When `bytes` cannot be read. What cannot be understood is an [`Asset`] with a fault.
pub fn recognise(path: &Path, bytes: &dyn ReadAt) -> io::Result<Vec<Asset>> {
    let sample = Sample::take(path, bytes)?;
    let mut assets = match by_magic(&sample)? {
        Some(asset) => vec![asset],
        None if sample.is_text() => text::read(&sample)?,
        None => binary(&sample)?.into_iter().collect(),
    };
    if assets.len() > limits::FINDINGS {
        let kind = assets[limits::FINDINGS].kind;
        assets.truncate(limits::FINDINGS);
        assets.push(Asset::unreadable(
            path,
            kind,
            "there are more in this file than are listed",
        ));
    }
    Ok(assets)
}

/// What its first bytes alone make what it is, be the rest text or not.
fn by_magic(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    first(sample, &[ks1::read, parquet::read, age::read])
}

fn binary(sample: &Sample<'_>) -> io::Result<Option<Asset>> {
    first(sample, &[asn1::read, esdk::read, container::read])
}

/// What the first reader makes of it that knows it.
fn first(sample: &Sample<'_>, readers: &[Reader]) -> io::Result<Option<Asset>> {
    for reader in readers {
        if let Some(asset) = reader(sample)? {
            return Ok(Some(asset));
        }
    }
    Ok(None)
}

type Reader = fn(&Sample<'_>) -> io::Result<Option<Asset>>;

/// Why bytes are not what they look like. It names no byte of them.
type Fault = &'static str;

/// An asset, or one with the fault.
fn or_fault(sample: &Sample<'_>, kind: AssetKind, read: Result<Asset, Fault>) -> Asset {
    read.unwrap_or_else(|fault| Asset::unreadable(sample.path, kind, fault))
}
