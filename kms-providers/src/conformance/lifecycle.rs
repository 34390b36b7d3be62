//! Making, rotating, disabling and destroying keys.

use std::sync::Arc;
use std::time::Duration;

use kms_core::memory::Secret;
use kms_core::{Kek, KekFault, WrappedKey};

use super::run::{BOUND, Failure, Outcome, Run, checks, ensure, expect_fault};
use super::{Verdict, fresh_name};
use crate::provider::{DestroyWindow, KeyLifecycle, KeyState};
use crate::uri::KeyUri;

checks![
    a_name_is_taken_once,
    old_versions_open_after_rotation,
    a_pinned_version_wraps,
    a_disabled_key_does_nothing_until_it_is_enabled,
    a_disabled_version_does_not_unwrap,
    enabling_a_key_leaves_its_versions_as_they_were,
    the_primary_version_is_not_taken_away,
    destruction_waits_and_can_be_taken_back,
    a_destroyed_key_stays_destroyed,
    a_destroyed_version_takes_only_its_own,
    what_is_still_needed_is_not_destroyed,
    imported_material_wraps,
];

/// The life cycle, or the end of the check.
macro_rules! lifecycle {
    ($run:expr) => {
        match $run.lifecycle() {
            Some(lifecycle) => lifecycle,
            None => return Ok(Verdict::Skipped("this provider has no life cycle")),
        }
    };
}

async fn a_name_is_taken_once(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let name = fresh_name();
    let uri = lifecycle.create(&name).await?;
    run.count(2);
    expect_fault(
        lifecycle.create(&name).await,
        &[KekFault::AlreadyExists],
        "making a key twice",
    )?;
    run.round_trip(&*run.provider().kek(&uri)?).await?;
    let absent = absent(&uri)?;
    expect_fault(
        lifecycle.rotate(&absent).await,
        &[KekFault::NotFound],
        "rotating an absent key",
    )?;
    expect_fault(
        lifecycle.disable(&absent).await,
        &[KekFault::NotFound],
        "disabling an absent key",
    )?;
    Ok(Verdict::Passed)
}

async fn old_versions_open_after_rotation(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let mut wraps: Vec<(Secret<32>, WrappedKey)> = Vec::new();
    for _ in 0..4 {
        let generated = kek.generate(&BOUND.binding()).await?;
        let is_new = wraps
            .last()
            .is_none_or(|(_, last)| last.version.is_none() || last.version != generated.wrapped.version);
        ensure!(is_new, "after a rotation, wraps still use the old version");
        wraps.push((generated.secret, generated.wrapped));
        let rotated = lifecycle.rotate(&uri).await?;
        ensure!(
            rotated.without_version() == uri.without_version(),
            "rotating {uri} gave {rotated}"
        );
        for (secret, wrapped) in &wraps {
            run.count(1);
            let unwrapped = kek.unwrap(wrapped, &BOUND.binding()).await?;
            ensure!(
                super::run::same(&unwrapped.secret, secret),
                "an old version unwraps to another secret"
            );
        }
    }
    // A handle made after the rotation sees the same key.
    let again = run.provider().kek(&uri)?;
    for (secret, wrapped) in &wraps {
        run.count(1);
        let unwrapped = again.unwrap(wrapped, &BOUND.binding()).await?;
        ensure!(
            super::run::same(&unwrapped.secret, secret),
            "a new handle unwraps to another secret"
        );
    }
    Ok(Verdict::Passed)
}

async fn a_pinned_version_wraps(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let Some(first) = versioned(&uri, &run.round_trip(&*kek).await?) else {
        return Ok(Verdict::Skipped("key URIs of this provider name no versions"));
    };
    lifecycle.rotate(&uri).await?;
    let pinned = run.provider().kek(&first)?;
    let wrapped = run.round_trip(&*pinned).await?;
    ensure!(
        wrapped.version.as_deref() == first.version().as_deref().map(str::as_bytes),
        "{first} wraps under another version"
    );
    ensure!(
        pinned.uri() == kek.uri(),
        "envelopes would carry the pinned version in the key URI"
    );
    Ok(Verdict::Passed)
}

