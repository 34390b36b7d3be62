//! Serial numbers of bills of materials.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use kms_core::crypto::CryptoBackend;

/// A serial number: a UUID (RFC 9562).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial(String);

impl Serial {
    /// A random one (version 4).
    ///
    /// # Errors
    /// [`kms_core::Error::Random`].
    pub fn random(backend: &CryptoBackend) -> kms_core::Result<Self> {
        let mut bytes = [0; 16];
        backend.random.fill(&mut bytes)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = HEXLOWER.encode(&bytes);
        Ok(Self(format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )))
    }
}

impl FromStr for Serial {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix(URN).unwrap_or(text).to_ascii_lowercase();
        let is_uuid = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if is_uuid {
            Ok(Self(text))
        } else {
            Err("expected a UUID")
        }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{URN}{}", self.0)
    }
}

const URN: &str = "urn:uuid:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ones_are_of_version_4_and_read_back() {
        let one = Serial::random(&CryptoBackend::default()).unwrap();
        assert_eq!((&one.0[14..15], one.0.len()), ("4", 36));
        assert_eq!(one.to_string().parse::<Serial>().unwrap(), one);
        assert_ne!(Serial::random(&CryptoBackend::default()).unwrap(), one);
        assert!("0123".parse::<Serial>().is_err());
    }
}
