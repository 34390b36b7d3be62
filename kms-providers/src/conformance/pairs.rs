//! Key pairs: who has the public key seals, who has the private key opens, and a hybrid takes two keys.

use std::sync::Arc;

use kms_core::{
    CallerFault, Error, Header, HpkeKek, HybridKek, Kek, KekFault, Kem, KemRecipient, RewrapOutcome, Rewrapper, Target,
};

use super::envelope::{opener, sealer, told};
use super::run::{BOUND, Failure, Outcome, Run, checks, ensure, expect_fault};
use super::{Verdict, fresh_name};
use crate::provider::KemKeys;
use crate::uri::KeyUri;

checks![
    every_mechanism_round_trips,
    a_mechanism_that_makes_no_recipient_is_refused,
    who_has_the_public_key_seals_and_does_not_open,
    a_rotated_pair_opens_what_it_published_before,
    what_was_sealed_to_a_public_key_follows_its_pair,
    a_symmetric_key_is_no_pair,
    a_hybrid_takes_both_halves,
    a_hybrid_moves_when_either_half_is_rotated,
];

const NO_PAIRS: Outcome = Ok(Verdict::Skipped("this provider has no key pairs"));

async fn every_mechanism_round_trips(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let mechanisms = pairs.mechanisms();
    ensure!(!mechanisms.is_empty(), "a provider of key pairs has no mechanism");
    for kem in mechanisms {
        let (uri, kek) = pair(run, pairs, kem).await?;
        let key = key_of(&kek)?;
        ensure!(key.kem() == kem, "{uri} is of another mechanism than asked for");
        run.round_trip(&*kek).await?;
        let generated = kek.generate(&BOUND.binding()).await?;
        ensure!(
            generated.wrapped.w.len() == kem.ciphertext_len(),
            "a ciphertext of another length"
        );
        let listed = run.provider().list().await?.into_iter().find(|key| key.uri == uri);
        ensure!(
            listed.is_some_and(|key| key.kem == Some(kem)),
            "the listing does not tell the mechanism of {uri}"
        );
        let other = key.public_key(generated.wrapped.version.as_deref()).await?;
        let now = key.public_key(None).await?;
        ensure!(other.key == now.key, "one version has two public keys");
    }
    Ok(Verdict::Passed)
}

async fn a_mechanism_that_makes_no_recipient_is_refused(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let mechanisms = pairs.mechanisms();
    ensure!(!mechanisms.contains(&Kem::P384), "P-384 makes no recipient");
    for kem in Kem::ALL.into_iter().filter(|kem| !mechanisms.contains(kem)) {
        run.count(1);
        let refused = pairs.create_pair(&fresh_name(), kem).await;
        expect_fault(
            refused,
            &[KekFault::Unsupported],
            format_args!("a key pair of {}", kem.name()),
        )?;
    }
    Ok(Verdict::Passed)
}

async fn who_has_the_public_key_seals_and_does_not_open(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let (_, owner) = pair(run, pairs, Kem::XWing).await?;
    let public = key_of(&owner)?.public_key(None).await?.key;
    let outside: Arc<dyn Kek> = Arc::new(HpkeKek::public(run.harness.backend(), public));
    let envelope = sealer(run, [&outside]).seal(b"hello").await?;
    run.count(2);
    let refused = opener(run, [&outside]).open(&envelope).await;
    ensure!(
        refused == Err(Error::Caller(CallerFault::NoConfiguredKey)),
        "opening with a public key alone gave {}",
        told(&refused)
    );
    open_with_published(run, pairs, &envelope).await
}

async fn a_rotated_pair_opens_what_it_published_before(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, owner) = pair(run, pairs, Kem::MlKem768).await?;
    let before = key_of(&owner)?.public_key(None).await?;
    let outside: Arc<dyn Kek> = Arc::new(HpkeKek::public(run.harness.backend(), before.key.clone()));
    let envelope = sealer(run, [&outside]).seal(b"hello").await?;
    lifecycle.rotate(&uri).await?;
    run.count(2);
    let after = key_of(&owner)?.public_key(None).await?;
    ensure!(
        after.key != before.key && after.version != before.version,
        "a rotation left the public key as it was"
    );
    let old = key_of(&owner)?.public_key(before.version.as_deref()).await?;
    ensure!(old.key == before.key, "the old version has another public key now");
    open_with_published(run, pairs, &envelope).await
}

async fn what_was_sealed_to_a_public_key_follows_its_pair(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, owner) = pair(run, pairs, Kem::MlKem768P256).await?;
    let before = key_of(&owner)?.public_key(None).await?;
    let outside: Arc<dyn Kek> = Arc::new(HpkeKek::public(run.harness.backend(), before.key.clone()));
    let envelope = sealer(run, [&outside]).seal(b"hello").await?;
    lifecycle.rotate(&uri).await?;
    let now = key_of(&owner)?.public_key(None).await?;
    let mut keks = pairs.published().await?;
    if !keks
        .iter()
        .any(|kek| kek.kem().is_some_and(|key| key.version_of().is_some()))
    {
        return Ok(Verdict::Skipped(
            "this provider does not say whose versions published keys are",
        ));
    }
    keks.push(owner);
    run.count(1);
    let opener = opener(run, &keks);
    let header = Header::parse_prefix(&envelope, 16)?;
    ensure!(
        opener.needed_keys(&header).contains(&(uri.to_string(), before.version)),
        "an envelope that names a public key does not need the version of {uri} that it is"
    );
    let rewrapper = Rewrapper::new(opener);
    let RewrapOutcome::Rewrapped(moved) = rewrapper
        .rewrap(&header, &Target::CurrentOf(uri.to_string()), None)
        .await?
    else {
        return Err(Failure(format!("{uri} was rotated and a rewrap found nothing to do")));
    };
    let header = Header::parse_detached(&moved.header, 16)?;
    let keys = rewrapper.opener().needed_keys(&header);
    ensure!(
        keys == [(now.key.uri(), None), (uri.to_string(), now.version)],
        "a rewrap after a rotation left the envelope under another public key than the new one"
    );
    let again = rewrapper.rewrap(&header, &Target::Current, None).await?;
    ensure!(again == RewrapOutcome::AlreadyCurrent, "a second rewrap was not idle");
    Ok(Verdict::Passed)
}