async fn a_disabled_key_does_nothing_until_it_is_enabled(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    lifecycle.disable(&uri).await?;
    must_refuse(run, lifecycle, &uri, &*kek, &wrapped, KekFault::Disabled).await?;
    expect_state(run, &uri, |state| *state == KeyState::Disabled).await?;
    lifecycle.enable(&uri).await?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;
    run.round_trip(&*kek).await?;
    Ok(Verdict::Passed)
}

async fn a_disabled_version_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let Some(first) = versioned(&uri, &wrapped) else {
        return Ok(Verdict::Skipped("key URIs of this provider name no versions"));
    };
    lifecycle.rotate(&uri).await?;
    lifecycle.disable(&first).await?;
    run.count(2);
    expect_fault(
        kek.unwrap(&wrapped, &BOUND.binding()).await,
        &[KekFault::Disabled],
        "unwrapping",
    )?;
    let pinned = run.provider().kek(&first)?;
    expect_fault(
        pinned.generate(&BOUND.binding()).await,
        &[KekFault::Disabled],
        "wrapping under it",
    )?;
    run.round_trip(&*kek).await?;
    lifecycle.enable(&first).await?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;
    Ok(Verdict::Passed)
}

async fn enabling_a_key_leaves_its_versions_as_they_were(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let Some(first) = versioned(&uri, &wrapped) else {
        return Ok(Verdict::Skipped("key URIs of this provider name no versions"));
    };
    lifecycle.rotate(&uri).await?;
    lifecycle.disable(&first).await?;
    lifecycle.disable(&uri).await?;
    lifecycle.enable(&uri).await?;
    run.count(1);
    let unwrapped = kek.unwrap(&wrapped, &BOUND.binding()).await;
    expect_fault(
        unwrapped,
        &[KekFault::Disabled],
        "a version that was disabled by itself",
    )?;
    run.round_trip(&*kek).await?;
    Ok(Verdict::Passed)
}

async fn the_primary_version_is_not_taken_away(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let Some(primary) = versioned(&uri, &run.round_trip(&*kek).await?) else {
        return Ok(Verdict::Skipped("key URIs of this provider name no versions"));
    };
    run.count(2);
    expect_fault(
        lifecycle.disable(&primary).await,
        &[KekFault::Primary],
        "disabling the primary version",
    )?;
    let scheduled = lifecycle
        .schedule_destroy(&primary, DestroyWindow::DEFAULT, &unneeded)
        .await;
    expect_fault(scheduled, &[KekFault::Primary], "destroying the primary version")?;
    run.round_trip(&*kek).await?;
    Ok(Verdict::Passed)
}

async fn destruction_waits_and_can_be_taken_back(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let window = DestroyWindow::DEFAULT;
    lifecycle.schedule_destroy(&uri, window, &unneeded).await?;
    must_refuse(run, lifecycle, &uri, &*kek, &wrapped, KekFault::PendingDestruction).await?;
    expect_state(run, &uri, |state| matches!(state, KeyState::PendingDestruction { .. })).await?;
    let again = lifecycle.schedule_destroy(&uri, window, &unneeded).await;
    expect_fault(again, &[KekFault::PendingDestruction], "scheduling twice")?;
    expect_fault(
        lifecycle.disable(&uri).await,
        &[KekFault::PendingDestruction],
        "disabling what is to be destroyed",
    )?;

    run.harness
        .pass_time(window.length().saturating_sub(Duration::from_secs(60)));
    let swept = lifecycle.destroy_due(&unneeded).await?;
    ensure!(!swept.destroyed.contains(&uri), "it was destroyed before its time");

    lifecycle.cancel_destroy(&uri).await?;
    expect_fault(
        kek.unwrap(&wrapped, &BOUND.binding()).await,
        &[KekFault::Disabled],
        "after cancelling",
    )?;
    lifecycle.enable(&uri).await?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;

    // Enabling takes the order back in one step.
    lifecycle.schedule_destroy(&uri, window, &unneeded).await?;
    lifecycle.enable(&uri).await?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;
    run.round_trip(&*kek).await?;
    Ok(Verdict::Passed)
}

