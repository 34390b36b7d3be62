//! Many users at once, and users who leave early.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

use futures::executor::block_on;
use futures::future::{BoxFuture, join_all};
use futures::task::noop_waker_ref;
use kms_core::{Kek, KekFault};

use super::run::{BOUND, Failure, Outcome, Run, checks, ensure};
use super::{Verdict, fresh_name};
use crate::provider::KeySummary;
use crate::uri::{KeyName, KeyUri};

checks![
    calls_at_once_do_not_disturb_each_other,
    threads_do_not_disturb_each_other,
    rotation_under_load_loses_nothing,
    rotations_at_once_are_all_kept,
    a_dropped_call_leaves_the_key_usable,
    a_dropped_change_happens_wholly_or_not_at_all,
];

async fn calls_at_once_do_not_disturb_each_other(run: &Run<'_>) -> Outcome {
    let (_, one) = run.key().await?;
    let (_, other) = run.key().await?;
    let calls = (0..run.harness.budget().min(64)).map(|n| run.round_trip(if n & 1 == 0 { &*one } else { &*other }));
    for outcome in join_all(calls).await {
        outcome?;
    }
    Ok(Verdict::Passed)
}

async fn threads_do_not_disturb_each_other(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    on_threads(run, |_| round_trips(run, &kek, run.harness.budget()))
}

async fn rotation_under_load_loses_nothing(run: &Run<'_>) -> Outcome {
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, kek) = run.key().await?;
    let working = AtomicUsize::new(run.harness.threads().saturating_sub(1));
    on_threads(run, |thread| {
        if thread > 0 {
            let outcome = round_trips(run, &kek, run.harness.budget());
            working.fetch_sub(1, Ordering::Relaxed);
            return outcome;
        }
        let (mut rotations, mut interruptions) = (0, 0);
        while rotations < 4 || (rotations < 64 && working.load(Ordering::Relaxed) > 0) {
            match block_on(lifecycle.rotate(&uri)) {
                // Some services allow a key so many rotations and no more.
                Err(error) if error.kind == KekFault::Quota && rotations >= 4 => break,
                Err(error) if error.kind == KekFault::Unavailable && interruptions < run.harness.interruptions() => {
                    interruptions += 1;
                    continue;
                }
                rotated => rotated?,
            };
            rotations += 1;
        }
        Ok(())
    })
}

async fn rotations_at_once_are_all_kept(run: &Run<'_>) -> Outcome {
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, _) = run.key().await?;
    let before = versions(run, &uri).await?;
    if before == 0 {
        return Ok(Verdict::Skipped("this provider does not list key versions"));
    }
    let outcome = on_threads(run, |_| {
        run.count(4);
        (0..4).try_for_each(|_| Ok(block_on(lifecycle.rotate(&uri)).map(drop)?))
    })?;
    if outcome != Verdict::Passed {
        return Ok(outcome);
    }
    let made = versions(run, &uri).await? - before;
    ensure!(
        made == 4 * run.harness.threads(),
        "{} rotations made {made} versions",
        4 * run.harness.threads()
    );
    Ok(Verdict::Passed)
}

async fn a_dropped_call_leaves_the_key_usable(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let calls: [Call<'_>; 4] = [
        &|| Box::pin(async { drop(kek.generate(&BOUND.binding()).await) }),
        &|| Box::pin(async { drop(kek.unwrap(&wrapped, &BOUND.binding()).await) }),
        &|| Box::pin(async { drop(kek.describe().await) }),
        &|| Box::pin(async { drop(run.provider().list().await) }),
    ];
    for call in calls {
        let mut polls = 0;
        while !poll_and_drop(call(), polls) && polls < run.harness.budget() {
            run.round_trip(&*kek).await?;
            polls += 1;
        }
        run.round_trip(&*kek).await?;
    }
    Ok(Verdict::Passed)
}

async fn a_dropped_change_happens_wholly_or_not_at_all(run: &Run<'_>) -> Outcome {
    let Some(lifecycle) = run.lifecycle() else {
        return Ok(Verdict::Skipped("this provider has no life cycle"));
    };
    let (uri, kek) = run.key().await?;
    let mut polls = 0;
    let mut is_done = false;
    while !is_done && polls < run.harness.budget() {
        let name = fresh_name();
        is_done = poll_and_drop(Box::pin(async { drop(lifecycle.create(&name).await) }), polls);
        let uri_of_it = match lifecycle.create(&name).await {
            Ok(made) => made,
            // It was made after all, perhaps only while we asked. Then it is listed, and whole.
            Err(error) if error.kind == KekFault::AlreadyExists => named(run, &name).await?,
            Err(error) => return Err(error.into()),
        };
        run.round_trip(&*run.provider().kek(&uri_of_it)?).await?;

        let before = versions(run, &uri).await?;
        poll_and_drop(Box::pin(async { drop(lifecycle.rotate(&uri).await) }), polls);
        let after = versions(run, &uri).await?;
        ensure!(
            after - before <= 1,
            "a dropped rotation made {} versions",
            after - before
        );
        run.round_trip(&*kek).await?;
        polls += 1;
    }
    Ok(Verdict::Passed)
}

/// Starts a call whose outcome does not matter.
type Call<'a> = &'a dyn Fn() -> BoxFuture<'a, ()>;

/// Polls a call some times and drops it; whether it had finished.
fn poll_and_drop(mut call: BoxFuture<'_, ()>, polls: usize) -> bool {
    let mut context = Context::from_waker(noop_waker_ref());
    (0..polls).any(|_| matches!(call.as_mut().poll(&mut context), Poll::Ready(())))
}

fn round_trips(run: &Run<'_>, kek: &Arc<dyn Kek>, times: usize) -> Result<(), Failure> {
    (0..times).try_for_each(|_| block_on(run.round_trip(&**kek)).map(drop))
}

/// Runs `body` on as many threads as the harness allows.
fn on_threads(run: &Run<'_>, body: impl Fn(usize) -> Result<(), Failure> + Sync) -> Outcome {
    let threads = run.harness.threads();
    if threads < 2 {
        return Ok(Verdict::Skipped("the provider's futures need a runtime"));
    }
    let body = &body;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|n| scope.spawn(move || body(n))).collect();
        let ended = running.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure("a thread panicked".into())))
        });
        ended.collect::<Result<(), Failure>>()
    })?;
    Ok(Verdict::Passed)
}

async fn versions(run: &Run<'_>, uri: &KeyUri) -> Result<usize, Failure> {
    let keys = run.provider().list().await?;
    Ok(keys
        .iter()
        .find(|key| key.uri == uri.without_version())
        .map_or(0, |key| key.versions.len()))
}

/// The key that goes by this name: in its URI, or where the provider's users see it.
async fn named(run: &Run<'_>, name: &KeyName) -> Result<KeyUri, Failure> {
    let is_named = |key: &KeySummary| {
        key.name.as_ref() == Some(name) || key.uri.to_string().rsplit('/').next() == Some(name.as_str())
    };
    let found = run.provider().list().await?.into_iter().find(is_named);
    found
        .map(|key| key.uri)
        .ok_or_else(|| Failure(format!("a key named {name} exists and is not listed")))
}
