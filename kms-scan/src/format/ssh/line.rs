//! Lines with public keys. Each names its type twice, before the key and in it, so a line that only looks like one is
//! told from one that is.

use data_encoding::BASE64;
use memchr::memmem;

use super::blob::PublicKey;
use crate::asset::Asset;
use crate::format::sample::Sample;
use crate::format::text::{Lines, line_around};
use crate::limits;

/// Every key of a text.
pub(in crate::format) fn lines(sample: &Sample<'_>, text: &[u8]) -> Vec<Asset> {
    let mut numbers = Lines::of(text);
    let mut assets = Vec::new();
    let mut done = 0;
    for at in memmem::find_iter(text, BLOB) {
        if at < done || assets.len() > limits::FINDINGS {
            continue;
        }
        let (start, line) = line_around(text, at);
        done = at + memchr::memchr(b'\n', &text[at..]).unwrap_or(text.len() - at);
        if let Some(asset) = read(sample, line) {
            assets.push(asset.at_line(numbers.number(start)));
        }
    }
    assets
}

fn read(sample: &Sample<'_>, line: &[u8]) -> Option<Asset> {
    if line.starts_with(b"#") || line.len() > LINE_MAX {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let at = words.iter().position(|word| word.starts_with("AAAA"))?;
    let name = *words.get(at.checked_sub(1)?)?;
    let is_name = |word: &str| {
        word.contains('-')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-@._".contains(&byte))
    };
    let bytes = BASE64.decode(words[at].as_bytes()).ok();
    let key = match bytes.as_deref().map(PublicKey::parse) {
        Some(Ok(key)) if key.name == name => key,
        // Who names a type of SSH and gives no key of it has a broken line; anybody else has other text.
        Some(Ok(_)) => return None,
        _ if is_name(name) && TYPES.iter().any(|known| name.starts_with(known)) => {
            let kind = crate::asset::AssetKind::SshKey;
            return Some(Asset::unreadable(sample.path, kind, "its key is damaged or cut off"));
        }
        _ => return None,
    };
    let asset = key.asset(sample.path);
    if asset.name.is_some() {
        return Some(asset);
    }
    let comment = words[at + 1..].join(" ");
    let before = words[..at - 1]
        .iter()
        .filter(|word| !word.starts_with('@'))
        .copied()
        .collect::<Vec<_>>();
    Some(
        match is_known_hosts(sample) || comment.is_empty() && !before.iter().any(|word| word.contains(['=', '"'])) {
            true => asset.named(before.join(" ")),
            false => asset.named(comment),
        },
    )
}

fn is_known_hosts(sample: &Sample<'_>) -> bool {
    let name = sample
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    name.contains("known_hosts")
}

/// How the base64 of a key begins: the length of its type is less than 256.
const BLOB: &[u8] = b"AAAA";
const TYPES: &[&str] = &["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"];
const LINE_MAX: usize = 64 << 10;
