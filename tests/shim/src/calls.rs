//! The functions that misbehave on demand; all others are the real module's.

use std::sync::OnceLock;
use std::time::Duration;

use cryptoki_sys::*;

use crate::cloud;
use crate::real::real;
use crate::script;

/// The real module's functions, with ours in place of some.
pub(crate) fn functions() -> Option<&'static CK_FUNCTION_LIST> {
    static FUNCTIONS: OnceLock<Option<CK_FUNCTION_LIST>> = OnceLock::new();

    FUNCTIONS.get_or_init(replaced).as_ref()
}

/// Functions that first ask the script, and then, unless it says otherwise, the real module.
macro_rules! asking {
    ($($name:ident($($argument:ident: $type:ty),*);)+) => {
        $(
            unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
                if let Some(value) = before(stringify!($name)) {
                    return value;
                }
                let Some(call) = real().and_then(|real| real.$name) else {
                    return CKR_FUNCTION_NOT_SUPPORTED;
                };
                // SAFETY: the caller's arguments go on as they came.
                unsafe { call($($argument),*) }
            }
        )+
    };
}

asking! {
    C_OpenSession(slot: CK_SLOT_ID, flags: CK_FLAGS, application: *mut std::ffi::c_void, notify: CK_NOTIFY, session: *mut CK_SESSION_HANDLE);
    C_GetSessionInfo(session: CK_SESSION_HANDLE, info: *mut CK_SESSION_INFO);
    C_FindObjectsInit(session: CK_SESSION_HANDLE, template: *mut CK_ATTRIBUTE, count: CK_ULONG);
    C_GenerateKey(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, template: *mut CK_ATTRIBUTE, count: CK_ULONG, key: *mut CK_OBJECT_HANDLE);
    C_UnwrapKey(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE, wrapped: *mut CK_BYTE, length: CK_ULONG, template: *mut CK_ATTRIBUTE, count: CK_ULONG, made: *mut CK_OBJECT_HANDLE);
    C_DecryptInit(session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE);
}

fn replaced() -> Option<CK_FUNCTION_LIST> {
    let mut functions = *real()?;
    functions.C_OpenSession = Some(C_OpenSession);
    functions.C_GetSessionInfo = Some(C_GetSessionInfo);
    functions.C_FindObjectsInit = Some(C_FindObjectsInit);
    functions.C_GenerateKey = Some(C_GenerateKey);
    functions.C_UnwrapKey = Some(C_UnwrapKey);
    functions.C_DecryptInit = Some(C_DecryptInit);
    functions.C_WrapKey = Some(C_WrapKey);
    functions.C_GetAttributeValue = Some(C_GetAttributeValue);
    functions.C_CreateObject = Some(C_CreateObject);
    functions.C_SetAttributeValue = Some(C_SetAttributeValue);
    functions.C_Login = Some(C_Login);
    functions.C_GetTokenInfo = Some(C_GetTokenInfo);
    functions.C_EncryptInit = Some(C_EncryptInit);
    functions.C_Encrypt = Some(C_Encrypt);
    Some(functions)
}

/// What the script has a function answer in place of its work.
pub(crate) fn before(function: &str) -> Option<CK_RV> {
    let what = script::fault(function)?;
    Some(match what.as_str() {
        "device-removed" => CKR_DEVICE_REMOVED,
        "device-error" => CKR_DEVICE_ERROR,
        "session-handle-invalid" => CKR_SESSION_HANDLE_INVALID,
        "key-handle-invalid" => CKR_KEY_HANDLE_INVALID,
        "user-not-logged-in" => CKR_USER_NOT_LOGGED_IN,
        "general-error" => CKR_GENERAL_ERROR,
        "host-memory" => CKR_HOST_MEMORY,
        "hang" => {
            std::thread::sleep(Duration::from_secs(4));
            return None;
        }
        other => CKR_VENDOR_DEFINED + other.len() as CK_RV,
    })
}

