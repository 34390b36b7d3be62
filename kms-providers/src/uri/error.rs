//! Why a text is not a key URI. Data-free: the text may come from an envelope.

use std::fmt;

use super::UriScheme;

/// A text is not a key URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UriError {
    scheme: Option<UriScheme>,
    fault: UriFault,
}

impl UriError {
    pub(super) fn new(scheme: Option<UriScheme>, fault: UriFault) -> Self {
        Self { scheme, fault }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> UriFault {
        self.fault
    }

    /// The scheme, as far as it was recognised.
    #[must_use]
    pub fn scheme(&self) -> Option<UriScheme> {
        self.scheme
    }
}

impl std::error::Error for UriError {}

impl std::error::Error for UriFault {}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a key URI: {}", self.fault)?;
        match self.scheme {
            Some(scheme) => write!(f, "; expected {}", scheme.form()),
            None => {
                f.write_str("; a key URI begins with one of")?;
                UriScheme::ALL
                    .iter()
                    .try_for_each(|scheme| write!(f, " {}", scheme.prefix()))
            }
        }
    }
}

macro_rules! uri_faults {
    ($($variant:ident = $text:literal,)+) => {
        /// What is wrong with a key URI.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum UriFault {
            $(#[doc = $text] $variant,)+
        }

        impl fmt::Display for UriFault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)+ })
            }
        }
    };
}

uri_faults! {
    TooLong = "it is longer than 512 characters",
    UnknownScheme = "the scheme is unknown",
    Characters = "it has characters that are not allowed here",
    Name = "the name is 1 to 64 characters of a-z 0-9 . _ - and begins with a letter or digit",
    Label = "the label is at most 32 characters of a-z 0-9 -",
    Version = "the version is a number from 1 to 4294967295 without leading zeros",
    Parts = "it has too few or too many parts",
    Arn = "the ARN does not begin with arn:PARTITION:kms:",
    Region = "the region is made of a-z 0-9 -",
    Account = "the account is 12 digits",
    Alias = "aliases can be pointed at another key; name the key itself (`aws kms describe-key` shows its ARN)",
    KeyId = "the key id is 1 to 64 characters of A-Z a-z 0-9 -",
    Project = "the project is 1 to 100 characters of a-z 0-9 . : -",
    KeyRing = "key ring and key are 1 to 63 characters of A-Z a-z 0-9 _ -",
    Host = "the host is a lower-case DNS name, an IPv4 address, or an IPv6 address in brackets",
    Port = "the port is a number from 1 to 65535 without leading zeros",
    VaultKey = "the key name is 1 to 127 characters of A-Z a-z 0-9 -",
    VaultVersion = "the version is 1 to 64 characters of A-Z a-z 0-9",
    UniqueIdentifier = "the unique identifier is not empty; bytes other than A-Z a-z 0-9 - . _ ~ are written %XX with upper-case digits",
    Pkcs11Query = "PIN and module come from the configuration, never from a key URI; leave out what follows `?`",
    Pkcs11Attribute = "an attribute is malformed, repeated, or has a value that is not allowed",
    Pkcs11Unnamed = "it names no key; give `object` or `id`",
    Thumbprint = "the thumbprint is 43 characters of base64url",
}
