//! Envelopes as a command sees them: where header and payload stand on disk ([`Sighting`]), and what the header says
//! of itself ([`EnvelopeView`]). No key is used here.

mod message;
mod recipient;
mod sighting;
mod text;
mod view;

pub use message::{MessageKeys, MessageView};
pub use recipient::{MemberView, RecipientView};
pub use sighting::{Layout, PayloadSighting, PayloadState, Sighting};
pub use view::EnvelopeView;

use kms_core::Posture;

/// Name of a posture for people and JSON.
#[must_use]
pub fn posture_name(posture: Posture) -> &'static str {
    match posture {
        Posture::Classical => "classical",
        Posture::PostQuantum => "post-quantum",
        _ => "hedged",
    }
}
