//! What every provider must do, as a suite that it can be run against: a trait ships with its tests.
//!
//! ```text
//! wrapping    round trips, wrong binding, tampered and foreign wrapped keys, wrong versions
//! describing  descriptions and listings agree with what wraps
//! lifecycle   rotation, disabling, destruction: what opens in each state and what does not
//! sharing     many users at once, calls that are dropped half-way
//! envelope    the same through whole envelopes: wrong context, altered bytes, rotation, rewrap
//! pairs       key pairs: public keys, rotation, hybrids of a pair and a symmetric key
//! faults      a recipient that fails, lies or hangs, beside one that works
//! scripted    the KEK that does so, on demand
//! ```
//!
//! A provider that cannot do a thing has its check skipped, with the reason in the report; it never passes by not
//! being asked.
//!
//! ```
//! use std::sync::Arc;
//! use async_trait::async_trait;
//! use kms_core::KekError;
//! use kms_core::crypto::CryptoBackend;
//! use kms_providers::conformance::{self, Harness};
//! use kms_providers::memory::{MemoryProvider, MemoryWrap};
//! use kms_providers::{KeyUri, Provider};
//!
//! struct Memory(MemoryProvider);
//!
//! #[async_trait]
//! impl Harness for Memory {
//!     fn provider(&self) -> &dyn Provider {
//!         &self.0
//!     }
//!
//!     async fn fresh_key(&self) -> Result<KeyUri, KekError> {
//!         conformance::create_key(&self.0).await
//!     }
//! }
//!
//! let provider = MemoryProvider::new(CryptoBackend::default(), MemoryWrap::Derive)?;
//! let report = futures::executor::block_on(conformance::run(&Memory(provider)));
//! assert!(report.is_passed(), "{report}");
//! # Ok::<(), KekError>(())
//! ```

mod describing;
mod envelope;
mod faults;
mod lifecycle;
mod pairs;
mod report;
mod run;
mod scripted;
mod sharing;
mod wrapping;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use kms_core::crypto::CryptoBackend;
use kms_core::{KekError, KekFault, KekOperation, Kem};

pub use report::{Report, Verdict};
pub use scripted::{Scripted, Step};

use run::{Check, Run};

use crate::provider::Provider;
use crate::uri::{KeyName, KeyUri};

/// What the suite needs to know of the provider under test.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The provider.
    fn provider(&self) -> &dyn Provider;

    /// A key that nothing else uses, ready for use.
    ///
    /// # Errors
    /// When it cannot be had; every check that asked for it then fails.
    async fn fresh_key(&self) -> Result<KeyUri, KekError>;

    /// Lets the provider believe that `time` has passed; `false` where that cannot be done.
    fn pass_time(&self, time: Duration) -> bool {
        let _ = time;
        false
    }

    /// Threads that may each drive the provider's futures with a plain executor. One where a runtime is needed:
    /// calls then run at once within one task.
    fn threads(&self) -> usize {
        1
    }

    /// Calls that one check may spend where it tries many cases: calls of a cloud cost money.
    fn budget(&self) -> usize {
        64
    }

    /// How often a rotation under load may be told to try again later. None of a service; a token in software that fails
    /// calls while another thread writes says so here.
    fn interruptions(&self) -> usize {
        0
    }

    /// The primitives of the envelopes that are tried.
    fn backend(&self) -> CryptoBackend {
        CryptoBackend::default()
    }
}

/// Runs every check, each on keys of its own. A check that fails or panics does not keep the others from running.
pub async fn run(harness: &dyn Harness) -> Report {
    let mut report = Report::new(harness.provider().kind());
    for check in checks() {
        let run = Run::new(harness);
        let verdict = match AssertUnwindSafe((check.body)(&run)).catch_unwind().await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => Verdict::Failed(failure.0),
            Err(_) => Verdict::Failed("it panicked".into()),
        };
        report.add(check.name, verdict, run.cases());
    }
    report
}

/// Makes a key of a new name through the provider's life cycle: what most harnesses give as a fresh key.
///
/// # Errors
/// `Unsupported` when the provider has no life cycle, else what it says.
pub async fn create_key(provider: &dyn Provider) -> Result<KeyUri, KekError> {
    let error = |fault| KekError::new(provider.kind(), KekOperation::Lifecycle, fault);
    let lifecycle = provider.lifecycle().ok_or_else(|| error(KekFault::Unsupported))?;
    lifecycle.create(&fresh_name()).await
}

/// Makes a key pair of a new name: the fresh key of a harness that tries key pairs.
///
/// # Errors
/// `Unsupported` when the provider has no key pairs, else what it says.
pub async fn create_pair(provider: &dyn Provider, kem: Kem) -> Result<KeyUri, KekError> {
    let error = |fault| KekError::new(provider.kind(), KekOperation::Lifecycle, fault);
    let pairs = provider.kem_keys().ok_or_else(|| error(KekFault::Unsupported))?;
    pairs.create_pair(&fresh_name(), kem).await
}

/// A name that no other key of this process has.
fn fresh_name() -> KeyName {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);

    let name = format!(
        "conformance-{}-{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    );
    KeyName::parse(&name).expect("letters, digits and dashes, far below 64 of them")
}

fn checks() -> impl Iterator<Item = &'static Check> {
    [
        wrapping::CHECKS,
        describing::CHECKS,
        lifecycle::CHECKS,
        sharing::CHECKS,
        envelope::CHECKS,
        pairs::CHECKS,
        faults::CHECKS,
    ]
    .into_iter()
    .flatten()
}
