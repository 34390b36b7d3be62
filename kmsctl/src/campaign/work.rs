//! Carrying out a run, and telling how it went.

use std::fmt;

use kms_core::{Posture, Rewrapper};
use kms_providers::files::{Campaign, CampaignOptions, CampaignProgress, Plan, Report, RewrapOptions, RunSummary};
use serde::Serialize;

use super::{Change, Order, RewrapArgs};
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::session::Session;

/// How a run ended.
#[derive(Serialize)]
struct Ended {
    run: String,
    rewrapped: u64,
    already_current: u64,
    recovered: u64,
    failed: u64,
}

/// Rewraps every envelope below the paths of `campaign`, as `order` says.
///
/// # Errors
/// When a key means nothing here, or the record of the run cannot be written. Files that fail are told one by one.
pub async fn carry_out(
    app: &App,
    session: &Session,
    campaign: Campaign,
    order: &Order,
    args: &RewrapArgs,
) -> Result<Exit> {
    let opener = session
        .opener(session.open_policy())
        .await?
        .require(args.context.context()?);
    let rewrapper = rewrapper(Rewrapper::new(opener).verify(args.verify), order);
    let target = order.target(session).await?;
    let bar = Progress::files(&app.out, None);
    let heard = |progress: &CampaignProgress| {
        if progress.all_found {
            bar.of(progress.found);
        }
        bar.at(done(progress));
    };
    let options = CampaignOptions {
        rewrap: RewrapOptions {
            placement: args.placement(),
            ..RewrapOptions::default()
        },
        progress: Some(&heard),
        ..CampaignOptions::default()
    };
    let report = campaign.run(&rewrapper, &target, &options)?;
    drop(bar);
    let ended = Ended {
        run: report.run.to_string(),
        rewrapped: report.counts.rewrapped,
        already_current: report.counts.already_current,
        recovered: report.counts.recovered,
        failed: report.counts.failed,
    };
    Ok(tell(app, session, report, &ended))
}

/// Runs of this kind that did not come to their end, oldest first.
///
/// # Errors
/// When the records cannot be read, or there is none.
pub fn unfinished<O>(
    session: &Session,
    order: impl Fn(&Plan) -> Result<O>,
    is_meant: impl Fn(&O) -> bool,
) -> Result<Vec<(RunSummary, O)>> {
    let mut runs = Vec::new();
    for run in Campaign::runs(session.home().dir())? {
        if !run.finished
            && let Ok(order) = order(&run.plan)
            && is_meant(&order)
        {
            runs.push((run, order));
        }
    }
    if runs.is_empty() {
        return Err(Failure::usage(
            "no run of this kind was broken off",
            "run the command without --resume",
        ));
    }
    Ok(runs)
}

fn rewrapper(rewrapper: Rewrapper, order: &Order) -> Rewrapper {
    match order {
        Order::Rotate { .. } => rewrapper,
        Order::Rewrap(Change {
            redeal,
            drop_unknown,
            force,
            posture,
            ..
        }) => rewrapper
            .redeal(*redeal)
            .drop_unknown(*drop_unknown)
            .force(*force)
            .least_posture(posture.map(Posture::from)),
    }
}

/// Tells each failure and then how the run ended.
pub(super) fn tell(app: &App, session: &Session, report: Report, ended: &(impl Serialize + fmt::Display)) -> Exit {
    let counts = report.counts;
    let told = report.failures.len() as u64;
    let failures: Vec<_> = report
        .failures
        .into_iter()
        .map(|error| app.out.fail_one(&error.into()))
        .collect();
    if counts.failed > told {
        let record = session.home().dir().join("runs").join(format!("{}.jsonl", report.run));
        app.out.warn(&format!(
            "{} more failed; {} names them",
            counts.failed - told,
            record.display()
        ));
    }
    app.out.say(ended);
    let succeeded = usize::try_from(counts.rewrapped + counts.already_current).unwrap_or(usize::MAX);
    match report.stopped {
        true => Exit::Partly,
        false => Exit::of_many(succeeded, failures),
    }
}

pub(super) fn done(progress: &CampaignProgress) -> u64 {
    progress.rewrapped + progress.already_current + progress.failed
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rewrapped, ", self.rewrapped)?;
        write_rest(f, self.already_current, self.recovered, self.failed)
    }
}

/// How a run ended, behind what it did.
pub(super) fn write_rest(f: &mut fmt::Formatter<'_>, already_current: u64, recovered: u64, failed: u64) -> fmt::Result {
    write!(f, "{already_current} already current, {failed} failed")?;
    if recovered > 0 {
        write!(f, ", {recovered} put right after a crash")?;
    }
    if failed > 0 {
        write!(f, "\nnext: correct what failed, then run the command with --resume")?;
    }
    Ok(())
}
