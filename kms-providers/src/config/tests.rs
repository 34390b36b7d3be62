use std::path::Path;
use std::time::Duration;

use kms_core::{Criterion, Posture, Suite};

use super::*;
use crate::local::{LocalSettings, SealKind};
use crate::uri::{KeyUri, UriScheme};

const ARN: &str = "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/home/x"))
}

/// A configuration with the providers that the cases need and this further text.
fn with(text: &str) -> String {
    format!(
        "audit = \"none\"\n[provider.local]\nkind = \"local\"\n[provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\n{text}"
    )
}

#[test]
fn a_whole_configuration_is_understood() {
    let text = with(&format!(
        r#"
[key.payments]
any = ["local://payments", {{ uri = "{ARN}", provider = "aws" }}]
suite = "ks1-aes256gcmsiv"
residency = ["eu"]
context = ["tenant"]
expose = ["tenant"]
[key.board-minutes]
quorum = {{ k = 2, of = ["local://a", "passphrase:chair", "keyfile:safe"] }}
floor = {{ posture = "hedged", quorum = 2 }}
[key.one]
uri = "local://one/3"
[policy]
suites = ["KS1-AES256GCM", "KS1-AES256GCMSIV"]
max_recipients = 3
max_age_days = 90
"#
    ));
    let config = parse(&text).unwrap();
    let key = |name: &str| &config.keys[name];

    let payments = key("payments");
    assert_eq!(payments.suite, Some(Suite::Aes256GcmSiv));
    assert_eq!(payments.context, ["tenant"]);
    assert!(payments.residency.permits("eu-central-1") && !payments.residency.permits("europe-west1"));
    let served: Vec<_> = payments.recipients.members().served().collect();
    assert_eq!(served[0].1, None);
    assert_eq!(served[1].1.unwrap().as_str(), "aws");

    let Recipients::Quorum { k: 2, of } = &key("board-minutes").recipients else {
        panic!("not a quorum")
    };
    assert_eq!(of.uris().count(), 3);
    let floor = key("board-minutes").floor;
    assert_eq!((floor.posture, floor.quorum), (Some(Posture::Hedged), Some(2)));
    assert_eq!(key("one").uris().next().and_then(KeyUri::version).as_deref(), Some("3"));

    assert_eq!(config.providers["aws"].kind(), UriScheme::AwsKms);
    assert_eq!(config.open_policy().suites.rules().count(), 2);
    assert_eq!(config.open_policy().max_recipients, 3);
    assert_eq!(config.policy.max_age_days, Some(90));
    assert_eq!(config.audit, AuditConfig::None);
}

#[test]
fn the_audit_trail_is_never_left_unsaid() {
    let error = parse("").unwrap_err();
    assert!(error.message().contains("audit = \"none\""), "{error}");
    for text in ["audit = \"none\"", "[audit]\nkind = \"none\""] {
        assert_eq!(parse(text).unwrap().audit, AuditConfig::None);
    }
    let AuditConfig::Tlog { dir, deadline } = parse("[audit]\nkind = \"tlog\"\ndeadline_ms = 250").unwrap().audit
    else {
        panic!("not a log")
    };
    assert_eq!(
        (dir.as_path(), deadline),
        (Path::new("/home/x/audit"), Duration::from_millis(250))
    );
}

#[test]
fn a_provider_reads_its_own_settings() {
    let text = "audit = \"none\"\n[provider.a]\nkind = \"local\"\nkeystore = \"sub/k.ks1\"\nseal = \"key-file\"\n\
                [provider.b]\nkind = \"local\"\n[provider.c]\nkind = \"local\"\nkeystroke = 1\n";
    let config = parse(text).unwrap();
    let settings = |name: &str| config.providers[name].settings::<LocalSettings>();
    let a = settings("a").unwrap();
    assert_eq!(a.seal, SealKind::KeyFile);
    assert_eq!(config.providers["a"].path(&a.keystore), Path::new("/home/x/sub/k.ks1"));
    assert_eq!(settings("b").unwrap(), LocalSettings::default());
    let error = settings("c").unwrap_err();
    assert_eq!(error.place(), Some((10, 1)), "{error}");
    assert!(
        error.message().contains("keystroke") && error.message().contains("keystore"),
        "{error}"
    );
}

