//! The provider's keys as recipients of whole envelopes.

use std::sync::Arc;

use kms_core::{
    EncryptionContext, Entry, Error, Header, Kek, KekFault, Keyring, Opener, PolicyFault, RewrapOutcome, Rewrapper,
    Sealer, Target,
};

use super::run::{Failure, Outcome, Run, checks, ensure};
use super::{Scripted, Verdict};

checks![
    what_is_sealed_opens,
    a_wrong_context_is_refused_before_any_call,
    an_altered_wrapped_key_does_not_open,
    an_altered_key_version_does_not_open,
    another_key_does_not_open_the_envelope,
    the_old_envelope_opens_after_rotation_and_rewrap_moves_it,
    a_disabled_key_is_named,
];

async fn what_is_sealed_opens(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    for plaintext in [&b""[..], b"hello", &[7; 100_000]] {
        run.count(1);
        let envelope = sealer(run, [&kek]).seal(plaintext).await?;
        ensure!(
            opener(run, [&kek]).open(&envelope).await? == plaintext,
            "another plaintext came out"
        );
    }
    Ok(Verdict::Passed)
}

async fn a_wrong_context_is_refused_before_any_call(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let counted = Arc::new(Scripted::new(Arc::clone(&kek)));
    let with = |value| EncryptionContext::from_pairs([("tenant", value)]);
    let envelope = sealer(run, [&kek]).context(with("a")?).seal(b"hello").await?;
    let counting = opener(run, [&(Arc::clone(&counted) as Arc<dyn Kek>)]);
    run.count(3);
    let refused = counting.clone().require(with("b")?).open(&envelope).await;
    ensure!(
        refused == Err(Error::Policy(PolicyFault::ContextMismatch)),
        "a wrong context gave {}",
        told(&refused)
    );
    ensure!(counted.calls() == 0, "the provider was called for a wrong context");
    ensure!(
        counting.require(with("a")?).open(&envelope).await? == b"hello",
        "another plaintext came out"
    );
    ensure!(counted.calls() == 1, "{} calls for one open", counted.calls());

    // A pair that is not stored enters the binding all the same.
    let envelope = sealer(run, [&kek])
        .context(with("a")?)
        .external(["tenant"])
        .seal(b"hello")
        .await?;
    let refused = opener(run, [&kek]).require(with("b")?).open(&envelope).await;
    ensure!(
        refused == Err(Error::DoesNotOpen),
        "a wrong external pair gave {}",
        told(&refused)
    );
    Ok(Verdict::Passed)
}

async fn an_altered_wrapped_key_does_not_open(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    let w = single(&envelope)?.w;
    if w.is_empty() {
        return Ok(Verdict::Skipped("this scheme has no wrapped bytes"));
    }
    let start = find(&envelope, &w)?;
    let step = (w.len() * 8).div_ceil(run.harness.budget().max(1)).max(1);
    for bit in (0..w.len() * 8).step_by(step) {
        let mut altered = envelope.clone();
        altered[start + (bit >> 3)] ^= 1 << (bit & 7);
        must_not_open(run, &kek, &altered, &format!("bit {bit} of w")).await?;
    }
    Ok(Verdict::Passed)
}

async fn an_altered_key_version_does_not_open(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    let Some(version) = single(&envelope)?.version else {
        return Ok(Verdict::Skipped("this provider does not tell key versions"));
    };
    // A CBOR byte string of key 3 of the recipient: `03 4n version` up to 23 bytes.
    let Some(length) = u8::try_from(version.len()).ok().filter(|&length| length < 24) else {
        return Ok(Verdict::Skipped("the version is longer than this check looks for"));
    };
    let encoded = [&[3, 0x40 | length], version.as_slice()].concat();
    let last = find(&envelope, &encoded)? + encoded.len() - 1;
    for bit in 0..8 {
        let mut altered = envelope.clone();
        altered[last] ^= 1 << bit;
        must_not_open(run, &kek, &altered, &format!("bit {bit} of the version")).await?;
    }
    Ok(Verdict::Passed)
}

async fn another_key_does_not_open_the_envelope(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let (_, other) = run.key().await?;
    run.count(1);
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    ensure!(
        opener(run, [&other]).open(&envelope).await.is_err(),
        "it opened with a key that is no recipient"
    );
    Ok(Verdict::Passed)
}