async fn a_destroyed_key_stays_destroyed(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let name = fresh_name();
    let uri = lifecycle.create(&name).await?;
    let kek = run.provider().kek(&uri)?;
    let wrapped = run.round_trip(&*kek).await?;
    if !destroy(run, lifecycle, &uri).await? {
        return Ok(Verdict::Skipped("time cannot be made to pass for this provider"));
    }
    must_refuse(run, lifecycle, &uri, &*kek, &wrapped, KekFault::Destroyed).await?;
    run.count(3);
    let gone = [KekFault::Destroyed];
    expect_fault(lifecycle.enable(&uri).await, &gone, "enabling a destroyed key")?;
    expect_fault(lifecycle.cancel_destroy(&uri).await, &gone, "saving a destroyed key")?;
    // Another key of this name would answer for the envelopes of the first.
    expect_fault(
        lifecycle.create(&name).await,
        &[KekFault::AlreadyExists],
        "a second key of a destroyed one's name",
    )?;
    Ok(Verdict::Passed)
}

async fn a_destroyed_version_takes_only_its_own(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let first = run.round_trip(&*kek).await?;
    let Some(doomed) = versioned(&uri, &first) else {
        return Ok(Verdict::Skipped("key URIs of this provider name no versions"));
    };
    lifecycle.rotate(&uri).await?;
    let second = run.round_trip(&*kek).await?;
    let window = DestroyWindow::days(7).unwrap_or_default();
    if let Err(error) = lifecycle.schedule_destroy(&doomed, window, &unneeded).await
        && error.kind == KekFault::Unsupported
    {
        kek.unwrap(&first, &BOUND.binding()).await?;
        return Ok(Verdict::Skipped("this provider destroys whole keys only"));
    }
    lifecycle.cancel_destroy(&doomed).await?;
    if !destroy(run, lifecycle, &doomed).await? {
        return Ok(Verdict::Skipped("time cannot be made to pass for this provider"));
    }
    run.count(2);
    expect_fault(
        kek.unwrap(&first, &BOUND.binding()).await,
        &[KekFault::Destroyed],
        "the destroyed version",
    )?;
    kek.unwrap(&second, &BOUND.binding()).await?;
    expect_fault(
        lifecycle.enable(&doomed).await,
        &[KekFault::Destroyed],
        "enabling a destroyed version",
    )?;
    lifecycle.rotate(&uri).await?;
    let third = run.round_trip(&*kek).await?;
    ensure!(
        third.version != first.version,
        "the number of a destroyed version was given out again"
    );
    kek.unwrap(&second, &BOUND.binding()).await?;
    Ok(Verdict::Passed)
}

async fn what_is_still_needed_is_not_destroyed(run: &Run<'_>) -> Outcome {
    let lifecycle = lifecycle!(run);
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let needed_by = |asked: &KeyUri| u64::from(asked.without_version() == uri.without_version()) * 3;
    let window = DestroyWindow::DEFAULT;
    run.count(2);
    let refused = lifecycle.schedule_destroy(&uri, window, &needed_by).await;
    expect_fault(
        refused,
        &[KekFault::StillNeeded],
        "destroying a key that envelopes need",
    )?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;

    lifecycle.schedule_destroy(&uri, window, &unneeded).await?;
    if !run.harness.pass_time(window.length() + Duration::from_secs(1)) {
        return Ok(Verdict::Passed);
    }
    // Meanwhile an envelope turned up.
    let swept = lifecycle.destroy_due(&needed_by).await?;
    ensure!(
        swept.still_needed.contains(&(uri.clone(), 3)),
        "the sweep did not report what is still needed"
    );
    ensure!(
        !swept.destroyed.contains(&uri),
        "the sweep destroyed what is still needed"
    );
    lifecycle.enable(&uri).await?;
    kek.unwrap(&wrapped, &BOUND.binding()).await?;
    Ok(Verdict::Passed)
}

