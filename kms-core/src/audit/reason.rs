//! Why something failed, without any data: a reason is built from fixed text only.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, KekError, KekFault};

/// Why a use of a key failed or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    code: Cow<'static, str>,
    text: Cow<'static, str>,
}

impl Reason {
    /// A reason with a code for machines (`area.Cause`) and a sentence for people. Static text cannot carry data.
    #[must_use]
    pub const fn fixed(code: &'static str, text: &'static str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            text: Cow::Borrowed(text),
        }
    }

    /// The code, for machines.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence, for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A reason as it was read from a log.
    pub(super) fn read(code: String, text: String) -> Self {
        Self {
            code: Cow::Owned(code),
            text: Cow::Owned(text),
        }
    }

    fn of_fault(area: &str, fault: &(impl fmt::Debug + fmt::Display)) -> Self {
        Self {
            code: format!("{area}.{fault:?}").into(),
            text: fault.to_string().into(),
        }
    }
}

impl From<&Error> for Reason {
    fn from(error: &Error) -> Self {
        match error {
            Error::Format(fault) => Self::of_fault("format", fault),
            Error::Esdk(fault) => Self::of_fault("esdk", fault),
            Error::Limit(fault) => Self::of_fault("limit", fault),
            Error::Policy(fault) => Self::of_fault("policy", fault),
            Error::DoesNotOpen => Self::fixed("open.DoesNotOpen", "wrong key, wrong context, or altered bytes"),
            Error::Provider(error) => Self::from(error),
            Error::Providers(errors) => match errors.first() {
                Some(first) => Self::from(first),
                None => Self::fixed("provider.Unavailable", "no provider answered"),
            },
            Error::Audit(fault) => Self::of_fault("audit", fault),
            Error::Caller(fault) => Self::of_fault("caller", fault),
            Error::Akd(fault) => Self::of_fault("akd", fault),
            Error::Random => Self::fixed("system.Random", "the system's random source failed"),
            Error::Io(_) => Self::fixed("system.Io", "input or output failed"),
        }
    }
}

impl From<&KekError> for Reason {
    /// The key URI stays behind: it has its own place in the event.
    fn from(error: &KekError) -> Self {
        error.kind.into()
    }
}

impl From<KekFault> for Reason {
    fn from(fault: KekFault) -> Self {
        let area = if fault.is_refused_here() { "policy" } else { "provider" };
        Self::of_fault(area, &fault)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::KekOperation;

    #[test]
    fn a_provider_error_leaves_its_uri_behind() {
        let error = Error::Provider(KekError::new("local://payroll", KekOperation::Unwrap, KekFault::Denied));
        let reason = Reason::from(&error);
        assert_eq!(reason.code(), "provider.Denied");
        assert!(!reason.to_string().contains("payroll"));
    }
}
