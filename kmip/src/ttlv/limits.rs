//! Caps, checked before anything is allocated.

/// How large a message may be. The defaults suit a server that faces clients it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message in TTLV.
    pub frame: usize,
    /// Structures inside structures; the message itself is the first.
    pub depth: usize,
    /// Items of one message, structures included.
    pub items: usize,
    /// Bytes of one message in XML or JSON.
    pub text: usize,
}

impl Limits {
    /// 1 MiB, 32 levels, 16 384 items; 4 MiB of text.
    pub const DEFAULT: Self = Self {
        frame: 1 << 20,
        depth: 32,
        items: 1 << 14,
        text: 4 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
