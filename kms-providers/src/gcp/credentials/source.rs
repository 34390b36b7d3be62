//! The ways to a token.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use async_trait::async_trait;
use http::Method;
use kms_core::KekFault;
use serde_json::json;
use zeroize::Zeroizing;

use super::assertion::ServiceKey;
use super::file::{AuthorizedUser, CredentialsFile, ExternalAccount, Format, FormatKind};
use super::form::form;
use super::impersonate::Impersonation;
use super::remote::{Hosts, Plain, Remote, TokenReply, judge};
use super::{CredentialsFault, Token, set_secret};
use crate::cloud::{CallSettings, Endpoint, Judgement, Protocol, Reply, Request};
use crate::gcp::settings::{GcpSettings, Identity};

/// Where tokens come from.
pub(super) enum Source {
    /// Nobody asks: for emulators.
    Nobody,
    /// There were credentials, and they are of no use.
    Broken,
    /// The metadata server of the machine.
    Metadata { remote: Remote, is_asked_for: bool },
    /// A service account's key, that signs what the token endpoint exchanges.
    ServiceAccount {
        key: ServiceKey,
        remote: Remote,
        audience: String,
    },
    /// A service account's key, that signs the tokens themselves.
    SelfSigned(ServiceKey),
    /// A user who once logged in.
    User { remote: Remote, user: AuthorizedUser },
    /// An identity of somebody else's, that Google exchanges (RFC 8693).
    External(Box<External>),
}

/// A federated identity.
pub(super) struct External {
    remote: Remote,
    subject: Subject,
    format: Format,
    account: ExternalAccount,
}

/// Where the token of the other side is.
enum Subject {
    File(PathBuf),
    Url(Box<Remote>, Vec<(String, String)>),
}

/// What a credentials file stands for.
pub(super) fn of_file(
    file: CredentialsFile,
    settings: &GcpSettings,
    hosts: &Hosts<'_>,
) -> Result<(Source, Option<Impersonation>), CredentialsFault> {
    let calls = &settings.calls;
    Ok(match file {
        CredentialsFile::ServiceAccount(file) => {
            let key = ServiceKey::new(file.client_email, file.private_key_id, &file.private_key)?;
            if settings.self_signed_jwt && settings.impersonate.is_none() {
                return Ok((Source::SelfSigned(key), None));
            }
            let remote = Remote::allowed(&file.token_uri, hosts, calls)?;
            let audience = file.token_uri;
            (Source::ServiceAccount { key, remote, audience }, None)
        }
        CredentialsFile::AuthorizedUser(user) => {
            let remote = Remote::allowed(&user.token_uri, hosts, calls)?;
            (Source::User { remote, user }, None)
        }
        CredentialsFile::ExternalAccount(account) => {
            let impersonation = match &account.service_account_impersonation_url {
                Some(url) => Some(Impersonation::of_url(url, Vec::new(), hosts, calls)?),
                None => None,
            };
            let external = External::new(account, hosts, calls)?;
            (Source::External(Box::new(external)), impersonation)
        }
        CredentialsFile::ImpersonatedServiceAccount(file) => {
            let url = &file.service_account_impersonation_url;
            let impersonation = Impersonation::of_url(url, file.delegates, hosts, calls)?;
            match of_file(*file.source_credentials, settings, hosts)? {
                (source, None) => (source, Some(impersonation)),
                (_, Some(_)) => return Err(CredentialsFault::Kind),
            }
        }
        CredentialsFile::Other => return Err(CredentialsFault::Kind),
    })
}

impl Source {
    /// The metadata server. `GCE_METADATA_HOST` is what Google's own tools read.
    pub(super) fn metadata(settings: &GcpSettings) -> Result<Self, CredentialsFault> {
        let named = std::env::var("GCE_METADATA_HOST")
            .ok()
            .map(|host| format!("http://{host}"));
        let endpoint = settings.metadata_endpoint.clone().or(named);
        let endpoint = Endpoint::parse_metadata(endpoint.as_deref().unwrap_or(METADATA));
        let mut calls = settings.calls.clone();
        // It is on the link, or not there at all.
        calls.connect_ms = calls.connect_ms.min(1_000);
        calls.attempts = calls.attempts.min(3);
        Ok(Self::Metadata {
            remote: Remote::new(endpoint.map_err(CredentialsFault::Url)?, METADATA_TOKEN, &calls)?,
            is_asked_for: settings.identity == Identity::Metadata || settings.metadata_endpoint.is_some(),
        })
    }

    /// A new token. `ahead` is by how much KMS' clock is ahead of ours.
    pub(super) async fn token(&self, scope: &str, ahead: i64) -> Result<Token, KekFault> {
        match self {
            Self::Nobody | Self::Broken => Err(KekFault::Denied),
            Self::Metadata { remote, is_asked_for } => {
                let token = metadata_token(remote).await;
                // Nobody said that this machine has one.
                token.map_err(|fault| if *is_asked_for { fault } else { KekFault::Denied })
            }
            Self::ServiceAccount { key, remote, audience } => {
                let request = form_request(remote, Zeroizing::default());
                let asserting = Asserting { key, audience, scope };
                remote.ask_json::<TokenReply>(&asserting, &request).await?.token()
            }
            Self::SelfSigned(key) => {
                let (token, seconds) = key.bearer(ahead)?;
                Ok(Token::new(token, seconds))
            }
            Self::User { remote, user } => {
                let body = form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", &user.client_id),
                    ("client_secret", &user.client_secret),
                    ("refresh_token", &user.refresh_token),
                ]);
                let request = form_request(remote, body);
                remote.ask_json::<TokenReply>(&Plain, &request).await?.token()
            }
            Self::External(external) => external.token(scope).await,
        }
    }
}

