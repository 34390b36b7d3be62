//! How a cloud is reached: certificates, proxies, key exchange, and what of it a key is worth.

use std::fs;

use keystrand_fakes::aws::FakeKms;
use keystrand_fakes::proxy::Proxy;
use keystrand_fakes::tls::{Offers, Tls};

use super::support::{Home, Ran};

struct Scene {
    home: Home,
    kms: FakeKms,
}

/// A home whose AWS speaks TLS, with further lines in `[provider.aws.calls]`.
fn scene(offers: Offers, calls: &str) -> Scene {
    let home = Home::with_keys(&["desk"]);
    let tls = Tls::new(offers);
    let kms = FakeKms::over_tls("eu-west-1", &tls);
    let ca_file = tls.ca_file(&home.dir());
    provide(&home, &kms.endpoint(), &format!("ca_file = {ca_file:?}\n{calls}"));
    Scene { home, kms }
}

fn provide(home: &Home, endpoint: &str, calls: &str) {
    let credentials = "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = canary-secret-key\n";
    fs::write(home.dir().join("aws-credentials"), credentials).unwrap();
    configure(
        home,
        &format!(
            "\n[provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\nendpoint = \"{endpoint}\"\n\
             credentials_file = \"aws-credentials\"\n[provider.aws.calls]\nattempts = 1\n{calls}\n"
        ),
    );
}

fn configure(home: &Home, text: &str) {
    let config = home.dir().join("keystrand.toml");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(config, before + text).unwrap();
}

#[track_caller]
fn told(ran: &Ran, code: i32, words: &str) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(words), "{ran:?}");
    assert!(!ran.stderr.contains("canary"), "{ran:?}");
}

#[test]
fn only_the_certificates_of_the_ca_file_are_trusted() {
    let scene = scene(Offers::PostQuantum, "");
    scene.home.ok(&["key", "create", "cloud", "--provider", "aws"]);
    let listed = scene.home.json(&["key", "list", "--provider", "aws"]);
    assert_eq!(listed[0]["key_exchange"], "X25519MLKEM768", "{listed:?}");
    assert_eq!(listed[0]["posture"], "hedged", "{listed:?}");

    // Another authority's server, at the same place in the configuration.
    let stranger = Home::with_keys(&["desk"]);
    let other = Tls::new(Offers::PostQuantum).ca_file(&stranger.dir());
    provide(&stranger, &scene.kms.endpoint(), &format!("ca_file = {other:?}"));
    drop(scene.kms.seen());
    let ran = stranger.run(&["key", "create", "cloud", "--provider", "aws"]);
    told(&ran, 4, "not reachable");
    assert!(scene.kms.seen().is_empty(), "something was sent to who was not trusted");

    for (file, content) in [
        ("missing.pem", None),
        ("empty.pem", Some("")),
        ("text.pem", Some("no certificate")),
    ] {
        let path = stranger.dir().join(file);
        content.iter().for_each(|content| fs::write(&path, content).unwrap());
        let config = stranger.dir().join("keystrand.toml");
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace(&format!("{other:?}"), &format!("{path:?}"));
        let home = Home::with_keys(&[]);
        fs::write(home.dir().join("keystrand.toml"), text).unwrap();
        told(&home.run(&["key", "list"]), 2, "the CA file cannot be read");
    }
}

#[test]
fn a_classical_connection_is_refused_where_that_is_asked_for() {
    let scene = scene(Offers::Classical, "require_pq_transport = true");
    let ran = scene.home.run(&["key", "create", "cloud", "--provider", "aws"]);
    assert_ne!(ran.code, 0);
    assert!(scene.kms.seen().is_empty(), "something crossed it");

    let scene = self::scene(Offers::PostQuantum, "require_pq_transport = true");
    scene.home.ok(&["key", "create", "cloud", "--provider", "aws"]);
}

