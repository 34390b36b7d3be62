//! Private keys under a passphrase (RFC 5958 3): the scheme is seen, the key is not.

use super::Placed;
use super::items::Items;
use super::key::algorithm_identifier;
use crate::algorithm::{Algorithm, Primitive, Weakness, by_oid};
use crate::asset::{Asset, AssetKind, Purpose, Role};
use crate::format::Fault;

/// An encrypted private key.
pub(in crate::format) fn encrypted_private_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut fields = Items::of_sequence(bytes)?;
    let (oid, parameters) = algorithm_identifier(fields.sequence()?)?;
    let asset = Asset::in_file(place.path, AssetKind::PrivateKey, Purpose::Unknown);
    let asset = asset.note("under a passphrase; of which algorithm cannot be seen");
    match oid.as_str() {
        PBES2 => {
            let mut schemes = parameters.ok_or("its parameters are missing")?.items()?;
            let derivation = key_derivation(schemes.sequence()?)?;
            let (cipher, _) = algorithm_identifier(schemes.sequence()?)?;
            Ok(asset
                .with(Role::AtRest, derivation)
                .with(Role::AtRest, cipher_by_oid(&cipher)))
        }
        // PKCS #5 v1.5 and PKCS #12: DES, RC2 or Triple-DES with keys of a fast hash.
        old if old.starts_with("1.2.840.113549.1.5.") || old.starts_with("1.2.840.113549.1.12.1.") => {
            let old = Algorithm::symmetric("PBES1", Primitive::BlockCipher, 56).with_oid(&oid);
            Ok(asset.with(Role::AtRest, old.weak(Weakness::OldCipher)))
        }
        _ => Ok(asset.with(Role::AtRest, Algorithm::unknown_oid(&oid))),
    }
}

/// PBKDF2 (RFC 8018 A.2) or scrypt (RFC 7914 7).
fn key_derivation(fields: Items<'_>) -> Result<Algorithm, Fault> {
    let (oid, parameters) = algorithm_identifier(fields)?;
    let mut parameters = parameters.ok_or("its parameters are missing")?.items()?;
    let derivation = |name: &str, cost: String| Algorithm {
        parameter: Some(cost),
        classical_bits: None,
        quantum_level: None,
        ..Algorithm::symmetric(name, Primitive::Kdf, 256).with_oid(&oid)
    };
    match oid.as_str() {
        PBKDF2 => {
            parameters.next()?; // salt
            let rounds = parameters.next()?.number()?;
            let algorithm = derivation("PBKDF2", format!("{rounds} rounds"));
            Ok(if rounds < LEAST_ROUNDS {
                algorithm.weak(Weakness::FastPassphrase)
            } else {
                algorithm
            })
        }
        SCRYPT => {
            parameters.next()?; // salt
            Ok(derivation("scrypt", format!("N={}", parameters.next()?.number()?)))
        }
        _ => Ok(Algorithm::unknown_oid(&oid)),
    }
}

fn cipher_by_oid(oid: &str) -> Algorithm {
    let old = |name: &str, bits| {
        Algorithm::symmetric(name, Primitive::BlockCipher, bits)
            .with_oid(oid)
            .weak(Weakness::OldCipher)
    };
    match oid {
        "1.2.840.113549.3.7" => old("3DES-CBC", 112),
        "1.2.840.113549.3.2" => old("RC2-CBC", 40),
        "1.3.14.3.2.7" => old("DES-CBC", 56),
        _ => by_oid(oid).unwrap_or_else(|| Algorithm::unknown_oid(oid)),
    }
}

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";
/// SP 800-132 5.2.
const LEAST_ROUNDS: u64 = 1000;
