//! Resource names of Google Cloud KMS keys.

use std::fmt;

use super::UriFault;
use super::name::{VersionNumber, version_number};

/// `projects/P/locations/L/keyRings/R/cryptoKeys/K[/cryptoKeyVersions/V]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GcpKey {
    project: Box<str>,
    location: Box<str>,
    key_ring: Box<str>,
    key: Box<str>,
    version: Option<VersionNumber>,
}

impl GcpKey {
    /// The resource name, as Google takes and returns it.
    #[must_use]
    pub fn resource_name(&self) -> String {
        self.to_string()
    }

    /// The location: a region, a multi-region or `global`.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The key ring.
    #[must_use]
    pub fn key_ring(&self) -> &str {
        &self.key_ring
    }

    /// The key's id in its ring.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key
    }

    /// The version, where one is named.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        self.version
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let parts: Vec<&str> = text.split('/').collect();
        let (key, version) = match parts.as_slice() {
            [key @ .., "cryptoKeyVersions", version] => (key, Some(version_number(version)?)),
            key => (key, None),
        };
        let &[
            "projects",
            project,
            "locations",
            location,
            "keyRings",
            key_ring,
            "cryptoKeys",
            key,
        ] = key
        else {
            return Err(UriFault::Parts);
        };
        if !matches!(project.len(), 1..=PROJECT_LEN) || !project.bytes().all(is_project) {
            return Err(UriFault::Project);
        }
        if location.is_empty() || !location.bytes().all(is_location) {
            return Err(UriFault::Region);
        }
        if !is_resource_id(key_ring) || !is_resource_id(key) {
            return Err(UriFault::KeyRing);
        }
        Ok(Self {
            project: project.into(),
            location: location.into(),
            key_ring: key_ring.into(),
            key: key.into(),
            version,
        })
    }

    /// The same key, and this version of it or none.
    #[must_use]
    pub fn with_version(&self, version: Option<VersionNumber>) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }
}

impl fmt::Display for GcpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            project,
            location,
            key_ring,
            key,
            version,
        } = self;
        write!(
            f,
            "projects/{project}/locations/{location}/keyRings/{key_ring}/cryptoKeys/{key}"
        )?;
        version.map_or(Ok(()), |version| write!(f, "/cryptoKeyVersions/{version}"))
    }
}

/// Projects of a domain are written `example.com:project`.
fn is_project(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b':' | b'-')
}

fn is_location(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

fn is_resource_id(text: &str) -> bool {
    matches!(text.len(), 1..=RESOURCE_ID_LEN)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

const PROJECT_LEN: usize = 100;
const RESOURCE_ID_LEN: usize = 63;
