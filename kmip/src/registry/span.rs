//! Which versions have a thing.

use crate::version::ProtocolVersion;

/// From the first version that has a thing to the first that has it no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first version.
    pub since: ProtocolVersion,
    /// The first version without it; `None` while 2.1 has it.
    pub until: Option<ProtocolVersion>,
}

impl Span {
    /// Whether this version has the thing.
    pub fn contains(self, version: ProtocolVersion) -> bool {
        self.since <= version && self.until.is_none_or(|until| version < until)
    }
}

/// `V1_0` or `V1_0 until V2_0`.
macro_rules! span {
    ($since:ident) => {
        $crate::registry::Span {
            since: $crate::version::ProtocolVersion::$since,
            until: None,
        }
    };
    ($since:ident $until:ident) => {
        $crate::registry::Span {
            since: $crate::version::ProtocolVersion::$since,
            until: Some($crate::version::ProtocolVersion::$until),
        }
    };
}
pub(super) use span;