/// `long` and `short` change the length of what is wrapped, `flip` its bytes.
unsafe extern "C" fn C_WrapKey(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    wrapping: CK_OBJECT_HANDLE,
    key: CK_OBJECT_HANDLE,
    wrapped: *mut CK_BYTE,
    length: *mut CK_ULONG,
) -> CK_RV {
    let fault = if wrapped.is_null() {
        script::fault("C_WrapKey")
    } else {
        None
    };
    let extra: i64 = match fault.as_deref() {
        Some("long") => 8,
        Some("short") => -8,
        Some("hang") => {
            std::thread::sleep(Duration::from_secs(4));
            0
        }
        Some("device-removed") => return CKR_DEVICE_REMOVED,
        Some("session-handle-invalid") => return CKR_SESSION_HANDLE_INVALID,
        Some("key-handle-invalid") => return CKR_KEY_HANDLE_INVALID,
        Some(_) => return CKR_GENERAL_ERROR,
        None => 0,
    };
    // SAFETY: the caller's mechanism.
    if script::is_cloudhsm()
        && matches!(
            unsafe { (*mechanism).mechanism },
            CKM_AES_KEY_WRAP | CKM_AES_KEY_WRAP_PAD
        )
    {
        return CKR_MECHANISM_INVALID;
    }
    let Some(call) = real().and_then(|real| real.C_WrapKey) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's arguments go on as they came.
    unsafe {
        let mut needed = 40;
        // The caller was told of less room: the real module gets its own.
        let mut room = [0; 64];
        if !wrapped.is_null() && *length < needed {
            let value = call(session, mechanism, wrapping, key, room.as_mut_ptr(), &raw mut needed);
            std::ptr::copy_nonoverlapping(room.as_ptr(), wrapped, usize::try_from(*length).unwrap_or(0).min(64));
            return value;
        }
        let value = call(session, mechanism, wrapping, key, wrapped, length);
        *length = length.read().saturating_add_signed(extra);
        value
    }
}

/// `huge` says of every attribute that it is a tebibyte long.
unsafe extern "C" fn C_GetAttributeValue(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    let fault = script::fault("C_GetAttributeValue");
    // SAFETY: the caller's template has `count` attributes.
    let attributes = unsafe { std::slice::from_raw_parts_mut(template, usize::try_from(count).unwrap_or(0)) };
    if fault.as_deref() == Some("huge") {
        attributes
            .iter_mut()
            .for_each(|attribute| attribute.ulValueLen = 1 << 40);
        return CKR_OK;
    }
    if fault.as_deref() == Some("device-removed") {
        return CKR_DEVICE_REMOVED;
    }
    if script::is_cloudhsm() && attributes.iter().any(|attribute| attribute.type_ == CKA_VALUE) {
        return CKR_ATTRIBUTE_SENSITIVE;
    }
    let Some(call) = real().and_then(|real| real.C_GetAttributeValue) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's arguments go on as they came.
    unsafe { call(session, object, template, count) }
}

unsafe extern "C" fn C_CreateObject(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
    object: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: the caller's template has `count` attributes.
    if script::is_cloudhsm() && unsafe { cloud::is_data(template, count) } {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    if let Some(value) = before("C_CreateObject") {
        return value;
    }
    let Some(call) = real().and_then(|real| real.C_CreateObject) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's arguments go on as they came.
    unsafe { call(session, template, count, object) }
}

unsafe extern "C" fn C_SetAttributeValue(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    match real().and_then(|real| real.C_SetAttributeValue) {
        // SAFETY: the caller's arguments go on as they came.
        Some(call) if !script::is_cloudhsm() => unsafe { call(session, object, template, count) },
        _ => CKR_FUNCTION_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn C_Login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> CK_RV {
    if let Some(value) = before("C_Login") {
        return value;
    }
    let Some(call) = real().and_then(|real| real.C_Login) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    let skipped = match script::is_cloudhsm() {
        // SAFETY: the caller's PIN has `length` bytes.
        true => match unsafe { cloud::user_part(pin, length) } {
            Some(skipped) => skipped,
            None => return CKR_PIN_INCORRECT,
        },
        false => 0,
    };
    // SAFETY: `skipped` is at most `length`.
    unsafe {
        call(
            session,
            user,
            pin.add(usize::try_from(skipped).unwrap_or(0)),
            length - skipped,
        )
    }
}

unsafe extern "C" fn C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    let Some(call) = real().and_then(|real| real.C_GetTokenInfo) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's arguments go on as they came; what was written is theirs and ours to change.
    unsafe {
        let value = call(slot, info);
        if value == CKR_OK && script::is_cloudhsm() {
            (*info).manufacturerID = cloud::MANUFACTURER;
        }
        value
    }
}

unsafe extern "C" fn C_EncryptInit(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    if let Some(value) = before("C_EncryptInit") {
        return value;
    }
    let Some(call) = real().and_then(|real| real.C_EncryptInit) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's mechanism and its parameters, which live until C_Encrypt.
    unsafe {
        if !script::is_cloudhsm() || (*mechanism).mechanism != CKM_AES_GCM {
            return call(session, mechanism, key);
        }
        cloud::with_own_iv(session, mechanism, |mechanism| call(session, mechanism, key))
    }
}

unsafe extern "C" fn C_Encrypt(
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    encrypted: *mut CK_BYTE,
    room: *mut CK_ULONG,
) -> CK_RV {
    let Some(call) = real().and_then(|real| real.C_Encrypt) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { call(session, data, length, encrypted, room) };
    if value == CKR_OK && !encrypted.is_null() && script::fault("C_Encrypt").as_deref() != Some("keep-iv") {
        // SAFETY: the IV's place was the caller's parameter of C_EncryptInit, which lives until now.
        unsafe { cloud::tell_iv(session) };
    }
    value
}
