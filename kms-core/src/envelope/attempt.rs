//! One recipient: what its provider recovers, and the seal that this opens.

use super::binding::{Place, Scope, commitment};
use super::seal;
use crate::error::KekFault;
use crate::header::Single;
use crate::kek::{Binding, Kek, Scheme, WrapParams};
use crate::kem::{Halves, HybridKek};
use crate::memory::Secret;

/// One provider call of an open, for the audit trail; the reader of the envelope does not see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Key URI as configured.
    pub uri: String,
    /// Key version as it stands in the envelope.
    pub version: Option<Vec<u8>>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The provider's own request id.
    pub request_id: Option<String>,
}

/// How a provider call of an open ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The secret was found.
    Opened,
    /// The secret was held in a cache; no provider was called.
    Cached,
    /// The provider failed.
    Provider(KekFault),
    /// The provider answered, but the seal does not open: a wrong `W`, or altered bytes. The two cannot be told
    /// apart, so nobody is accused.
    SealDoesNotOpen,
    /// Another recipient opened before this one answered, so nobody waited for it. It may have done its part.
    Overtaken,
    /// The provider answered, but the other half of the recipient did not.
    Answered,
    /// The share opens but is not the one that was committed to: who has this `W` planted it.
    PlantedShare,
}

impl Attempt {
    /// One attempt for each key of the recipient.
    pub(super) fn of(single: &Single, kek: &dyn Kek, outcome: AttemptOutcome) -> Vec<Self> {
        let keys = std::iter::once((kek.uri(), &single.wrapped.version)).chain(second_key(single, kek));
        keys.map(|(uri, version)| Self {
            uri: uri.to_owned(),
            version: version.clone(),
            outcome,
            request_id: None,
        })
        .collect()
    }
}

/// The post-quantum key of a hybrid recipient, and its version.
pub(super) fn second_key<'a>(single: &'a Single, kek: &'a dyn Kek) -> Option<(&'a str, &'a Option<Vec<u8>>)> {
    match (&single.wrapped.params, kek.hybrid()) {
        (WrapParams::Hybrid { version, .. }, Some(halves)) => Some((halves.pq().uri(), version)),
        _ => None,
    }
}

/// Provider calls that opening an entry takes.
pub(super) fn calls(single: &Single) -> usize {
    1 + usize::from(single.scheme == Scheme::Hybrid)
}

/// Opens one share and compares it with its commitment, so that a false share is known before combination.
pub(super) async fn open_committed_share(
    scope: Scope<'_>,
    place: Place<'_>,
    recipient: &Single,
    kek: &dyn Kek,
) -> (Vec<Attempt>, Option<Secret<32>>) {
    let (mut attempts, share) = unseal(scope, recipient, kek, Some(place)).await;
    let committed = place.quorum.commitments.get(usize::from(place.x) - 1);
    let share = share.filter(|share| {
        let seen = commitment(scope.backend, &place.quorum.id, place.x, share.expose());
        let as_committed = committed == Some(&seen);
        if !as_committed {
            set_outcome(&mut attempts, AttemptOutcome::PlantedShare);
        }
        as_committed
    });
    (attempts, share)
}

/// Asks the provider, or both of a hybrid recipient, for what the seal is under, and opens the seal.
pub(super) async fn unseal(
    scope: Scope<'_>,
    single: &Single,
    kek: &dyn Kek,
    place: Option<Place<'_>>,
) -> (Vec<Attempt>, Option<Secret<32>>) {
    let digest = scope.binding(kek, single.level, place);
    let binding = Binding {
        domain: scope.domain,
        digest: &digest,
        dek_id: scope.dek_id,
        exposed: &scope.exposed(kek),
    };
    let (mut attempts, recovered) = match kek.hybrid() {
        Some(halves) => recover_both(halves, single, &binding).await,
        None => recover(kek, single, &binding).await,
    };
    let Some(recovered) = recovered else {
        return (attempts, None);
    };
    let secret = seal::open(scope, &single.wrapped.params, &recovered, &digest, &single.sealed);
    if secret.is_none() {
        set_outcome(&mut attempts, AttemptOutcome::SealDoesNotOpen);
    }
    (attempts, secret)
}

async fn recover(kek: &dyn Kek, single: &Single, binding: &Binding<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
    let mut attempts = Attempt::of(single, kek, AttemptOutcome::Opened);
    match kek.unwrap(&single.wrapped, binding).await {
        Err(error) => {
            set_outcome(&mut attempts, AttemptOutcome::Provider(error.kind));
            attempts[0].request_id = error.request_id;
            (attempts, None)
        }
        Ok(unwrapped) => {
            attempts[0].request_id = unwrapped.request_id;
            (attempts, Some(unwrapped.secret))
        }
    }
}

/// One attempt a half. Which half is at fault is for the trail alone.
async fn recover_both(kek: &HybridKek, single: &Single, binding: &Binding<'_>) -> (Vec<Attempt>, Option<Secret<32>>) {
    let mut attempts = Attempt::of(single, kek, AttemptOutcome::Answered);
    let Halves { classical, pq } = kek.unwrap_halves(&single.wrapped, binding).await;
    let faults = [classical.as_ref().err(), pq.as_ref().err()];
    for (attempt, fault) in attempts.iter_mut().zip(faults) {
        if let Some(error) = fault {
            attempt.outcome = AttemptOutcome::Provider(error.kind);
        }
    }
    let (Ok(classical), Ok((pq, public))) = (classical, pq) else {
        return (attempts, None);
    };
    set_outcome(&mut attempts, AttemptOutcome::Opened);
    for (attempt, request_id) in attempts.iter_mut().zip([classical.request_id, pq.request_id]) {
        attempt.request_id = request_id;
    }
    let secret = kek.combine(&single.wrapped, binding, &classical.secret, &pq.secret, &public);
    (attempts, secret)
}

fn set_outcome(attempts: &mut [Attempt], outcome: AttemptOutcome) {
    attempts.iter_mut().for_each(|attempt| attempt.outcome = outcome);
}
