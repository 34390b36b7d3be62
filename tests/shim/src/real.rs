//! The module behind this one.

use std::sync::OnceLock;

use cryptoki_sys::{CK_FUNCTION_LIST, CKR_OK, Pkcs11};

use crate::script;

/// Its functions.
pub(crate) fn real() -> Option<&'static CK_FUNCTION_LIST> {
    static REAL: OnceLock<Option<(Pkcs11, CK_FUNCTION_LIST)>> = OnceLock::new();

    REAL.get_or_init(load).as_ref().map(|(_, functions)| functions)
}

fn load() -> Option<(Pkcs11, CK_FUNCTION_LIST)> {
    // SAFETY: the library is a module that the test names; its initialisers are those of every user of it.
    let module = unsafe { Pkcs11::new(script::real()?) }.ok()?;
    let mut list = std::ptr::null_mut();
    // SAFETY: `list` is ours, and a module sets it to a table that lives as long as the module, which is kept.
    let functions = unsafe {
        if module.C_GetFunctionList(&raw mut list) != CKR_OK || list.is_null() {
            return None;
        }
        *list
    };
    Some((module, functions))
}
