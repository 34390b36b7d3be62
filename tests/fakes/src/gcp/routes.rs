//! Which method a request is.

use serde_json::Value;

use super::Refusal;
use super::actions;
use super::crypto;
use super::keys::Cloud;
use super::places;

/// A method, and the resource that it is of.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// Without `v1/`, and without what follows the colon.
    pub(super) resource: String,
}

/// What a method does.
type Act = fn(&mut Cloud, &str, &Query<'_>, &Value) -> Result<Value, Refusal>;

/// Collection segments of the resource, the custom verb, and the method.
type Row = (&'static str, &'static str, &'static str, &'static str, Act);

const ROWS: &[Row] = &[
    ("GET", "locations/*", "", "locations.get", places::location),
    (
        "POST",
        "locations/*",
        "generateRandomBytes",
        "generateRandomBytes",
        crypto::random_bytes,
    ),
    ("POST", "keyRings", "", "keyRings.create", places::create_ring),
    ("GET", "keyRings", "", "keyRings.list", places::list_rings),
    ("GET", "keyRings/*", "", "keyRings.get", places::ring),
    ("POST", "cryptoKeys", "", "cryptoKeys.create", actions::create_key),
    ("GET", "cryptoKeys", "", "cryptoKeys.list", actions::list_keys),
    ("GET", "cryptoKeys/*", "", "cryptoKeys.get", actions::key),
    ("PATCH", "cryptoKeys/*", "", "cryptoKeys.patch", actions::update_key),
    ("POST", "cryptoKeys/*", "encrypt", "encrypt", crypto::encrypt),
    ("POST", "cryptoKeys/*", "decrypt", "decrypt", crypto::decrypt),
    (
        "POST",
        "cryptoKeys/*",
        "updatePrimaryVersion",
        "updatePrimaryVersion",
        actions::update_primary,
    ),
    (
        "POST",
        "cryptoKeyVersions",
        "",
        "cryptoKeyVersions.create",
        actions::create_version,
    ),
    (
        "GET",
        "cryptoKeyVersions",
        "",
        "cryptoKeyVersions.list",
        actions::list_versions,
    ),
    ("POST", "cryptoKeyVersions", "import", "import", actions::import),
    (
        "GET",
        "cryptoKeyVersions/*",
        "",
        "cryptoKeyVersions.get",
        actions::version,
    ),
    (
        "PATCH",
        "cryptoKeyVersions/*",
        "",
        "cryptoKeyVersions.patch",
        actions::update_version,
    ),
    ("POST", "cryptoKeyVersions/*", "encrypt", "encrypt", crypto::encrypt),
    ("POST", "cryptoKeyVersions/*", "destroy", "destroy", actions::destroy),
    ("POST", "cryptoKeyVersions/*", "restore", "restore", actions::restore),
    (
        "POST",
        "cryptoKeyVersions/*",
        "asymmetricDecrypt",
        "asymmetricDecrypt",
        crypto::asymmetric_decrypt,
    ),
    (
        "POST",
        "cryptoKeyVersions/*",
        "decapsulate",
        "decapsulate",
        crypto::decapsulate,
    ),
    ("POST", "cryptoKeyVersions/*", "macSign", "macSign", crypto::mac_sign),
    (
        "POST",
        "cryptoKeyVersions/*",
        "macVerify",
        "macVerify",
        crypto::mac_verify,
    ),
    (
        "POST",
        "cryptoKeyVersions/*",
        "rawEncrypt",
        "rawEncrypt",
        crypto::raw_encrypt,
    ),
    (
        "POST",
        "cryptoKeyVersions/*",
        "rawDecrypt",
        "rawDecrypt",
        crypto::raw_decrypt,
    ),
    ("GET", "publicKey", "", "getPublicKey", crypto::public_key),
    (
        "POST",
        "importJobs",
        "",
        "importJobs.create",
        actions::create_import_job,
    ),
    ("GET", "importJobs/*", "", "importJobs.get", actions::import_job),
    (
        "POST",
        "ekmConnections",
        "",
        "ekmConnections.create",
        places::create_connection,
    ),
    (
        "GET",
        "ekmConnections",
        "",
        "ekmConnections.list",
        places::list_connections,
    ),
    (
        "GET",
        "ekmConnections/*",
        "verifyConnectivity",
        "verifyConnectivity",
        places::verify_connectivity,
    ),
    ("POST", "keyHandles", "", "keyHandles.create", places::create_handle),
    ("GET", "keyHandles", "", "keyHandles.list", places::list_handles),
    ("GET", "operations/*", "", "operations.get", places::operation),
];

/// The route of a request.
pub(super) fn find(verb: &str, path: &str) -> Option<Route> {
    let path = path.strip_prefix("/v1/")?;
    let (resource, custom) = match path.rsplit_once(':') {
        Some((resource, custom)) if !custom.contains('/') => (resource, custom),
        _ => (path, ""),
    };
    let form = form(resource);
    let row = ROWS
        .iter()
        .find(|row| row.0 == verb && row.1 == form && row.2 == custom)?;
    Some(Route {
        method: row.3,
        resource: resource.to_owned(),
    })
}

/// Acts.
pub(super) fn run(cloud: &mut Cloud, route: &Route, query: &str, body: &Value) -> Result<Value, Refusal> {
    let row = ROWS
        .iter()
        .find(|row| row.3 == route.method && row.1 == form(&route.resource));
    let act = row.ok_or((404, "NOT_FOUND", None))?.4;
    act(cloud, &route.resource, &Query(query), body)
}

/// The last collection of a resource, and whether one of its members is named.
fn form(resource: &str) -> String {
    let parts: Vec<_> = resource.split('/').collect();
    match parts.len() % 2 {
        0 => format!("{}/*", parts[parts.len() - 2]),
        _ => parts[parts.len() - 1].to_owned(),
    }
}

/// Parameters of a query.
pub(super) struct Query<'q>(&'q str);

impl Query<'_> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| decoded(value))
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }
}

/// Text of a query or a form.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let escape = text
            .get(at + 1..at + 3)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (b'+', _) => {
                decoded.push(b' ');
                at += 1;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_default()
}
