//! `FILE.ksj`: the journal of a rewrap in place (docs/format.md 11). It holds the whole new header, so that a header
//! that was half written can be written again; it holds no key.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use kms_core::crypto::CryptoBackend;
use kms_core::{Header, Prelude, caps};

use super::detect::{read_start, with_suffix};
use super::error::{At, FileError, FileFault};
use super::lock::LockedFile;
use crate::durable::{Flush, failpoint};

/// A header that is to stand in a file, and how to know that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) message_id: [u8; 32],
    /// Length of the whole file, which a rewrap in place does not change.
    pub(super) file_len: u64,
    pub(super) old_tag: [u8; 32],
    pub(super) header: Vec<u8>,
}

/// The journal's name: `FILE.ksj`.
pub(super) fn journal_of(path: &Path) -> PathBuf {
    with_suffix(path, SUFFIX)
}

/// The file of a journal, by its name.
pub(super) fn file_of(journal: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let name = journal.file_name()?.as_bytes().strip_suffix(SUFFIX.as_bytes())?;
    (!name.is_empty()).then(|| journal.with_file_name(std::ffi::OsStr::from_bytes(name)))
}

/// Whether `file` starts as journals do.
pub(super) fn is_journal(file: &File) -> bool {
    let mut magic = [0; MAGIC.len()];
    matches!(read_start(file, &mut magic), Ok(length) if length == magic.len()) && magic == MAGIC
}

impl Journal {
    pub(super) fn encode(&self) -> Vec<u8> {
        let header_len = u32::try_from(self.header.len()).expect("headers are held to 1 MiB");
        let mut bytes = Vec::with_capacity(FIXED + self.header.len() + DIGEST);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.message_id);
        bytes.extend_from_slice(&self.file_len.to_be_bytes());
        bytes.extend_from_slice(&self.old_tag);
        bytes.extend_from_slice(&header_len.to_be_bytes());
        bytes.extend_from_slice(&self.header);
        let digest = CryptoBackend::default().hash.digest(&[&bytes]);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// The journal of these bytes; `None` when they are damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<DIGEST>()?;
        if CryptoBackend::default().hash.digest(&[body]) != *digest {
            return None;
        }
        let (magic, rest) = body.split_first_chunk::<8>()?;
        let (message_id, rest) = rest.split_first_chunk()?;
        let (file_len, rest) = rest.split_first_chunk()?;
        let (old_tag, rest) = rest.split_first_chunk()?;
        let (header_len, header) = rest.split_first_chunk()?;
        let journal = Self {
            message_id: *message_id,
            file_len: u64::from_be_bytes(*file_len),
            old_tag: *old_tag,
            header: header.to_vec(),
        };
        let sound = *magic == MAGIC && usize::try_from(u32::from_be_bytes(*header_len)) == Ok(header.len());
        (sound && journal.names_its_header()).then_some(journal)
    }

    /// Reads the journal of the file at `path`; `None` when there is none.
    ///
    /// # Errors
    /// [`FileFault::StaleJournal`] when it is damaged.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, FileFault> {
        let file = match File::open(journal_of(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take((FIXED + caps::HEADER + DIGEST + 1) as u64)
            .read_to_end(&mut bytes)?;
        Self::decode(&bytes).map(Some).ok_or(FileFault::StaleJournal)
    }

    /// Whether this is the journal of the file that starts with `header_start`: what no rewrap changes is equal.
    pub(super) fn is_of(&self, header_start: &[u8], file_len: u64) -> bool {
        let fixed = &self.header[..FIXED_PRELUDE];
        let immutable = Prelude::LEN..Prelude::LEN + self.immutable_len();
        file_len == self.file_len
            && header_start.starts_with(fixed)
            && header_start.get(immutable.clone()) == self.header.get(immutable)
    }

    /// Writes the header over the one in `file`.
    pub(super) fn write_header(&self, file: &File) -> io::Result<()> {
        let half = if cfg!(feature = "failpoints") {
            self.header.len() / 2
        } else {
            0
        };
        file.write_all_at(&self.header[..half], 0)?;
        failpoint::pass("in_place::half_written")?;
        file.write_all_at(&self.header[half..], half as u64)?;
        failpoint::pass("in_place::written")
    }

    /// Whether the header stands in `file` as it is here.
    pub(super) fn is_written(&self, file: &File) -> io::Result<bool> {
        let mut seen = vec![0; self.header.len()];
        let length = read_start(file, &mut seen)?;
        Ok(seen[..length] == self.header)
    }

    /// Whether the file has a sound header that is younger than this journal: a leftover that somebody brought back.
    fn is_outdated_by(&self, seen: &[u8]) -> bool {
        let parse = |bytes| Header::parse_prefix(bytes, caps::RECIPIENTS_HARD).ok();
        match (parse(seen), parse(&self.header)) {
            (Some(seen), Some(own)) => seen.sequence() > own.sequence(),
            _ => false,
        }
    }

    fn names_its_header(&self) -> bool {
        let header = Header::parse_detached(&self.header, caps::RECIPIENTS_HARD);
        header.is_ok_and(|header| header.immutable().message_id == self.message_id)
    }

    fn immutable_len(&self) -> usize {
        let field: [u8; 4] = *self.header[12..]
            .first_chunk()
            .expect("a header is longer than its prelude");
        u32::from_be_bytes(field) as usize
    }
}

