//! The rules of AWS CloudHSM, client SDK 5, as its manual states them.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use cryptoki_sys::*;

/// How its tokens call their maker, padded with spaces.
pub(crate) const MANUFACTURER: [u8; 32] = *b"Marvell Semiconductors, Inc.    ";

/// IVs that were made, and where the caller wants each: by session.
static MADE: Mutex<Option<Made>> = Mutex::new(None);

type Made = HashMap<CK_SESSION_HANDLE, (usize, [u8; 12])>;

/// Whether a template is of a data object: there are none.
///
/// # Safety
/// `template` has `count` attributes.
pub(crate) unsafe fn is_data(template: *const CK_ATTRIBUTE, count: CK_ULONG) -> bool {
    // SAFETY: as the caller says.
    let attributes = unsafe { std::slice::from_raw_parts(template, usize::try_from(count).unwrap_or(0)) };
    attributes.iter().any(|attribute| {
        // SAFETY: the value of a class is a CK_ULONG.
        attribute.type_ == CKA_CLASS && unsafe { attribute.pValue.cast::<CK_ULONG>().read_unaligned() } == CKO_DATA
    })
}

/// The length of `user:`, in a PIN that is `user:password`.
///
/// # Safety
/// `pin` has `length` bytes.
pub(crate) unsafe fn user_part(pin: *const CK_UTF8CHAR, length: CK_ULONG) -> Option<CK_ULONG> {
    // SAFETY: as the caller says.
    let pin = unsafe { std::slice::from_raw_parts(pin, usize::try_from(length).ok()?) };
    let colon = pin.iter().position(|&byte| byte == b':').filter(|&colon| colon > 0)?;
    CK_ULONG::try_from(colon + 1).ok()
}

/// Takes no IV but zeros, and makes its own.
///
/// # Safety
/// `mechanism` is AES-GCM with its parameters.
pub(crate) unsafe fn with_own_iv(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    init: impl FnOnce(*mut CK_MECHANISM) -> CK_RV,
) -> CK_RV {
    // SAFETY: as the caller says.
    let parameters = unsafe { &mut *(*mechanism).pParameter.cast::<CK_GCM_PARAMS>() };
    // SAFETY: the IV has the length that stands beside it.
    let asked = unsafe { std::slice::from_raw_parts(parameters.pIv, usize::try_from(parameters.ulIvLen).unwrap_or(0)) };
    if asked != [0; 12] {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    let mut iv = [0; 12];
    let filled = std::fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut iv));
    if filled.is_err() {
        return CKR_GENERAL_ERROR;
    }
    let place = parameters.pIv;
    parameters.pIv = iv.as_mut_ptr();
    let value = init(mechanism);
    parameters.pIv = place;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.get_or_insert_default().insert(session, (place as usize, iv));
    value
}

/// Writes the IV where the caller left zeros.
///
/// # Safety
/// The place that C_EncryptInit was given is still there.
pub(crate) unsafe fn tell_iv(session: CK_SESSION_HANDLE) {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((place, iv)) = made.get_or_insert_default().remove(&session) {
        // SAFETY: as the caller says.
        unsafe { std::ptr::copy_nonoverlapping(iv.as_ptr(), place as *mut u8, iv.len()) };
    }
}
