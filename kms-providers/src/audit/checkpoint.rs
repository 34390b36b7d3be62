//! Checkpoints: C2SP tlog-checkpoint, signed as C2SP signed-note.

use signed_note::{Note, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use super::fault::LogError;
use super::key::{LogKey, VerifierKey};

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
    pub(super) fn sign(self, key: &LogKey) -> Vec<u8> {
        let text = Checkpoint::new(key.origin(), self.size, self.root, "").expect("a log's name is not empty");
        let mut note = Note::new(&text.to_bytes(), &[]).expect("a log's name has no control characters");
        note.add_sigs(&[key]).expect("Ed25519 signs every message");
        note.to_bytes()
    }

    /// The tree of a note that `verifier` signed.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`]
    pub(super) fn open(note: &[u8], verifier: &VerifierKey) -> Result<Self, LogError> {
        let note = Note::from_bytes(note).map_err(|_| LogError::Checkpoint("it is not a signed note"))?;
        note.verify(&VerifierList::new(vec![Box::new(verifier.verifier.clone())]))
            .map_err(|_| LogError::Checkpoint("it is not signed by the expected key"))?;
        let (origin, head) = parse(&note)?;
        if origin != verifier.origin() {
            return Err(LogError::Checkpoint("it is of another log"));
        }
        Ok(head)
    }

    /// The name and tree that a note claims, whoever signed it.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`]
    pub(super) fn claimed(note: &[u8]) -> Result<(String, Self), LogError> {
        let note = Note::from_bytes(note).map_err(|_| LogError::Checkpoint("it is not a signed note"))?;
        parse(&note)
    }
}

fn parse(note: &Note) -> Result<(String, Head), LogError> {
    let text = Checkpoint::from_bytes(note.text()).map_err(|_| LogError::Checkpoint("it is malformed"))?;
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
