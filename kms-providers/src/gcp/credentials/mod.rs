//! Who asks: the chain of credentials, and tokens until they expire.
//!
//! ```text
//! (this)       which credentials there are; the token at hand, and when there has to be another
//! file         credentials files: what they say, and which of it is believed
//! source       the ways to a token: an assertion, a refresh token, a metadata server, a federated identity
//! impersonate  acting as a service account
//! remote       one server that gives tokens
//! assertion    JSON web tokens (RFC 7519) that a service account's key signs
//! form         bodies of OAuth requests, wiped
//! ```

mod assertion;
mod file;
mod form;
mod impersonate;
mod remote;
mod source;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use kms_core::KekFault;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use self::file::CredentialsFile;
use self::impersonate::Impersonation;
use self::remote::Hosts;
use self::source::Source;
use super::settings::{GcpSettings, Identity};
use crate::cloud::{EndpointFault, Request};

/// A credentials file, or what the configuration says of credentials, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsFault {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable,
    /// It is no credentials file.
    #[error("it is no credentials file of Google's: JSON with a `type`, and all that this type has")]
    Form,
    /// Its type is not supported.
    #[error("its `type` is none of service_account, authorized_user, external_account, impersonated_service_account")]
    Kind,
    /// The source of a federated identity is not supported.
    #[error("its `credential_source` is neither a `file` nor a `url`; AWS' and executables are not supported")]
    SubjectSource,
    /// The private key is none.
    #[error("its `private_key` is no RSA key in PKCS#8 and PEM")]
    PrivateKey,
    /// It names a server that is neither Google's nor allowed.
    #[error("it names a server that is neither Google's nor in `token_hosts`; if you trust it, add it there")]
    Host,
    /// A URL in it cannot be used.
    #[error("a URL in it cannot be used: {0}")]
    Url(EndpointFault),
    /// Connections to a server that gives tokens cannot be made as configured.
    #[error("`calls` does not suit the servers that give tokens")]
    Connection,
    /// A service account's address is none.
    #[error("a service account to act as is named by its address, and that of another by its own")]
    Account,
    /// Nobody may ask over a network.
    #[error("`identity = \"nobody\"` is for an `endpoint` on this machine")]
    Nobody,
}

/// Credentials, and the token at hand.
pub(super) struct Credentials {
    source: Source,
    impersonation: Option<Impersonation>,
    quota_project: Option<String>,
    kept: Mutex<Option<Token>>,
}

/// A token, until it expires.
struct Token {
    value: Zeroizing<String>,
    expires: Instant,
}

impl Credentials {
    /// The credentials that the configuration names. Nothing is asked of anybody yet.
    pub(super) fn configured(settings: &GcpSettings, is_on_this_machine: bool) -> Result<Self, CredentialsFault> {
        let hosts = Hosts::new(settings);
        if settings.identity == Identity::Nobody {
            return match is_on_this_machine {
                true => Ok(Self::of(Source::Nobody, None, settings)),
                false => Err(CredentialsFault::Nobody),
            };
        }
        let (source, mut impersonation, quota_project) = match &settings.credentials_file {
            Some(path) => Self::of_file(CredentialsFile::read(path)?, settings, &hosts)?,
            None => Self::found(settings, &hosts)?,
        };
        if let Some(account) = &settings.impersonate {
            impersonation = Some(Impersonation::configured(account, settings)?);
        }
        let mut credentials = Self::of(source, impersonation, settings);
        credentials.quota_project = settings.quota_project.clone().or(quota_project);
        Ok(credentials)
    }

    fn of(source: Source, impersonation: Option<Impersonation>, settings: &GcpSettings) -> Self {
        Self {
            source,
            impersonation,
            quota_project: settings.quota_project.clone(),
            kept: Mutex::default(),
        }
    }

