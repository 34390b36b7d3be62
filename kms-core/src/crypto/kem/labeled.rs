//! HPKE's labelled key derivation (RFC 9180 4, draft-ietf-hpke-hpke 4.9), for the KEMs and for the key schedule.

use shake::{ExtendableOutput, Shake256, XofReader};

use crate::crypto::{Hkdf, HkdfHash, HkdfPrk};

/// `LabeledExtract`.
pub(crate) fn extract(
    hkdf: &dyn Hkdf,
    hash: HkdfHash,
    suite_id: &[u8],
    salt: &[u8],
    label: &[u8],
    ikm: &[u8],
) -> HkdfPrk {
    hkdf.extract(hash, salt, &[VERSION, suite_id, label, ikm])
}

/// `LabeledExpand`; `info` in parts.
pub(crate) fn expand(hkdf: &dyn Hkdf, suite_id: &[u8], prk: &HkdfPrk, label: &[u8], info: &[&[u8]], out: &mut [u8]) {
    let length = length(out);
    let mut parts = vec![&length[..], VERSION, suite_id, label];
    parts.extend(info);
    hkdf.expand(prk, &parts, out);
}

/// `SHAKE256.LabeledDerive(ikm, label, "", out.len())`.
pub(crate) fn shake256_derive(suite_id: &[u8], ikm: &[u8], label: &[u8], out: &mut [u8]) {
    derive::<Shake256>(suite_id, &[ikm], label, &[], out);
}

/// `LabeledDerive` of a one-stage KDF; `ikm` and `context` in parts.
pub(crate) fn derive<X: ExtendableOutput + Default>(
    suite_id: &[u8],
    ikm: &[&[u8]],
    label: &[u8],
    context: &[&[u8]],
    out: &mut [u8],
) {
    let mut xof = X::default();
    let middle = [VERSION, suite_id, &length(label), label, &length(out)];
    for part in ikm.iter().chain(&middle).chain(context) {
        xof.update(part);
    }
    xof.finalize_xof().read(out);
}

/// The two-byte length that HPKE puts before a part.
pub(crate) fn length(part: &[u8]) -> [u8; 2] {
    u16::try_from(part.len())
        .expect("labels and outputs of HPKE are constants; other parts were checked to be under 64 KiB")
        .to_be_bytes()
}

/// Goes into every derivation of HPKE.
const VERSION: &[u8] = b"HPKE-v1";
