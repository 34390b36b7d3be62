//! A recipient that fails, lies or hangs, beside one that works.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::task::noop_waker_ref;
use kms_core::{Error, Kek, KekFault};

use super::envelope::{opener, sealer, told};
use super::run::{BOUND, Failure, Outcome, Run, checks, ensure, expect_fault};
use super::{Scripted, Step, Verdict};

checks![
    a_fault_reaches_the_caller_as_it_is,
    the_next_recipient_opens_when_one_fails,
    a_wrong_secret_opens_nothing_and_the_next_recipient_is_asked,
    when_all_are_unavailable_the_caller_is_told_to_try_later,
    a_failing_recipient_seals_nothing,
    a_lie_at_sealing_shows_at_opening,
    a_hanging_call_can_be_dropped,
];

const FAULTS: [KekFault; 10] = [
    KekFault::Timeout,
    KekFault::Unavailable,
    KekFault::Throttled,
    KekFault::Denied,
    KekFault::BadReply,
    KekFault::DoesNotUnwrap,
    KekFault::NotFound,
    KekFault::Disabled,
    KekFault::PendingDestruction,
    KekFault::Destroyed,
];

async fn a_fault_reaches_the_caller_as_it_is(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    for fault in FAULTS {
        run.count(3);
        let failing = Scripted::new(Arc::clone(&kek)).then(3, Step::Fail(fault));
        expect_fault(failing.generate(&BOUND.binding()).await, &[fault], "wrapping")?;
        expect_fault(failing.unwrap(&wrapped, &BOUND.binding()).await, &[fault], "unwrapping")?;
        expect_fault(failing.describe().await, &[fault], "describing")?;
        failing.unwrap(&wrapped, &BOUND.binding()).await?;
    }
    Ok(Verdict::Passed)
}

async fn the_next_recipient_opens_when_one_fails(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    let envelope = sealer(run, [&first, &second]).seal(b"hello").await?;
    for fault in FAULTS {
        run.count(1);
        let failing: Arc<Scripted> = Arc::new(Scripted::new(Arc::clone(&first)).then(1, Step::Fail(fault)));
        let both = opener(run, [&(failing.clone() as Arc<dyn Kek>), &second]);
        ensure!(
            both.open(&envelope).await? == b"hello",
            "{fault:?}: another plaintext came out"
        );
        ensure!(
            failing.calls() == 1,
            "{fault:?}: the failing recipient was called {} times",
            failing.calls()
        );
    }
    Ok(Verdict::Passed)
}

async fn a_wrong_secret_opens_nothing_and_the_next_recipient_is_asked(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    let envelope = sealer(run, [&first, &second]).seal(b"hello").await?;
    run.count(2);
    let lying = scripted(&first, 1, Step::WrongSecret);
    ensure!(
        opener(run, [&lying, &second]).open(&envelope).await? == b"hello",
        "another plaintext came out"
    );
    let alone = opener(run, [&scripted(&first, 1, Step::WrongSecret)])
        .open(&envelope)
        .await;
    ensure!(
        alone == Err(Error::DoesNotOpen),
        "a wrong secret alone gave {}",
        told(&alone)
    );
    Ok(Verdict::Passed)
}

async fn when_all_are_unavailable_the_caller_is_told_to_try_later(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    let envelope = sealer(run, [&first, &second]).seal(b"hello").await?;
    for fault in FAULTS.into_iter().filter(|fault| fault.is_unavailable()) {
        run.count(1);
        let failing = [
            scripted(&first, 3, Step::Fail(fault)),
            scripted(&second, 3, Step::Fail(fault)),
        ];
        let opener = opener(run, &failing);
        for _ in 0..3 {
            match opener.open(&envelope).await {
                Err(Error::Providers(errors))
                    if errors.len() == failing.len() && errors.iter().all(|error| error.kind == fault) => {}
                other => return Err(Failure(format!("{fault:?} from all recipients gave {}", told(&other)))),
            }
        }
        ensure!(
            opener.open(&envelope).await? == b"hello",
            "{fault:?}: it does not open after recovery"
        );
    }
    Ok(Verdict::Passed)
}

async fn a_failing_recipient_seals_nothing(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    for fault in FAULTS {
        run.count(1);
        let sealed = sealer(run, [&first, &scripted(&second, 1, Step::Fail(fault))])
            .seal(b"hello")
            .await;
        let is_told =
            matches!(&sealed, Err(Error::Provider(error)) if error.kind == fault && error.uri == second.uri());
        ensure!(is_told, "{fault:?} at one of two recipients gave {}", told(&sealed));
    }
    Ok(Verdict::Passed)
}

async fn a_lie_at_sealing_shows_at_opening(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    let mut lies = vec![Step::WrongSecret];
    if first.generate(&BOUND.binding()).await?.wrapped.version.is_some() {
        lies.push(Step::WrongVersion);
    }
    for lie in lies {
        run.count(2);
        let envelope = sealer(run, [&scripted(&first, 1, lie), &second]).seal(b"hello").await?;
        let alone = opener(run, [&first]).open(&envelope).await;
        ensure!(alone.is_err(), "{lie:?} at sealing, and the recipient opens");
        ensure!(
            opener(run, [&first, &second]).open(&envelope).await? == b"hello",
            "{lie:?}: the other does not open"
        );
    }
    Ok(Verdict::Passed)
}

async fn a_hanging_call_can_be_dropped(run: &Run<'_>) -> Outcome {
    let (first, second) = pair(run).await?;
    let envelope = sealer(run, [&first, &second]).seal(b"hello").await?;
    let hanging = scripted(&first, 1, Step::Hang);
    let opener = opener(run, [&hanging, &second]);
    run.count(3);
    {
        let mut opening = Box::pin(opener.open(&envelope));
        let mut context = Context::from_waker(noop_waker_ref());
        let is_pending = matches!(opening.as_mut().poll(&mut context), Poll::Pending);
        ensure!(is_pending, "an open ended although its recipient hangs");
    }
    ensure!(opener.open(&envelope).await? == b"hello", "another plaintext came out");
    run.round_trip(&*first).await?;
    Ok(Verdict::Passed)
}

async fn pair(run: &Run<'_>) -> Result<(Arc<dyn Kek>, Arc<dyn Kek>), Failure> {
    let (_, first) = run.key().await?;
    let (_, second) = run.key().await?;
    Ok((first, second))
}

fn scripted(kek: &Arc<dyn Kek>, times: usize, step: Step) -> Arc<dyn Kek> {
    Arc::new(Scripted::new(Arc::clone(kek)).then(times, step))
}