async fn imported_material_wraps(run: &Run<'_>) -> Outcome {
    let (Some(import), Some(lifecycle)) = (run.provider().import(), run.lifecycle()) else {
        return Ok(Verdict::Skipped("this provider does not import key material"));
    };
    let name = fresh_name();
    let material = Secret::init_with(|place| place.fill(0x5a));
    let uri = import.import_key(&name, &material).await?;
    let kek = run.provider().kek(&uri)?;
    let first = run.round_trip(&*kek).await?;
    let other = Secret::init_with(|place| place.fill(0xa5));
    import.import_version(&uri, &other).await?;
    let second = run.round_trip(&*kek).await?;
    ensure!(
        first.version != second.version,
        "the imported version is not the primary one"
    );
    kek.unwrap(&first, &BOUND.binding()).await?;
    // A service may leave it to its customer to bring new material to a key that has been brought to it.
    match lifecycle.rotate(&uri).await {
        Err(error) if error.kind == KekFault::Unsupported => {}
        rotated => drop(rotated?),
    }
    kek.unwrap(&second, &BOUND.binding()).await?;

    run.count(2);
    let zero = Secret::init_with(|_| ());
    expect_fault(
        import.import_key(&fresh_name(), &zero).await,
        &[KekFault::WeakMaterial],
        "all-zero material",
    )?;
    expect_fault(
        import.import_key(&name, &material).await,
        &[KekFault::AlreadyExists],
        "importing over a key",
    )?;
    Ok(Verdict::Passed)
}

/// Neither wraps, unwraps nor rotates.
async fn must_refuse(
    run: &Run<'_>,
    lifecycle: &dyn KeyLifecycle,
    uri: &KeyUri,
    kek: &dyn Kek,
    wrapped: &WrappedKey,
    fault: KekFault,
) -> Result<(), Failure> {
    run.count(4);
    expect_fault(kek.generate(&BOUND.binding()).await, &[fault], "wrapping")?;
    expect_fault(kek.unwrap(wrapped, &BOUND.binding()).await, &[fault], "unwrapping")?;
    expect_fault(lifecycle.rotate(uri).await, &[fault], "rotating")?;
    let handle: Arc<dyn Kek> = run.provider().kek(uri)?;
    expect_fault(
        handle.unwrap(wrapped, &BOUND.binding()).await,
        &[fault],
        "unwrapping with a new handle",
    )
}

async fn expect_state(run: &Run<'_>, uri: &KeyUri, expected: fn(&KeyState) -> bool) -> Result<(), Failure> {
    let keys = run.provider().list().await?;
    let state = keys
        .iter()
        .find(|key| key.uri == uri.without_version())
        .map(|key| key.state);
    ensure!(state.as_ref().is_some_and(expected), "the listing shows {state:?}");
    Ok(())
}

/// Schedules, waits and sweeps; `false` where time does not pass.
async fn destroy(run: &Run<'_>, lifecycle: &dyn KeyLifecycle, target: &KeyUri) -> Result<bool, Failure> {
    let window = DestroyWindow::days(7).unwrap_or_default();
    lifecycle.schedule_destroy(target, window, &unneeded).await?;
    if !run.harness.pass_time(window.length() + Duration::from_secs(1)) {
        return Ok(false);
    }
    let swept = lifecycle.destroy_due(&unneeded).await?;
    ensure!(
        swept.destroyed.contains(target),
        "the sweep destroyed {:?}",
        swept.destroyed
    );
    Ok(true)
}

fn unneeded(_: &KeyUri) -> u64 {
    0
}

/// The URI of the version that wrapped, where URIs of this kind name versions.
fn versioned(uri: &KeyUri, wrapped: &WrappedKey) -> Option<KeyUri> {
    let version = std::str::from_utf8(wrapped.version.as_deref()?).ok()?;
    let uri = uri.without_version();
    let candidates = [format!("{uri}/{version}"), format!("{uri}/cryptoKeyVersions/{version}")];
    let mut parsed = candidates.iter().filter_map(|text| KeyUri::parse(text).ok());
    parsed.find(|parsed| parsed.version().as_deref() == Some(version))
}

fn absent(uri: &KeyUri) -> Result<KeyUri, Failure> {
    let text = uri.without_version().to_string();
    let parent = text.rsplit_once('/').map_or("", |(parent, _)| parent);
    KeyUri::parse(&format!("{parent}/{}", fresh_name())).map_err(|error| Failure(error.to_string()))
}
