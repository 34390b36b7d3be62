//! Protocol versions.

use std::fmt;

/// A version of the protocol. The codec takes it as a parameter: the same message goes out in the shape of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion {
    /// 1 or 2.
    pub major: i32,
    /// Counts from 0.
    pub minor: i32,
}

impl ProtocolVersion {
    /// KMIP 1.0 (2010).
    pub const V1_0: Self = Self::new(1, 0);
    /// KMIP 1.1 (2013).
    pub const V1_1: Self = Self::new(1, 1);
    /// KMIP 1.2 (2015).
    pub const V1_2: Self = Self::new(1, 2);
    /// KMIP 1.3 (2016).
    pub const V1_3: Self = Self::new(1, 3);
    /// KMIP 1.4 (2017).
    pub const V1_4: Self = Self::new(1, 4);
    /// KMIP 2.0 (2019).
    pub const V2_0: Self = Self::new(2, 0);
    /// KMIP 2.1 (2020).
    pub const V2_1: Self = Self::new(2, 1);

    /// Every version that this crate speaks, the newest first, as DiscoverVersions lists them.
    pub const SUPPORTED: [Self; 7] = [
        Self::V2_1,
        Self::V2_0,
        Self::V1_4,
        Self::V1_3,
        Self::V1_2,
        Self::V1_1,
        Self::V1_0,
    ];

    /// Any version, known or not.
    pub const fn new(major: i32, minor: i32) -> Self {
        Self { major, minor }
    }

    /// Whether this crate speaks it.
    pub fn is_supported(self) -> bool {
        Self::SUPPORTED.contains(&self)
    }

    /// Whether messages have the shapes of 1.x: templates, attributes by name and index.
    pub const fn is_1x(self) -> bool {
        self.major < 2
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
