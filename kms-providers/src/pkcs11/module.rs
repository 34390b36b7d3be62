//! Modules: each is loaded and initialised once a process, whoever asks, and never unloaded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use kms_core::KekFault;

use super::fault::Fault;

/// A module that is ready for calls.
pub(super) struct Module {
    pub(super) context: Pkcs11,
    /// Held by whoever calls, where the module cannot be called from two threads at once.
    serial: Option<Mutex<()>>,
}

impl Module {
    /// The module at `path`. The first to ask decides whether it is called by one thread at a time.
    pub(super) fn load(path: &Path, single_threaded: bool) -> Result<Arc<Self>, Fault> {
        static LOADED: Mutex<Option<HashMap<PathBuf, Arc<Module>>>> = Mutex::new(None);

        let path = path.canonicalize().map_err(|_| Fault::new(KekFault::Unavailable))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded.get_or_insert_default();
        if let Some(module) = loaded.get(&path) {
            return Ok(Arc::clone(module));
        }
        let context = Pkcs11::new(&path)?;
        let can_lock = initialise(&context)?;
        let serial = (single_threaded || !can_lock).then(Mutex::default);
        let module = Arc::new(Self { context, serial });
        loaded.insert(path, Arc::clone(&module));
        Ok(module)
    }

    /// Makes the module ready again after somebody in this process has finalised it.
    pub(super) fn revive(&self) -> Result<(), Fault> {
        initialise(&self.context).map(drop)
    }

    /// The right to call.
    pub(super) fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        self.serial
            .as_ref()
            .map(|serial| serial.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether calls run one at a time.
    pub(super) fn is_serial(&self) -> bool {
        self.serial.is_some()
    }
}

/// Initialises with locks of the operating system and, where the module has none, without (PKCS #11 5.4): whether it
/// can lock.
fn initialise(context: &Pkcs11) -> Result<bool, Fault> {
    let ready = |flags| match context.initialize(CInitializeArgs::new(flags)) {
        // Somebody else in this process uses it too.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    };
    match ready(CInitializeFlags::OS_LOCKING_OK) {
        Ok(()) => Ok(true),
        Err(Error::Pkcs11(RvError::CantLock, _)) => {
            ready(CInitializeFlags::empty())?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
