//! A passphrase that is asked for when the first envelope needs it, and once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, PassphraseKek, Posture, Scheme, Unwrapped,
    WrappedKey,
};
use kms_providers::KeyUri;
use kms_providers::uri::Label;

use crate::failure::Failure;
use crate::passphrase::Passphrase;

/// The KEK of a passphrase that is not known yet. It stands in a keyring like any other, so that only an envelope with
/// a passphrase recipient makes the terminal ask.
pub struct AskedPassphrase {
    backend: CryptoBackend,
    file: Option<PathBuf>,
    is_new: bool,
    uri: String,
    answer: Mutex<Option<Answer>>,
}

#[derive(Clone)]
enum Answer {
    Known(Arc<PassphraseKek>),
    Failed(Failure),
}

impl AskedPassphrase {
    /// A passphrase from `file`, or from the terminal; one that is new is asked for twice.
    #[must_use]
    pub fn new(backend: CryptoBackend, file: Option<PathBuf>, is_new: bool) -> Self {
        Self {
            backend,
            file,
            is_new,
            uri: KeyUri::Passphrase(Label::default()).to_string(),
            answer: Mutex::new(None),
        }
    }

    /// Why there is no passphrase, if it was asked for: the library can only say that an envelope does not open.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match &*self.answer() {
            Some(Answer::Failed(failure)) => Some(failure.clone()),
            _ => None,
        }
    }

    /// Asked for under the lock, so that files that are opened side by side ask once.
    fn kek(&self, operation: KekOperation) -> Result<Arc<PassphraseKek>, KekError> {
        let mut answer = self.answer();
        match answer.get_or_insert_with(|| self.ask()) {
            Answer::Known(kek) => Ok(kek.clone()),
            Answer::Failed(_) => Err(KekError::new(&self.uri, operation, KekFault::Unavailable)),
        }
    }

    fn ask(&self) -> Answer {
        let source = Passphrase {
            file: self.file.as_deref(),
            prompt: "Passphrase of the envelope",
            option: "--recipient-passphrase-file",
        };
        let asked = if self.is_new { source.ask_new() } else { source.ask() };
        match asked {
            Ok(passphrase) => Answer::Known(Arc::new(PassphraseKek::new(self.backend.clone(), passphrase))),
            Err(failure) => Answer::Failed(failure),
        }
    }

    fn answer(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Kek for AskedPassphrase {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        Scheme::Passphrase
    }

    fn posture(&self) -> Posture {
        Posture::Hedged
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.kek(KekOperation::Wrap)?.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.kek(KekOperation::Unwrap)?.unwrap(wrapped, binding).await
    }

    /// Passphrases have no versions, so nothing is asked for.
    async fn describe(&self) -> Result<KekInfo, KekError> {
        let scheme = "argon2id";
        Ok(KekInfo::new(
            scheme,
            None,
            "passphrase",
            Posture::Hedged,
            self.uri.clone(),
        ))
    }
}
