//! The identity of this machine: who runs it has given it one, and hands out tokens on the machine itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use http::Method;
use kms_core::KekFault;
use zeroize::Zeroizing;

use super::issuer::{Issuer, judge};
use super::principal::encode;
use super::token::Token;
use crate::cloud::{Judgement, Protocol, Reply, Request};

/// A managed identity.
pub(in crate::azure) struct ManagedIdentity {
    pub(super) issuer: Issuer,
    pub(super) host: Host,
    pub(super) chosen: Option<Chosen>,
    /// Whether nobody asked for it: the environment held nothing else.
    pub(super) is_guess: bool,
    /// Whether it ever answered.
    pub(super) is_there: AtomicBool,
}

/// What the machine is.
pub(super) enum Host {
    /// A virtual machine, scale set or pod.
    Machine,
    /// App Service, Functions, Container Apps: path, and what proves that the caller is the app.
    App { path: String, header: Zeroizing<String> },
    /// A machine elsewhere that Arc looks after: path.
    Arc { path: String },
}

/// One of several identities that the machine has.
pub(super) enum Chosen {
    Client(String),
    Resource(String),
}

impl ManagedIdentity {
    pub(super) async fn token(&self, resource: &str) -> Result<Token, KekFault> {
        let told = self.ask(resource).await;
        match &told {
            Ok(_) => self.is_there.store(true, Ordering::Relaxed),
            // Nobody is there: this is no machine of Azure, and there are no credentials.
            Err(fault) if fault.is_unavailable() && self.is_guess && !self.is_there.load(Ordering::Relaxed) => {
                return Err(KekFault::Denied);
            }
            Err(_) => {}
        }
        told
    }

    async fn ask(&self, resource: &str) -> Result<Token, KekFault> {
        let mut request = Issuer::request(Method::GET, self.path(resource), Zeroizing::default());
        match &self.host {
            Host::Machine => request.set("metadata", "true"),
            Host::App { header, .. } => request.set("x-identity-header", header),
            Host::Arc { .. } => {
                request.set("metadata", "true");
                let proof = self.proof(&request).await?;
                request.set("authorization", &proof);
            }
        }
        for value in request.headers.values_mut() {
            value.set_sensitive(true);
        }
        self.issuer.token(&request).await
    }

    fn path(&self, resource: &str) -> String {
        let (path, version) = match &self.host {
            Host::Machine => ("/metadata/identity/oauth2/token", "2018-02-01"),
            Host::App { path, .. } => (path.as_str(), "2019-08-01"),
            Host::Arc { path } => (path.as_str(), "2020-06-01"),
        };
        let mut query = format!("{path}?api-version={version}&resource=").into_bytes();
        encode(resource, &mut query);
        let (name, chosen) = match (&self.chosen, &self.host) {
            (None, _) => return ascii(query),
            (Some(Chosen::Client(id)), _) => ("client_id", id),
            (Some(Chosen::Resource(id)), Host::Machine) => ("msi_res_id", id),
            (Some(Chosen::Resource(id)), _) => ("mi_res_id", id),
        };
        query.extend(format!("&{name}=").into_bytes());
        encode(chosen, &mut query);
        ascii(query)
    }

    /// Arc wants to see that the caller may read a file which it names.
    async fn proof(&self, request: &Request) -> Result<Zeroizing<String>, KekFault> {
        let reply = self.issuer.send(&WhichFile, request).await?;
        let realm = reply.header("www-authenticate").and_then(realm);
        let file = realm.filter(|file| is_key_of_arc(file)).ok_or(KekFault::BadReply)?;
        let is_short = std::fs::metadata(&file).is_ok_and(|facts| facts.len() <= ARC_KEY_LEN);
        if !is_short {
            return Err(KekFault::Denied);
        }
        let key = Zeroizing::new(std::fs::read_to_string(&file).map_err(|_| KekFault::Denied)?);
        Ok(Zeroizing::new(format!("Basic {}", key.trim())))
    }
}

/// Percent-encoding leaves nothing else.
fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

fn realm(header: &str) -> Option<PathBuf> {
    let (scheme, rest) = header.split_once(' ')?;
    let realm = rest.trim().strip_prefix("realm=")?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| PathBuf::from(realm.trim_matches('"')))
}

/// Whoever answers in place of Arc must not have us read other files.
fn is_key_of_arc(file: &Path) -> bool {
    file.parent() == Some(Path::new("/var/opt/azcmagent/tokens")) && file.extension().is_some_and(|end| end == "key")
}

/// The first answer of Arc: a refusal that names a file.
struct WhichFile;

#[async_trait]
impl Protocol for WhichFile {
    fn name(&self) -> &str {
        "arc"
    }

    async fn authorize(&self, _: &mut Request, _: bool, _: i64) -> Result<(), KekFault> {
        Ok(())
    }

    fn judge(&self, reply: &Reply) -> Judgement {
        match reply.status {
            401 => Judgement::Good,
            200 => Judgement::Final(KekFault::BadReply),
            status => judge(status, ""),
        }
    }

    fn request_id<'r>(&self, _: &'r Reply) -> Option<&'r str> {
        None
    }
}

const ARC_KEY_LEN: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arc_names_a_file_of_its_own_or_none() {
        let named = |header| realm(header).filter(|file| is_key_of_arc(file));
        assert!(named("Basic realm=/var/opt/azcmagent/tokens/1234.key").is_some());
        for hostile in [
            "Basic realm=/etc/shadow",
            "Basic realm=/var/opt/azcmagent/tokens/../../../../etc/x.key",
            "Basic realm=/var/opt/azcmagent/tokens/x.txt",
            "Bearer realm=/var/opt/azcmagent/tokens/1234.key",
            "Basic",
        ] {
            assert_eq!(named(hostile), None, "{hostile}");
        }
    }
}