#[test]
fn the_initial_configuration_is_a_configuration() {
    for seal in [SealKind::Passphrase, SealKind::KeyFile] {
        let config = parse(&initial(seal)).unwrap();
        assert_eq!(
            config.providers["local"].settings::<LocalSettings>().unwrap().seal,
            seal
        );
        assert!(matches!(config.audit, AuditConfig::Tlog { .. }));
    }
}

#[test]
fn errors_have_a_place_and_a_next_step() {
    // The text after the seven lines of `with`, the place in it, and what the message says.
    let cases = [
        (
            "[keys.a]\nuri = \"local://a\"",
            (1, 2),
            "expected provider, key, policy, open, audit or esdk",
        ),
        ("[key.A]\nuri = \"local://a\"", (1, 6), "a-z 0-9"),
        ("[key.a]\n", (1, 1), "exactly one of"),
        (
            "[key.a]\nuri = \"local://a\"\nany = [\"local://b\"]",
            (1, 1),
            "exactly one of",
        ),
        ("[key.a]\nuri = \"local://A\"", (2, 7), "local://NAME"),
        (
            "[key.a]\nany = [\"local://a\", \"nonsense\"]",
            (2, 21),
            "a key URI begins with",
        ),
        ("[key.a]\nany = []", (2, 7), "1 to 16"),
        (
            "[key.a]\nany = [\"local://a\", \"local://a/2\"]",
            (2, 21),
            "already a recipient",
        ),
        (
            "[key.a]\nuri = \"gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k\"",
            (2, 7),
            "kind = \"gcp-kms\"",
        ),
        (
            "[key.a]\nuri = { uri = \"local://a\", provider = \"aws\" }",
            (2, 7),
            "of the kind aws-kms",
        ),
        (
            "[key.a]\nuri = { uri = \"local://a\", provider = \"b\" }",
            (2, 7),
            "no provider of this name",
        ),
        (
            "[key.a]\nany = [\"local://a\", \"passphrase:\"]",
            (2, 7),
            "mixed_passphrase = true",
        ),
        (
            "[key.a]\nquorum = { k = 1, of = [\"local://a\", \"local://b\"] }",
            (2, 16),
            "at least 2",
        ),
        (
            "[key.a]\nquorum = { k = 3, of = [\"local://a\", \"local://b\"] }",
            (2, 16),
            "at most",
        ),
        ("[key.a]\nquorum = { k = 2, of = [\"local://a\"] }", (2, 24), "2 to 16"),
        ("[key.a]\nuri = \"local://a\"\nsuite = \"AES\"", (3, 9), "KS1-AES256GCM"),
        (
            "[key.a]\nuri = \"local://a\"\nsuit = \"KS1-AES256GCM\"",
            (3, 1),
            "unknown field",
        ),
        ("[key.a]\nuri = \"local://a\"\nfloor = { quorum = 2 }", (3, 9), "quorum"),
        (
            "[key.a]\nuri = \"local://a\"\nfloor = { posture = \"strong\" }",
            (3, 21),
            "quantum-safe",
        ),
        (
            "[key.a]\nuri = \"local://a\"\nresidency = [\"EU\"]",
            (3, 13),
            "a-z 0-9 -",
        ),
        ("[key.a]\nuri = \"local://a\"\nresidency = []", (3, 13), "regions"),
        (
            &format!("[key.a]\nuri = \"{ARN}\"\nresidency = [\"us\"]"),
            (3, 13),
            "outside of us",
        ),
        (
            "[key.a]\nuri = \"local://a\"\ncontext = [\"aws:x\"]",
            (3, 11),
            "context",
        ),
        ("[policy]\nsuites = []", (2, 10), "no suite"),
        ("[policy]\nmax_recipients = 65", (2, 18), "1 to 64"),
        ("[policy]\nmax_age_days = 0", (2, 16), "1 to 36500"),
        ("[policy]\nmax = 1", (2, 1), "unknown field"),
        ("[policy]\nresidency = [\"EU\"]", (2, 13), "a-z 0-9 -"),
        (
            "[key.a]\nany = [\"local://a\"]\nwrap_at_least = 2",
            (3, 17),
            "up to the number of keys",
        ),
        (
            "[key.a]\nquorum = { k = 2, of = [\"local://a\", \"local://b\"] }\nwrap_at_least = 1",
            (3, 17),
            "a quorum is always wrapped whole",
        ),
        ("[open]\norder = [\"speed\"]", (2, 10), "latency"),
        ("[open]\nhedge_after_ms = 0", (2, 18), "1 to 60000"),
        ("[open]\ncost = { nobody = 1 }", (2, 10), "no provider of this name"),
        ("[open]\nhedges = true", (2, 1), "unknown field"),
        ("[provider.x]\nregion = \"a\"", (1, 1), "`kind` is missing"),
        ("[provider.x]\nkind = \"vault\"", (2, 8), "unknown kind"),
        ("[provider.x]\nkind = \"passphrase\"", (2, 8), "unknown kind"),
        ("[key.a\n", (1, 7), ""),
        ("[key.a]\nuri = local://a", (2, 7), ""),
    ];
    let lines_before = with("").lines().count();
    for (text, (line, column), says) in cases {
        let error = parse(&with(text)).expect_err(text);
        assert_eq!(error.place(), Some((lines_before + line, column)), "{text}\n{error}");
        assert!(error.to_string().contains(says), "{text}\n{error}");
    }
    for (text, place) in [("audit = 1", (1, 9)), ("[audit]\nkind = \"none\"\ndir = \"a\"", (3, 7))] {
        assert_eq!(parse(text).unwrap_err().place(), Some(place), "{text}");
    }
}

