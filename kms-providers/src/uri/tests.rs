use proptest::prelude::*;

use super::*;

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const GCP: &str = "gcp-kms://projects/example.com:p1/locations/europe-west1/keyRings/R_1/cryptoKeys/K-2";
const THUMBPRINT: &str = "hpke:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#[test]
fn every_form_is_parsed_and_displayed_as_written() {
    let forms = [
        "local://payments".to_owned(),
        "local://payments/3".to_owned(),
        "memory://0a._-/4294967295".to_owned(),
        format!("aws-kms://{ARN}"),
        "aws-kms://arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef".to_owned(),
        GCP.to_owned(),
        format!("{GCP}/cryptoKeyVersions/12"),
        "azure-kv://acme.vault.azure.net/keys/Payments".to_owned(),
        "azure-kv://127.0.0.1:8443/keys/p/0123456789abcdef0123456789abcdef".to_owned(),
        "pkcs11:token=The%20token;object=kek;type=secret-key;id=%01%ff?"
            .trim_end_matches('?')
            .to_owned(),
        "kmip://hsm.example/6f6f-1".to_owned(),
        "kmip://[2001:db8::1]:5696/a%2Fb%C3%A9".to_owned(),
        THUMBPRINT.to_owned(),
        "passphrase:".to_owned(),
        "passphrase:ops".to_owned(),
        "keyfile:".to_owned(),
    ];
    for form in forms {
        let uri = KeyUri::parse(&form).unwrap_or_else(|e| panic!("{form}: {e}"));
        assert_eq!(uri.to_string(), form);
        assert!(form.starts_with(uri.scheme_name()), "{form}");
    }
}

#[test]
fn parts_are_reachable() {
    let KeyUri::AwsKms(key) = KeyUri::parse(&format!("aws-kms://{ARN}")).unwrap() else {
        panic!("not AWS")
    };
    assert_eq!(
        (key.arn().as_str(), key.region(), key.account()),
        (ARN, "eu-west-1", "111122223333")
    );

    let KeyUri::Kmip(key) = KeyUri::parse("kmip://h:1/a%2Fb%C3%A9").unwrap() else {
        panic!("not KMIP")
    };
    assert_eq!(
        (key.unique_identifier(), key.server().host(), key.server().port()),
        ("a/bé", "h", Some(1))
    );

    let KeyUri::Pkcs11(key) = KeyUri::parse("pkcs11:object=a%20b;id=%00%fF").unwrap() else {
        panic!("not PKCS#11")
    };
    assert_eq!(key.attribute("object").unwrap(), b"a b");
    assert_eq!(key.attribute("id").unwrap(), [0, 255]);
    assert_eq!(key.attribute("token"), None);
}

#[test]
fn versions_come_off() {
    for (with, without, version) in [
        ("local://k/7", "local://k", "7"),
        ("memory://k/1", "memory://k", "1"),
        ("azure-kv://h/keys/k/0a", "azure-kv://h/keys/k", "0a"),
        (&format!("{GCP}/cryptoKeyVersions/9"), GCP, "9"),
    ] {
        let uri = KeyUri::parse(with).unwrap();
        assert_eq!(uri.version().as_deref(), Some(version));
        assert_eq!(uri.without_version().to_string(), without);
        assert_eq!(uri.without_version().version(), None);
    }
}

