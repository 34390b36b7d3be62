//! Names of keys and what they tell; resource names.

use super::settings::{GcpSettings, KeyKind};
use crate::uri::{GcpKey, KeyName, KeyUri};

/// A key of the configured ring.
pub(super) fn key(settings: &GcpSettings, name: &KeyName, kind: KeyKind) -> Option<GcpKey> {
    let id = format!("{}{}", name.as_str().replace('.', "_"), kind.suffix());
    parse(&format!("{}/cryptoKeys/{id}", ring(settings)))
}

/// A key, or a version of one, that a reply names.
pub(super) fn parse(resource: &str) -> Option<GcpKey> {
    match KeyUri::parse(&format!("gcp-kms://{resource}")) {
        Ok(KeyUri::GcpKms(key)) => Some(key),
        _ => None,
    }
}

/// What a key is: as the configuration says, else as its name does.
pub(super) fn kind(settings: &GcpSettings, key: &GcpKey) -> KeyKind {
    if let Some(said) = settings.keys.get(&key.with_version(None).resource_name()) {
        return *said;
    }
    let told = |kind: &KeyKind| !kind.suffix().is_empty() && key.key_id().ends_with(kind.suffix());
    KeyKind::ALL.into_iter().find(told).unwrap_or_default()
}

/// What people call a key of this ring.
pub(super) fn name(settings: &GcpSettings, key: &GcpKey) -> Option<KeyName> {
    let is_ours = key
        .with_version(None)
        .resource_name()
        .starts_with(&format!("{}/", ring(settings)));
    let id = key.key_id();
    let id = id.strip_suffix(kind(settings, key).suffix()).unwrap_or(id);
    KeyName::parse(id).ok().filter(|_| is_ours)
}

/// The configured key ring.
pub(super) fn ring(settings: &GcpSettings) -> String {
    format!("{}/keyRings/{}", location(settings), settings.key_ring)
}

/// The configured project and location.
pub(super) fn location(settings: &GcpSettings) -> String {
    format!("projects/{}/locations/{}", settings.project, settings.location)
}

/// Whether Google takes it as an id of a key ring, a connection, a handle.
pub(super) fn is_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    matches!(text.len(), 1..=63) && text.bytes().all(is_allowed)
}

/// Whether `resource` is `projects/P/locations/L/COLLECTION/ID` of a place whose keys are served: nothing else is ever
/// put into a path.
pub(super) fn is_of(settings: &GcpSettings, resource: &str, collection: &str) -> bool {
    let parts: Vec<_> = resource.split('/').collect();
    let ["projects", project, "locations", location, found, id] = parts[..] else {
        return false;
    };
    let serves = |mut places: Box<dyn Iterator<Item = &String> + '_>, place: &str| places.any(|known| known == place);
    found == collection
        && is_id(id)
        && serves(Box::new(settings.all_projects()), project)
        && serves(Box::new(settings.all_locations()), location)
}

/// Text in a query or a form (RFC 3986 2.3).
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_made_here_tells_what_it_is() {
        let settings = GcpSettings::of("acme", "europe-west1");
        for made in KeyKind::ALL {
            let key = key(&settings, &"acme.payments-x".parse().unwrap(), made).unwrap();
            assert_eq!(kind(&settings, &key), made, "{key}");
            assert_eq!(name(&settings, &key).unwrap().as_str(), "acme_payments-x");
        }
        let long = "a".repeat(64).parse().unwrap();
        assert_eq!(key(&settings, &long, KeyKind::Symmetric), None);
    }

    #[test]
    fn the_configuration_overrules_names() {
        let mut settings = GcpSettings::of("acme", "global");
        let name = "projects/acme/locations/global/keyRings/r/cryptoKeys/k-RSA";
        let key = parse(&format!("{name}/cryptoKeyVersions/3")).unwrap();
        assert_eq!(kind(&settings, &key), KeyKind::Rsa);
        settings.keys.insert(name.to_owned(), KeyKind::MlKem768);
        assert_eq!(kind(&settings, &key), KeyKind::MlKem768);
        assert_eq!(super::name(&settings, &key), None, "a name for a key of another ring");
    }

    #[test]
    fn resources_of_other_places_are_not_taken() {
        let settings = GcpSettings::of("acme", "global");
        assert!(is_of(
            &settings,
            "projects/acme/locations/global/ekmConnections/e",
            "ekmConnections"
        ));
        for other in [
            "",
            "projects/evil/locations/global/ekmConnections/e",
            "projects/acme/locations/us/ekmConnections/e",
            "projects/acme/locations/global/keyHandles/e",
            "projects/acme/locations/global/ekmConnections/",
            "projects/acme/locations/global/ekmConnections/e/x",
            "projects/acme/locations/global/ekmConnections/e?x",
            "projects/acme/locations/global/ekmConnections/..",
        ] {
            assert!(!is_of(&settings, other, "ekmConnections"), "{other}");
        }
    }

    #[test]
    fn reserved_characters_are_encoded() {
        assert_eq!(encoded("aZ9-._~ /+=&%é"), "aZ9-._~%20%2F%2B%3D%26%25%C3%A9");
    }
}