async fn metadata_token(remote: &Remote) -> Result<Token, KekFault> {
    let mut request = remote.request(Method::GET, Zeroizing::default());
    request.set("metadata-flavor", "Google");
    let reply = remote.ask(&Plain, &request).await?;
    // Whatever else answers at that address is none.
    if reply.header("metadata-flavor") != Some("Google") {
        return Err(KekFault::BadReply);
    }
    let reply: TokenReply = serde_json::from_slice(&reply.body).map_err(|_| KekFault::BadReply)?;
    reply.token()
}

fn form_request(remote: &Remote, body: Zeroizing<Vec<u8>>) -> Request {
    let mut request = remote.request(Method::POST, body);
    request.set("content-type", "application/x-www-form-urlencoded");
    request
}

/// Requests that a service account's key signs, each time anew: the clock that they go by may have been corrected.
struct Asserting<'a> {
    key: &'a ServiceKey,
    audience: &'a str,
    scope: &'a str,
}

#[async_trait]
impl Protocol for Asserting<'_> {
    fn name(&self) -> &str {
        Plain.name()
    }

    async fn authorize(&self, request: &mut Request, _: bool, ahead: i64) -> Result<(), KekFault> {
        let assertion = self.key.assertion(self.audience, self.scope, ahead)?;
        let body = form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion),
        ]);
        request.body = bytes::Bytes::from_owner(body);
        Ok(())
    }

    /// A refusal may be for its time: it is sent again by the server's clock, if that differs.
    fn judge(&self, reply: &Reply) -> Judgement {
        judge(reply, Judgement::Clock(KekFault::Denied))
    }

    fn request_id<'r>(&self, _: &'r Reply) -> Option<&'r str> {
        None
    }
}

impl External {
    fn new(mut account: ExternalAccount, hosts: &Hosts<'_>, calls: &CallSettings) -> Result<Self, CredentialsFault> {
        let source = &mut account.credential_source;
        let subject = match (source.file.take(), source.url.take()) {
            (Some(file), None) => Subject::File(file),
            (None, Some(url)) => {
                let headers = std::mem::take(&mut source.headers).into_iter().collect();
                Subject::Url(Box::new(Remote::allowed(&url, hosts, calls)?), headers)
            }
            _ => return Err(CredentialsFault::SubjectSource),
        };
        let format = std::mem::take(&mut source.format);
        if format.kind == FormatKind::Json && format.subject_token_field_name.is_none() {
            return Err(CredentialsFault::Form);
        }
        let remote = Remote::allowed(&account.token_url, hosts, calls)?;
        Ok(Self {
            remote,
            subject,
            format,
            account,
        })
    }

    async fn token(&self, scope: &str) -> Result<Token, KekFault> {
        let subject = self.subject_token().await?;
        let account = &self.account;
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", &account.audience),
            ("scope", scope),
            ("subject_token_type", &account.subject_token_type),
            ("subject_token", &subject),
        ];
        let options = account.workforce_pool_user_project.as_ref();
        let options = options.map(|project| json!({ "userProject": project }).to_string());
        if let Some(options) = &options {
            fields.push(("options", options));
        }
        if let (Some(id), Some(secret)) = (&account.client_id, &account.client_secret) {
            fields.extend([("client_id", id.as_str()), ("client_secret", secret)]);
        }
        let request = form_request(&self.remote, form(&fields));
        self.remote.ask_json::<TokenReply>(&Plain, &request).await?.token()
    }

    /// The other side's token, as it is now: it is renewed where it lies.
    async fn subject_token(&self) -> Result<Zeroizing<String>, KekFault> {
        let found = match &self.subject {
            Subject::File(path) => read(path)?,
            Subject::Url(remote, headers) => {
                let mut request = remote.request(Method::GET, Zeroizing::default());
                for (name, value) in headers {
                    set_secret(&mut request, name, value)?;
                }
                remote.ask(&Plain, &request).await?.body
            }
        };
        let token = match (self.format.kind, &self.format.subject_token_field_name) {
            (FormatKind::Json, Some(field)) => field_of(&found, field)?,
            _ => Zeroizing::new(
                std::str::from_utf8(&found)
                    .map_err(|_| KekFault::Denied)?
                    .trim()
                    .to_owned(),
            ),
        };
        match token.is_empty() {
            true => Err(KekFault::Denied),
            false => Ok(token),
        }
    }
}

fn read(path: &PathBuf) -> Result<Zeroizing<Vec<u8>>, KekFault> {
    let file = File::open(path).map_err(|_| KekFault::Denied)?;
    let mut content = Zeroizing::new(Vec::with_capacity(SUBJECT_LEN));
    let most = u64::try_from(SUBJECT_LEN).unwrap_or(u64::MAX);
    file.take(most)
        .read_to_end(&mut content)
        .map_err(|_| KekFault::Denied)?;
    Ok(content)
}

fn field_of(json: &[u8], field: &str) -> Result<Zeroizing<String>, KekFault> {
    let mut value: serde_json::Value = serde_json::from_slice(json).map_err(|_| KekFault::Denied)?;
    match value.get_mut(field).map(serde_json::Value::take) {
        Some(serde_json::Value::String(token)) => Ok(Zeroizing::new(token)),
        _ => Err(KekFault::Denied),
    }
}

const METADATA: &str = "http://169.254.169.254";
const METADATA_TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// Longer tokens are none.
const SUBJECT_LEN: usize = 64 << 10;
