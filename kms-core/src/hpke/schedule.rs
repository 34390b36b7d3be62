//! The key schedule: from a shared secret to a key, a nonce and an exporter secret (RFC 9180 5.1; in one stage,
//! draft-ietf-hpke-hpke 5.1).

use shake::{Shake128, Shake256};
use turboshake::{TurboShake128, TurboShake256};
use zeroize::Zeroizing;

use super::suite::{Kdf, Shape};
use super::{Authenticated, HpkeError};
use crate::crypto::kem::labeled;
use crate::crypto::{Hkdf, HkdfHash, HkdfPrk, NONCE_LEN};

/// The mode's number (RFC 9180 5).
pub(super) fn mode(psk: bool, authenticated: Authenticated) -> u8 {
    u8::from(psk) + if authenticated == Authenticated::Yes { 2 } else { 0 }
}

/// What goes in.
pub(super) struct Inputs<'a> {
    pub(super) mode: u8,
    pub(super) shared_secret: &'a [u8],
    pub(super) info: &'a [u8],
    pub(super) psk: &'a [u8],
    pub(super) psk_id: &'a [u8],
}

impl Inputs<'_> {
    /// One-stage KDFs write each length in two bytes; HPKE with two stages sets a higher limit, of which nobody has
    /// need.
    pub(super) fn check_lengths(&self) -> Result<(), HpkeError> {
        let fits = [self.info, self.psk, self.psk_id]
            .iter()
            .all(|part| part.len() <= usize::from(u16::MAX));
        if fits { Ok(()) } else { Err(HpkeError::Length) }
    }
}

/// What comes out. Wiped when dropped.
pub(super) struct Derived {
    key: Zeroizing<[u8; 32]>,
    key_len: usize,
    pub(super) base_nonce: Zeroizing<[u8; NONCE_LEN]>,
    pub(super) exporter: Exporter,
}

impl Derived {
    fn empty(shape: Shape) -> Self {
        Self {
            key: Zeroizing::default(),
            key_len: shape.key_len,
            base_nonce: Zeroizing::default(),
            exporter: Exporter {
                shape,
                secret: Zeroizing::new([0; 64]),
            },
        }
    }

    /// `Nk` bytes.
    pub(super) fn key(&self) -> &[u8] {
        &self.key[..self.key_len]
    }
}

/// `KeySchedule`.
pub(super) fn derive(hkdf: &dyn Hkdf, shape: Shape, inputs: &Inputs<'_>) -> Derived {
    let mut derived = Derived::empty(shape);
    match shape.kdf.hkdf() {
        Some(hash) => two_stages(hkdf, hash, shape, inputs, &mut derived),
        None => one_stage(shape, inputs, &mut derived),
    }
    derived
}

fn two_stages(hkdf: &dyn Hkdf, hash: HkdfHash, shape: Shape, inputs: &Inputs<'_>, derived: &mut Derived) {
    let id = shape.id();
    let extract = |salt: &[u8], label: &[u8], ikm: &[u8]| labeled::extract(hkdf, hash, &id, salt, label, ikm);
    let psk_id_hash = extract(b"", b"psk_id_hash", inputs.psk_id);
    let info_hash = extract(b"", b"info_hash", inputs.info);
    let secret = extract(inputs.shared_secret, b"secret", inputs.psk);
    let context = [&[inputs.mode][..], psk_id_hash.expose(), info_hash.expose()];
    let expand = |label: &[u8], out: &mut [u8]| labeled::expand(hkdf, &id, &secret, label, &context, out);
    if shape.key_len > 0 {
        expand(b"key", &mut derived.key[..shape.key_len]);
        expand(b"base_nonce", &mut derived.base_nonce[..]);
    }
    expand(b"exp", derived.exporter.room());
}

/// `CombineSecrets_OneStage`.
fn one_stage(shape: Shape, inputs: &Inputs<'_>, derived: &mut Derived) {
    let [psk, secret] = [inputs.psk, inputs.shared_secret].map(labeled::length);
    let [psk_id, info] = [inputs.psk_id, inputs.info].map(labeled::length);
    let ikm = [&psk, inputs.psk, &secret, inputs.shared_secret];
    let context = [&[inputs.mode][..], &psk_id, inputs.psk_id, &info, inputs.info];
    let nonce_len = if shape.key_len > 0 { NONCE_LEN } else { 0 };
    let mut all = Zeroizing::new([0; 32 + NONCE_LEN + 64]);
    let all = &mut all[..shape.key_len + nonce_len + shape.kdf.output_len()];
    one_stage_derive(shape, &ikm, b"secret", &context, all);
    let (key, rest) = all.split_at(shape.key_len);
    let (nonce, exporter) = rest.split_at(nonce_len);
    derived.key[..shape.key_len].copy_from_slice(key);
    derived.base_nonce[..nonce_len].copy_from_slice(nonce);
    derived.exporter.room().copy_from_slice(exporter);
}

/// Derives secrets for other uses. Wiped when dropped.
pub(super) struct Exporter {
    shape: Shape,
    secret: Zeroizing<[u8; 64]>,
}

impl Exporter {
    /// `Context.Export` (RFC 9180 5.3).
    pub(super) fn export(&self, hkdf: &dyn Hkdf, context: &[u8], out: &mut [u8]) {
        let Some(hash) = self.shape.kdf.hkdf() else {
            return one_stage_derive(self.shape, &[self.secret()], b"sec", &[context], out);
        };
        let prk = HkdfPrk::init_with(hash, |prk| prk.copy_from_slice(self.secret()));
        labeled::expand(hkdf, &self.shape.id(), &prk, b"sec", &[context], out);
    }

    /// The most that one export gives: 255 digests, or what two bytes count.
    pub(super) fn max_len(&self) -> usize {
        match self.shape.kdf.hkdf() {
            Some(hash) => 255 * hash.output_len(),
            None => usize::from(u16::MAX),
        }
    }

    /// `Nh` bytes.
    pub(super) fn secret(&self) -> &[u8] {
        &self.secret[..self.shape.kdf.output_len()]
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.secret[..self.shape.kdf.output_len()]
    }
}

fn one_stage_derive(shape: Shape, ikm: &[&[u8]], label: &[u8], context: &[&[u8]], out: &mut [u8]) {
    let id = shape.id();
    let derive = match shape.kdf {
        Kdf::Shake128 => labeled::derive::<Shake128>,
        Kdf::Shake256 => labeled::derive::<Shake256>,
        Kdf::TurboShake128 => labeled::derive::<TurboShake128>,
        Kdf::TurboShake256 => labeled::derive::<TurboShake256>,
        Kdf::HkdfSha256 | Kdf::HkdfSha384 | Kdf::HkdfSha512 => unreachable!("these have two stages"),
    };
    derive(&id, ikm, label, context, out);
}
