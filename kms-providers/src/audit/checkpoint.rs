//! Checkpoints: C2SP tlog-checkpoint, signed as C2SP signed-note.

use signed_note::Note;
use tlog_tiles::{Checkpoint, Hash};

use super::fault::LogError;
use super::key::LogKey;
use crate::signing::{NoteError, VerifierKey};

/// The file's name.
pub(super) const FILE: &str = "checkpoint";

/// A tree that a checkpoint speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    /// Entries of the tree.
    pub size: u64,
    pub(super) root: Hash,
}

impl Head {
    /// The root hash (RFC 6962 2.1).
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.root.0
    }

    /// The signed note for this tree.
    ///
    /// # Errors
    /// [`LogError::Random`]
    pub(super) fn sign(self, key: &LogKey) -> Result<Vec<u8>, LogError> {
        let text = Checkpoint::new(key.origin(), self.size, self.root, "").expect("a log's name is not empty");
        Ok(key.note.sign(&text.to_bytes())?)
    }

    /// The tree of a note that `verifier` signed.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`]
    pub(super) fn open(note: &[u8], verifier: &VerifierKey) -> Result<Self, LogError> {
        let (origin, head) = parse(&verifier.open(note)?)?;
        if origin != verifier.name() {
            return Err(LogError::Checkpoint("it is of another log"));
        }
        Ok(head)
    }

    /// The name and tree that a note claims, whoever signed it.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`]
    pub(super) fn claimed(note: &[u8]) -> Result<(String, Self), LogError> {
        let note = Note::from_bytes(note).map_err(|_| NoteError::Malformed)?;
        parse(note.text())
    }
}

fn parse(text: &[u8]) -> Result<(String, Head), LogError> {
    let text = Checkpoint::from_bytes(text).map_err(|_| LogError::Checkpoint("it is malformed"))?;
    if text.size() > SIZE_MAX {
        return Err(LogError::Checkpoint("its size is impossible"));
    }
    let head = Head {
        size: text.size(),
        root: *text.hash(),
    };
    Ok((text.origin().to_owned(), head))
}

/// More entries than any log will have, and few enough for all arithmetic on tile indexes.
const SIZE_MAX: u64 = 1 << 48;
