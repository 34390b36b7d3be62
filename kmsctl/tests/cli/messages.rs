//! Messages of the AWS Encryption SDK: opened, looked at, and not rewrapped.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{Context, Keyring, RawAesKeyring, RawRsaKeyring, RsaPadding, Sealer, Suite};

use super::support::{Home, noise};

/// A home whose configuration has the raw key `legacy`.
pub(crate) fn home_with_raw_key() -> Home {
    let home = Home::with_keys(&["payments"]);
    let key = home.dir().join("legacy.key");
    fs::write(&key, KEY).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    configure(
        &home,
        "[esdk.key.legacy]\nkind = \"raw-aes\"\nnamespace = \"my-app\"\nname = \"key-2019\"\nfile = \"legacy.key\"\n",
    );
    home
}

/// Adds to the configuration.
pub(crate) fn configure(home: &Home, section: &str) {
    let path = home.dir().join("keystrand.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}\n{section}")).unwrap();
}

/// A sealer of messages under that raw key.
pub(crate) fn sealer() -> Sealer {
    Sealer::new(CryptoBackend::default()).keyring(aes("my-app", "key-2019", &KEY))
}

pub(crate) fn seal(sealer: &Sealer, plaintext: &[u8]) -> Vec<u8> {
    block_on(sealer.seal(plaintext)).unwrap()
}

pub(crate) fn context(pairs: &[(&str, &str)]) -> Context {
    Context::from_pairs(pairs.iter().copied()).unwrap()
}

fn aes(namespace: &str, name: &str, key: &[u8]) -> Arc<dyn Keyring> {
    Arc::new(RawAesKeyring::new(CryptoBackend::default(), namespace, name, key).unwrap())
}

const KEY: [u8; 32] = [42; 32];

#[test]
fn a_message_is_opened_as_an_envelope_is() {
    let home = home_with_raw_key();
    let plaintext = noise(100_000);
    for (suite, name) in [(Suite::Committing, "a"), (Suite::CommittingSigned, "b")] {
        let sealed = seal(
            &sealer().suite(suite).context(context(&[("tenant", "t-17")])),
            &plaintext,
        );
        let file = format!("{name}.encrypted");
        home.file(&file, &sealed);
        let told = home.json(&["decrypt", &file]).remove(0);
        assert_eq!(home.read(name), plaintext);
        assert_eq!(
            (&told["format"], &told["opened_by"][0]),
            (&"ESDK".into(), &"esdk://my-app/key-2019".into())
        );
        assert_eq!(told["plaintext_bytes"], 100_000);
        home.ok(&["decrypt", "--context", "tenant=t-17", &file, &format!("{name}.2")]);
        let wrong = &["decrypt", "--context", "tenant=other", &file, "never"];
        home.fails(wrong, 3, "policy.ContextMismatch", "policy");
        let piped = home.run_with_stdin(&["decrypt", "-"], &sealed);
        assert_eq!((piped.code, &piped.stdout), (0, &plaintext), "{}", piped.stderr);
    }
    assert!(!home.exists("never"));
    home.audit_is_intact();
    let trail = home.ok(&["audit", "show"]);
    assert!(trail.contains("esdk://my-app/key-2019"), "{trail}");
}

#[test]
fn nothing_unverified_lands_under_the_final_name() {
    let home = home_with_raw_key();
    let sealed = seal(&sealer().frame_len(1000), &noise(10_000));
    let cases = [
        ("esdk.Truncated", sealed[..sealed.len() - 1].to_vec()),
        ("esdk.TrailingBytes", [&sealed[..], b"x"].concat()),
        ("open.DoesNotOpen", changed(&sealed, sealed.len() - 10)),
        ("open.DoesNotOpen", changed(&sealed, sealed.len() / 2)),
    ];
    for (code, message) in cases {
        home.file("m", message);
        home.fails(&["decrypt", "m", "out"], 3, code, "data");
        assert_eq!(home.names(), ["m"], "{code}");
    }
    let piped = home.run_with_stdin(&["decrypt", "-"], &changed(&sealed, sealed.len() - 10));
    assert_eq!(
        (piped.code, piped.stdout.len()),
        (3, 10_000 - 1000),
        "all but the frame that waits for the signature"
    );
}

#[test]
fn the_keys_that_would_be_needed_are_named() {
    let home = home_with_raw_key();
    let stranger = Sealer::new(CryptoBackend::default())
        .keyring(aes("their-app", "key-1", &[1; 16]))
        .keyring(aes("their-app", "key-2", &[1; 24]));
    home.file("m", seal(&stranger, b"x"));
    let error = home.fails(&["decrypt", "m", "out"], 3, "caller.NoConfiguredKey", "caller");
    let next = error["next"].as_str().unwrap();
    assert!(next.contains("their-app key-1, their-app key-2"), "{next}");
    let wrong = Sealer::new(CryptoBackend::default()).keyring(aes("my-app", "key-2019", &[1; 32]));
    home.file("w", seal(&wrong, b"x"));
    home.fails(&["decrypt", "w", "out"], 3, "open.DoesNotOpen", "data");
}

