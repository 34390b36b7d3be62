//! Opening what was just wrapped with its own provider, before anyone depends on it.

use super::attempt::{Attempt, AttemptOutcome, open_committed_share, unseal};
use super::binding::{Place, Scope};
use super::recipients::{Part, Recipient, Secrets};
use crate::error::{Error, KekError, KekFault, KekOperation, Result};
use crate::header::{Entry, Single};
use crate::kek::Kek;
use crate::memory::Secret;

/// Checks one new recipient or share.
///
/// # Errors
/// [`crate::Error::Provider`]: the provider does not recover what it wrapped.
pub(super) async fn check_single(
    scope: Scope<'_>,
    single: &Single,
    kek: &dyn Kek,
    place: Option<Place<'_>>,
    secret: &Secret<32>,
) -> Result<()> {
    let (attempts, read_back) = unseal(scope, single, kek, place).await;
    verdict(&attempts, read_back.is_some_and(|read_back| read_back.ct_eq(secret)))
}

/// Checks all that was wrapped for one recipient.
///
/// # Errors
/// As [`check_single`].
pub(super) async fn check_part(
    scope: Scope<'_>,
    recipient: &Recipient,
    part: &Part,
    secrets: Secrets<'_>,
) -> Result<()> {
    let members = recipient.members();
    if let (Entry::Single(single), [member]) = (&part.entry, members) {
        return check_single(scope, single, &*member.kek, None, secrets.at(single.level)?).await;
    }
    if let (Entry::Quorum(quorum), Some(shares)) = (&part.entry, &part.shares) {
        for ((x, share), member) in (1..=u8::MAX).zip(shares).zip(members) {
            let place = Place {
                quorum,
                x,
                version: share.version,
            };
            let (attempts, read_back) = open_committed_share(scope, place, &share.recipient, &*member.kek).await;
            verdict(&attempts, read_back.is_some())?;
        }
    }
    Ok(())
}

/// Of the two keys of a hybrid recipient, the one that failed is named.
fn verdict(attempts: &[Attempt], is_right: bool) -> Result<()> {
    if is_right {
        return Ok(());
    }
    let refused = |attempt: &&Attempt| matches!(attempt.outcome, AttemptOutcome::Provider(_));
    let attempt = attempts.iter().find(refused).or(attempts.first());
    let attempt = attempt.ok_or(Error::DoesNotOpen)?;
    let fault = match attempt.outcome {
        AttemptOutcome::Provider(fault) => fault,
        _ => KekFault::BadReply,
    };
    Err(KekError::new(attempt.uri.clone(), KekOperation::Wrap, fault).into())
}
