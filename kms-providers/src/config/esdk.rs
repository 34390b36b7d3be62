//! `[esdk]`: keys for messages of the AWS Encryption SDK, and which messages are taken.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use kms_core::{Posture, caps};
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use super::ConfigError;
use super::source::{Source, table};
use crate::uri::{KeyName, KeyUri};

/// What is configured for messages of the AWS Encryption SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EsdkConfig {
    /// Keys, by the name that they have here. No message is opened under any other.
    pub keys: BTreeMap<KeyName, MessageKeyConfig>,
    /// Whether messages are opened that do not commit to their key.
    pub allow_uncommitted: bool,
    /// Most encrypted data keys of a message; 16 unless said.
    pub max_data_keys: usize,
    /// Most plaintext bytes of a frame, or of a body without frames; 64 MiB unless said.
    pub max_frame: u64,
}

/// A key of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageKeyConfig {
    /// Its bytes are in a file.
    Raw(RawKeyConfig),
    /// It is a service's.
    Kms(KmsKeyConfig),
}

impl MessageKeyConfig {
    /// What protects the data keys that it wraps.
    #[must_use]
    pub fn posture(&self) -> Posture {
        match self {
            Self::Raw(raw) => match raw.kind {
                RawKeyKind::Aes { .. } => Posture::Hedged,
                RawKeyKind::Rsa { .. } | RawKeyKind::Ecdh { .. } => Posture::Classical,
            },
            // The symmetric ones only.
            Self::Kms(_) => Posture::Hedged,
        }
    }
}

/// A key of AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KmsKeyConfig {
    /// The key, by its ARN.
    pub key: KeyUri,
    /// The provider that serves it, where several may.
    pub provider: Option<KeyName>,
}

/// A raw key: where it stands, and what messages call it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawKeyConfig {
    /// Namespace of the key in messages ("key provider id").
    pub namespace: String,
    /// Name of the key in messages.
    pub name: String,
    /// The file that holds it.
    pub file: PathBuf,
    /// What kind of key it is.
    pub kind: RawKeyKind,
}

/// A kind of raw key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawKeyKind {
    /// AES of 128, 192 or 256 bits.
    Aes {
        /// How the file holds the bytes.
        encoding: KeyEncoding,
    },
    /// An RSA private key in PEM.
    Rsa {
        /// How data keys are padded.
        padding: Padding,
    },
    /// A private key for key agreement in PEM.
    Ecdh {
        /// The curve.
        curve: CurveName,
        /// The other party's public key in PEM; without it, messages of every sender open.
        peer: Option<PathBuf>,
    },
}

/// How a file holds the bytes of an AES key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyEncoding {
    /// As they are.
    #[default]
    Raw,
    /// As hexadecimal digits.
    Hex,
    /// As base64.
    Base64,
}

/// A padding of RSA encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP with SHA-1.
    OaepSha1,
    /// RSAES-OAEP with SHA-256.
    OaepSha256,
    /// RSAES-OAEP with SHA-384.
    OaepSha384,
    /// RSAES-OAEP with SHA-512.
    OaepSha512,
}

/// A curve of key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CurveName {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Default for EsdkConfig {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            allow_uncommitted: false,
            max_data_keys: caps::ESDK_DATA_KEYS,
            max_frame: caps::ESDK_FRAME,
        }
    }
}

impl EsdkConfig {
    pub(super) fn read(source: &Arc<Source>, value: Option<Spanned<DeValue<'_>>>) -> Result<Self, ConfigError> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        let span = value.span();
        let mut settings = table(source, value)?;
        let keys = super::named(source, settings.remove("key"), |source, _, value| {
            message_key(source, value)
        })?;
        let raw: Raw = source.read(Spanned::new(span, DeValue::Table(settings)))?;
        let own = Self::default();
        Ok(Self {
            keys,
            allow_uncommitted: raw.commitment == RawCommitment::Allow,
            max_data_keys: within(source, raw.max_data_keys, 1..=usize::from(u16::MAX), own.max_data_keys)?,
            max_frame: within(source, raw.max_frame, 1..=u64::from(u32::MAX), own.max_frame)?,
        })
    }
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    source: &Source,
    said: Option<Spanned<T>>,
    range: std::ops::RangeInclusive<T>,
    unsaid: T,
) -> Result<T, ConfigError> {
    match said {
        None => Ok(unsaid),
        Some(value) if range.contains(value.get_ref()) => Ok(value.into_inner()),
        Some(value) => {
            let (least, most) = (range.start(), range.end());
            Err(source.error(value.span(), format_args!("this is a number from {least} to {most}")))
        }
    }
}

