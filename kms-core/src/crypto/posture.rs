//! What a quantum computer does to a key.

/// How well a key withstands a quantum computer. Ordered: later is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Posture {
    /// Falls to a quantum computer (RSA, elliptic curves).
    Classical,
    /// Quantum-safe by one post-quantum assumption alone.
    PostQuantum,
    /// Symmetric, or classical and post-quantum together.
    Hedged,
}
