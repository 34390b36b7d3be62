//! Are the headers of envelopes the last that were written? The header itself cannot say (roll-back is a copy of
//! something that was once genuine); the log can.

use std::collections::{BTreeMap, HashMap, HashSet};

use kms_core::audit::{Action, AuditEvent, EventId, HeaderMark, Outcome, Phase};

use super::fault::LogError;
use super::log::AuditLog;

/// What the log says about one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFinding<T> {
    /// The caller's name for it, a path say.
    pub label: T,
    /// What the log says.
    pub state: HeaderState,
}

/// How a header stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderState {
    /// It is the last that was written.
    Current,
    /// A later header was written: this one was put back, or is an old copy.
    RolledBack {
        /// The last header that was written.
        latest: HeaderMark,
    },
    /// Another header with the same sequence number was written: two rewraps started from the same header, or one was
    /// made outside this log.
    Forked {
        /// The other header.
        logged: HeaderMark,
    },
    /// It is the later of several that were recorded with its sequence number: a rewrap was broken off between its
    /// record and the file, and made again, or two were made at once and this one stayed.
    Remade {
        /// Another of them.
        other: HeaderMark,
    },
    /// It is newer than any that was recorded.
    Newer {
        /// The last header that was recorded.
        latest: HeaderMark,
        /// Whether a rewrap of this envelope began whose end is not recorded: a crash explains it.
        unfinished: bool,
    },
    /// The log knows nothing of this envelope.
    Unknown,
}

impl AuditLog {
    /// Compares headers (label, message id, sequence number and tag) with the seals and rewraps in the log, in one
    /// pass over it.
    ///
    /// # Errors
    /// As the log can be read. Verify the log first.
    pub fn verify_headers<T>(
        &self,
        headers: impl IntoIterator<Item = (T, [u8; 32], HeaderMark)>,
    ) -> Result<Vec<HeaderFinding<T>>, LogError> {
        let headers: Vec<_> = headers.into_iter().collect();
        let mut histories: HashMap<_, History> = headers.iter().map(|(_, id, _)| (*id, History::default())).collect();
        for entry in self.entries(0) {
            let Some(event) = entry?.event() else {
                continue;
            };
            let id = event.subject.message_id.unwrap_or_default();
            if let Some(history) = histories.get_mut(&id) {
                history.note(&event);
            }
        }
        let finding = |(label, id, mark)| HeaderFinding {
            label,
            state: histories[&id].state_of(mark),
        };
        Ok(headers.into_iter().map(finding).collect())
    }
}

/// The headers that were written for one envelope.
#[derive(Debug, Default)]
struct History {
    tags: BTreeMap<u64, Vec<[u8; 16]>>,
    unfinished: HashSet<EventId>,
}

impl History {
    fn note(&mut self, event: &AuditEvent) {
        if !matches!(event.action, Action::Seal | Action::Rewrap) {
            return;
        }
        match (event.phase, &event.outcome, event.subject.header) {
            (Phase::Intent, ..) => {
                self.unfinished.insert(event.id);
            }
            (Phase::Outcome, outcome, header) => {
                if let Some(id) = event.use_id {
                    self.unfinished.remove(&id);
                }
                if let (Some(Outcome::Success), Some(header)) = (outcome, header) {
                    self.tags.entry(header.seq).or_default().push(header.tag);
                }
            }
            (Phase::Refusal, ..) => {}
        }
    }

    fn state_of(&self, mark: HeaderMark) -> HeaderState {
        let Some((&seq, tags)) = self.tags.last_key_value() else {
            return HeaderState::Unknown;
        };
        let latest = HeaderMark { seq, tag: tags[0] };
        let other = tags.iter().find(|tag| **tag != mark.tag);
        match (mark.seq.cmp(&seq), other) {
            (std::cmp::Ordering::Less, _) => HeaderState::RolledBack { latest },
            (std::cmp::Ordering::Equal, None) => HeaderState::Current,
            (std::cmp::Ordering::Equal, Some(&tag)) if tags.last() == Some(&mark.tag) => HeaderState::Remade {
                other: HeaderMark { seq, tag },
            },
            (std::cmp::Ordering::Equal, Some(&tag)) => HeaderState::Forked {
                logged: HeaderMark { seq, tag },
            },
            (std::cmp::Ordering::Greater, _) => HeaderState::Newer {
                latest,
                unfinished: !self.unfinished.is_empty(),
            },
        }
    }
}
