//! The fields of a footer that speak of encryption (parquet-format, parquet.thrift).

use std::collections::BTreeSet;

use super::thrift::{Thrift, Type};
use crate::format::Fault;
use crate::limits;

/// How a file is encrypted.
pub(super) struct Encryption {
    pub(super) cipher: Cipher,
    /// Key metadata, each once.
    pub(super) keys: BTreeSet<Vec<u8>>,
    pub(super) columns: Columns,
}

/// The algorithms of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Gcm,
    GcmCtr,
}

/// How many column chunks are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// The footer that would say so is encrypted.
    Hidden,
    Counted {
        encrypted: u64,
        all: u64,
    },
}

/// Of FileCryptoMetaData, which stands in clear before an encrypted footer.
pub(super) fn of_encrypted(bytes: &[u8]) -> Result<Encryption, Fault> {
    let (mut cipher, mut keys) = (None, BTreeSet::new());
    Thrift::new(bytes).fields(|thrift, id, kind| match (id, kind) {
        (1, Type::Struct) => read_cipher(thrift, &mut cipher),
        (2, Type::Binary) => read_key(thrift, &mut keys),
        _ => Ok(false),
    })?;
    Ok(Encryption {
        cipher: cipher.ok_or("it does not say how it is encrypted")?,
        keys,
        columns: Columns::Hidden,
    })
}

/// Of FileMetaData; `None` for a file without encryption.
pub(super) fn of_plaintext(bytes: &[u8]) -> Result<Option<Encryption>, Fault> {
    let (mut cipher, mut keys) = (None, BTreeSet::new());
    let (mut encrypted, mut all) = (0, 0);
    Thrift::new(bytes).fields(|thrift, id, kind| match (id, kind) {
        (4, Type::List) => {
            thrift.list(Type::Struct, |thrift| {
                row_group(thrift, &mut keys, &mut encrypted, &mut all)
            })?;
            Ok(true)
        }
        (8, Type::Struct) => read_cipher(thrift, &mut cipher),
        (9, Type::Binary) => read_key(thrift, &mut keys),
        _ => Ok(false),
    })?;
    Ok(cipher.map(|cipher| Encryption {
        cipher,
        keys,
        columns: Columns::Counted { encrypted, all },
    }))
}

fn row_group(
    thrift: &mut Thrift<'_>,
    keys: &mut BTreeSet<Vec<u8>>,
    encrypted: &mut u64,
    all: &mut u64,
) -> Result<(), Fault> {
    thrift.fields(|thrift, id, kind| match (id, kind) {
        (1, Type::List) => {
            thrift.list(Type::Struct, |thrift| {
                *all += 1;
                column(thrift, keys, encrypted)
            })?;
            Ok(true)
        }
        _ => Ok(false),
    })
}

/// A ColumnChunk: field 8 says how it is encrypted.
fn column(thrift: &mut Thrift<'_>, keys: &mut BTreeSet<Vec<u8>>, encrypted: &mut u64) -> Result<(), Fault> {
    thrift.fields(|thrift, id, kind| match (id, kind) {
        (8, Type::Struct) => {
            *encrypted += 1;
            // A union: 1 with the footer's key, 2 with a key of its own.
            thrift.fields(|thrift, id, kind| match (id, kind) {
                (2, Type::Struct) => {
                    thrift.fields(|thrift, id, kind| match (id, kind) {
                        (2, Type::Binary) => read_key(thrift, keys),
                        _ => Ok(false),
                    })?;
                    Ok(true)
                }
                _ => Ok(false),
            })?;
            Ok(true)
        }
        _ => Ok(false),
    })
}

/// A union: 1 AES_GCM_V1, 2 AES_GCM_CTR_V1.
fn read_cipher(thrift: &mut Thrift<'_>, cipher: &mut Option<Cipher>) -> Result<bool, Fault> {
    thrift.fields(|_, id, _| {
        *cipher = match id {
            1 => Some(Cipher::Gcm),
            2 => Some(Cipher::GcmCtr),
            _ => *cipher,
        };
        Ok(false)
    })?;
    Ok(true)
}

fn read_key(thrift: &mut Thrift<'_>, keys: &mut BTreeSet<Vec<u8>>) -> Result<bool, Fault> {
    let key = thrift.binary()?;
    if keys.len() < limits::RECIPIENTS {
        keys.insert(key.to_vec());
    }
    Ok(true)
}
