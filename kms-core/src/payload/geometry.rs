//! Lengths and offsets of a payload (C2SP chunked-encryption, "Implementation notes"). All arithmetic on
//! positions stands here.

use std::ops::Range;

use crate::caps;
use crate::crypto::TAG_LEN;
use crate::error::FormatFault;

/// Bytes of the salt, the first part of a payload.
pub const SALT_LEN: usize = 24;
/// Bytes of the commitment, the second part of a payload.
pub const COMMITMENT_LEN: usize = 32;
/// Bytes before the first chunk.
pub const PREFIX_LEN: usize = SALT_LEN + COMMITMENT_LEN;
/// Bytes of a full chunk with its tag.
pub const SEALED_CHUNK: usize = caps::CHUNK + TAG_LEN;

const CHUNK: u64 = caps::CHUNK as u64;
const SEALED: u64 = SEALED_CHUNK as u64;
const TAG: u64 = TAG_LEN as u64;
const PREFIX: u64 = PREFIX_LEN as u64;

/// The length of the payload that holds `plaintext_len` bytes; `None` over 4 PiB − 1.
#[must_use]
pub const fn sealed_len(plaintext_len: u64) -> Option<u64> {
    let chunks = plaintext_len / CHUNK + 1;
    if chunks > caps::CHUNKS {
        return None;
    }
    Some(PREFIX + plaintext_len + chunks * TAG)
}

/// The length of the plaintext that a payload of `sealed_len` bytes claims to hold. The claim is true only once the
/// last chunk has been opened.
///
/// # Errors
/// [`FormatFault::PayloadLength`] when no payload has this length: it was cut, extended or is something else.
pub const fn plaintext_len(sealed_len: u64) -> Result<u64, FormatFault> {
    let Some(chunks) = sealed_len.checked_sub(PREFIX) else {
        return Err(FormatFault::PayloadLength);
    };
    let (full, last) = (chunks / SEALED, chunks % SEALED);
    if last < TAG || full >= caps::CHUNKS {
        return Err(FormatFault::PayloadLength);
    }
    Ok(full * CHUNK + last - TAG)
}

/// The numbers of the chunks that hold the plaintext bytes `plaintext`.
#[must_use]
pub const fn chunk_range(plaintext: &Range<u64>) -> Range<u64> {
    let first = plaintext.start / CHUNK;
    if plaintext.start >= plaintext.end {
        return first..first;
    }
    first..(plaintext.end - 1) / CHUNK + 1
}

/// The offset of a chunk from the start of the payload; `None` for a number that no payload reaches.
#[must_use]
pub const fn chunk_offset(chunk: u64) -> Option<u64> {
    if chunk >= caps::CHUNKS {
        return None;
    }
    Some(PREFIX + chunk * SEALED)
}

/// The bytes of an object to fetch for the plaintext bytes `plaintext`, when the payload starts at `header_len`.
/// Where the range takes in the last chunk, its end lies behind the object's: cut it there. `None` when the
/// plaintext range ends over 4 PiB − 1.
#[must_use]
pub const fn ciphertext_range_for(plaintext: &Range<u64>, header_len: u64) -> Option<Range<u64>> {
    let chunks = chunk_range(plaintext);
    if chunks.end > caps::CHUNKS {
        return None;
    }
    let (Some(start), Some(end)) = (
        header_len.checked_add(PREFIX + chunks.start * SEALED),
        header_len.checked_add(PREFIX + chunks.end * SEALED),
    ) else {
        return None;
    };
    Some(start..end)
}

/// The plaintext bytes in a run of chunks, `sealed` bytes long, of which only the last may be short; `None` when
/// that one is shorter than a tag.
pub(super) const fn plaintext_of_run(sealed: usize) -> Option<usize> {
    sealed.checked_sub(sealed.div_ceil(SEALED_CHUNK) * TAG_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_inverse_around_chunk_boundaries() {
        for k in [0, 1, 2, 3, 1 << 20, caps::CHUNKS - 1] {
            for plaintext in (k * CHUNK).saturating_sub(2)..k * CHUNK + 3 {
                let sealed = sealed_len(plaintext).unwrap();
                assert_eq!(plaintext_len(sealed), Ok(plaintext));
            }
        }
        assert_eq!(sealed_len(0), Some(72));
        assert_eq!(sealed_len(1 << 14), Some(56 + 16400 + 16));
    }

    #[test]
    fn impossible_lengths_are_refused() {
        let accepted: Vec<u64> = (0..40_000).filter(|length| plaintext_len(*length).is_ok()).collect();
        let expected: Vec<u64> = (0..40_000)
            .filter(|length| *length >= 72 && (length - 56) % 16_400 >= 16)
            .collect();
        assert_eq!(accepted, expected);
    }

    #[test]
    fn the_cap_is_four_pebibytes_less_one() {
        let most = caps::CHUNKS * CHUNK - 1;
        let sealed = sealed_len(most).unwrap();
        assert_eq!(plaintext_len(sealed), Ok(most));
        assert_eq!(sealed_len(most + 1), None);
        assert_eq!(sealed_len(u64::MAX), None);
        assert_eq!(plaintext_len(sealed + 1), Err(FormatFault::PayloadLength));
        assert_eq!(plaintext_len(sealed + 17), Err(FormatFault::PayloadLength));
        assert_eq!(plaintext_len(u64::MAX), Err(FormatFault::PayloadLength));
    }

    #[test]
    fn ranges_map_to_chunks_and_bytes() {
        assert_eq!(chunk_range(&(0..1)), 0..1);
        assert_eq!(chunk_range(&(16_383..16_385)), 0..2);
        assert_eq!(chunk_range(&(16_384..32_768)), 1..2);
        assert_eq!(chunk_range(&(5..5)), 0..0);
        assert_eq!(
            ciphertext_range_for(&(16_384..16_385), 100),
            Some(100 + 56 + 16_400..100 + 56 + 32_800)
        );
        assert_eq!(
            ciphertext_range_for(&(0..1 << 52), 0).unwrap().end,
            56 + caps::CHUNKS * SEALED
        );
        assert_eq!(ciphertext_range_for(&(0..(1 << 52) + 1), 0), None);
        assert_eq!(ciphertext_range_for(&(0..1), u64::MAX), None);
        assert_eq!(chunk_offset(1), Some(16_456));
        assert_eq!(chunk_offset(caps::CHUNKS), None);
    }

    #[test]
    fn runs_count_their_tags() {
        assert_eq!(plaintext_of_run(0), Some(0));
        assert_eq!(plaintext_of_run(15), None);
        assert_eq!(plaintext_of_run(16), Some(0));
        assert_eq!(plaintext_of_run(2 * SEALED_CHUNK), Some(2 * caps::CHUNK));
        assert_eq!(plaintext_of_run(2 * SEALED_CHUNK + 17), Some(2 * caps::CHUNK + 1));
    }
}
