//! A new token, for trying things out: where the vendor's tool sets up a real one, this is not for it.

use std::path::Path;

use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use kms_core::memory::SecretBytes;
use kms_core::{KekError, KekFault, KekOperation};

use super::fault::Fault;
use super::module::Module;
use super::token_uri::TokenUri;
use crate::uri::UriScheme;

/// Initialises the first token of a module that is blank, and sets its user's PIN.
///
/// # Errors
/// `Unavailable` when the module cannot be loaded, `NotFound` when it has no blank token, `AlreadyExists` when it has
/// one of that label.
pub fn init_token(module: &Path, label: &str, so_pin: &SecretBytes, pin: &SecretBytes) -> Result<TokenUri, KekError> {
    let made = init(module, label, so_pin, pin);
    made.map_err(|fault| KekError::new(UriScheme::Pkcs11.name(), KekOperation::Lifecycle, fault.kind))
}

fn init(module: &Path, label: &str, so_pin: &SecretBytes, pin: &SecretBytes) -> Result<TokenUri, Fault> {
    let module = Module::load(module, false)?;
    let _turn = module.turn();
    let context = &module.context;
    let mut blank = None;
    for slot in context.get_slots_with_token()? {
        let token = context.get_token_info(slot)?;
        if token.token_initialized() && token.label() == label {
            return Err(Fault::new(KekFault::AlreadyExists));
        }
        if !token.token_initialized() {
            blank = blank.or(Some(slot));
        }
    }
    let (so_pin, pin) = (auth(so_pin)?, auth(pin)?);
    context.init_token(blank.ok_or_else(|| Fault::new(KekFault::NotFound))?, &so_pin, label)?;
    // SoftHSM moves a token to another slot when it is initialised.
    let mut slots = context.get_slots_with_initialized_token()?.into_iter();
    let is_it = |slot: &cryptoki::slot::Slot| context.get_token_info(*slot).is_ok_and(|token| token.label() == label);
    let slot = slots.find(is_it).ok_or_else(|| Fault::new(KekFault::BadReply))?;
    let session = context.open_rw_session(slot)?;
    session.login(UserType::So, Some(&so_pin))?;
    session.init_pin(&pin)?;
    session.logout()?;
    TokenUri::of_label(label).ok_or_else(|| Fault::new(KekFault::Unsupported))
}

fn auth(pin: &SecretBytes) -> Result<AuthPin, Fault> {
    let text = std::str::from_utf8(pin.expose()).map_err(|_| Fault::new(KekFault::Unsupported))?;
    Ok(AuthPin::from(text))
}