#[test]
fn malformed_uris_name_the_part_at_fault() {
    let gcp_ring = GCP.replace("R_1", "R.1");
    let cases = [
        ("", UriFault::UnknownScheme),
        ("LOCAL://a", UriFault::UnknownScheme),
        ("local:a", UriFault::UnknownScheme),
        ("https://example.com", UriFault::UnknownScheme),
        ("local://", UriFault::Name),
        ("local://Payments", UriFault::Name),
        ("local://.a", UriFault::Name),
        ("local://a b", UriFault::Name),
        ("local://a\0", UriFault::Name),
        ("local://é", UriFault::Name),
        ("local://a/", UriFault::Version),
        ("local://a/0", UriFault::Version),
        ("local://a/01", UriFault::Version),
        ("local://a/+1", UriFault::Version),
        ("local://a/4294967296", UriFault::Version),
        ("local://a/1/2", UriFault::Version),
        ("aws-kms://arn:aws:kms:eu-west-1:111122223333", UriFault::Parts),
        ("aws-kms://arn:aws:kms:eu-west-1:111122223333:1234", UriFault::Parts),
        ("aws-kms://arn:aws:s3:eu-west-1:111122223333:key/1", UriFault::Arn),
        ("aws-kms://arn:gcp:kms:eu-west-1:111122223333:key/1", UriFault::Arn),
        ("aws-kms://arn:aws:kms::111122223333:key/1", UriFault::Region),
        ("aws-kms://arn:aws:kms:eu-west-1:1111:key/1", UriFault::Account),
        ("aws-kms://arn:aws:kms:eu-west-1:111122223333:alias/a", UriFault::Alias),
        ("aws-kms://arn:aws:kms:eu-west-1:111122223333:key/", UriFault::KeyId),
        ("aws-kms://arn:aws:kms:eu-west-1:111122223333:key/../x", UriFault::KeyId),
        ("gcp-kms://projects/p", UriFault::Parts),
        (&gcp_ring, UriFault::KeyRing),
        (
            "gcp-kms://projects//locations/l/keyRings/r/cryptoKeys/k",
            UriFault::Project,
        ),
        ("azure-kv://h/secrets/a", UriFault::Parts),
        ("azure-kv://H/keys/a", UriFault::Host),
        ("azure-kv://user@h/keys/a", UriFault::Host),
        ("azure-kv://-h/keys/a", UriFault::Host),
        ("azure-kv://1.2.3/keys/a", UriFault::Host),
        ("azure-kv://h:0/keys/a", UriFault::Port),
        ("azure-kv://h:65536/keys/a", UriFault::Port),
        ("azure-kv://h/keys/a_b", UriFault::VaultKey),
        ("azure-kv://h/keys/a/", UriFault::VaultVersion),
        ("pkcs11:", UriFault::Pkcs11Attribute),
        ("pkcs11:token=a", UriFault::Pkcs11Unnamed),
        ("pkcs11:object=a?pin-value=1234", UriFault::Pkcs11Query),
        ("pkcs11:object=a;object=b", UriFault::Pkcs11Attribute),
        ("pkcs11:object=a;", UriFault::Pkcs11Attribute),
        ("pkcs11:object=%2", UriFault::Pkcs11Attribute),
        ("pkcs11:object=%ff", UriFault::Pkcs11Attribute),
        ("pkcs11:object=a/b", UriFault::Pkcs11Attribute),
        ("pkcs11:object=a;type=secret", UriFault::Pkcs11Attribute),
        ("kmip://h", UriFault::Parts),
        ("kmip://h/", UriFault::UniqueIdentifier),
        ("kmip://h/a/b", UriFault::UniqueIdentifier),
        ("kmip://h/%2f", UriFault::UniqueIdentifier),
        ("kmip://h/%41", UriFault::UniqueIdentifier),
        ("kmip://h/%00", UriFault::UniqueIdentifier),
        ("kmip://h/%ff", UriFault::UniqueIdentifier),
        ("kmip://[2001:0db8::1]/a", UriFault::Host),
        ("kmip://[::1/a", UriFault::Host),
        ("hpke:", UriFault::Thumbprint),
        ("hpke:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", UriFault::Thumbprint),
        ("passphrase:A", UriFault::Label),
    ];
    for (text, fault) in cases {
        match KeyUri::parse(text) {
            Ok(uri) => panic!("{text:?} was taken for {uri}"),
            Err(error) => assert_eq!(error.fault(), fault, "{text:?}"),
        }
    }
    assert_eq!(
        KeyUri::from_bytes(b"local://\xff").unwrap_err().fault(),
        UriFault::Characters
    );
}

#[test]
fn the_cap_is_512_bytes() {
    let of_length = |len: usize| format!("kmip://h/{}", "a".repeat(len - "kmip://h/".len()));
    assert!(KeyUri::parse(&of_length(512)).is_ok());
    assert_eq!(KeyUri::parse(&of_length(513)).unwrap_err().fault(), UriFault::TooLong);
    assert!(KeyUri::parse(&format!("local://{}", "a".repeat(64))).is_ok());
    assert!(KeyUri::parse(&format!("local://{}", "a".repeat(65))).is_err());
}

