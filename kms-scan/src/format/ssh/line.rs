//! Lines with public keys. Each names its type twice, before the key and in it, so a line that only looks like one is
//! told from one that is.

use data_encoding::BASE64;
use memchr::memmem;

use super::blob::PublicKey;
use crate::asset::{Asset, AssetKind};
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
    // Options may hold words that look like the beginning of a key.
    let candidates = words
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[1].starts_with("AAAA"));
    let mut broken = false;
    let found = candidates
        .map(|(at, pair)| (at + 1, pair[0], pair[1]))
        .find_map(|(at, name, key)| {
            let key = BASE64.decode(key.as_bytes()).ok().map(|bytes| PublicKey::parse(&bytes));
            match key {
                Some(Ok(key)) => (key.name == name).then_some((at, key)),
                _ => {
                    broken |= is_type(name);
                    None
                }
            }
        });
    let Some((at, key)) = found else {
        return broken.then(|| Asset::unreadable(sample.path, AssetKind::SshKey, "its key is damaged or cut off"));
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

/// Who names a type of SSH and gives no key of it has a broken line; anybody else has other text.
fn is_type(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-@._".contains(&byte);
    name.bytes().all(plain) && TYPES.iter().any(|known| name.starts_with(known))
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
