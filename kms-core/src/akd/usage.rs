//! What keys of a tree are for: the first edge below the root, so that no grant for one use serves another.

/// What the keys of a tree are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Usage {
    /// To seal and open.
    Aead,
    /// Deterministic encryption.
    Siv,
    /// Format-preserving encryption.
    Ff1,
    /// Keyed hashes that are compared, and never inverted.
    Beacon,
    /// To wrap other keys.
    Wrap,
    /// Seeds of X-Wing key pairs, to which anyone can seal.
    XWingSeed,
}

impl Usage {
    /// All usages, in order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Aead,
        Self::Siv,
        Self::Ff1,
        Self::Beacon,
        Self::Wrap,
        Self::XWingSeed,
    ];

    /// The number in every derivation and grant.
    #[must_use]
    pub fn wire(self) -> u64 {
        match self {
            Self::Aead => 1,
            Self::Siv => 2,
            Self::Ff1 => 3,
            Self::Beacon => 4,
            Self::Wrap => 5,
            Self::XWingSeed => 6,
        }
    }

    /// The usage of this number.
    #[must_use]
    pub fn from_wire(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.wire() == number)
    }

    /// Name for people, configuration and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aead => "aead",
            Self::Siv => "siv",
            Self::Ff1 => "ff1",
            Self::Beacon => "beacon",
            Self::Wrap => "wrap",
            Self::XWingSeed => "xwing-seed",
        }
    }

    /// The usage of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.name() == name)
    }
}