fn message_key(source: &Source, value: Spanned<DeValue<'_>>) -> Result<MessageKeyConfig, ConfigError> {
    let span = value.span();
    let raw: RawKey = source.read(value)?;
    match raw.kind {
        RawKind::AwsKms => kms_key(source, raw, span).map(MessageKeyConfig::Kms),
        _ => raw_key(source, raw, span).map(MessageKeyConfig::Raw),
    }
}

fn kms_key(source: &Source, raw: RawKey, span: Range<usize>) -> Result<KmsKeyConfig, ConfigError> {
    let RawKey {
        kind: RawKind::AwsKms,
        arn: Some(arn),
        provider,
        namespace: None,
        name: None,
        file: None,
        encoding: None,
        padding: None,
        curve: None,
        peer: None,
    } = raw
    else {
        return Err(source.error(span, MISPLACED));
    };
    let key = format!("aws-kms://{}", arn.get_ref()).parse();
    Ok(KmsKeyConfig {
        key: key.map_err(|error| source.error(arn.span(), error))?,
        provider: match provider {
            None => None,
            Some(name) => {
                let parsed = KeyName::parse(name.get_ref());
                Some(parsed.map_err(|fault| source.error(name.span(), fault))?)
            }
        },
    })
}

fn raw_key(source: &Source, raw: RawKey, span: Range<usize>) -> Result<RawKeyConfig, ConfigError> {
    let missing = |what: &str| source.error(span.clone(), format_args!("`{what}` is missing"));
    let allowed = match raw.kind {
        _ if raw.arn.is_some() || raw.provider.is_some() => [false; 3],
        RawKind::AwsKms => [false; 3],
        RawKind::Aes => [raw.padding.is_none(), raw.curve.is_none(), raw.peer.is_none()],
        RawKind::Rsa => [raw.encoding.is_none(), raw.curve.is_none(), raw.peer.is_none()],
        RawKind::Ecdh => [
            raw.encoding.is_none(),
            raw.padding.is_none(),
            raw.namespace.is_none() && raw.name.is_none(),
        ],
    };
    if allowed.contains(&false) {
        return Err(source.error(span, MISPLACED));
    }
    let file = raw.file.ok_or_else(|| missing("file"))?;
    let kind = match raw.kind {
        RawKind::AwsKms => return Err(source.error(span, MISPLACED)),
        RawKind::Aes => RawKeyKind::Aes {
            encoding: raw.encoding.unwrap_or_default(),
        },
        RawKind::Rsa => RawKeyKind::Rsa {
            padding: raw.padding.ok_or_else(|| missing("padding"))?,
        },
        RawKind::Ecdh => RawKeyKind::Ecdh {
            curve: raw.curve.ok_or_else(|| missing("curve"))?,
            peer: raw.peer.map(|peer| source.folder.join(peer)),
        },
    };
    let named = !matches!(kind, RawKeyKind::Ecdh { .. });
    let text = |said: Option<String>, what| match said {
        Some(text) => Ok(text),
        None if named => Err(missing(what)),
        None => Ok(String::new()),
    };
    Ok(RawKeyConfig {
        namespace: text(raw.namespace, "namespace")?,
        name: text(raw.name, "name")?,
        file: source.folder.join(file),
        kind,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    commitment: RawCommitment,
    max_data_keys: Option<Spanned<usize>>,
    max_frame: Option<Spanned<u64>>,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RawCommitment {
    #[default]
    Require,
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    kind: RawKind,
    arn: Option<Spanned<String>>,
    provider: Option<Spanned<String>>,
    namespace: Option<String>,
    name: Option<String>,
    file: Option<PathBuf>,
    encoding: Option<KeyEncoding>,
    padding: Option<Padding>,
    curve: Option<CurveName>,
    peer: Option<PathBuf>,
}

#[derive(Deserialize, Clone, Copy)]
enum RawKind {
    #[serde(rename = "raw-aes")]
    Aes,
    #[serde(rename = "raw-rsa")]
    Rsa,
    #[serde(rename = "raw-ecdh")]
    Ecdh,
    #[serde(rename = "aws-kms")]
    AwsKms,
}

const MISPLACED: &str = "a raw-aes key has namespace, name, file and encoding; a raw-rsa key namespace, name, file and \
                         padding; a raw-ecdh key file, curve and perhaps peer; an aws-kms key arn and perhaps provider";

#[cfg(test)]
mod tests {
    use crate::config::Config;

    use super::*;

    fn esdk(text: &str) -> Result<EsdkConfig, String> {
        let text = format!("audit = \"none\"\n{text}");
        let config = Config::parse(&text, "/home".as_ref());
        config.map(|config| config.esdk).map_err(|error| error.to_string())
    }

    #[test]
    fn the_documented_section() {
        let read = esdk(
            r#"
            [esdk]
            commitment = "allow"
            max_data_keys = 3
            max_frame = 1_000
            [esdk.key.old]
            kind = "raw-aes"
            namespace = "my-app"
            name = "key-2019"
            file = "old.key"
            encoding = "hex"
            [esdk.key.partner]
            kind = "raw-rsa"
            namespace = "partner"
            name = "rsa-1"
            file = "/keys/rsa.pem"
            padding = "oaep-sha256"
            [esdk.key.mine]
            kind = "raw-ecdh"
            file = "me.pem"
            curve = "p384"
            peer = "you.pub.pem"
            [esdk.key.cloud]
            kind = "aws-kms"
            arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            provider = "aws-eu"
            "#,
        )
        .unwrap();
        assert!(read.allow_uncommitted);
        assert_eq!((read.max_data_keys, read.max_frame), (3, 1000));
        let MessageKeyConfig::Raw(old) = &read.keys["old"] else {
            panic!("a raw key")
        };
        assert_eq!((&*old.namespace, &*old.name), ("my-app", "key-2019"));
        assert_eq!(old.file, PathBuf::from("/home/old.key"));
        let MessageKeyConfig::Kms(cloud) = &read.keys["cloud"] else {
            panic!("a key of a service")
        };
        assert_eq!(cloud.key.region(), Some("eu-west-1"));
        assert_eq!(cloud.provider.as_ref().map(KeyName::as_str), Some("aws-eu"));
        assert_eq!(read.keys.len(), 4);
    }

    #[test]
    fn the_safe_side_unless_said() {
        let read = esdk("").unwrap();
        assert_eq!(read, EsdkConfig::default());
        assert!(!read.allow_uncommitted);
        assert_eq!((read.max_data_keys, read.max_frame), (16, 64 << 20));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let key = "[esdk.key.a]\nfile = \"f\"\n";
        for (text, part) in [
            ("[esdk]\ncommitment = \"maybe\"".to_owned(), "require"),
            ("[esdk]\nmax_data_keys = 0".to_owned(), "from 1 to 65535"),
            ("[esdk]\nmax_frame = 5_000_000_000".to_owned(), "4294967295"),
            ("[esdk]\nother = 1".to_owned(), "unknown field"),
            (
                format!("{key}kind = \"raw-aes\"\nname = \"n\""),
                "`namespace` is missing",
            ),
            (
                format!("{key}kind = \"raw-rsa\"\nname = \"n\"\nnamespace = \"m\""),
                "`padding` is missing",
            ),
            (
                format!("{key}kind = \"raw-ecdh\"\ncurve = \"p256\"\nname = \"n\""),
                "a raw-ecdh key",
            ),
            (format!("{key}kind = \"aws-kms\""), "an aws-kms key arn"),
            (
                "[esdk.key.a]\nkind = \"aws-kms\"\narn = \"arn:aws:kms:*:*:key/*\"".to_owned(),
                "arn",
            ),
            (
                format!("{key}kind = \"raw-ecdh\"\ncurve = \"p256\"\nprovider = \"aws\""),
                "an aws-kms key",
            ),
            (
                "[esdk.key.a]\nkind = \"raw-ecdh\"\ncurve = \"p256\"".to_owned(),
                "`file` is missing",
            ),
        ] {
            let error = esdk(&text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
