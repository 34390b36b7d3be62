//! The signed list of grants that are no more, and of the epoch that data is written in.

use std::collections::BTreeMap;

use kms_core::akd::TreeId;
use signed_note::Note;

use super::error::GrantError;
use super::issuer::check_issuer;
use super::lines::{Lines, bytes, hex};
use super::statement::Statement;
use crate::signing::{NoteError, VerifierKey};

/// The revoked grants of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocations {
    tree: TreeId,
    sequence: u64,
    issued: u64,
    epoch: u16,
    /// When each was revoked, in seconds since 1970.
    revoked: BTreeMap<[u8; 16], u64>,
}

impl Revocations {
    /// The list before the first one.
    #[must_use]
    pub fn none(tree: TreeId) -> Self {
        Self {
            tree,
            sequence: 0,
            issued: 0,
            epoch: 0,
            revoked: BTreeMap::new(),
        }
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// Counts the lists of a tree.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Data is written in this epoch or a later one.
    #[must_use]
    pub fn epoch(&self) -> u16 {
        self.epoch
    }

    /// When a grant was revoked, in seconds since 1970.
    #[must_use]
    pub fn revoked(&self, id: &[u8; 16]) -> Option<u64> {
        self.revoked.get(id).copied()
    }

    /// Whether a grant is on it.
    #[must_use]
    pub fn has(&self, tree: TreeId, id: &[u8; 16]) -> bool {
        self.tree == tree && self.revoked.contains_key(id)
    }

    /// The next list, with these grants on it and an epoch that none of them reaches.
    ///
    /// # Errors
    /// [`GrantError::LastEpoch`] when there is no such epoch; `AkdFault::OtherTree`.
    pub fn with<'s>(&self, grants: impl IntoIterator<Item = &'s Statement>, now: u64) -> Result<Self, GrantError> {
        let mut next = Self {
            sequence: self.sequence + 1,
            issued: now,
            ..self.clone()
        };
        for grant in grants {
            if grant.tree != self.tree {
                return Err(kms_core::AkdFault::OtherTree.into());
            }
            next.revoked.entry(grant.id).or_insert(now);
            let beyond = grant.epochs.1.checked_add(1).ok_or(GrantError::LastEpoch)?;
            next.epoch = next.epoch.max(beyond);
        }
        Ok(next)
    }

    /// Whether it may take the place of `older`.
    ///
    /// # Errors
    /// [`GrantError::OldList`].
    pub fn check_follows(&self, older: &Self) -> Result<(), GrantError> {
        let keeps = older.revoked.keys().all(|id| self.revoked.contains_key(id));
        let follows = self.tree == older.tree && self.sequence >= older.sequence && self.epoch >= older.epoch && keeps;
        match follows {
            true => Ok(()),
            false => Err(GrantError::OldList),
        }
    }

    /// Reads a list that `issuer` signed.
    ///
    /// # Errors
    /// [`GrantError::Note`], [`GrantError::NoStatement`], [`GrantError::IssuerKey`].
    pub fn open(note: &[u8], issuer: &VerifierKey) -> Result<Self, GrantError> {
        check_issuer(issuer)?;
        Self::parse(&issuer.open(note)?)
    }

    /// What a list says, whoever signed it: for listings, and never for a decision.
    ///
    /// # Errors
    /// [`GrantError::Note`], [`GrantError::NoStatement`].
    pub fn unverified(note: &[u8]) -> Result<Self, GrantError> {
        let note = Note::from_bytes(note).map_err(|_| NoteError::Malformed)?;
        Self::parse(note.text())
    }

    fn parse(text: &[u8]) -> Result<Self, GrantError> {
        let read = Self::read(text).filter(|list| list.to_text().as_bytes() == text);
        read.ok_or(GrantError::NoStatement)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut lines = Lines::below(TITLE, text)?;
        let mut list = Self {
            tree: TreeId(lines.bytes("tree")?),
            sequence: lines.number("sequence")?,
            issued: lines.number("issued")?,
            epoch: lines.number("epoch")?,
            revoked: BTreeMap::new(),
        };
        for line in lines.rest() {
            let (id, at) = line.strip_prefix("revoked ")?.split_once(' ')?;
            list.revoked.insert(bytes(id)?, at.parse().ok()?);
        }
        Some(list)
    }

    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let revoked = self
            .revoked
            .iter()
            .map(|(id, at)| format!("revoked {} {at}\n", hex(id)));
        format!(
            "{TITLE}\ntree {}\nsequence {}\nissued {}\nepoch {}\n{}",
            self.tree,
            self.sequence,
            self.issued,
            self.epoch,
            revoked.collect::<String>()
        )
    }
}

const TITLE: &str = "keystrand revocations v1";
