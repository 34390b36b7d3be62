//! Which proof the settings or the environment name.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use zeroize::Zeroizing;

use super::Identity;
use super::assertion::Certificate;
use super::issuer::Issuer;
use super::managed::{Chosen, Host, ManagedIdentity};
use super::principal::{Principal, Proof};
use crate::azure::challenge::is_tenant;
use crate::azure::settings::{CredentialKind, CredentialSettings};
use crate::cloud::{CallSettings, Endpoint};

/// What is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFault {
    /// No application is named.
    #[error("`client_id` is missing; name the application's id, or set AZURE_CLIENT_ID")]
    ClientId,
    /// The proof is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The certificate cannot be used.
    #[error("the certificate file cannot be read, or is no PEM with a certificate and its RSA key, not encrypted")]
    Certificate,
    /// The tenant cannot be one.
    #[error("a tenant is an id or a domain")]
    Tenant,
    /// Nobody knows who issues tokens for a vault of this name.
    #[error("name who issues tokens in `authority`, such as https://login.microsoftonline.com")]
    NoAuthority,
    /// An endpoint of the credential is none.
    #[error("`{0}` of the credential is no endpoint")]
    Endpoint(&'static str),
    /// Connections cannot be made as configured.
    #[error("{0}")]
    Connection(String),
}

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The identity that the settings name; what they leave open, the environment fills in.
pub(in crate::azure) fn identity(
    settings: &CredentialSettings,
    cloud_authority: Option<&str>,
    calls: &CallSettings,
    environment: Lookup<'_>,
) -> Result<Identity, IdentityFault> {
    let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
    let chain = Chain {
        settings,
        cloud_authority,
        calls,
        environment: &environment,
    };
    match chain.kind() {
        CredentialKind::ClientSecret => chain.principal(chain.secret()?),
        CredentialKind::ClientCertificate => chain.principal(chain.certificate()?),
        CredentialKind::WorkloadIdentity => chain.principal(chain.federated()?),
        CredentialKind::ManagedIdentity | CredentialKind::Environment => chain.managed(),
    }
}

struct Chain<'a> {
    settings: &'a CredentialSettings,
    cloud_authority: Option<&'a str>,
    calls: &'a CallSettings,
    environment: Lookup<'a>,
}

