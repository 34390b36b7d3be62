//! Entry bundles: big-endian 16-bit lengths, each followed by that many bytes (C2SP tlog-tiles, "Log entries").

use super::ENTRY_MAX;
use super::fault::LogError;

/// Appends `entry`.
///
/// # Errors
/// When the entry is empty or longer than its length prefix can say.
pub(super) fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), LogError> {
    let length = u16::try_from(entry.len()).map_err(|_| LogError::Damaged("an entry is over 64 KiB"))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of `bundle`, in order. After an error there are no more.
pub(super) fn entries(mut bundle: &[u8]) -> impl Iterator<Item = Result<&[u8], LogError>> {
    std::iter::from_fn(move || {
        if bundle.is_empty() {
            return None;
        }
        let entry = split_first(&mut bundle);
        if entry.is_none() {
            bundle = &[];
        }
        Some(entry.ok_or(LogError::Damaged("an entry bundle is cut short")))
    })
}

/// The bytes of the first `count` entries of `bundle`.
///
/// # Errors
/// When it has fewer.
pub(super) fn prefix(bundle: &[u8], count: usize) -> Result<&[u8], LogError> {
    let mut length = 0;
    let mut found = 0;
    for entry in entries(bundle).take(count) {
        length += 2 + entry?.len();
        found += 1;
    }
    if found < count {
        return Err(LogError::Damaged("an entry bundle has too few entries"));
    }
    Ok(&bundle[..length])
}

fn split_first<'a>(bundle: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bundle.split_first_chunk()?;
    let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *bundle = rest;
    Some(entry)
}

const _: () = assert!(ENTRY_MAX == u16::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_cuts_are_seen() {
        let mut bundle = Vec::new();
        for entry in [&b"one"[..], b"", &[7; ENTRY_MAX]] {
            push(&mut bundle, entry).unwrap();
        }
        assert!(push(&mut bundle, &[0; ENTRY_MAX + 1]).is_err());
        let read: Result<Vec<_>, _> = entries(&bundle).collect();
        assert_eq!(read.unwrap(), [&b"one"[..], b"", &[7; ENTRY_MAX]]);
        assert_eq!(prefix(&bundle, 2).unwrap(), b"\0\x03one\0\0");
        assert!(prefix(&bundle, 4).is_err());
        for cut in [1, 4, 6, 8, bundle.len() - 1] {
            assert!(entries(&bundle[..cut]).any(|entry| entry.is_err()), "cut at {cut}");
        }
    }
}