#[test]
fn rsa_keys_and_their_file_modes() {
    let home = home_with_raw_key();
    let pem = include_str!("../../../kms-core/tests/esdk/keys/rsa.pem");
    let rsa = RawRsaKeyring::private("partner", "rsa-1", RsaPadding::OaepSha256, pem.as_bytes()).unwrap();
    home.file(
        "m",
        seal(
            &Sealer::new(CryptoBackend::default()).keyring(Arc::new(rsa)),
            b"from a partner",
        ),
    );
    let key = home.dir().join("rsa.pem");
    fs::write(&key, pem).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    configure(
        &home,
        "[esdk.key.partner]\nkind = \"raw-rsa\"\nnamespace = \"partner\"\nname = \"rsa-1\"\nfile = \"rsa.pem\"\n\
         padding = \"oaep-sha256\"\n",
    );
    let error = home.fails(&["decrypt", "m", "out"], 1, "system.RawKey", "environment");
    assert!(error["message"].as_str().unwrap().contains("chmod 600"), "{error}");
    // Envelopes do not need it.
    home.file("plain", "x");
    home.ok(&["encrypt", "--key", "payments", "plain"]);
    home.ok(&["decrypt", "plain.ks1", "plain.2"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    home.ok(&["decrypt", "m", "out"]);
    assert_eq!(home.read("out"), b"from a partner");
}

#[test]
fn a_message_is_shown() {
    let home = home_with_raw_key();
    let sealer = sealer().frame_len(512).context(context(&[("tenant", "t-17")]));
    home.file("m", seal(&sealer, b"x"));
    let shown = home.inspect("m");
    assert_eq!(shown["format"], "ESDK");
    assert_eq!((&shown["version"], &shown["suite_id"]), (&2.into(), &"0x0578".into()));
    assert_eq!(
        (&shown["commits_to_key"], &shown["signed"]),
        (&true.into(), &true.into())
    );
    assert_eq!(
        (&shown["context"]["tenant"], &shown["frame_bytes"]),
        (&"t-17".into(), &512.into())
    );
    let data_key = &shown["data_keys"][0];
    assert_eq!(
        (&data_key["provider"], &data_key["key"]),
        (&"my-app".into(), &"key-2019".into())
    );
    let text = home.ok(&["inspect", "m"]);
    for part in [
        "AWS Encryption SDK",
        "tenant=t-17",
        "my-app key-2019",
        "frames of 512 bytes",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let piped = home.run_with_stdin(&["inspect", "-"], &home.read("m")).ok();
    assert!(piped.contains("my-app key-2019"), "{piped}");
}

#[test]
fn rewrapping_is_refused_with_the_reason_and_the_way_out() {
    let home = home_with_raw_key();
    let sealed = seal(&sealer(), b"x");
    home.file("d/m", &sealed);
    for arguments in [
        &["rewrap", "d/m"][..],
        &["rewrap", "d/m", "--add", "payments"],
        &["rewrap", "d/m", "--dry-run"],
        &["rotate", "payments", "--rewrap", "d/m"],
    ] {
        let error = home.fails(arguments, 5, "policy.EsdkMessage", "policy");
        assert!(error["message"].as_str().unwrap().contains("forges"), "{error}");
        assert!(
            error["next"].as_str().unwrap().contains("migrate --from esdk"),
            "{error}"
        );
    }
    assert_eq!(
        home.json(&["key", "show", "payments"])[0]["current"],
        "1",
        "nothing was rotated"
    );
    // Below a folder it is no business of a rewrap.
    assert_eq!(home.json(&["rewrap", "d"]).pop().unwrap()["rewrapped"], 0);
    assert_eq!(home.read("d/m"), sealed);
}

#[test]
fn what_does_not_commit_is_opened_only_where_that_is_allowed() {
    let home = home_with_raw_key();
    // A header of suite 0x0178, with nothing behind it: the policy is asked before any key.
    let mut message = vec![1, 0x80, 0x01, 0x78];
    message.extend([5; 16]);
    message.extend([0, 0, 0, 1, 0, 1, b'n', 0, 1, b'k', 0, 1, b'c']);
    message.extend([2, 0, 0, 0, 0, 12, 0, 0, 16, 0]);
    message.extend([0; 28]);
    home.file("m", message);
    let error = home.fails(&["decrypt", "m", "out"], 5, "policy.Commitment", "policy");
    assert!(error["next"].as_str().unwrap().contains("commitment"), "{error}");
    configure(&home, "[esdk]\ncommitment = \"allow\"\n");
    home.fails(&["decrypt", "m", "out"], 3, "caller.NoConfiguredKey", "caller");
}

fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}