impl Chain<'_> {
    /// The first of the chain that has what it needs; a managed identity needs nothing.
    fn kind(&self) -> CredentialKind {
        let has = |setting: &Option<PathBuf>, variable| setting.is_some() || (self.environment)(variable).is_some();
        match self.settings.kind {
            CredentialKind::Environment if has(&self.settings.secret_file, "AZURE_CLIENT_SECRET") => {
                CredentialKind::ClientSecret
            }
            CredentialKind::Environment if has(&self.settings.certificate_file, "AZURE_CLIENT_CERTIFICATE_PATH") => {
                CredentialKind::ClientCertificate
            }
            CredentialKind::Environment if has(&self.settings.token_file, "AZURE_FEDERATED_TOKEN_FILE") => {
                CredentialKind::WorkloadIdentity
            }
            kind => kind,
        }
    }

    fn principal(&self, proof: Proof) -> Result<Identity, IdentityFault> {
        let tenant = self
            .settings
            .tenant
            .clone()
            .or_else(|| (self.environment)("AZURE_TENANT_ID"));
        if tenant.as_deref().is_some_and(|tenant| !is_tenant(tenant)) {
            return Err(IdentityFault::Tenant);
        }
        Ok(Identity::Principal(Principal {
            issuer: self.issuer(self.authority()?)?,
            tenant,
            client_id: self.client_id().ok_or(IdentityFault::ClientId)?,
            proof,
        }))
    }

    fn authority(&self) -> Result<Endpoint, IdentityFault> {
        let told = self.settings.authority.clone();
        let told = told.or_else(|| (self.environment)("AZURE_AUTHORITY_HOST"));
        let told = told.or_else(|| self.cloud_authority.map(str::to_owned));
        let told = told.ok_or(IdentityFault::NoAuthority)?;
        // Workload identity sets it without a scheme in some releases.
        let url = match told.contains("://") {
            true => told,
            false => format!("https://{told}"),
        };
        Endpoint::parse(&url).map_err(|_| IdentityFault::Endpoint("authority"))
    }

    fn client_id(&self) -> Option<String> {
        let told = self.settings.client_id.clone();
        told.or_else(|| (self.environment)("AZURE_CLIENT_ID"))
    }

    fn secret(&self) -> Result<Proof, IdentityFault> {
        if let Some(file) = &self.settings.secret_file {
            return Ok(Proof::SecretFile(file.clone()));
        }
        let secret = (self.environment)("AZURE_CLIENT_SECRET");
        let missing = IdentityFault::Missing("`secret_file`, or AZURE_CLIENT_SECRET,");
        secret
            .map(|secret| Proof::Secret(Zeroizing::new(secret)))
            .ok_or(missing)
    }

    fn certificate(&self) -> Result<Proof, IdentityFault> {
        let file = self.file(&self.settings.certificate_file, "AZURE_CLIENT_CERTIFICATE_PATH");
        let file = file.ok_or(IdentityFault::Missing(
            "`certificate_file`, or AZURE_CLIENT_CERTIFICATE_PATH,",
        ))?;
        let certificate = Certificate::read(&file, self.settings.send_certificates);
        Ok(Proof::Certificate(Box::new(
            certificate.ok_or(IdentityFault::Certificate)?,
        )))
    }

    fn federated(&self) -> Result<Proof, IdentityFault> {
        let file = self.file(&self.settings.token_file, "AZURE_FEDERATED_TOKEN_FILE");
        let missing = IdentityFault::Missing("`token_file`, or AZURE_FEDERATED_TOKEN_FILE,");
        file.map(Proof::Federated).ok_or(missing)
    }

    fn file(&self, told: &Option<PathBuf>, variable: &str) -> Option<PathBuf> {
        told.clone().or_else(|| (self.environment)(variable).map(PathBuf::from))
    }

    fn managed(&self) -> Result<Identity, IdentityFault> {
        let (endpoint, host) = self.host()?;
        let resource = self.settings.resource_id.clone().map(Chosen::Resource);
        Ok(Identity::Managed(ManagedIdentity {
            issuer: self.issuer(endpoint)?,
            host,
            chosen: resource.or_else(|| self.client_id().map(Chosen::Client)),
            is_guess: self.settings.kind == CredentialKind::Environment && self.settings.metadata_endpoint.is_none(),
            is_there: AtomicBool::new(false),
        }))
    }

    fn host(&self) -> Result<(Endpoint, Host), IdentityFault> {
        if let Some(told) = &self.settings.metadata_endpoint {
            let endpoint = Endpoint::on_the_machine(told).map_err(|_| IdentityFault::Endpoint("metadata_endpoint"))?;
            return Ok((endpoint, Host::Machine));
        }
        let Some(told) = (self.environment)("IDENTITY_ENDPOINT") else {
            let endpoint =
                Endpoint::on_the_machine(METADATA).map_err(|_| IdentityFault::Endpoint("metadata_endpoint"))?;
            return Ok((endpoint, Host::Machine));
        };
        let (endpoint, path) = split(&told).ok_or(IdentityFault::Endpoint("IDENTITY_ENDPOINT"))?;
        match (self.environment)("IDENTITY_HEADER").map(Zeroizing::new) {
            Some(header) => Ok((endpoint, Host::App { path, header })),
            None if (self.environment)("IMDS_ENDPOINT").is_some() => Ok((endpoint, Host::Arc { path })),
            None => Err(IdentityFault::Missing("IDENTITY_HEADER")),
        }
    }

    fn issuer(&self, endpoint: Endpoint) -> Result<Issuer, IdentityFault> {
        Issuer::new(endpoint, self.calls).map_err(IdentityFault::Connection)
    }
}

