//! EnvelopedData for an attested recipient (RFC 5652 6.1) in BER with indefinite lengths, as AWS sends it.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};

use super::keys::{Exception, random};

/// `content` for whoever has the private half of `spki`.
pub(super) fn seal(content: &[u8], spki: &[u8]) -> Result<Vec<u8>, Exception> {
    let public = PublicEncryptingKey::from_der(spki).map_err(|_| "ValidationException")?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| "ValidationException")?;
    let (key, iv): ([u8; 32], [u8; 16]) = (random(), random());
    let mut encrypted_key = vec![0; public.ciphertext_size()];
    let length = public
        .encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut encrypted_key, None)
        .map_err(|_| "KMSInternalException")?
        .len();
    encrypted_key.truncate(length);
    let cipher = UnboundCipherKey::new(&AES_256, &key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let cipher = cipher.map_err(|_| "KMSInternalException")?;
    let mut encrypted = content.to_vec();
    cipher
        .less_safe_encrypt(&mut encrypted, EncryptionContext::Iv128((&iv).into()))
        .map_err(|_| "KMSInternalException")?;

    let recipient = definite(
        0x30,
        &[
            &[0x02, 1, 2],
            &definite(0x80, &[&[0xa5; 20]]),
            &definite(0x30, &[&OAEP, &definite(0x30, &[&OAEP_HASH, &OAEP_MGF])]),
            &definite(0x04, &[&encrypted_key]),
        ],
    );
    let content = indefinite(
        0x30,
        &[
            &DATA,
            &definite(0x30, &[&AES_256_CBC, &definite(0x04, &[&iv])]),
            &indefinite(
                0xa0,
                &encrypted
                    .chunks(16)
                    .map(|part| definite(0x04, &[part]))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(Vec::as_slice)
                    .collect::<Vec<_>>(),
            ),
        ],
    );
    let data = indefinite(0x30, &[&[0x02, 1, 2], &definite(0x31, &[&recipient]), &content]);
    Ok(indefinite(0x30, &[&ENVELOPED_DATA, &indefinite(0xa0, &[&data])]))
}

fn definite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
    let head = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}

fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat()
}

const DATA: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENVELOPED_DATA: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
const OAEP: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07];
const AES_256_CBC: [u8; 11] = [6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];
/// `[0] { SHA-256 }` (RFC 4055 4.1).
const OAEP_HASH: [u8; 15] = [
    0xa0, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
];
/// `[1] { MGF1 with SHA-256 }`.
const OAEP_MGF: [u8; 28] = [
    0xa1, 26, 0x30, 24, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 11, 6, 9, 0x60, 0x86, 0x48,
    0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
];
