//! Who uses a key.

/// Who uses a key: the local user and process, or the client of a server. Filled by the caller; for the current
/// process see `kms_providers::audit::this_process`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Principal {
    /// Name: of the operating-system user, or of the client as its credential states it.
    pub name: Option<String>,
    /// Id: the numeric user, or the fingerprint of the client's credential.
    pub id: Option<String>,
    /// Tenant of a server with several.
    pub tenant: Option<String>,
    /// Name of the program.
    pub process: Option<String>,
    /// Process number.
    pub pid: Option<u32>,
    /// Host on which the program runs.
    pub host: Option<String>,
    /// Network address of the client, where there is one.
    pub peer: Option<String>,
}

impl Principal {
    /// A principal of which only the name is known.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}
