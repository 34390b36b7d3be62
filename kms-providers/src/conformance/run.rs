//! What checks are made of.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::LocalBoxFuture;
use kms_core::memory::Secret;
use kms_core::{Binding, Digest, Domain, Kek, KekError, KekFault, Kind, Suite, WrappedKey};
use subtle::ConstantTimeEq;

use super::{Harness, Verdict};
use crate::provider::{KeyLifecycle, Provider};
use crate::uri::KeyUri;

/// One named check.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) body: for<'a> fn(&'a Run<'a>) -> LocalBoxFuture<'a, Outcome>,
}

/// How a check ends: with a verdict, or at the first thing that is wrong.
pub(super) type Outcome = Result<Verdict, Failure>;

/// What is wrong.
pub(super) struct Failure(pub(super) String);

impl From<KekError> for Failure {
    fn from(error: KekError) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

impl From<kms_core::Error> for Failure {
    fn from(error: kms_core::Error) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

/// Fails the check unless a condition holds.
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err($crate::conformance::run::Failure(format!($($why)+)));
        }
    };
}

/// The checks of a module, by function name.
macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        pub(super) const CHECKS: &[$crate::conformance::run::Check] = &[$(
            $crate::conformance::run::Check {
                name: stringify!($name),
                body: |run| Box::pin($name(run)),
            },
        )+];
    };
}

pub(super) use {checks, ensure};

/// One run of one check.
pub(super) struct Run<'a> {
    pub(super) harness: &'a dyn Harness,
    cases: AtomicUsize,
}

impl<'a> Run<'a> {
    pub(super) fn new(harness: &'a dyn Harness) -> Self {
        Self {
            harness,
            cases: AtomicUsize::new(0),
        }
    }

    pub(super) fn provider(&self) -> &'a dyn Provider {
        self.harness.provider()
    }

    pub(super) fn lifecycle(&self) -> Option<&'a dyn KeyLifecycle> {
        self.provider().lifecycle()
    }

    pub(super) async fn key(&self) -> Result<(KeyUri, Arc<dyn Kek>), Failure> {
        let uri = self.harness.fresh_key().await?;
        let kek = self.provider().kek(&uri)?;
        Ok((uri, kek))
    }

    pub(super) fn cases(&self) -> usize {
        self.cases.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, cases: usize) {
        self.cases.fetch_add(cases, Ordering::Relaxed);
    }

    /// Wraps and unwraps once.
    pub(super) async fn round_trip(&self, kek: &dyn Kek) -> Result<WrappedKey, Failure> {
        self.count(1);
        let generated = kek.generate(&BOUND.binding()).await?;
        let unwrapped = kek.unwrap(&generated.wrapped, &BOUND.binding()).await?;
        ensure!(
            same(&generated.secret, &unwrapped.secret),
            "unwrapping gives another secret"
        );
        Ok(generated.wrapped)
    }

    /// A wrapped key that was altered, or a wrong binding: an error or a wrong secret, never the right one.
    pub(super) async fn must_not_unwrap(
        &self,
        kek: &dyn Kek,
        wrapped: &WrappedKey,
        bound: &Bound,
        secret: &Secret<32>,
        what: impl Display,
    ) -> Result<(), Failure> {
        self.count(1);
        match kek.unwrap(wrapped, &bound.binding()).await {
            Ok(unwrapped) => ensure!(!same(&unwrapped.secret, secret), "{what}: it unwraps all the same"),
            Err(error) => ensure!(
                !error.kind.is_unavailable(),
                "{what}: the data is at fault, but the error is `{error}`"
            ),
        }
        Ok(())
    }
}

/// Fails unless `result` is one of these faults.
pub(super) fn expect_fault<T>(
    result: Result<T, KekError>,
    faults: &[KekFault],
    what: impl Display,
) -> Result<(), Failure> {
    match result {
        Ok(_) => Err(Failure(format!("{what}: it succeeded"))),
        Err(error) if faults.contains(&error.kind) => Ok(()),
        Err(error) => Err(Failure(format!("{what}: expected one of {faults:?}, not `{error}`"))),
    }
}

pub(super) fn same(one: &Secret<32>, other: &Secret<32>) -> bool {
    one.expose().ct_eq(other.expose()).into()
}

/// A binding that owns its parts.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) domain: Domain,
    pub(super) digest: Digest,
    pub(super) dek_id: [u8; 16],
}

impl Bound {
    pub(super) fn binding(&self) -> Binding<'_> {
        Binding {
            domain: self.domain,
            digest: &self.digest,
            dek_id: &self.dek_id,
            exposed: &[],
        }
    }
}

/// The binding that checks use unless they say otherwise.
pub(super) const BOUND: Bound = Bound {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Message,
    },
    digest: [0xb1; 32],
    dek_id: [0xd1; 16],
};