async fn a_symmetric_key_is_no_pair(run: &Run<'_>) -> Outcome {
    if run.provider().kem_keys().is_none() {
        return NO_PAIRS;
    }
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    run.count(1);
    let uri = lifecycle.create(&fresh_name()).await?;
    let kek = run.provider().kek(&uri)?;
    ensure!(kek.kem().is_none(), "{uri} was made symmetric and is a key pair");
    Ok(Verdict::Passed)
}

async fn a_hybrid_takes_both_halves(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let halves = Halves::new(run, pairs).await?;
    let other = Halves::new(run, pairs).await?;
    let kek = halves.kek(run)?;
    run.round_trip(&*kek).await?;
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    for (what, keks) in [
        ("the hybrid", vec![&kek]),
        ("its halves, each by itself", vec![&halves.classical, &halves.pq]),
    ] {
        run.count(1);
        let opened = opener(run, keks).open(&envelope).await;
        ensure!(opened.as_deref() == Ok(b"hello"), "with {what}: {}", told(&opened));
    }
    for (what, keks) in [
        ("the classical half alone", vec![&halves.classical]),
        ("the post-quantum half alone", vec![&halves.pq]),
        ("the post-quantum half of another", vec![&halves.classical, &other.pq]),
        ("the classical half of another", vec![&other.classical, &halves.pq]),
    ] {
        run.count(1);
        let refused = opener(run, keks).open(&envelope).await;
        ensure!(refused.is_err(), "{what} opens the envelope");
    }
    Ok(Verdict::Passed)
}

async fn a_hybrid_moves_when_either_half_is_rotated(run: &Run<'_>) -> Outcome {
    let Some(pairs) = run.provider().kem_keys() else {
        return NO_PAIRS;
    };
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let halves = Halves::new(run, pairs).await?;
    let kek = halves.kek(run)?;
    let mut envelope = sealer(run, [&kek]).seal(b"hello").await?;
    for uri in [&halves.classical_uri, &halves.pq_uri] {
        lifecycle.rotate(uri).await?;
        run.count(1);
        let header = Header::parse_prefix(&envelope, 16)?;
        let payload = envelope[header.len()..].to_vec();
        let length = Some(payload.len() as u64);
        let rewrapper = Rewrapper::new(opener(run, [&halves.classical, &halves.pq]));
        let RewrapOutcome::Rewrapped(moved) = rewrapper.rewrap(&header, &Target::Current, length).await? else {
            return Err(Failure(format!("{uri} was rotated and a rewrap found nothing to do")));
        };
        envelope = [moved.header, payload].concat();
        let opened = opener(run, [&kek]).open(&envelope).await;
        ensure!(opened.as_deref() == Ok(b"hello"), "after the rewrap: {}", told(&opened));
        let header = Header::parse_prefix(&envelope, 16)?;
        let again = rewrapper.rewrap(&header, &Target::Current, length).await?;
        ensure!(again == RewrapOutcome::AlreadyCurrent, "a second rewrap was not idle");
    }
    Ok(Verdict::Passed)
}

/// A symmetric key and a key pair of the provider.
struct Halves {
    classical_uri: KeyUri,
    classical: Arc<dyn Kek>,
    pq_uri: KeyUri,
    pq: Arc<dyn Kek>,
}

impl Halves {
    async fn new(run: &Run<'_>, pairs: &dyn KemKeys) -> Result<Self, Failure> {
        let (classical_uri, classical) = match run.lifecycle() {
            Some(lifecycle) => {
                let uri = lifecycle.create(&fresh_name()).await?;
                let kek = run.provider().kek(&uri)?;
                (uri, kek)
            }
            None => run.key().await?,
        };
        let (pq_uri, pq) = pair(run, pairs, Kem::MlKem768).await?;
        Ok(Self {
            classical_uri,
            classical,
            pq_uri,
            pq,
        })
    }

    fn kek(&self, run: &Run<'_>) -> Result<Arc<dyn Kek>, Failure> {
        let pq = Arc::clone(key_of(&self.pq)?);
        let kek = HybridKek::new(run.harness.backend(), Arc::clone(&self.classical), pq);
        Ok(Arc::new(kek.map_err(|fault| Failure(fault.to_string()))?))
    }
}

async fn pair(run: &Run<'_>, pairs: &dyn KemKeys, kem: Kem) -> Result<(KeyUri, Arc<dyn Kek>), Failure> {
    let uri = pairs.create_pair(&fresh_name(), kem).await?;
    let kek = run.provider().kek(&uri)?;
    Ok((uri, kek))
}

fn key_of(kek: &Arc<dyn Kek>) -> Result<&Arc<dyn KemRecipient>, Failure> {
    let missing = || Failure(format!("{} was made as a key pair and is none", kek.uri()));
    kek.kem().ok_or_else(missing)
}

async fn open_with_published(run: &Run<'_>, pairs: &dyn KemKeys, envelope: &[u8]) -> Outcome {
    let published = pairs.published().await?;
    let opened = opener(run, &published).open(envelope).await;
    ensure!(
        opened.as_deref() == Ok(b"hello"),
        "with the published keys: {}",
        told(&opened)
    );
    Ok(Verdict::Passed)
}
