//! Public keys (RFC 5280 4.1.2.7, RFC 8017 A.1.1) and private keys in clear: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017
//! A.1.2), SEC 1 (RFC 5915) and the DSA form of OpenSSL. Of a private key only what its public half also says is read.

use der::Tag;

use super::Placed;
use super::items::{Item, Items};
use crate::algorithm::{Algorithm, Primitive, by_oid, curve_by_oid, diffie_hellman, dsa, rsa};
use crate::asset::{Asset, AssetKind, Purpose, Role};
use crate::format::Fault;

/// A key's algorithm, and what it can be used for.
pub(super) struct KeyInfo {
    pub(super) algorithm: Algorithm,
    pub(super) purpose: Purpose,
}

impl KeyInfo {
    /// Of the fields of a SubjectPublicKeyInfo.
    pub(super) fn read(mut fields: Items<'_>) -> Result<Self, Fault> {
        let identifier = fields.sequence()?;
        let key = fields.expect(Tag::BitString)?;
        Self::of(identifier, || Items::of_sequence(key.bit_bytes())?.expect(Tag::Integer))
    }

    /// By identifier; `modulus` is asked for where the key is of RSA.
    fn of<'a>(identifier: Items<'a>, modulus: impl FnOnce() -> Result<Item<'a>, Fault>) -> Result<Self, Fault> {
        let (oid, parameters) = algorithm_identifier(identifier)?;
        let (algorithm, purpose) = match oid.as_str() {
            RSA => (rsa(modulus()?.bits()), Purpose::Either),
            RSA_PSS => (rsa(modulus()?.bits()).with_oid(RSA_PSS), Purpose::Signature),
            RSA_OAEP => (rsa(modulus()?.bits()).with_oid(RSA_OAEP), Purpose::Confidentiality),
            EC => (curve(parameters, Primitive::Unknown), Purpose::Either),
            EC_DH => (curve(parameters, Primitive::KeyAgree), Purpose::Confidentiality),
            DSA => (dsa(prime_bits(parameters)?), Purpose::Signature),
            DH | DH_PKCS3 => (diffie_hellman(prime_bits(parameters)?, &oid), Purpose::Confidentiality),
            _ => named(&oid),
        };
        Ok(Self { algorithm, purpose })
    }

    fn asset(self, place: &Placed<'_>, kind: AssetKind) -> Asset {
        Asset::in_file(place.path, kind, self.purpose).with(Role::Key, self.algorithm)
    }
}

/// A public key of any algorithm.
pub(in crate::format) fn public_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    Ok(KeyInfo::read(Items::of_sequence(bytes)?)?.asset(place, AssetKind::PublicKey))
}

/// A public key of RSA.
pub(in crate::format) fn rsa_public_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let modulus = Items::of_sequence(bytes)?.expect(Tag::Integer)?;
    let key = KeyInfo {
        algorithm: rsa(modulus.bits()),
        purpose: Purpose::Either,
    };
    Ok(key.asset(place, AssetKind::PublicKey))
}

/// A private key of any algorithm, in clear.
pub(in crate::format) fn private_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut fields = Items::of_sequence(bytes)?;
    fields.expect(Tag::Integer)?;
    let identifier = fields.sequence()?;
    let inner = fields.expect(Tag::OctetString)?;
    let key = KeyInfo::of(identifier, || rsa_modulus(inner.value()))?;
    Ok(in_clear(key.asset(place, AssetKind::PrivateKey)))
}

/// A private key of RSA, in clear.
pub(in crate::format) fn rsa_private_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let key = KeyInfo {
        algorithm: rsa(rsa_modulus(bytes)?.bits()),
        purpose: Purpose::Either,
    };
    Ok(in_clear(key.asset(place, AssetKind::PrivateKey)))
}

/// A private key on a curve, in clear.
pub(in crate::format) fn ec_private_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut fields = Items::of_sequence(bytes)?;
    fields.expect(Tag::Integer)?;
    fields.expect(Tag::OctetString)?;
    let parameters = fields.optional(0)?.map(|field| field.items()?.next()).transpose()?;
    let key = KeyInfo {
        algorithm: curve(parameters, Primitive::Unknown),
        purpose: Purpose::Either,
    };
    Ok(in_clear(key.asset(place, AssetKind::PrivateKey)))
}

/// A private key of DSA, in clear.
pub(in crate::format) fn dsa_private_key(place: &Placed<'_>, bytes: &[u8]) -> Result<Asset, Fault> {
    let mut fields = Items::of_sequence(bytes)?;
    fields.expect(Tag::Integer)?;
    let key = KeyInfo {
        algorithm: dsa(fields.expect(Tag::Integer)?.bits()),
        purpose: Purpose::Signature,
    };
    Ok(in_clear(key.asset(place, AssetKind::PrivateKey)))
}

/// Identifier and parameters of an AlgorithmIdentifier (RFC 5280 4.1.1.2).
pub(super) fn algorithm_identifier(mut fields: Items<'_>) -> Result<(String, Option<Item<'_>>), Fault> {
    let oid = fields.oid()?;
    let parameters = if fields.is_at_end() { None } else { Some(fields.next()?) };
    Ok((oid, parameters))
}

fn in_clear(mut asset: Asset) -> Asset {
    asset.in_clear = true;
    asset
}

fn rsa_modulus(private_key: &[u8]) -> Result<Item<'_>, Fault> {
    let mut fields = Items::of_sequence(private_key)?;
    fields.expect(Tag::Integer)?;
    fields.expect(Tag::Integer)
}

/// RFC 5480 2.1.1; a curve that is written out is one that nobody has looked at.
fn curve(parameters: Option<Item<'_>>, primitive: Primitive) -> Algorithm {
    match parameters.map(|parameters| (parameters.tag(), parameters.oid())) {
        Some((Tag::ObjectIdentifier, Ok(oid))) => curve_by_oid(&oid, primitive),
        _ => curve_by_oid("explicit parameters", primitive),
    }
}

fn prime_bits(parameters: Option<Item<'_>>) -> Result<usize, Fault> {
    let parameters = parameters.ok_or("its parameters are missing")?;
    Ok(parameters.items()?.expect(Tag::Integer)?.bits())
}

fn named(oid: &str) -> (Algorithm, Purpose) {
    let algorithm = by_oid(oid).unwrap_or_else(|| Algorithm::unknown_oid(oid));
    let purpose = match algorithm.primitive {
        Primitive::Unknown => Purpose::Unknown,
        primitive if primitive.keeps_secrets() => Purpose::Confidentiality,
        _ => Purpose::Signature,
    };
    (algorithm, purpose)
}

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_OAEP: &str = "1.2.840.113549.1.1.7";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC: &str = "1.2.840.10045.2.1";
const EC_DH: &str = "1.3.132.1.12";
const DSA: &str = "1.2.840.10040.4.1";
const DH: &str = "1.2.840.10046.2.1";
const DH_PKCS3: &str = "1.2.840.113549.1.3.1";
