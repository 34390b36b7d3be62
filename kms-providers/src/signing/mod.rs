//! Signed notes (C2SP signed-note): a text with one signature line a key. Checkpoints of the audit log and detached
//! signatures of files are notes.
//!
//! A key is Ed25519, ML-DSA-65, or both. Both sign the same text, each on a line of its own: every tool for signed
//! notes checks the Ed25519 line and passes over the other; who pins both halves accepts nothing that lacks one.
//!
//! ```text
//! key       the private key, from seeds or from the text forms of signed-note
//! ml_dsa    the post-quantum line, for which signed-note has no number yet
//! verifier  public keys: what a verifier pins
//! detached  what a detached signature states
//! ```

mod detached;
mod key;
mod ml_dsa;
mod verifier;

pub use detached::{Content, DetachedError, Statement};
pub use key::{KeyTextError, NoteKey};
pub use verifier::{NoteError, VerifierKey};
