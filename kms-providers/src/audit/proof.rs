//! Proofs that stand alone: with the log's public key and nothing else they can be checked, by this or any other
//! implementation of RFC 6962 2.1.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use tlog_tiles::{Hash, check_record, check_tree, record_hash};

use super::checkpoint::Head;
use super::fault::LogError;
use super::log::AuditLog;
use super::tree::Tree;
use crate::signing::VerifierKey;

/// That an entry is in the tree of a checkpoint (RFC 6962 2.1.1). Hashes are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// Sequence number of the entry.
    pub index: u64,
    /// The entry.
    pub entry: String,
    /// Its leaf hash.
    pub leaf: String,
    /// Entries of the tree.
    pub size: u64,
    /// Root hash of the tree.
    pub root: String,
    /// The audit path, leaf to root.
    pub proof: Vec<String>,
    /// The signed checkpoint of the tree.
    pub checkpoint: String,
}

/// That a tree goes on from an older one (RFC 6962 2.1.2). Hashes are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// Entries of the older tree.
    pub old_size: u64,
    /// Root hash of the older tree: to be compared with the checkpoint that one kept.
    pub old_root: String,
    /// Entries of the newer tree.
    pub new_size: u64,
    /// Root hash of the newer tree.
    pub new_root: String,
    /// The proof's hashes.
    pub proof: Vec<String>,
    /// The signed checkpoint, where the newer tree is the log's last.
    pub checkpoint: Option<String>,
}

impl AuditLog {
    /// Proves that entry `seq` is in the signed tree.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] when no checkpoint covers the entry yet; [`LogError::Damaged`] when the tiles do not
    /// lead to the checkpoint's root.
    pub fn prove_inclusion(&self, seq: u64) -> Result<InclusionProof, LogError> {
        self.in_tree(seq, seq < self.head.size)?;
        let entry = self.entry(seq)?.line;
        let leaf = record_hash(&entry);
        let proof = Tree::new(&self.tiles, self.head).path(seq, leaf)?;
        Ok(InclusionProof {
            index: seq,
            entry: String::from_utf8(entry).map_err(|_| LogError::Damaged("an entry is not text"))?,
            leaf: text(&leaf),
            size: self.head.size,
            root: text(&self.head.root),
            proof: proof.iter().map(text).collect(),
            checkpoint: self.note_text()?,
        })
    }

    /// Proves that the tree of `new_size` entries goes on from that of `old_size`; both are at least 1.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] unless 1 ≤ `old_size` ≤ `new_size` ≤ the signed size; [`LogError::Damaged`] when the
    /// tiles do not lead to the checkpoint's root.
    pub fn prove_consistency(&self, old_size: u64, new_size: u64) -> Result<ConsistencyProof, LogError> {
        self.in_tree(old_size, old_size >= 1 && old_size <= new_size)?;
        self.in_tree(new_size, new_size <= self.head.size)?;
        let tree = Tree::new(&self.tiles, self.head);
        Ok(ConsistencyProof {
            old_size,
            old_root: text(&tree.root_at(old_size)?),
            new_size,
            new_root: text(&tree.root_at(new_size)?),
            proof: tree.consistency(old_size, new_size)?.iter().map(text).collect(),
            checkpoint: (new_size == self.head.size).then(|| self.note_text()).transpose()?,
        })
    }

    /// Checks that this log goes on from `kept`, a checkpoint that was kept elsewhere: nothing before it was changed.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`] when `kept` is not signed by `verifier`; [`LogError::OutOfRange`] when the log is
    /// shorter, so was set back; [`LogError::Damaged`] when it is another log, so was rewritten.
    pub fn goes_on_from(&self, kept: &[u8], verifier: &VerifierKey) -> Result<(), LogError> {
        let kept = Head::open(kept, verifier)?;
        self.in_tree(kept.size, kept.size <= self.head.size)?;
        if kept.size == 0 {
            return Ok(());
        }
        Tree::new(&self.tiles, self.head).check_root_at(kept.size, kept.root)
    }

    fn in_tree(&self, asked: u64, inside: bool) -> Result<(), LogError> {
        let size = self.head.size;
        if inside {
            Ok(())
        } else {
            Err(LogError::OutOfRange { asked, size })
        }
    }

    fn note_text(&self) -> Result<String, LogError> {
        String::from_utf8(self.note.clone()).map_err(|_| LogError::Checkpoint("it is not text"))
    }
}

impl InclusionProof {
    /// Checks the proof: the checkpoint is signed by `verifier`, and its tree contains the entry at its place.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`], [`LogError::Proof`]
    pub fn check(&self, verifier: &VerifierKey) -> Result<(), LogError> {
        let head = Head::open(self.checkpoint.as_bytes(), verifier)?;
        if (head.size, text(&head.root)) != (self.size, self.root.clone()) {
            return Err(LogError::Proof);
        }
        self.check_path()
    }

    fn check_path(&self) -> Result<(), LogError> {
        let leaf = record_hash(self.entry.as_bytes());
        if text(&leaf) != self.leaf {
            return Err(LogError::Proof);
        }
        check_record(&hashes(&self.proof)?, self.size, hash(&self.root)?, self.index, leaf).map_err(|_| LogError::Proof)
    }
}

impl ConsistencyProof {
    /// Checks the proof. `kept` is a checkpoint that was kept elsewhere; it must be signed by `verifier` and of the
    /// older tree.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`], [`LogError::Proof`]
    pub fn check(&self, kept: &[u8], verifier: &VerifierKey) -> Result<(), LogError> {
        let old = Head::open(kept, verifier)?;
        let signed = match &self.checkpoint {
            Some(note) => Head::open(note.as_bytes(), verifier)?,
            None => return Err(LogError::Checkpoint("the proof has none for its newer tree")),
        };
        let new_root = hash(&self.new_root)?;
        let fits = (old.size, text(&old.root)) == (self.old_size, self.old_root.clone())
            && (signed.size, signed.root) == (self.new_size, new_root);
        if !fits {
            return Err(LogError::Proof);
        }
        check_tree(&hashes(&self.proof)?, self.new_size, new_root, old.size, old.root).map_err(|_| LogError::Proof)
    }
}

fn text(hash: &Hash) -> String {
    BASE64.encode(&hash.0)
}

fn hash(text: &str) -> Result<Hash, LogError> {
    Hash::parse_hash(text).map_err(|_| LogError::Proof)
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, LogError> {
    // A tree of 2^48 entries has audit paths of 48 hashes; more would only make the check slow.
    if texts.len() > 128 {
        return Err(LogError::Proof);
    }
    texts.iter().map(|text| hash(text)).collect()
}
