//! Which cloud a vault is in, which keys are its own, and for whom its tokens are.

use crate::cloud::Endpoint;
use crate::uri::{AzureKey, KeyUri};

/// A vault or a managed HSM.
pub(super) struct Place {
    /// `HOST[:PORT]`, as key URIs have it.
    pub(super) vault: String,
    host: String,
    audience: Option<String>,
    cloud: Option<&'static Cloud>,
}

/// What a cloud calls its services.
struct Cloud {
    name: &'static str,
    suffixes: [&'static str; 2],
    authority: &'static str,
}

/// Why a setting does not lead to a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceFault {
    Vault,
    Audience,
}

impl Place {
    pub(super) fn new(vault: &str, audience: Option<&str>) -> Result<Self, PlaceFault> {
        // A key URI is the one grammar of vaults.
        let Ok(KeyUri::AzureKv(key)) = KeyUri::parse(&format!("azure-kv://{vault}/keys/k")) else {
            return Err(PlaceFault::Vault);
        };
        if key.vault().to_string() != vault {
            return Err(PlaceFault::Vault);
        }
        let host = key.vault().host().to_owned();
        let known = CLOUDS.iter().find_map(|cloud| {
            let suffix = cloud.suffixes.iter().find(|suffix| is_under(&host, suffix))?;
            Some((cloud, format!("https://{suffix}")))
        });
        let told = audience.map(|audience| audience.trim_end_matches('/').to_owned());
        if told.as_deref().is_some_and(|audience| host_of(audience).is_none()) {
            return Err(PlaceFault::Audience);
        }
        let (cloud, of_cloud) = known.unzip();
        Ok(Self {
            vault: vault.to_owned(),
            host,
            audience: told.or(of_cloud),
            cloud,
        })
    }

    pub(super) fn is_managed_hsm(&self) -> bool {
        self.host.contains(".managedhsm.")
    }

    /// What this cloud is called in trust domains.
    pub(super) fn cloud(&self) -> &'static str {
        self.cloud.map_or("custom", |cloud| cloud.name)
    }

    /// Who issues tokens in this cloud.
    pub(super) fn authority(&self) -> Option<&'static str> {
        self.cloud.map(|cloud| cloud.authority)
    }

    /// The name of a key here, in any version. Azure takes names in upper and lower case for the same.
    pub(super) fn has(&self, key: &AzureKey) -> bool {
        key.vault().to_string() == self.vault
    }

    /// The key that Azure names in a reply, if it is one of this vault.
    pub(super) fn key(&self, kid: &str) -> Option<AzureKey> {
        let (host, path) = kid.strip_prefix("https://")?.split_once('/')?;
        let text = format!("azure-kv://{}/{path}", host.to_ascii_lowercase());
        match KeyUri::parse(&text) {
            Ok(KeyUri::AzureKv(key)) if self.has(&key) => Some(key),
            _ => None,
        }
    }

    /// Whether a link to the next page stays with this vault; its path and query.
    pub(super) fn page(&self, link: &str) -> Option<String> {
        let (host, path) = link.strip_prefix("https://")?.split_once('/')?;
        let is_ours = host.eq_ignore_ascii_case(&self.vault)
            || host
                .strip_suffix(":443")
                .is_some_and(|host| host.eq_ignore_ascii_case(&self.vault));
        let is_listing = path.starts_with("keys") || path.starts_with("deletedkeys");
        let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'\\') && !path.contains("..");
        (is_ours && is_listing && is_plain && path.len() <= LINK_LEN).then(|| format!("/{path}"))
    }

    /// The scope of a challenge, if a vault of this name may ask for it: that which is configured or belongs to its
    /// cloud, else a domain that the vault itself is in. A vault of another name could take the token elsewhere.
    pub(super) fn verified(&self, resource: &str) -> Option<String> {
        let resource = resource
            .strip_suffix("/.default")
            .unwrap_or(resource)
            .trim_end_matches('/');
        let is_right = match &self.audience {
            Some(audience) => audience.eq_ignore_ascii_case(resource),
            None => is_under(&self.host, &host_of(resource)?),
        };
        is_right.then(|| resource.to_owned())
    }
}

/// The host of `https://HOST` and nothing more.
fn host_of(url: &str) -> Option<String> {
    let endpoint = Endpoint::parse(url).ok().filter(Endpoint::is_tls)?;
    let host = endpoint.host().to_ascii_lowercase();
    (host == endpoint.authority().to_ascii_lowercase() && host.contains('.')).then_some(host)
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|name| name.ends_with('.') && name.len() > 1)
}

