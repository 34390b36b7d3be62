//! Public keys of notes.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};

use super::ml_dsa::MlDsaVerifier;

/// A public key, `<name>+<id>+<key>`, or the two halves of one with a space between: what a verifier pins. Who pins
/// two accepts only what both signed.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    halves: Vec<Half>,
}

#[derive(Clone)]
enum Half {
    Ed25519(StandardVerifier),
    MlDsa(MlDsaVerifier),
}

/// Why a note is not accepted, or a text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("it is not a signed note")]
    Malformed,
    /// A signature is missing or does not verify.
    #[error("it is not signed by the expected key")]
    Signature,
    /// Not a text that notes can have.
    #[error("the text of a note is lines of UTF-8, each ended, without control characters")]
    Text,
    /// The random source failed.
    #[error("the system's random source failed; nothing was signed")]
    Random,
    /// Not a public key.
    #[error("a verifier key reads name+id+base64, with a second one behind a space where there are two halves")]
    VerifierKey,
}

impl VerifierKey {
    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.halves[0].verifier().name()
    }

    /// The Ed25519 half, where there is one: what tools for signed notes take.
    #[must_use]
    pub fn ed25519(&self) -> Option<&str> {
        let at = self.halves.iter().position(|half| matches!(half, Half::Ed25519(_)))?;
        self.text.split(' ').nth(at)
    }

    /// Whether the signature of an attacker with a quantum computer would be noticed.
    #[must_use]
    pub fn is_post_quantum(&self) -> bool {
        self.halves.iter().any(|half| matches!(half, Half::MlDsa(_)))
    }

    /// The text of a note that every half signed. Signatures of other keys are passed over.
    ///
    /// # Errors
    /// [`NoteError::Malformed`], [`NoteError::Signature`].
    pub fn open(&self, note: &[u8]) -> Result<Vec<u8>, NoteError> {
        let note = Note::from_bytes(note).map_err(|_| NoteError::Malformed)?;
        for half in &self.halves {
            // One half at a time: a note with one good line and none of the other would pass for signed.
            note.verify(&VerifierList::new(vec![half.boxed()]))
                .map_err(|_| NoteError::Signature)?;
        }
        Ok(note.text().to_vec())
    }
}

impl Half {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(standard) = StandardVerifier::new(text) {
            return Some(Self::Ed25519(standard));
        }
        let fields: Vec<_> = text.splitn(3, '+').collect();
        let [name, id, encoded] = fields[..] else {
            return None;
        };
        let key = MlDsaVerifier::new(name, &BASE64.decode(encoded.as_bytes()).ok()?)?;
        (format!("{:08x}", key.key_id()) == id).then_some(Self::MlDsa(key))
    }

    fn verifier(&self) -> &dyn Verifier {
        match self {
            Self::Ed25519(verifier) => verifier,
            Self::MlDsa(verifier) => verifier,
        }
    }

    fn boxed(&self) -> Box<dyn Verifier> {
        match self {
            Self::Ed25519(verifier) => Box::new(verifier.clone()),
            Self::MlDsa(verifier) => Box::new(verifier.clone()),
        }
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let halves = text.split(' ').map(Half::parse).collect::<Option<Vec<_>>>();
        let halves = halves.ok_or(NoteError::VerifierKey)?;
        let names: Vec<_> = halves.iter().map(|half| half.verifier().name()).collect();
        let fit = match &halves[..] {
            [_] => true,
            [Half::Ed25519(_), Half::MlDsa(_)] => names[0] == names[1],
            _ => false,
        };
        if !fit {
            return Err(NoteError::VerifierKey);
        }
        Ok(Self {
            text: text.to_owned(),
            halves,
        })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