#[test]
fn a_key_is_worth_no_more_than_the_connection_to_it() {
    let Scene { home, kms } = scene(Offers::Classical, "");
    home.ok(&["key", "create", "cloud", "--provider", "aws"]);
    let listed = home.json(&["key", "list", "--provider", "aws"]);
    assert_eq!(listed[0]["posture"], "classical", "{listed:?}");
    assert_eq!(listed[0]["key_exchange"], "X25519", "{listed:?}");
    home.file("report.txt", "figures");
    home.ok(&["encrypt", "--key", "cloud", "report.txt"]);
    home.ok(&["encrypt", "--key", "cloud", "--key", "desk", "report.txt", "both.ks1"]);
    home.ok(&["key", "create", "pair", "--kem", "x-wing"]);
    let arn = listed[0]["key"].as_str().unwrap();
    home.ok(&["key", "create", "vault", "--classical", arn, "--pq", "local://pair"]);

    configure(&home, "\n[policy]\nposture = \"hedged\"\n");
    drop(kms.seen());
    let ran = home.run(&["encrypt", "--key", "cloud", "report.txt", "new.ks1"]);
    told(&ran, 5, "quantum computer can read later");
    let ran = home.run(&["decrypt", "report.txt.ks1", "back.txt"]);
    told(&ran, 5, "quantum computer can read later");
    home.ok(&["decrypt", "both.ks1", "from-desk.txt"]);
    let secrets = ["GenerateDataKey", "Decrypt"];
    let crossed = kms
        .seen()
        .into_iter()
        .filter(|seen| secrets.contains(&seen.action.as_str()));
    assert_eq!(crossed.count(), 0, "a secret crossed the connection");
    // The half that is sealed here carries a hybrid through.
    home.ok(&["encrypt", "--key", "vault", "report.txt", "hybrid.ks1"]);
    home.ok(&["decrypt", "hybrid.ks1", "hybrid.txt"]);
    assert_eq!(home.read("hybrid.txt"), b"figures");
}

#[test]
fn plain_http_leaves_this_machine_for_nobody() {
    let home = Home::with_keys(&["desk"]);
    provide(&home, "http://10.0.0.1:9", "");
    told(&home.run(&["key", "list"]), 2, "endpoint");
}

#[test]
fn a_proxy_is_used_as_the_environment_says_and_sees_no_request() {
    let scene = scene(Offers::PostQuantum, "");
    let proxy = Proxy::start();
    let run = |variables: &[(&str, String)], name: &str| {
        let mut command = scene.home.command();
        command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
        Ran::from(
            command
                .args(["key", "create", name, "--provider", "aws"])
                .output()
                .unwrap(),
        )
    };
    let through = |address: &str| ("HTTPS_PROXY", format!("http://{address}"));
    run(&[through(&proxy.authority())], "one").ok();
    let seen = proxy.seen();
    let to = scene.kms.endpoint().replace("https://", "");
    assert!(
        !seen.is_empty() && seen.iter().all(|head| head.starts_with(&format!("CONNECT {to} "))),
        "{seen:?}"
    );
    assert!(!seen.concat().to_lowercase().contains("amz"), "{seen:?}");

    run(&[through(&format!("user:word@{}", proxy.authority()))], "two").ok();
    let seen = proxy.seen().concat().to_lowercase();
    assert!(seen.contains("proxy-authorization: basic dxnlcjp3b3jk"), "{seen}");

    run(
        &[through(&proxy.authority()), ("NO_PROXY", "127.0.0.1".to_owned())],
        "three",
    )
    .ok();
    assert!(proxy.seen().is_empty());
    let nobody = run(&[through("127.0.0.1:9")], "four");
    told(&nobody, 4, "not reachable");
    let unknown = run(&[("HTTPS_PROXY", format!("socks5://{}", proxy.authority()))], "five");
    told(&unknown, 2, "http:// proxies");
}

#[test]
fn what_is_on_this_machine_needs_no_proxy_and_no_tls() {
    let home = Home::with_keys(&["desk"]);
    let kms = FakeKms::start("eu-west-1");
    provide(&home, &kms.endpoint(), "");
    let proxy = Proxy::start();
    let mut command = home.command();
    let address = format!("http://{}", proxy.authority());
    command.envs(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, address.as_str())));
    Ran::from(
        command
            .args(["key", "create", "cloud", "--provider", "aws"])
            .output()
            .unwrap(),
    )
    .ok();
    assert!(proxy.seen().is_empty());
    let listed = home.json(&["key", "list", "--provider", "aws"]);
    assert_eq!(listed[0]["posture"], "hedged");
}
