//! A KEK that counts what it is asked, and lies on demand.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kms_core::crypto::CryptoBackend;
use kms_core::*;

use crate::support::{TestKek, secret};

/// How a watched KEK answers an unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As the key inside does.
    Honest,
    /// With 32 bytes that are not `W`.
    WrongSecret,
    /// Not at all.
    Fault(KekFault),
}

/// Counts calls before it passes them on.
pub struct Watched {
    inner: Arc<dyn Kek>,
    answer: Mutex<Answer>,
    wraps: AtomicUsize,
    unwraps: AtomicUsize,
    describes: AtomicUsize,
}

impl Watched {
    pub fn new(inner: Arc<dyn Kek>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            answer: Mutex::new(Answer::Honest),
            wraps: AtomicUsize::new(0),
            unwraps: AtomicUsize::new(0),
            describes: AtomicUsize::new(0),
        })
    }

    /// The key that [`super::forge`] wraps for at `uri`, version 1.
    pub fn local(backend: &CryptoBackend, uri: &str) -> Arc<Self> {
        Self::new(Arc::new(TestKek::new(backend, uri, 1)))
    }

    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn unwraps(&self) -> usize {
        self.unwraps.load(SeqCst)
    }

    pub fn wraps(&self) -> usize {
        self.wraps.load(SeqCst)
    }

    /// Calls of any kind.
    pub fn calls(&self) -> usize {
        self.unwraps() + self.wraps() + self.describes.load(SeqCst)
    }
}

#[async_trait]
impl Kek for Watched {
    fn uri(&self) -> &str {
        self.inner.uri()
    }

    fn scheme(&self) -> Scheme {
        self.inner.scheme()
    }

    fn posture(&self) -> Posture {
        self.inner.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        self.wraps.fetch_add(1, SeqCst);
        self.inner.generate(binding).await
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        self.unwraps.fetch_add(1, SeqCst);
        let answer = *self.answer.lock().unwrap();
        match answer {
            Answer::Honest => self.inner.unwrap(wrapped, binding).await,
            Answer::WrongSecret => Ok(Unwrapped {
                secret: secret(&[0x5a; 32]),
                request_id: Some("req-wrong".into()),
            }),
            Answer::Fault(fault) => Err(KekError::new(self.uri(), KekOperation::Unwrap, fault)),
        }
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.describes.fetch_add(1, SeqCst);
        self.inner.describe().await
    }
}
