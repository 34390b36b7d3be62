//! What a vault answers to who has not said who it is (RFC 9110 11.6.1): whose token it wants.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

use super::place::Place;

/// A challenge of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// For whom the token is to be: `https://vault.azure.net`.
    pub(super) resource: String,
    /// Who has to have issued it.
    pub(super) tenant: Option<String>,
    /// What the token has to say besides, as JSON: the one before was revoked, or is not enough any more.
    pub(super) claims: Option<String>,
}

impl Challenge {
    /// A challenge that this vault may make. Whatever else it says is not followed: neither another authority, for the
    /// client's proof would go there, nor another resource, for its token could be used there.
    pub(super) fn read(header: &str, place: &Place) -> Option<Self> {
        let parameters = parameters(header)?;
        let find = |wanted: &str| {
            let mut found = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            let value = found.next().map(|(_, value)| *value);
            (value, found.next().is_some())
        };
        let names = ["resource", "scope", "authorization", "authorization_uri", "claims"];
        if names.iter().any(|name| find(name).1) {
            return None;
        }
        let [resource, scope, authorization, authorization_uri, claims] = names.map(|name| find(name).0);
        Some(Self {
            resource: place.verified(scope.or(resource)?)?,
            tenant: authorization_uri.or(authorization).and_then(tenant),
            claims: claims.and_then(decoded),
        })
    }
}

/// Whether a text can be a tenant: an id, or a domain. It goes into a path.
pub(super) fn is_tenant(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    matches!(text.len(), 1..=TENANT_LEN) && text.bytes().all(inner) && !text.starts_with('.')
}

/// The parameters of the first challenge, if it is a Bearer one.
fn parameters(header: &str) -> Option<Vec<(&str, &str)>> {
    if header.len() > HEADER_LEN {
        return None;
    }
    let (scheme, mut rest) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(parameters);
        }
        let (name, value) = rest.split_once('=')?;
        let name = name.trim_end();
        // Another scheme follows: `PoP nonce="…"`.
        if name.contains(' ') {
            return Some(parameters);
        }
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find([',', ' ']).unwrap_or(value.len())),
        };
        parameters.push((name, value));
        rest = after;
    }
}

/// The first part of the path of `https://AUTHORITY/TENANT[/…]`.
fn tenant(authorization: &str) -> Option<String> {
    let (_, path) = authorization.strip_prefix("https://")?.split_once('/')?;
    let tenant = path.split(['/', '?', '#']).next()?;
    is_tenant(tenant).then(|| tenant.to_owned())
}

fn decoded(claims: &str) -> Option<String> {
    let bare = claims.trim_end_matches('=').as_bytes();
    let bytes = BASE64URL_NOPAD
        .decode(bare)
        .or_else(|_| BASE64_NOPAD.decode(bare))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok();
    is_object.then_some(text)
}

const HEADER_LEN: usize = 4096;
const TENANT_LEN: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn read(header: &str) -> Option<Challenge> {
        Challenge::read(header, &Place::new("acme.vault.azure.net", None).unwrap())
    }

    #[test]
    fn a_challenge_is_read_however_it_is_written() {
        let expected = Challenge {
            resource: "https://vault.azure.net".into(),
            tenant: Some(TENANT.into()),
            claims: None,
        };
        for header in [
            format!(
                r#"Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net""#
            ),
            format!(
                r#"bearer authorization_uri="https://login.windows.net/{TENANT}/oauth2", scope="https://vault.azure.net/.default""#
            ),
            format!("Bearer authorization=https://login.microsoftonline.com/{TENANT},resource=https://vault.azure.net"),
            format!(
                r#"Bearer  resource = "https://vault.azure.net" , authorization = "https://login.microsoftonline.com/{TENANT}", PoP nonce="abc=""#
            ),
        ] {
            assert_eq!(read(&header).as_ref(), Some(&expected), "{header}");
        }
    }

    #[test]
    fn claims_are_read_in_both_alphabets() {
        let json = r#"{"access_token":{"nbf":{"essential":true,"value":"1?>"}}}"#;
        for claims in [
            BASE64_NOPAD.encode(json.as_bytes()) + "=",
            BASE64URL_NOPAD.encode(json.as_bytes()),
        ] {
            let header = format!(
                r#"Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net", error="insufficient_claims", claims="{claims}""#
            );
            assert_eq!(read(&header).unwrap().claims.as_deref(), Some(json));
        }
        let header = r#"Bearer resource="https://vault.azure.net", claims="bm8ganNvbg""#;
        assert_eq!(read(header).unwrap().claims, None);
    }

    #[test]
    fn hostile_challenges_are_not_followed() {
        let ours = r#"resource="https://vault.azure.net""#;
        for header in [
            "",
            "Bearer",
            "Basic realm=\"x\"",
            r#"Bearer resource="https://management.azure.com""#,
            r#"Bearer resource="https://vault.azure.net", resource="https://graph.microsoft.com""#,
            r#"Bearer resource="https://vault.azure.net", scope="https://graph.microsoft.com/.default""#,
            r#"Bearer resource="https://vault.azure.net@evil.example""#,
            r#"Bearer resource="https://vault.azure.net"#,
            "Bearer resource",
            &format!("Bearer {ours}, x=\"{}\"", "x".repeat(HEADER_LEN)),
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }

    #[test]
    fn a_tenant_that_would_lead_elsewhere_is_none() {
        for authorization in [
            "https://login.microsoftonline.com/..%2f..",
            "https://login.microsoftonline.com/../common",
            "https://login.microsoftonline.com/",
            "https://login.microsoftonline.com",
            "https://evil.example/a b",
            "x",
        ] {
            let header = format!(r#"Bearer authorization="{authorization}", resource="https://vault.azure.net""#);
            assert_eq!(read(&header).unwrap().tenant, None, "{authorization}");
        }
    }
}