async fn the_old_envelope_opens_after_rotation_and_rewrap_moves_it(run: &Run<'_>) -> Outcome {
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, kek) = run.key().await?;
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    lifecycle.rotate(&uri).await?;
    run.count(3);
    ensure!(
        opener(run, [&kek]).open(&envelope).await? == b"hello",
        "another plaintext came out"
    );

    let header = Header::parse_prefix(&envelope, 16)?;
    let (head, payload) = envelope.split_at(header.len());
    let payload_len = Some(payload.len() as u64);
    let rewrapper = Rewrapper::new(opener(run, [&kek]));
    let RewrapOutcome::Rewrapped(moved) = rewrapper.rewrap(&header, &Target::Current, payload_len).await? else {
        return Err(Failure("a rewrap after a rotation found nothing to do".into()));
    };
    ensure!(moved.header != head, "the rewrap changed nothing");
    let moved = [moved.header.as_slice(), payload].concat();
    ensure!(
        opener(run, [&kek]).open(&moved).await? == b"hello",
        "another plaintext came out"
    );
    let header = Header::parse_prefix(&moved, 16)?;
    let again = rewrapper.rewrap(&header, &Target::Current, payload_len).await?;
    ensure!(again == RewrapOutcome::AlreadyCurrent, "a second rewrap was not idle");
    Ok(Verdict::Passed)
}

async fn a_disabled_key_is_named(run: &Run<'_>) -> Outcome {
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, kek) = run.key().await?;
    let envelope = sealer(run, [&kek]).seal(b"hello").await?;
    lifecycle.disable(&uri).await?;
    run.count(2);
    match opener(run, [&kek]).open(&envelope).await {
        Err(Error::Provider(error)) if error.kind == KekFault::Disabled && error.uri == kek.uri() => {}
        other => return Err(Failure(format!("opening under a disabled key gave {}", told(&other)))),
    }
    lifecycle.enable(&uri).await?;
    ensure!(
        opener(run, [&kek]).open(&envelope).await? == b"hello",
        "another plaintext came out"
    );
    Ok(Verdict::Passed)
}

pub(super) fn sealer<'k>(run: &Run<'_>, keks: impl IntoIterator<Item = &'k Arc<dyn Kek>>) -> Sealer {
    let sealer = Sealer::new(run.harness.backend());
    keks.into_iter()
        .fold(sealer, |sealer, kek| sealer.recipient(Arc::clone(kek)))
}

pub(super) fn opener<'k>(run: &Run<'_>, keks: impl IntoIterator<Item = &'k Arc<dyn Kek>>) -> Opener {
    let keyring: Keyring = keks.into_iter().cloned().collect();
    Opener::new(run.harness.backend(), keyring)
}

/// What an open gave, without what it opened.
pub(super) fn told(opened: &Result<Vec<u8>, Error>) -> String {
    opened
        .as_ref()
        .map_or_else(ToString::to_string, |_| "an open envelope".into())
}

async fn must_not_open(run: &Run<'_>, kek: &Arc<dyn Kek>, altered: &[u8], what: &str) -> Result<(), Failure> {
    run.count(1);
    let opened = opener(run, [kek]).open(altered).await;
    ensure!(opened.is_err(), "{what} was altered and the envelope opens");
    let blames_the_provider = matches!(&opened, Err(Error::Provider(error)) if error.kind.is_unavailable());
    ensure!(
        !blames_the_provider,
        "{what} was altered and the error is {}",
        told(&opened)
    );
    Ok(())
}

fn single(envelope: &[u8]) -> Result<kms_core::WrappedKey, Failure> {
    let header = Header::parse_prefix(envelope, 16)?;
    match header.entries() {
        [Entry::Single(single)] => Ok(single.wrapped.clone()),
        _ => Err(Failure("the envelope does not have one recipient".into())),
    }
}

fn find(envelope: &[u8], part: &[u8]) -> Result<usize, Failure> {
    let mut windows = envelope.windows(part.len());
    windows
        .position(|window| window == part)
        .ok_or_else(|| Failure("the envelope lacks what it must hold".into()))
}
