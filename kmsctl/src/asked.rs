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
    label: Label,
    uri: String,
    answer: Mutex<Option<Answer>>,
}

#[derive(Clone)]
enum Answer {
    Known(Arc<PassphraseKek>),
    Failed(Failure),
}

impl AskedPassphrase {
    /// The code of the failure that the library makes of a passphrase that is not to be had.
    pub const FAILURE: &str = "provider.Unavailable";

    /// A passphrase from `file`, or from the terminal. One that is sealed for is asked for twice.
    #[must_use]
    pub fn new(backend: CryptoBackend, label: &Label, file: Option<PathBuf>) -> Self {
        Self {
            backend,
            file,
            uri: KeyUri::Passphrase(label.clone()).to_string(),
            label: label.clone(),
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
        match answer.get_or_insert_with(|| self.ask(operation)) {
            Answer::Known(kek) => Ok(kek.clone()),
            Answer::Failed(_) => Err(KekError::new(&self.uri, operation, KekFault::Unavailable)),
        }
    }

    fn ask(&self, operation: KekOperation) -> Answer {
        let prompt = match self.label.as_str() {
            "" => "Passphrase of the envelope".to_owned(),
            label => format!("Passphrase `{label}` of the envelope"),
        };
        let source = Passphrase {
            file: self.file.as_deref(),
            prompt: &prompt,
            option: "--recipient-passphrase-file",
        };
        let asked = match operation {
            KekOperation::Wrap => source.ask_new(),
            _ => source.ask(),
        };
        let kek = asked.and_then(|passphrase| {
            Ok(PassphraseKek::new(self.backend.clone(), passphrase).labelled(self.label.as_str())?)
        });
        match kek {
            Ok(kek) => Answer::Known(Arc::new(kek)),
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
