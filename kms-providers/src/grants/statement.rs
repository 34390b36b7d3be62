//! What an issuer signs about a grant. It has no secret: it may lie about for everyone to see.

use kms_core::Header;
use kms_core::akd::{Grant, TreeId, Usage};
use kms_core::crypto::CryptoBackend;
use sha2::{Digest as _, Sha512};
use signed_note::Note;

use super::error::GrantError;
use super::lines::{Lines, hex};

/// What a grant is, and which envelope it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Names the grant.
    pub id: [u8; 16],
    /// The tree that its keys are of.
    pub tree: TreeId,
    /// Names the schema, as it was then.
    pub schema: [u8; 32],
    /// `imm_hash` of the envelope.
    pub immutable: [u8; 32],
    /// SHA-512 of what follows the header.
    pub payload: [u8; 64],
    /// Name of the grantee, for people.
    pub grantee: String,
    /// What its keys are for.
    pub usages: Vec<Usage>,
    /// The first and the last epoch that it reaches into.
    pub epochs: (u16, u16),
    /// When it was issued, in seconds since 1970.
    pub issued: u64,
    /// When an honest reader stops using it, in seconds since 1970.
    pub not_after: u64,
}

impl Statement {
    /// What is to be said of `grant` in this envelope.
    pub(super) fn new(backend: &CryptoBackend, grant: &Grant, header: &Header, payload: &[u8]) -> Self {
        let terms = grant.terms();
        Self {
            id: terms.id,
            tree: grant.schema().tree(),
            schema: grant.schema().id(backend),
            immutable: header.immutable_hash(backend),
            payload: Sha512::digest(payload).into(),
            grantee: terms.grantee.clone(),
            usages: grant.usages(),
            epochs: grant.epochs(),
            issued: terms.issued,
            not_after: terms.not_after,
        }
    }

    /// What a note says, whoever signed it: for listings, and never for a decision.
    ///
    /// # Errors
    /// [`GrantError::Note`], [`GrantError::NoStatement`].
    pub fn unverified(note: &[u8]) -> Result<Self, GrantError> {
        let note = Note::from_bytes(note).map_err(|_| crate::signing::NoteError::Malformed)?;
        Self::parse(note.text())
    }

    /// Reads the text of a note.
    pub(super) fn parse(text: &[u8]) -> Result<Self, GrantError> {
        let read = Self::read(text).filter(|statement| statement.to_text().as_bytes() == text);
        read.ok_or(GrantError::NoStatement)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut lines = Lines::below(TITLE, text)?;
        Some(Self {
            id: lines.bytes("grant")?,
            tree: TreeId(lines.bytes("tree")?),
            schema: lines.bytes("schema")?,
            immutable: lines.bytes("immutable")?,
            payload: lines.bytes("payload")?,
            grantee: lines.text("grantee").filter(|name| name.trim() == *name)?.to_owned(),
            usages: lines
                .text("usages")?
                .split(' ')
                .map(Usage::from_name)
                .collect::<Option<_>>()?,
            epochs: {
                let (first, last) = lines.text("epochs")?.split_once(' ')?;
                (first.parse().ok()?, last.parse().ok()?)
            },
            issued: lines.number("issued")?,
            not_after: lines.number("expires")?,
        })
    }

    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let usages: Vec<_> = self.usages.iter().map(|usage| usage.name()).collect();
        format!(
            "{TITLE}\ngrant {}\ntree {}\nschema {}\nimmutable {}\npayload {}\ngrantee {}\nusages {}\nepochs {} {}\n\
             issued {}\nexpires {}\n",
            hex(&self.id),
            self.tree,
            hex(&self.schema),
            hex(&self.immutable),
            hex(&self.payload),
            self.grantee,
            usages.join(" "),
            self.epochs.0,
            self.epochs.1,
            self.issued,
            self.not_after,
        )
    }
}

const TITLE: &str = "keystrand grant v1";
