//! Recipients that are key pairs: anyone who has the public key seals to them.
//!
//! | module | holds |
//! |---|---|
//! | `public` | a validated public key, its text and its name in envelopes |
//! | [`KemRecipient`] | the joint for private keys: here, in a keystore, or at a service that decapsulates |
//! | `held` | a public key alone, and a private key whose seed this process holds |
//! | [`HpkeKek`] | scheme 3: such a key as a recipient by itself |
//! | [`HybridKek`] | scheme 4: such a key together with a classical KEK, both needed |
//!
//! The envelope runs the HPKE key schedule and the combiner itself: what a service computes is the shared secret, and
//! no more. docs/hybrid.md has the argument for both schemes.

mod held;
mod hpke_kek;
mod hybrid_kek;
mod public;
mod recipient;

pub use hpke_kek::HpkeKek;
pub(crate) use hybrid_kek::Halves;
pub use hybrid_kek::HybridKek;
pub use public::KemPublicKey;
pub use recipient::{Decapsulated, KemRecipient, VersionedPublicKey};
