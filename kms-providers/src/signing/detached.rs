//! Detached signatures of files: a note that states what was signed.
//!
//! ```text
//! keystrand detached signature v1
//! sha512 <128 digits>
//! size <bytes>
//! context <text>          only where one was given
//! <empty line>
//! — <name> <signature>    one line for each half of the key
//! ```

use std::io::{self, Read};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha512};

use super::key::NoteKey;
use super::verifier::{NoteError, VerifierKey};

/// What a detached signature is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    digest: [u8; 64],
    size: u64,
    context: Option<String>,
}

/// Why a detached signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetachedError {
    /// The note, or who signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note does not read like a detached signature.
    #[error("it is a signed note, and no detached signature")]
    NoStatement,
    /// It is about another file.
    #[error("the signature is good, and of another content")]
    OtherContent,
    /// It was made for another context.
    #[error("the signature is good, and for another context")]
    OtherContext,
    /// A context that does not fit a line.
    #[error("a context is 1 to 255 bytes of text on one line")]
    Context,
}

impl Statement {
    /// States the content of `reader`, for `context`: a signature for one use is none for another.
    ///
    /// # Errors
    /// [`DetachedError::Context`].
    pub fn new(content: Content, context: Option<&str>) -> Result<Self, DetachedError> {
        let fits = |text: &str| (1..=CONTEXT_MAX).contains(&text.len()) && !text.contains(char::is_control);
        if !context.is_none_or(fits) {
            return Err(DetachedError::Context);
        }
        let Content { digest, size } = content;
        let context = context.map(str::to_owned);
        Ok(Self { digest, size, context })
    }

    /// The detached signature.
    ///
    /// # Errors
    /// [`NoteError::Random`].
    pub fn sign(&self, key: &NoteKey) -> Result<Vec<u8>, NoteError> {
        key.sign(self.to_text().as_bytes())
    }

    /// Checks that `note` is a detached signature of this by `key`.
    ///
    /// # Errors
    /// [`DetachedError`]; what was signed is looked at only after the signature.
    pub fn check(&self, note: &[u8], key: &VerifierKey) -> Result<(), DetachedError> {
        let signed = Self::parse(&key.open(note)?).ok_or(DetachedError::NoStatement)?;
        if (signed.digest, signed.size) != (self.digest, self.size) {
            return Err(DetachedError::OtherContent);
        }
        if signed.context != self.context {
            return Err(DetachedError::OtherContext);
        }
        Ok(())
    }

    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let digest = HEXLOWER.encode(&self.digest);
        let context = self.context.iter().map(|context| format!("context {context}\n"));
        format!(
            "{TITLE}\nsha512 {digest}\nsize {}\n{}",
            self.size,
            context.collect::<String>()
        )
    }

    /// One statement has one text, so that whoever signed it meant nothing else by it.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines = text.lines().skip(1);
        let digest = HEXLOWER
            .decode(lines.next()?.strip_prefix("sha512 ")?.as_bytes())
            .ok()?;
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let content = Content {
            digest: digest.try_into().ok()?,
            size,
        };
        let context = lines.next().map(|line| line.strip_prefix("context "));
        let statement = Self::new(content, context.unwrap_or_default()).ok()?;
        (statement.to_text() == text).then_some(statement)
    }
}

/// The digest and the length of a file or stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    digest: [u8; 64],
    size: u64,
}

impl Content {
    /// Reads `reader` to its end.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of(mut reader: impl Read) -> io::Result<Self> {
        let (mut hash, mut size) = (Sha512::new(), 0);
        let mut buffer = vec![0; BUFFER];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    hash.update(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            digest: hash.finalize().into(),
            size,
        })
    }
}

const TITLE: &str = "keystrand detached signature v1";
const CONTEXT_MAX: usize = 255;
const BUFFER: usize = 1 << 18;