#[test]
fn errors_say_what_is_expected_and_repeat_no_input() {
    let error = KeyUri::parse("aws-kms://arn:aws:kms:eu-west-1:canary:key/1")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("12 digits") && error.contains("aws-kms://arn:PARTITION:kms:"),
        "{error}"
    );
    assert!(!error.contains("canary"));
    let error = KeyUri::parse("canary").unwrap_err().to_string();
    assert!(
        error.contains("local://") && error.contains("pkcs11:") && !error.contains("canary"),
        "{error}"
    );
}

fn any_uri() -> impl Strategy<Value = String> {
    let name = "[a-z0-9][a-z0-9._-]{0,63}";
    let version = prop_oneof![Just(String::new()), (1u32..).prop_map(|n| format!("/{n}"))];
    let host = prop_oneof![
        "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\\.[a-z]{1,8}){0,3}",
        any::<[u8; 4]>().prop_map(|ip| std::net::Ipv4Addr::from(ip).to_string()),
        any::<[u8; 16]>().prop_map(|ip| format!("[{}]", std::net::Ipv6Addr::from(ip))),
    ]
    .prop_filter("all digits is an IPv4 address", |host| {
        host.contains(|c: char| c.is_ascii_lowercase() || c == '[' || c == '.')
    });
    let authority = (
        host,
        prop_oneof![Just(String::new()), (1u16..).prop_map(|p| format!(":{p}"))],
    )
        .prop_map(|(host, port)| host + &port);
    let text = proptest::collection::vec(any::<char>().prop_filter("printable", |c| !c.is_control()), 1..20)
        .prop_map(String::from_iter);
    prop_oneof![
        (name, version.clone()).prop_map(|(n, v)| format!("local://{n}{v}")),
        (name, version).prop_map(|(n, v)| format!("memory://{n}{v}")),
        (
            "aws(-[a-z]{1,4})?",
            "[a-z0-9-]{1,20}",
            "[0-9]{12}",
            "[0-9A-Za-z-]{1,64}"
        )
            .prop_map(|(p, r, a, k)| format!("aws-kms://arn:{p}:kms:{r}:{a}:key/{k}")),
        (
            "[a-z0-9.:-]{1,30}",
            "[a-z0-9-]{1,20}",
            "[A-Za-z0-9_-]{1,63}",
            "(/cryptoKeyVersions/[1-9][0-9]{0,8})?"
        )
            .prop_map(|(p, l, k, v)| format!("gcp-kms://projects/{p}/locations/{l}/keyRings/{k}/cryptoKeys/{k}{v}")),
        (authority.clone(), "[A-Za-z0-9-]{1,127}(/[a-z0-9]{32})?")
            .prop_map(|(h, k)| format!("azure-kv://{h}/keys/{k}")),
        (authority, text).prop_map(|(h, uid)| {
            let encoded: String = uid
                .bytes()
                .map(|b| match b {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
                    other => format!("%{other:02X}"),
                })
                .collect();
            format!("kmip://{h}/{encoded}")
        }),
        "(token=[a-z%20]{0}[a-z]{1,9};)?object=[A-Za-z0-9:@!()*+,=&_~.-]{0,40}(;id=(%[0-9a-fA-F]{2}){1,8})?"
            .prop_map(|rest| format!("pkcs11:{rest}")),
        any::<[u8; 32]>().prop_map(|digest| KeyUri::Hpke(Thumbprint::new(digest)).to_string()),
        "(passphrase|keyfile):[a-z0-9-]{0,32}",
    ]
}

proptest! {
    #[test]
    fn well_formed_uris_round_trip(text in any_uri()) {
        let uri = KeyUri::parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(uri.to_string(), &text[..]);
        let bare = uri.without_version();
        prop_assert_eq!(bare.version(), None);
        prop_assert_eq!(KeyUri::parse(&bare.to_string()).ok(), Some(bare));
    }

    #[test]
    fn whatever_parses_displays_as_it_was_written(
        mut bytes in any_uri().prop_map(String::into_bytes),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(uri) = KeyUri::from_bytes(&bytes) {
            prop_assert_eq!(uri.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = KeyUri::from_bytes(&bytes);
    }
}
