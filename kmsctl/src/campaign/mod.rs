//! Work over many envelopes: what a run is ordered to do, so that it can be taken up again, and carrying it out.

mod migration;
mod order;
mod survey;
mod work;

pub use migration::{Format, Migration, migrate, survey_migration};
pub use order::{Change, LeastPosture, Order};
pub use survey::survey;
pub use work::{carry_out, unfinished};

use std::path::PathBuf;

use clap::Args;
use kms_providers::files::{FileFault, Placement, is_message};

use crate::args::{ContextArgs, RecipientSecrets};
use crate::failure::{Failure, Result};

/// How envelopes are opened and written, for every command that rewraps.
#[derive(Debug, Clone, Args)]
pub struct RewrapArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) secrets: RecipientSecrets,
    /// Write new headers over the old ones, with a journal; files with several hard links need it
    #[arg(long)]
    pub(crate) in_place: bool,
    /// Open each new recipient with its provider before a header is written
    #[arg(long)]
    pub(crate) verify: bool,
    /// Tell what would be done, and do nothing
    #[arg(long, conflicts_with = "resume")]
    pub(crate) dry_run: bool,
    /// Go on with runs that were broken off
    #[arg(long)]
    pub(crate) resume: bool,
}

impl RewrapArgs {
    pub(crate) fn placement(&self) -> Placement {
        if self.in_place {
            Placement::InPlace
        } else {
            Placement::Auto
        }
    }
}

/// Refuses messages of the AWS Encryption SDK that are named as such. Below folders they are no business of a rewrap.
///
/// # Errors
/// When a path is one.
pub fn refuse_messages(paths: &[PathBuf]) -> Result<()> {
    match paths
        .iter()
        .find(|path| path.is_file() && is_message(path).unwrap_or(false))
    {
        Some(path) => Err(Failure::from(FileFault::EsdkMessage).at(path)),
        None => Ok(()),
    }
}
