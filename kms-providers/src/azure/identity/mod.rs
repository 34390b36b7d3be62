//! Who asks: tokens, and the proofs by which they are had.
//!
//! ```text
//! chain       which proof the settings or the environment name
//! token       tokens, kept until shortly before they expire
//! principal   an application, by secret, certificate or a token of another issuer (OAuth 2.0 client credentials)
//! assertion   what a certificate's key signs for that (RFC 7523)
//! managed     the identity of this machine: its metadata service, App Service, Arc
//! issuer      requests to who issues tokens, and what replies mean
//! ```

mod assertion;
mod chain;
mod issuer;
mod managed;
mod principal;
mod token;

pub use chain::IdentityFault;
pub(super) use chain::identity;
pub(super) use token::{Tokens, Wanted};

use kms_core::KekFault;

use managed::ManagedIdentity;
use principal::Principal;
use token::Token;

/// A proof of identity.
pub(super) enum Identity {
    /// An application.
    Principal(Principal),
    /// This machine.
    Managed(ManagedIdentity),
}

impl Identity {
    async fn token(&self, wanted: &Wanted) -> Result<Token, KekFault> {
        match self {
            Self::Principal(principal) => principal.token(wanted).await,
            Self::Managed(managed) => managed.token(&wanted.resource).await,
        }
    }
}
