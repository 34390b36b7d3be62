//! A PKCS #11 module that stands before a real one and does what a script says.
//!
//! ```text
//! script   what to do, read anew at every call
//! real     the module behind it
//! calls    the functions that misbehave
//! cloud    the rules of AWS CloudHSM, enforced
//! ```
//!
//! KEYSTRAND_SHIM names the script. Its lines:
//!
//! ```text
//! real /usr/lib/softhsm/libsofthsm2.so
//! cloudhsm
//! fault C_WrapKey device-removed 1           one time; without a number always
//! fault C_WrapKey device-removed always 2    always, after two calls that go well
//! ```
//! Unsafe code cannot be avoided in a module that C calls; no product uses this one.
#![allow(unsafe_code, non_snake_case, clippy::missing_safety_doc)]

mod calls;
mod cloud;
mod real;
mod script;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_ARGUMENTS_BAD, CKR_GENERAL_ERROR, CKR_OK};

/// The one function that a module of PKCS #11 2.40 has to export.
///
/// # Safety
/// `list` points to where a pointer fits, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    let Some(functions) = calls::functions() else {
        return CKR_GENERAL_ERROR;
    };
    // SAFETY: not null, and the caller's to write to. What it gets lives as long as the process.
    unsafe { *list = std::ptr::from_ref(functions).cast_mut() };
    CKR_OK
}
