//! Where credentials for AWS come from, against local stand-ins of the services that give them out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use keystrand_fakes::aws::FakeKms;
use keystrand_fakes::server::{Reply, Request, Server};

use super::support::{Home, Ran};

/// A home whose configuration says nothing of credentials.
struct Scene {
    home: Home,
    kms: FakeKms,
}

impl Scene {
    fn new() -> Self {
        let home = Home::with_keys(&["desk"]);
        let kms = FakeKms::start("eu-west-1");
        let config = home.dir().join("keystrand.toml");
        let text = fs::read_to_string(&config).unwrap();
        let provider = format!(
            "\n[provider.aws]\nkind = \"aws-kms\"\nregion = \"eu-west-1\"\nendpoint = \"{}\"\ncalls = {{ attempts = 1 }}\n",
            kms.endpoint()
        );
        fs::write(config, text + &provider).unwrap();
        Self { home, kms }
    }

    fn run(&self, variables: &[(&str, &str)]) -> Ran {
        let nothing = self.home.path("no-such-file").display().to_string();
        let mut command = self.home.command();
        command
            .env("HOME", self.home.path("nobody"))
            .env("AWS_CONFIG_FILE", &nothing)
            .env("AWS_SHARED_CREDENTIALS_FILE", &nothing)
            .envs(variables.iter().copied());
        command
            .args(["key", "create", "cloud", "--provider", "aws"])
            .output()
            .unwrap()
            .into()
    }

    /// Demands that requests were signed with `key`, and carry `token`.
    #[track_caller]
    fn signed_with(&self, key: &str, token: Option<&str>) {
        let seen = self.kms.seen();
        assert!(!seen.is_empty(), "nothing was asked");
        for seen in seen {
            let signature = seen.request.header("authorization").unwrap_or_default();
            assert!(signature.contains(&format!("Credential={key}/")), "{signature}");
            assert_eq!(seen.request.header("x-amz-security-token"), token);
        }
    }
}

/// A stand-in that notes what it was asked.
fn stand_in(answer: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> (Server, Arc<Mutex<Vec<Request>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let server = Server::start(0, move |request| {
        noted.lock().unwrap().push(request.clone());
        match answer(request) {
            // The metadata service says how long its token lives; the others ignore it.
            Some(body) => Reply::Whole(
                200,
                vec![("x-aws-ec2-metadata-token-ttl-seconds".into(), "21600".into())],
                body.into_bytes(),
            ),
            None => Reply::Whole(404, Vec::new(), Vec::new()),
        }
    });
    (server, asked)
}

fn given(key: &str) -> String {
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-01T00:00:00Z","AccessKeyId":"{key}",
            "SecretAccessKey":"canary-secret","Token":"the-token","Expiration":"2099-01-01T00:00:00Z"}}"#
    )
}

#[test]
fn the_environment() {
    let scene = Scene::new();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
    ];
    scene.run(&variables).ok();
    scene.signed_with("AKIDENV", None);
}

#[test]
fn a_web_identity_is_exchanged_at_sts() {
    let scene = Scene::new();
    let token = scene.home.file("token", "canary-web-identity");
    let (sts, asked) = stand_in(|request| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("Action=AssumeRoleWithWebIdentity").then(|| {
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDWEB</AccessKeyId>\
             <SecretAccessKey>canary-secret</SecretAccessKey><SessionToken>web-token</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
             </AssumeRoleWithWebIdentityResponse>"
                .to_owned()
        })
    });
    let ran = scene.run(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/keystrand"),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_ENDPOINT_URL_STS", &sts.endpoint()),
    ]);
    ran.ok();
    scene.signed_with("AKIDWEB", Some("web-token"));
    let body = String::from_utf8_lossy(&asked.lock().unwrap()[0].body).into_owned();
    assert!(body.contains("WebIdentityToken=canary-web-identity"), "{body}");
    assert!(body.contains("role%2Fkeystrand"), "{body}");
}

#[test]
fn an_instance_is_asked_by_the_second_version_of_its_metadata_service() {
    let scene = Scene::new();
    let (metadata, asked) = stand_in(|request| match request.line.as_str() {
        "PUT /latest/api/token" => request
            .header("x-aws-ec2-metadata-token-ttl-seconds")
            .map(|_| "session-token".to_owned()),
        _ if request.header("x-aws-ec2-metadata-token") != Some("session-token") => None,
        line if line.starts_with("GET /latest/meta-data/iam/security-credentials") => {
            Some(if line.trim_end_matches('/').ends_with("security-credentials") {
                "the-role".to_owned()
            } else {
                given("AKIDEC2")
            })
        }
        _ => None,
    });
    let endpoint = metadata.endpoint();
    scene.run(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]).ok();
    scene.signed_with("AKIDEC2", Some("the-token"));
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].line, "PUT /latest/api/token", "the first version was asked");
}

#[test]
fn a_container_is_asked_at_its_agent() {
    let scene = Scene::new();
    let (agent, _) = stand_in(|request| {
        let is_let_in = request.header("authorization") == Some("canary-agent-token");
        (is_let_in && request.line == "GET /creds").then(|| given("AKIDECS"))
    });
    let uri = format!("{}/creds", agent.endpoint());
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    scene.run(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri), token]).ok();
    scene.signed_with("AKIDECS", Some("the-token"));
}

#[test]
fn a_program_of_the_operators_gives_them() {
    let scene = Scene::new();
    let program = scene.home.file(
        "credentials.sh",
        "#!/bin/sh\nprintf '{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\",\"SecretAccessKey\":\"canary-secret\"}'\n",
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let profile = format!("[profile ops]\ncredential_process = {}\n", program.display());
    let config = scene.home.file("aws-config", profile);
    let variables = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("AWS_PROFILE", "ops")];
    scene.run(&variables).ok();
    scene.signed_with("AKIDPROC", None);
}

#[test]
fn where_there_are_none_that_is_told_and_nothing_is_asked() {
    let scene = Scene::new();
    let (metadata, _) = stand_in(|_| None);
    let ran = scene.run(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.endpoint())]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("credentials"), "{ran:?}");
    assert!(scene.kms.seen().is_empty());

    let token = scene.home.file("token", "canary-web-identity");
    let (sts, _) = stand_in(|_| None);
    let ran = scene.run(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/keystrand"),
        ("AWS_ENDPOINT_URL_STS", &sts.endpoint()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    assert_ne!(ran.code, 0);
    assert!(!ran.stderr.contains("canary"), "{ran:?}");
}
