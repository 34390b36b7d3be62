//! Work over many envelopes: what a run is ordered to do, so that it can be taken up again, and carrying it out.

mod order;
mod survey;
mod work;

pub use order::{Change, Order};
pub use survey::survey;
pub use work::{carry_out, unfinished};

use clap::Args;
use kms_providers::files::Placement;

use crate::args::{ContextArgs, RecipientPassphrase};

/// How envelopes are opened and written, for every command that rewraps.
#[derive(Debug, Clone, Args)]
pub struct RewrapArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) recipient_passphrase: RecipientPassphrase,
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