/// Carries out or removes the journal of a locked file. Returns whether the header had to be written, or `None` when
/// there is no journal.
///
/// # Errors
/// [`FileFault::StaleJournal`], and then nothing was changed; what the file system reports.
pub(super) fn settle(locked: &LockedFile) -> Result<Option<bool>, FileError> {
    settle_journal(locked).at(&locked.path)
}

fn settle_journal(locked: &LockedFile) -> Result<Option<bool>, FileFault> {
    let Some(journal) = Journal::read(&locked.path)? else {
        return Ok(None);
    };
    let mut seen = vec![0; journal.header.len()];
    let length = read_start(&locked.file, &mut seen)?;
    seen.truncate(length);
    if !journal.is_of(&seen, locked.file.metadata()?.len()) {
        return Err(FileFault::StaleJournal);
    }
    let torn_or_old = seen != journal.header;
    if torn_or_old && journal.is_outdated_by(&seen) {
        return Err(FileFault::StaleJournal);
    }
    if torn_or_old {
        journal.write_header(&locked.file)?;
    }
    locked.file.sync_data()?;
    finish(&journal, locked)?;
    Flush::Now.folders([locked.path.as_path()])?;
    Ok(Some(torn_or_old))
}

/// Removes the journal of a header that reads back as written and is on disk.
pub(super) fn finish(journal: &Journal, locked: &LockedFile) -> Result<(), FileFault> {
    if !journal.is_written(&locked.file)? {
        return Err(FileFault::ReadBack);
    }
    fs::remove_file(journal_of(&locked.path))?;
    Ok(failpoint::pass("in_place::journal_removed")?)
}

const SUFFIX: &str = ".ksj";
const MAGIC: [u8; 8] = [0x89, b'K', b'S', b'J', b'\r', b'\n', 0x1a, b'\n'];
/// Magic, message id, file length, old tag, header length.
const FIXED: usize = 8 + 32 + 8 + 32 + 4;
const DIGEST: usize = 64;
/// Magic, kind, flags, suite and length of IMM.
const FIXED_PRELUDE: usize = 16;

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    fn kat() -> Journal {
        let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let tag = hex("b2e62f0d37d931591903fc707c5773b907576b64d2184f524edf941e3f3fa389");
        let header = [
            hex("894b53310d0a1a0a01000001000000440000006e000000000000000000000000"),
            hex("a3015820202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0250101112131415161718191a1b1c1d\
                 1e1f03a167707572706f7365636b6174"),
            hex("a201000381a50101026b6c6f63616c3a2f2f6b6174034131045820606162636465666768696a6b6c6d6e6f7071727374757677\
                 78797a7b7c7d7e7f055830dccd110a64cec86d630ec8839d184510090266b725237b8af5c3185f0408f7d5c01572627e0e6db7\
                 b12360bc3895eebe"),
            tag.clone(),
        ]
        .concat();
        Journal {
            message_id: std::array::from_fn(|n| 0x20 + u8::try_from(n).unwrap()),
            file_len: 319,
            old_tag: tag.try_into().unwrap(),
            header,
        }
    }

    #[test]
    fn the_published_journal() {
        let bytes = kat().encode();
        assert_eq!(
            HEXLOWER.encode(&bytes[bytes.len() - 64..]),
            "df59cd8336c6ee9e2c2534c61934c1240cd4cc608aa47052170e6100f1b988d4e4c8cf062dc29c627c0722b8d9663e194ca261df43e\
             db1d461978f70e158acba"
        );
        assert_eq!(Journal::decode(&bytes), Some(kat()));
    }

    #[test]
    fn no_damaged_journal_is_taken() {
        let good = kat().encode();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(Journal::decode(&bad), None, "byte {at}");
            assert_eq!(Journal::decode(&good[..at]), None, "cut at {at}");
        }
        let mut wrong_length = kat();
        wrong_length.header.push(0);
        assert_eq!(
            Journal::decode(&wrong_length.encode()),
            None,
            "a byte behind the header"
        );
        let other_message = Journal {
            message_id: [0; 32],
            ..kat()
        };
        assert_eq!(Journal::decode(&other_message.encode()), None);
    }

    #[test]
    fn a_journal_knows_its_file() {
        let journal = kat();
        assert!(journal.is_of(&journal.header, 319));
        assert!(!journal.is_of(&journal.header, 320));
        assert!(!journal.is_of(&journal.header[..40], 319));
        let mut torn = journal.header.clone();
        torn[150] ^= 1;
        assert!(journal.is_of(&torn, 319), "MUT may be torn");
        torn[40] ^= 1;
        assert!(!journal.is_of(&torn, 319), "IMM may not");
    }

    #[test]
    fn names_lead_both_ways() {
        assert_eq!(journal_of(Path::new("/a/f.ks1")), Path::new("/a/f.ks1.ksj"));
        assert_eq!(file_of(Path::new("/a/f.ks1.ksj")).unwrap(), Path::new("/a/f.ks1"));
        assert_eq!(file_of(Path::new("/a/.ksj")), None);
    }
}
