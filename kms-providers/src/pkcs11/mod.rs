//! Tokens and HSMs by PKCS #11 (OASIS, 2.40 to 3.2).
//!
//! ```text
//! provider     what callers open; which key a URI means
//! settings     what the configuration says
//! token_uri    which token: RFC 7512, and where the PIN stands
//! profile      how vendors differ, as data
//! module       the vendor's library: loaded once a process
//! calls        threads that call it, each with a time limit
//! seat         a thread's session; opened and logged in again after a loss
//! token        the token where it is now; logging in; what is remembered of it
//! fault        what return values mean
//! attributes   reading objects without taking a token's word for lengths
//! target       which objects are a key; version names in CKA_ID
//! key          a key as its token has it: versions, attributes, states
//! record       states of keys, in data objects of the token
//! mechanism    how W is protected: found by trying
//! wrap         W under a key, and back
//! kek          keys as KEKs
//! pair         ML-KEM key pairs
//! lifecycle    making, rotating, disabling, destroying
//! import       key material from outside, by unwrapping
//! survey       what a token is and can do
//! setup        a new token, for trying things out
//! ```
//!
//! **What never leaves.** KEKs: sensitive, not extractable, for wrapping and nothing else. What a token wraps is W,
//! which is worth one recipient of one envelope.
//!
//! **What decides.** Envelopes name a key by its URI. Which module is loaded, which token is logged in to and where its
//! PIN stands comes from the configuration alone.
//!
//! **What is not believed.** Lists of mechanisms, lengths, IVs. A module is code in this process all the same: one that
//! means harm can do it, so its path is a setting that only the operator writes.

mod attributes;
mod calls;
mod fault;
mod import;
mod kek;
mod key;
mod lifecycle;
mod mechanism;
mod module;
mod pair;
mod profile;
mod provider;
mod record;
mod seat;
mod settings;
mod setup;
mod survey;
mod target;
mod token;
mod token_uri;
mod wrap;

pub use key::KeyFacts;
pub use mechanism::WrapBy;
pub use profile::{IvRule, Profile};
pub use provider::{Pkcs11Error, Pkcs11Provider};
pub use settings::Pkcs11Settings;
pub use setup::init_token;
pub use survey::{SlotFound, Survey};
pub use token_uri::{TokenUri, TokenUriFault};
