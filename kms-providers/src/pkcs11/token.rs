//! One token: where it is now, whether it may be logged in to, what is remembered of it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use kms_core::KekFault;
use kms_core::audit::Clock;
use kms_core::crypto::CryptoBackend;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::key::KeyView;
use super::mechanism::Negotiated;
use super::module::Module;
use super::profile::Profile;
use super::settings::Pkcs11Settings;
use super::target::Target;
use super::token_uri::is_of;
use crate::uri::Pkcs11Key;

/// A token as configured. All threads that call it share one.
pub(super) struct Token {
    pub(super) settings: Pkcs11Settings,
    pub(super) backend: CryptoBackend,
    pub(super) clock: Arc<dyn Clock>,
    module: Mutex<Option<Arc<Module>>>,
    place: Mutex<Option<Arc<Place>>>,
    /// Counts losses: handles of before a loss are not used after it.
    generation: AtomicU64,
    refused_pin: Mutex<Option<Zeroizing<Vec<u8>>>>,
    negotiated: Mutex<Option<Arc<Negotiated>>>,
    views: Mutex<HashMap<Target, Arc<KeyView>>>,
}

/// A token where it was found.
pub(super) struct Place {
    pub(super) slot: Slot,
    pub(super) label: String,
    pub(super) serial: String,
    pub(super) manufacturer: String,
    pub(super) model: String,
    pub(super) is_hardware: bool,
    pub(super) has_random: bool,
    pub(super) profile: Profile,
    needs_login: bool,
    has_pin_pad: bool,
}

