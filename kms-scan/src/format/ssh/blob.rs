//! Public keys and certificates in the form of the protocol (RFC 4253 6.6, RFC 5656 3.1, RFC 8709, OpenSSH's
//! PROTOCOL.u2f and PROTOCOL.certkeys).

use std::path::Path;

use super::wire::Wire;
use crate::algorithm::{Algorithm, Primitive, by_name, curve_by_name, dsa, rsa};
use crate::asset::{Asset, AssetKind, Purpose, Role, cut};
use crate::format::Fault;
use crate::time::Time;

/// A public key, or a certificate of one.
pub(super) struct PublicKey {
    /// Its type, as it stands in the blob.
    pub(super) name: String,
    pub(super) algorithm: Algorithm,
    certificate: Option<Certificate>,
}

/// What a certificate says.
struct Certificate {
    id: String,
    is_for_host: bool,
    from: Option<Time>,
    until: Option<Time>,
    signed_by: Algorithm,
}

impl PublicKey {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut wire = Wire(bytes);
        let name = std::str::from_utf8(wire.string()?).map_err(|_| "its type is not a name")?;
        let Some(plain) = name.strip_suffix(CERTIFICATE) else {
            return Ok(Self {
                name: cut(name),
                algorithm: key_fields(name, &mut wire)?,
                certificate: None,
            });
        };
        wire.string()?; // nonce
        let algorithm = key_fields(plain, &mut wire)?;
        Ok(Self {
            name: cut(name),
            algorithm,
            certificate: Some(Certificate::parse(&mut wire)?),
        })
    }

    pub(super) fn asset(self, path: &Path) -> Asset {
        let kind = match self.certificate {
            Some(_) => AssetKind::SshCertificate,
            None => AssetKind::SshKey,
        };
        let is_on_token = self.name.starts_with("sk-");
        let mut asset = Asset::in_file(path, kind, Purpose::Signature).with(Role::Key, self.algorithm);
        if is_on_token {
            asset = asset.note("on a security key");
        }
        let Some(certificate) = self.certificate else {
            return asset;
        };
        (asset.created, asset.expires) = (certificate.from, certificate.until);
        let whom = if certificate.is_for_host {
            "of a host"
        } else {
            "of a user"
        };
        asset
            .named(certificate.id)
            .note(whom)
            .with(Role::Signature, certificate.signed_by)
    }
}

impl Certificate {
    fn parse(wire: &mut Wire<'_>) -> Result<Self, Fault> {
        wire.long()?; // serial number
        let is_for_host = wire.number()? == 2;
        let id = String::from_utf8_lossy(wire.string()?).into_owned();
        wire.string()?; // principals
        let (from, until) = (wire.long()?, wire.long()?);
        for _ in ["critical options", "extensions", "reserved"] {
            wire.string()?;
        }
        let signer = wire.string()?;
        Ok(Self {
            id,
            is_for_host,
            // Zero and the greatest number stand for no limit.
            from: Time::from_seconds(from).filter(|_| from > 0),
            until: Time::from_seconds(until),
            signed_by: signer_of(signer)?,
        })
    }
}

/// Who signs is a plain key, never a certificate, so this ends.
fn signer_of(bytes: &[u8]) -> Result<Algorithm, Fault> {
    let mut wire = Wire(bytes);
    let name = std::str::from_utf8(wire.string()?).map_err(|_| "its issuer's type is not a name")?;
    key_fields(name, &mut wire)
}

/// Reads the fields of a key of this type.
fn key_fields(name: &str, wire: &mut Wire<'_>) -> Result<Algorithm, Fault> {
    let plain = name.strip_suffix("@openssh.com").unwrap_or(name);
    let plain = plain.strip_prefix("sk-").unwrap_or(plain);
    let algorithm = match plain {
        "ssh-rsa" => {
            wire.string()?; // exponent
            Algorithm {
                primitive: Primitive::Signature,
                ..rsa(wire.bits()?)
            }
        }
        "ssh-dss" => {
            let bits = wire.bits()?;
            for _ in ["q", "g", "y"] {
                wire.string()?;
            }
            dsa(bits)
        }
        "ssh-ed25519" => fixed(wire, "Ed25519")?,
        "ssh-ed448" => fixed(wire, "Ed448")?,
        _ if plain.starts_with("ecdsa-sha2-") => {
            let curve = String::from_utf8_lossy(wire.string()?).into_owned();
            wire.string()?; // point
            curve_by_name(&curve, Primitive::Signature)
                .unwrap_or_else(|| Algorithm::classical(format!("ECDSA-{}", cut(&curve)), Primitive::Signature, 112))
        }
        _ => {
            wire.string()?;
            Algorithm {
                primitive: Primitive::Signature,
                ..Algorithm::unknown(cut(name))
            }
        }
    };
    if name.starts_with("sk-") {
        wire.string()?; // application
    }
    Ok(algorithm)
}

fn fixed(wire: &mut Wire<'_>, name: &str) -> Result<Algorithm, Fault> {
    wire.string()?;
    Ok(by_name(name).expect("the names of both callers are in the registry"))
}

const CERTIFICATE: &str = "-cert-v01@openssh.com";
