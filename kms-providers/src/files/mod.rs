//! Envelopes on disk: sealing and opening files and streams, rewrapping in place or beside, finding envelopes, and
//! campaigns over many of them.
//!
//! ```text
//! detect              what a path holds, reading at most the header
//! seal, open          files and streams, through kms_core's parallel payload pipeline
//! message             messages of the AWS Encryption SDK, opened
//! rewrap              one file: lock, new header, one of four ways to write it, durable
//! recovery            what a crash left behind: FILE.ksj (docs/format.md 11), half-made pairs, temporary files
//! discover            envelopes below paths and patterns, with their leftovers
//! migrate             one file, sealed anew: messages of the AWS Encryption SDK, envelopes of other suites
//! campaign, index     many files: parallel, batched syncs, resumable; which key versions envelopes still need
//! ```
//!
//! Three rules hold everywhere here. A file has its final name only when it is complete and, where asked for, on
//! disk. A crash, SIGKILL or power loss leaves each envelope under its old or its new header. Nothing that was not
//! authenticated is renamed into place.
//!
//! All functions block; the asynchronous calls of a [`kms_core::Kek`] are driven on the calling thread.

mod attributes;
mod campaign;
mod destination;
mod detect;
mod discover;
mod drive;
mod ends;
mod error;
mod index;
mod journal;
mod lock;
#[cfg(feature = "esdk")]
mod message;
mod migrate;
mod open;
mod path_text;
mod pin;
mod recovery;
mod rewrap;
mod seal;
mod source;

pub use campaign::{Campaign, CampaignOptions, CampaignProgress, Plan, Report, RunId, RunSummary};
pub use detect::{EnvelopeFile, Layout, detect, read_header, sidecar_of};
pub use discover::{
    Discover, DiscoverOptions, Found, Leftover, OrphanSearch, RegularFiles, discover, find_payload, regular_files,
};
pub use ends::{Input, Output, Progress, Syncing};
pub use error::{FileError, FileFault};
pub use index::{KeyIndex, Recheck};
#[cfg(feature = "esdk")]
pub use message::{OpenedMessage, is_message, open_message, read_message_header};
pub use migrate::Migrator;
pub use open::{OpenOptions, OpenedFile, SidecarAt, open_file};
pub use recovery::{Recovery, recover};
pub use rewrap::{FileOutcome, FileRewrapped, Method, Placement, RewrapOptions, rewrap_file};
pub use seal::{SealOptions, SealWith, SealedFile, seal_file};