impl Token {
    pub(super) fn new(settings: Pkcs11Settings, backend: CryptoBackend, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            backend,
            clock,
            module: Mutex::default(),
            place: Mutex::default(),
            generation: AtomicU64::new(0),
            refused_pin: Mutex::default(),
            negotiated: Mutex::default(),
            views: Mutex::default(),
        }
    }

    pub(super) fn module(&self) -> Result<Arc<Module>, Fault> {
        let mut module = lock(&self.module);
        if let Some(loaded) = &*module {
            return Ok(Arc::clone(loaded));
        }
        let loaded = Module::load(&self.settings.module, self.settings.single_threaded)?;
        *module = Some(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Where the token is. Slots are listed anew after a loss, so one that was plugged in elsewhere is found.
    pub(super) fn place(&self, module: &Module) -> Result<Arc<Place>, Fault> {
        let mut known = lock(&self.place);
        if let Some(place) = &*known {
            return Ok(Arc::clone(place));
        }
        let place = Arc::new(self.find(module)?);
        *known = Some(Arc::clone(&place));
        Ok(place)
    }

    fn find(&self, module: &Module) -> Result<Place, Fault> {
        let context = &module.context;
        let library = context.get_library_info()?;
        let mut found = None;
        for slot in context.get_slots_with_token()? {
            // A slot that cannot be asked is not ours to judge.
            let (Ok(of), Ok(token)) = (context.get_slot_info(slot), context.get_token_info(slot)) else {
                continue;
            };
            if !token.token_initialized() || !self.settings.token.is(&library, slot, &of, &token) {
                continue;
            }
            if found.is_some() {
                // Two tokens fit: taking the first would be a guess at where keys are.
                return Err(Fault::new(KekFault::Unsupported));
            }
            let manufacturer = token.manufacturer_id().to_owned();
            found = Some(Place {
                slot,
                label: token.label().to_owned(),
                serial: token.serial_number().to_owned(),
                profile: self.settings.profile.unwrap_or_else(|| Profile::of(&manufacturer)),
                manufacturer,
                model: token.model().to_owned(),
                is_hardware: of.hardware_slot(),
                has_random: token.rng(),
                needs_login: token.login_required(),
                has_pin_pad: token.protected_authentication_path(),
            });
        }
        found.ok_or_else(|| Fault::new(KekFault::Unavailable))
    }

    /// Whether what a key's URI says of its token is true of this one.
    pub(super) fn is_of(&self, module: &Module, place: &Place, key: &Pkcs11Key) -> Result<bool, Fault> {
        let context = &module.context;
        let (library, of) = (context.get_library_info()?, context.get_slot_info(place.slot)?);
        Ok(is_of(
            key,
            &library,
            place.slot,
            &of,
            &context.get_token_info(place.slot)?,
        ))
    }

    /// Opens a session that is logged in.
    pub(super) fn session(&self, module: &Module, place: &Place) -> Result<Session, Fault> {
        let session = match module.context.open_rw_session(place.slot) {
            Err(Error::Pkcs11(RvError::TokenWriteProtected, _)) => module.context.open_ro_session(place.slot),
            opened => opened,
        }?;
        self.log_in(&session, place)?;
        Ok(session)
    }

    /// Logs in. Each PIN that was refused is tried once: a token locks after few wrong ones.
    fn log_in(&self, session: &Session, place: &Place) -> Result<(), Fault> {
        if !place.needs_login {
            return Ok(());
        }
        let Some(pin) = self.pin(place)? else {
            return tolerant(session.login(UserType::User, None));
        };
        let mut refused = lock(&self.refused_pin);
        if refused
            .as_ref()
            .is_some_and(|refused| bool::from(refused.ct_eq(pin.as_bytes())))
        {
            return Err(Fault::new(KekFault::Denied));
        }
        let attempt = session.login(UserType::User, Some(&AuthPin::from(pin.as_str())));
        if let Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) = &attempt {
            *refused = Some(Zeroizing::new(pin.as_bytes().to_vec()));
        }
        tolerant(attempt)
    }

    /// The PIN, read anew each time so that it can be changed; none where the token has a pad of its own for it.
    fn pin(&self, place: &Place) -> Result<Option<Zeroizing<String>>, Fault> {
        let denied = || Fault::new(KekFault::Denied);
        let Some(path) = self.pin_path() else {
            return if place.has_pin_pad { Ok(None) } else { Err(denied()) };
        };
        let text = Zeroizing::new(fs::read_to_string(path).map_err(|_| denied())?);
        let pin = text.trim_end_matches(['\r', '\n']);
        let names_user = pin
            .split_once(':')
            .is_some_and(|(user, password)| !user.is_empty() && !password.is_empty());
        if pin.is_empty() || place.profile.traits().pin_names_user && !names_user {
            return Err(denied());
        }
        Ok(Some(Zeroizing::new(pin.to_owned())))
    }

    fn pin_path(&self) -> Option<&PathBuf> {
        self.settings.pin_file.as_ref().or(self.settings.token.pin_source())
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Forgets what was true of the token before `generation` was lost.
    pub(super) fn lost(&self, generation: u64) {
        let after = generation + 1;
        let moved = self
            .generation
            .compare_exchange(generation, after, Ordering::AcqRel, Ordering::Acquire);
        if moved.is_ok() {
            *lock(&self.place) = None;
            lock(&self.views).clear();
        }
    }

    pub(super) fn negotiated(&self) -> MutexGuard<'_, Option<Arc<Negotiated>>> {
        lock(&self.negotiated)
    }

    pub(super) fn view(&self, target: &Target) -> Option<Arc<KeyView>> {
        lock(&self.views).get(target).cloned()
    }

    pub(super) fn keep_view(&self, target: &Target, view: &Arc<KeyView>) {
        let mut views = lock(&self.views);
        if views.len() >= VIEWS {
            views.clear();
        }
        views.insert(target.clone(), Arc::clone(view));
    }

    /// What was known of keys is looked up anew: they were changed.
    pub(super) fn forget_views(&self) {
        lock(&self.views).clear();
    }
}

/// Logins are of the whole process: another session may have made ours.
fn tolerant(attempt: Result<(), Error>) -> Result<(), Fault> {
    match attempt {
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        other => Ok(other?),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

const VIEWS: usize = 4_096;