    /// Where Google's own tools look. A file that is there and cannot be used is nobody's fault but its own: keys of
    /// other providers go on working, and those of Google are refused.
    fn found(settings: &GcpSettings, hosts: &Hosts<'_>) -> Result<Parts, CredentialsFault> {
        let file = match settings.identity {
            Identity::ApplicationDefault => named_by_environment().or_else(kept_by_gcloud),
            _ => None,
        };
        let Some(path) = file else {
            return Ok((Source::metadata(settings)?, None, None));
        };
        let read = CredentialsFile::read(&path).and_then(|file| Self::of_file(file, settings, hosts));
        Ok(read.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "the application-default credentials cannot be used");
            (Source::Broken, None, None)
        }))
    }

    fn of_file(file: CredentialsFile, settings: &GcpSettings, hosts: &Hosts<'_>) -> Result<Parts, CredentialsFault> {
        let quota_project = file.quota_project();
        let (source, impersonation) = source::of_file(file, settings, hosts)?;
        Ok((source, impersonation, quota_project))
    }

    /// Adds who asks. With `afresh`, not with the token that was given last: it was refused.
    pub(super) async fn authorize(&self, request: &mut Request, afresh: bool, ahead: i64) -> Result<(), KekFault> {
        if let Some(project) = &self.quota_project {
            request.set("x-goog-user-project", project);
        }
        if matches!(self.source, Source::Nobody) {
            return Ok(());
        }
        let mut kept = self.kept.lock().await;
        // Others wait here: one renewal is enough for all.
        if afresh || kept.as_ref().is_none_or(|token| !token.is_good_for(RENEW_BEFORE)) {
            match self.renew(ahead).await {
                Ok(token) => *kept = Some(token),
                // Who gives tokens is away for a moment, and the one at hand is still good.
                Err(fault) if fault.is_unavailable() && !afresh && good(kept.as_ref()) => {}
                Err(fault) => return Err(fault),
            }
        }
        let token = kept.as_ref().ok_or(KekFault::Denied)?;
        bear(request, &token.value)
    }

    async fn renew(&self, ahead: i64) -> Result<Token, KekFault> {
        let scope = match self.impersonation {
            Some(_) => EVERYTHING,
            None => KMS,
        };
        let token = self.source.token(scope, ahead).await?;
        match &self.impersonation {
            Some(impersonation) => impersonation.token(&token.value, KMS).await,
            None => Ok(token),
        }
    }
}

type Parts = (Source, Option<Impersonation>, Option<String>);

impl Token {
    /// A token that expires so many seconds from now.
    fn new(value: Zeroizing<String>, seconds: u64) -> Self {
        Self {
            value,
            expires: Instant::now() + Duration::from_secs(seconds.min(LONGEST)),
        }
    }

    fn is_good_for(&self, time: Duration) -> bool {
        self.expires > Instant::now() + time
    }
}

fn good(kept: Option<&Token>) -> bool {
    kept.is_some_and(|token| token.is_good_for(Duration::from_secs(1)))
}

/// Shows a token (RFC 6750 2.1).
fn bear(request: &mut Request, token: &str) -> Result<(), KekFault> {
    let header = Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::from_str(&header).map_err(|_| KekFault::BadReply)?;
    value.set_sensitive(true);
    request.headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Sets a header whose value is not shown when headers are.
fn set_secret(request: &mut Request, name: &str, value: &str) -> Result<(), KekFault> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| KekFault::Denied)?;
    let mut value = HeaderValue::from_str(value).map_err(|_| KekFault::Denied)?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}

fn named_by_environment() -> Option<PathBuf> {
    let named = std::env::var_os("GOOGLE_APPLICATION_CREDENTIALS")?;
    (!named.is_empty()).then(|| named.into())
}

/// Where `gcloud auth application-default login` leaves it.
fn kept_by_gcloud() -> Option<PathBuf> {
    let folder = match std::env::var_os("CLOUDSDK_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(&std::env::var_os("HOME")?).join(".config/gcloud"),
    };
    let path = folder.join("application_default_credentials.json");
    path.exists().then_some(path)
}

/// All that is needed here.
const KMS: &str = "https://www.googleapis.com/auth/cloudkms";
/// What acting as somebody else takes.
const EVERYTHING: &str = "https://www.googleapis.com/auth/cloud-platform";
/// A metadata server hands out new tokens about five minutes before the old ones expire.
const RENEW_BEFORE: Duration = Duration::from_secs(225);
/// No token is believed for longer than a day.
const LONGEST: u64 = 86_400;