#[test]
fn whom_to_ask_first_is_configured() {
    let open = |text: &str| parse(&with(text)).unwrap().open;
    let usual = open("");
    assert_eq!(usual.order, [Criterion::Latency, Criterion::Cost]);
    assert_eq!(usual.hedge_after, Some(Duration::from_millis(300)));
    let said = open("[open]\norder = [\"cost\"]\nhedge_after_ms = 50\ncost = { aws = 7 }");
    assert_eq!(said.order, [Criterion::Cost]);
    assert_eq!(said.hedge_after, Some(Duration::from_millis(50)));
    assert_eq!(said.cost["aws"], 7);
    assert_eq!(open("[open]\nhedge = false\nhedge_after_ms = 50").hedge_after, None);
    let key = "[key.a]\nany = [\"local://a\", \"local://b\"]\nwrap_at_least = 1";
    assert_eq!(parse(&with(key)).unwrap().keys["a"].wrap_at_least, Some(1));
}

#[test]
fn a_mixed_passphrase_can_be_meant() {
    let text = with("[key.a]\nany = [\"local://a\", \"passphrase:\"]\nmixed_passphrase = true");
    let config = parse(&text).unwrap();
    assert!(config.keys["a"].mixed_passphrase && config.open_policy().mixed_passphrase);
    assert!(!parse(&with("")).unwrap().open_policy().mixed_passphrase);
}

#[test]
fn files_are_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keystrand.toml");
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("keystrand.toml: ") && error.contains("kmsctl init"),
        "{error}"
    );
    std::fs::write(&path, "audit = \"none\"\nx = 1").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("keystrand.toml:2:1: "), "{error}");
    std::fs::write(&path, "audit = \"none\"").unwrap();
    assert!(Config::load(&path).is_ok());
}
