//! Erasing what is due. The embedded keystore has no process of its own, so the commands that look after keys do it.

use std::time::SystemTime;

use kms_core::audit::Action;
use kms_providers::files::KeyIndex;
use kms_providers::uri::KeyUri;
use kms_providers::{KeyState, KeySummary};

use crate::App;
use crate::failure::Result;
use crate::printable::count;
use crate::session::Session;

/// Erases what is due, in every provider of this house (a cloud sees to it itself), and tells what stays because it is needed.
///
/// # Errors
/// When a keystore or the audit log cannot be written.
pub(in crate::command) async fn sweep(app: &App, session: &Session) -> Result<()> {
    let index = session.index();
    let needed = |key: &KeyUri| needed_by(&index, key);
    let ours = session.resolver().providers();
    for (_, provider) in ours.filter(|(_, provider)| provider.owns_its_keys()) {
        let Some(lifecycle) = provider.lifecycle() else {
            continue;
        };
        let due: Vec<_> = provider.list().await?.iter().flat_map(due).collect();
        if due.is_empty() {
            continue;
        }
        let (swept, _) = session
            .recorded(Action::DestroyKey, &due, lifecycle.destroy_due(&needed))
            .await?;
        for key in swept.destroyed {
            app.out.warn(&format!("{key}: destroyed, as scheduled"));
        }
        for (key, envelopes) in swept.still_needed {
            app.out.warn(&format!(
                "{key}: due for destruction, but needed by {}",
                count(envelopes, "known envelope")
            ));
        }
    }
    Ok(())
}

/// How many known envelopes need a key version. What cannot be read counts as needed.
pub(in crate::command) fn needed_by(index: &KeyIndex, key: &KeyUri) -> u64 {
    index.still_needed(key).unwrap_or(u64::MAX)
}

/// The key, or those of its versions, that are to be erased by now.
fn due(key: &KeySummary) -> Vec<KeyUri> {
    let is_due = |state| matches!(state, KeyState::PendingDestruction { due } if due <= SystemTime::now());
    if is_due(key.state) {
        return vec![key.uri.clone()];
    }
    let versions = key.versions.iter().filter(|version| is_due(version.state));
    versions
        .filter_map(|version| key.uri.at_version(&version.version))
        .collect()
}