/// `http://HOST:PORT` and `/PATH`, on this machine.
fn split(url: &str) -> Option<(Endpoint, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_path = path
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
    let endpoint = Endpoint::on_the_machine(&format!("{scheme}://{host}")).ok()?;
    is_path.then(|| (endpoint, format!("/{path}")))
}

const METADATA: &str = "http://169.254.169.254";

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(settings: &CredentialSettings, variables: &[(&str, &str)]) -> Result<Identity, IdentityFault> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let calls = CallSettings::default();
        // Certificates of the system are not what is tried here.
        identity(settings, Some("http://127.0.0.1:1"), &calls, &find)
    }

    fn name(identity: &Result<Identity, IdentityFault>) -> &'static str {
        match identity {
            Ok(Identity::Principal(principal)) => match principal.proof {
                Proof::Secret(_) => "secret",
                Proof::SecretFile(_) => "secret file",
                Proof::Certificate(_) => "certificate",
                Proof::Federated(_) => "federated",
            },
            Ok(Identity::Managed(managed)) => match managed.host {
                Host::Machine => "machine",
                Host::App { .. } => "app",
                Host::Arc { .. } => "arc",
            },
            Err(_) => "none",
        }
    }

    #[test]
    fn the_environment_names_the_proof() {
        let id = ("AZURE_CLIENT_ID", "app");
        let app = ("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token");
        let cases: &[(&[(&str, &str)], &str)] = &[
            (
                &[id, ("AZURE_CLIENT_SECRET", "s"), ("AZURE_FEDERATED_TOKEN_FILE", "/t")],
                "secret",
            ),
            (&[id, ("AZURE_FEDERATED_TOKEN_FILE", "/t"), app], "federated"),
            (&[id, ("AZURE_CLIENT_SECRET", ""), app, ("IDENTITY_HEADER", "h")], "app"),
            (
                &[
                    ("IDENTITY_ENDPOINT", "http://169.254.129.2:8081/msi/token"),
                    ("IDENTITY_HEADER", "h"),
                ],
                "app",
            ),
            (
                &[
                    (
                        "IDENTITY_ENDPOINT",
                        "http://localhost:40342/metadata/identity/oauth2/token",
                    ),
                    ("IMDS_ENDPOINT", "x"),
                ],
                "arc",
            ),
            (&[], "machine"),
            (&[id], "machine"),
            (&[("AZURE_CLIENT_SECRET", "s")], "none"),
            (&[app], "none"),
            (
                &[
                    ("IDENTITY_ENDPOINT", "http://evil.example/msi/token"),
                    ("IDENTITY_HEADER", "h"),
                ],
                "none",
            ),
            (
                &[
                    ("IDENTITY_ENDPOINT", "http://127.0.0.1@evil.example/x"),
                    ("IDENTITY_HEADER", "h"),
                ],
                "none",
            ),
            (&[id, ("AZURE_CLIENT_SECRET", "s"), ("AZURE_TENANT_ID", "../x")], "none"),
        ];
        for (variables, expected) in cases {
            assert_eq!(
                name(&chosen(&CredentialSettings::default(), variables)),
                *expected,
                "{variables:?}"
            );
        }
    }

    #[test]
    fn settings_come_before_the_environment() {
        let variables = [("AZURE_CLIENT_SECRET", "s"), ("AZURE_CLIENT_ID", "app")];
        let managed = CredentialSettings {
            kind: CredentialKind::ManagedIdentity,
            ..CredentialSettings::default()
        };
        assert_eq!(name(&chosen(&managed, &variables)), "machine");
        let file = CredentialSettings {
            secret_file: Some("/s".into()),
            ..CredentialSettings::default()
        };
        assert_eq!(name(&chosen(&file, &variables)), "secret file");
        let federated = CredentialSettings {
            kind: CredentialKind::WorkloadIdentity,
            ..CredentialSettings::default()
        };
        assert_eq!(name(&chosen(&federated, &variables)), "none");
    }
}
