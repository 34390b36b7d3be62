//! What return values of PKCS #11 (section 5.1) mean to the rest.

use cryptoki::error::{Error, RvError};
use kms_core::KekFault;

/// A call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: KekFault,
    pub(super) loss: Loss,
}

/// Whether the token, the session or a handle is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing is gone.
    None,
    /// It was gone before the call, so the call did nothing.
    Before,
    /// Nobody knows what the call did.
    During,
    /// The token says that it has failed, which some also say of wrong data: whether its session lives on tells.
    Doubtful,
}

impl Fault {
    pub(super) fn new(kind: KekFault) -> Self {
        Self { kind, loss: Loss::None }
    }

    /// The token did what no token may do.
    pub(super) fn contract() -> Self {
        Self::new(KekFault::BadReply)
    }
}

impl From<KekFault> for Fault {
    fn from(kind: KekFault) -> Self {
        Self::new(kind)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl Fault {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Pkcs11(value, _) => of(*value),
            Error::NotSupported | Error::NullFunctionPointer | Error::MissingSymbol(_) => {
                Self::new(KekFault::Unsupported)
            }
            Error::LibraryLoading(_) => Self::new(KekFault::Unavailable),
            // What a module wrote does not fit what it says it is.
            _ => Self::contract(),
        }
    }
}

fn of(value: RvError) -> Fault {
    use RvError as R;
    let lost = |loss| Fault {
        kind: KekFault::Unavailable,
        loss,
    };
    Fault::new(match value {
        R::SessionHandleInvalid | R::SessionClosed | R::UserNotLoggedIn | R::CryptokiNotInitialized => {
            return lost(Loss::Before);
        }
        R::DeviceError | R::GeneralError | R::FunctionFailed => return lost(Loss::Doubtful),
        R::DeviceRemoved | R::TokenNotPresent | R::TokenNotRecognized => return lost(Loss::During),
        R::ObjectHandleInvalid | R::KeyHandleInvalid | R::UnwrappingKeyHandleInvalid | R::WrappingKeyHandleInvalid => {
            return Fault {
                kind: KekFault::NotFound,
                loss: Loss::Before,
            };
        }
        R::PinIncorrect
        | R::PinInvalid
        | R::PinLenRange
        | R::PinExpired
        | R::PinLocked
        | R::UserPinNotInitialized
        | R::UserAnotherAlreadyLoggedIn
        | R::KeyFunctionNotPermitted
        | R::ActionProhibited
        | R::TokenWriteProtected
        | R::SessionReadOnly => KekFault::Denied,
        R::EncryptedDataInvalid
        | R::EncryptedDataLenRange
        | R::WrappedKeyInvalid
        | R::WrappedKeyLenRange
        | R::DataInvalid
        | R::DataLenRange => KekFault::DoesNotUnwrap,
        R::SessionCount => KekFault::Throttled,
        R::DeviceMemory => KekFault::Quota,
        R::HostMemory | R::FunctionCanceled => KekFault::Unavailable,
        R::RandomNoRng => KekFault::Random,
        R::OperationActive | R::OperationNotInitialized => KekFault::BadReply,
        _ => KekFault::Unsupported,
    })
}