const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "public",
        suffixes: ["vault.azure.net", "managedhsm.azure.net"],
        authority: "https://login.microsoftonline.com",
    },
    Cloud {
        name: "usgov",
        suffixes: ["vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net"],
        authority: "https://login.microsoftonline.us",
    },
    Cloud {
        name: "china",
        suffixes: ["vault.azure.cn", "managedhsm.azure.cn"],
        authority: "https://login.chinacloudapi.cn",
    },
];

const LINK_LEN: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> Place {
        Place::new("acme.vault.azure.net", None).unwrap()
    }

    #[test]
    fn a_vault_is_a_host_and_nothing_else() {
        for bad in [
            "",
            "https://acme.vault.azure.net",
            "acme/keys",
            "ACME.vault.azure.net",
            "user@acme",
            "a b",
        ] {
            assert_eq!(Place::new(bad, None).err(), Some(PlaceFault::Vault), "{bad}");
        }
        for bad in [
            "vault.azure.net",
            "http://vault.azure.net",
            "https://v.example/x",
            "https://u@v.example",
            "https://com",
        ] {
            assert_eq!(
                Place::new("v.example", Some(bad)).err(),
                Some(PlaceFault::Audience),
                "{bad}"
            );
        }
    }

    #[test]
    fn tokens_are_asked_for_the_vaults_own_cloud_and_nothing_else() {
        let place = acme();
        for right in [
            "https://vault.azure.net",
            "https://vault.azure.net/",
            "https://vault.azure.net/.default",
        ] {
            assert_eq!(
                place.verified(right).as_deref(),
                Some("https://vault.azure.net"),
                "{right}"
            );
        }
        for wrong in [
            "https://managedhsm.azure.net",
            "https://management.azure.com",
            "https://azure.net",
            "https://evil.example",
            "https://vault.azure.net.evil.example",
            "https://vault.azure.net@evil.example",
            "http://vault.azure.net",
            "https://evilvault.azure.net",
            "",
        ] {
            assert_eq!(place.verified(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_vault_of_an_unknown_cloud_asks_for_its_own_domain_or_what_is_configured() {
        let place = Place::new("acme.vault.stack.example", None).unwrap();
        assert!(place.verified("https://vault.stack.example").is_some());
        for wrong in [
            "https://acme.vault.stack.example",
            "https://stack.exampl",
            "https://ault.stack.example",
            "https://example",
        ] {
            assert_eq!(place.verified(wrong), None, "{wrong}");
        }
        let place = Place::new("10.0.0.4:8443", Some("https://vault.azure.net")).unwrap();
        assert!(place.verified("https://vault.azure.net").is_some());
        assert_eq!(place.verified("https://0.0.4"), None);
    }

    #[test]
    fn keys_of_other_vaults_are_not_taken_for_ones_of_this() {
        let place = acme();
        let key = place.key("https://Acme.Vault.azure.net/keys/Payments/0123").unwrap();
        assert_eq!((key.name(), key.version()), ("Payments", Some("0123")));
        for wrong in [
            "https://evil.vault.azure.net/keys/payments/0123",
            "http://acme.vault.azure.net/keys/payments/0123",
            "https://acme.vault.azure.net:8443/keys/payments/0123",
            "https://acme.vault.azure.net@evil.example/keys/payments/0123",
            "https://acme.vault.azure.net/secrets/payments/0123",
            "https://acme.vault.azure.net/keys/payments/0123/4",
            "https://acme.vault.azure.net/keys/pay%6dents",
            "payments/0123",
            "",
        ] {
            assert_eq!(place.key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_next_page_is_of_the_same_vault() {
        let place = acme();
        let right = "https://acme.vault.azure.net:443/keys?api-version=7.4&$skiptoken=eyJO&maxresults=25";
        assert_eq!(
            place.page(right).as_deref(),
            Some("/keys?api-version=7.4&$skiptoken=eyJO&maxresults=25")
        );
        for wrong in [
            "https://evil.example/keys?api-version=7.4",
            "https://acme.vault.azure.net.evil.example/keys",
            "https://acme.vault.azure.net@evil.example/keys",
            "http://acme.vault.azure.net/keys",
            "https://acme.vault.azure.net/secrets",
            "https://acme.vault.azure.net/keys/../secrets",
            "https://acme.vault.azure.net/keys?a=b c",
            "/keys",
        ] {
            assert_eq!(place.page(wrong), None, "{wrong}");
        }
    }
}
