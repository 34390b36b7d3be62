//! A KEK that fails on demand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kms_core::memory::Secret;
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrappedKey,
};

/// A KEK in front of another that follows a script: one step a call, and the other's answer once the script is over.
pub struct Scripted {
    inner: Arc<dyn Kek>,
    script: Mutex<VecDeque<Step>>,
    calls: AtomicUsize,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The KEK behind answers.
    Answer,
    /// The provider fails in this way; the KEK behind is not asked.
    Fail(KekFault),
    /// The KEK behind answers, and the secret in its answer is another.
    WrongSecret,
    /// The KEK behind wraps, and the answer names another key version.
    WrongVersion,
    /// No answer ever comes.
    Hang,
}

impl Scripted {
    /// A KEK in front of `inner`, without a script.
    #[must_use]
    pub fn new(inner: Arc<dyn Kek>) -> Self {
        Self {
            inner,
            script: Mutex::default(),
            calls: AtomicUsize::new(0),
        }
    }

    /// Adds a step for each of the next `times` calls.
    #[must_use]
    pub fn then(self, times: usize, step: Step) -> Self {
        self.script().extend(std::iter::repeat_n(step, times));
        self
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn script(&self) -> std::sync::MutexGuard<'_, VecDeque<Step>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next step, as far as it does not need the answer.
    async fn step(&self, operation: KekOperation) -> Result<Step, KekError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let step = self.script().pop_front().unwrap_or(Step::Answer);
        match step {
            Step::Fail(fault) => Err(KekError::new(self.inner.uri(), operation, fault)),
            Step::Hang => futures::future::pending().await,
            other => Ok(other),
        }
    }
}

#[async_trait]
impl Kek for Scripted {
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
        let step = self.step(KekOperation::Wrap).await?;
        let mut generated = self.inner.generate(binding).await?;
        match step {
            Step::WrongSecret => generated.secret = another(&generated.secret),
            Step::WrongVersion => generated.wrapped.version = Some(b"4294967295".to_vec()),
            _ => {}
        }
        Ok(generated)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let step = self.step(KekOperation::Unwrap).await?;
        let mut unwrapped = self.inner.unwrap(wrapped, binding).await?;
        if step == Step::WrongSecret {
            unwrapped.secret = another(&unwrapped.secret);
        }
        Ok(unwrapped)
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        self.step(KekOperation::Describe).await?;
        self.inner.describe().await
    }
}

fn another(secret: &Secret<32>) -> Secret<32> {
    Secret::init_with(|place| {
        place.copy_from_slice(secret.expose());
        place[0] ^= 1;
    })
}
