//! Several clouds at once: any one of them opens, two of three have to agree, one of them dies in between.

use std::collections::BTreeSet;
use std::fs;

use keystrand_fakes::aws::{FakeKms, Fault};
use keystrand_fakes::azure::{self, CLIENT, FakeVault, SECRET};
use keystrand_fakes::gcp::{self, FakeGcp};

use super::support::{Home, Ran, lines};

/// A cloud that a test can switch off.
trait Cloud {
    /// Its `[provider.NAME]`, without `calls`.
    fn provider(&self) -> String;

    /// Answers so many requests more, and then none.
    fn dies_after(&self, requests: usize);

    /// Is back, with everything it had.
    fn revives(&self);

    /// How often secrets were wrapped or unwrapped since the last time.
    fn uses(&self) -> usize;
}

struct Aws {
    region: &'static str,
    kms: FakeKms,
}

impl Aws {
    fn start(region: &'static str, account: &str) -> Box<dyn Cloud> {
        let kms = FakeKms::of_account(region, account);
        Box::new(Self { region, kms })
    }
}

impl Cloud for Aws {
    fn provider(&self) -> String {
        format!(
            "kind = \"aws-kms\"\nregion = \"{}\"\nendpoint = \"{}\"\ncredentials_file = \"aws-credentials\"\n",
            self.region,
            self.kms.endpoint()
        )
    }

    fn dies_after(&self, requests: usize) {
        // The right answers, and then none.
        self.kms.fail(requests, &Fault::Leave("nothing"));
        self.kms.fail(100_000, &Fault::Close);
    }

    fn revives(&self) {
        self.kms.heal();
    }

    fn uses(&self) -> usize {
        let secret = ["GenerateDataKey", "Encrypt", "Decrypt"];
        let seen = self.kms.seen().into_iter();
        seen.filter(|seen| secret.contains(&seen.action.as_str())).count()
    }
}

struct Azure(FakeVault);

impl Azure {
    fn start() -> Box<dyn Cloud> {
        Box::new(Self(FakeVault::vault()))
    }
}

impl Cloud for Azure {
    fn provider(&self) -> String {
        let endpoint = self.0.endpoint();
        format!(
            "kind = \"azure-kv\"\nvault = \"acme.vault.azure.net\"\nregion = \"westeurope\"\nrsa_bits = 2048\n\
             endpoint = \"{endpoint}\"\ncredential = {{ kind = \"client-secret\", authority = \"{endpoint}\", \
             client_id = \"{CLIENT}\", secret_file = \"azure-secret\" }}\n"
        )
    }

    fn dies_after(&self, requests: usize) {
        self.0.fail(requests, &azure::Fault::Leave("nothing"));
        self.0.fail(100_000, &azure::Fault::Close);
    }

    fn revives(&self) {
        self.0.heal();
    }

    fn uses(&self) -> usize {
        let seen = self.0.seen().into_iter();
        seen.filter(|seen| seen.line.contains("wrapkey")).count()
    }
}

struct Google(FakeGcp);

impl Google {
    fn start() -> Box<dyn Cloud> {
        Box::new(Self(FakeGcp::start()))
    }
}

impl Cloud for Google {
    fn provider(&self) -> String {
        format!(
            "kind = \"gcp-kms\"\nproject = \"acme\"\nlocation = \"asia-east1\"\nendpoint = \"{}\"\n\
             identity = \"nobody\"\n",
            self.0.endpoint()
        )
    }

    fn dies_after(&self, requests: usize) {
        self.0.fail(requests, &gcp::Fault::Leave("nothing"));
        self.0.fail(100_000, &gcp::Fault::Close);
    }

    fn revives(&self) {
        self.0.heal();
    }

    fn uses(&self) -> usize {
        let secret = ["encrypt", "decrypt"];
        let seen = self.0.seen().into_iter();
        seen.filter(|seen| secret.contains(&seen.method.as_str())).count()
    }
}

/// A home with three clouds, a key in each, and names for them together.
struct Scene {
    home: Home,
    clouds: Vec<Box<dyn Cloud>>,
    keys: Vec<String>,
}

const NAMES: [&str; 3] = ["first", "second", "third"];

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let clouds = vec![Azure::start(), Aws::start("us-east-1", "444455556666"), Google::start()];
        let credentials = "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = canary-secret-key\n";
        fs::write(home.dir().join("aws-credentials"), credentials).unwrap();
        fs::write(home.dir().join("azure-secret"), SECRET).unwrap();
        let mut scene = Self {
            home,
            clouds,
            keys: Vec::new(),
        };
        for (cloud, name) in scene.clouds.iter().zip(NAMES) {
            let calls = "calls = { attempts = 2, attempt_ms = 3000, total_ms = 4000 }\n";
            scene.configure(&format!("\n[provider.{name}]\n{}{calls}", cloud.provider()));
        }
        for name in NAMES {
            let made = scene
                .home
                .json(&["key", "create", &format!("of-{name}"), "--provider", name]);
            scene.keys.push(made[0]["keys"][0].as_str().unwrap().to_owned());
        }
        let keys = format!("{:?}", scene.keys);
        scene.configure(&format!(
            "\n[key.any]\nany = {keys}\nwrap_at_least = 2\n[key.all]\nany = {keys}\n\
             [key.two]\nquorum = {{ k = 2, of = {keys} }}\n[open]\nhedge_after_ms = 100\n"
        ));
        scene
    }

    fn configure(&self, text: &str) {
        let config = self.home.dir().join("keystrand.toml");
        let before = fs::read_to_string(&config).unwrap();
        fs::write(config, before + text).unwrap();
    }

    /// Leaves only these clouds running.
    fn only(&self, running: &[usize]) {
        for (at, cloud) in self.clouds.iter().enumerate() {
            cloud.revives();
            if !running.contains(&at) {
                cloud.dies_after(0);
            }
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = self.home.run(arguments);
        assert!(!ran.stderr.contains("canary"), "{ran:?}");
        ran
    }

    /// Demands that the envelope opens to `content`.
    #[track_caller]
    fn opens(&self, envelope: &str, content: &str) {
        self.run(&["decrypt", envelope, "opened", "--force"]).ok();
        assert_eq!(self.home.read("opened"), content.as_bytes());
    }

    /// The keys that stand in an envelope.
    fn recipients(&self, envelope: &str) -> BTreeSet<String> {
        let shown = self.home.inspect(envelope);
        let recipients = shown["recipients"].as_array().unwrap().iter();
        recipients
            .map(|recipient| recipient["key"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn an_envelope_for_three_clouds_opens_with_any_one_left_running() {
    let scene = Scene::new();
    scene.home.file("report.txt", "figures");
    scene.home.ok(&["encrypt", "--key", "all", "report.txt"]);
    for left in 0..3 {
        scene.only(&[left]);
        scene.opens("report.txt.ks1", "figures");
    }
    scene.only(&[]);
    let error = scene.home.fails(
        &["decrypt", "report.txt.ks1", "none"],
        4,
        "provider.Unavailable",
        "provider",
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        scene.keys.iter().all(|key| message.contains(key)),
        "each of them is named: {message}"
    );
    scene.home.audit_is_intact();
}

#[test]
fn two_of_three_clouds_open_and_no_one_does() {
    let scene = Scene::new();
    scene.home.file("minutes.txt", "agreed");
    scene.home.ok(&["encrypt", "--key", "two", "minutes.txt"]);
    for pair in [[0, 1], [0, 2], [1, 2]] {
        scene.only(&pair);
        scene.opens("minutes.txt.ks1", "agreed");
    }
    for left in 0..3 {
        scene.only(&[left]);
        let error = scene.home.fails(
            &["decrypt", "minutes.txt.ks1", "none"],
            4,
            "provider.Unavailable",
            "provider",
        );
        let message = error["message"].as_str().unwrap();
        let named = scene.keys.iter().filter(|key| message.contains(*key)).count();
        assert_eq!(named, 2, "{message}");
        assert!(!scene.home.exists("none"));
    }
}

#[test]
fn sealing_goes_on_without_one_and_the_missing_is_put_in_later() {
    let scene = Scene::new();
    scene.home.file("data/report.txt", "figures");
    scene.only(&[0, 2]);
    let sealed = scene
        .home
        .json(&["encrypt", "--key", "any", "data/report.txt"])
        .remove(0);
    let missing = sealed["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1, "{sealed}");
    assert_eq!(missing[0]["key"], scene.keys[1].as_str());
    assert_eq!(missing[0]["code"], "provider.Unavailable");
    fs::remove_file(scene.home.path("data/report.txt")).unwrap();
    assert!(!scene.recipients("data/report.txt.ks1").contains(&scene.keys[1]));
    let shown = scene.home.ok(&["audit", "show", "--json", "-n", "1"]);
    assert!(
        shown.contains(&scene.keys[1]) && shown.contains("provider.Unavailable"),
        "{shown}"
    );

    // For people it is a warning that says what to do.
    scene.home.file("other.txt", "x");
    let ran = scene.run(&["encrypt", "--key", "any", "other.txt", "other.ks1"]);
    assert!(ran.code == 0 && ran.stderr.contains("rewrap --missing"), "{ran:?}");

    let told = scene.home.json(&["rewrap", "data", "--missing", "--dry-run"]);
    assert_eq!(told[0]["would"], "rewrap", "{told:?}");
    let down = scene.run(&["rewrap", "data", "--missing"]);
    assert_eq!(down.code, 4, "{down:?}");
    scene.only(&[0, 1, 2]);
    let ended = scene.home.json(&["rewrap", "--resume"]);
    assert_eq!(ended.last().unwrap()["rewrapped"], 1, "{ended:?}");
    let all: BTreeSet<_> = scene.keys.iter().cloned().collect();
    assert_eq!(scene.recipients("data/report.txt.ks1"), all);
    scene.only(&[1]);
    scene.opens("data/report.txt.ks1", "figures");
    let again = scene.home.json(&["rewrap", "data", "--missing"]);
    assert_eq!(again.last().unwrap()["already_current"], 1, "{again:?}");

    // One is too few for this key; for the other, two are.
    scene.home.fails(
        &["encrypt", "--key", "any", "other.txt", "few.ks1"],
        4,
        "provider.Unavailable",
        "provider",
    );
    scene.only(&[0, 2]);
    scene.home.fails(
        &["encrypt", "--key", "all", "other.txt", "few.ks1"],
        4,
        "provider.Unavailable",
        "provider",
    );
    assert!(!scene.home.exists("few.ks1"));
    scene.home.audit_is_intact();
}

#[test]
fn residency_refuses_to_wrap_to_unwrap_and_to_fail_over() {
    let scene = Scene::new();
    scene.home.file("report.txt", "figures");
    scene.home.ok(&["encrypt", "--key", "all", "report.txt"]);
    scene.home.ok(&["encrypt", "--key", "two", "report.txt", "two.ks1"]);
    scene
        .home
        .ok(&["encrypt", "--key", &scene.keys[1], "report.txt", "abroad.ks1"]);
    scene.configure("\n[policy]\nresidency = [\"westeurope\", \"asia\"]\n");
    for cloud in &scene.clouds {
        cloud.uses();
    }

    let error = scene.home.fails(
        &["encrypt", "--key", "all", "report.txt", "new.ks1"],
        5,
        "policy.Residency",
        "policy",
    );
    assert!(error["message"].as_str().unwrap().contains(&scene.keys[1]), "{error}");
    // One that may not be asked is no outage that sealing could go on without.
    scene.home.fails(
        &["encrypt", "--key", "any", "report.txt", "new.ks1"],
        5,
        "policy.Residency",
        "policy",
    );
    scene.opens("report.txt.ks1", "figures");
    scene.opens("two.ks1", "figures");
    let error = scene
        .home
        .fails(&["decrypt", "abroad.ks1", "none"], 5, "policy.Residency", "policy");
    assert!(error["message"].as_str().unwrap().contains(&scene.keys[1]), "{error}");
    scene.only(&[1]);
    let error = scene.home.fails(
        &["decrypt", "report.txt.ks1", "none"],
        4,
        "provider.Unavailable",
        "provider",
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("residency") && scene.keys.iter().all(|key| message.contains(key)),
        "{message}"
    );
    scene.only(&[0, 1]);
    assert_eq!(scene.run(&["decrypt", "two.ks1", "none"]).code, 4);
    assert_eq!(scene.clouds[1].uses(), 0, "a key abroad was used");
}

#[test]
fn a_rotation_over_three_clouds_goes_on_where_one_of_them_died() {
    for requests in [0, 4, 8, 11, 14, 18] {
        let scene = Scene::new();
        let files: Vec<_> = (0..6).map(|n| format!("data/{n}.txt")).collect();
        for file in &files {
            scene.home.file(file, file);
            scene.home.ok(&["encrypt", "--key", "all", file]);
            fs::remove_file(scene.home.path(file)).unwrap();
        }
        let versions = |scene: &Scene| -> BTreeSet<_> {
            let listed = scene.home.json(&["key", "list"]);
            let versions = listed.iter().filter_map(|row| row["version"].as_str());
            versions.map(str::to_owned).collect()
        };
        let before = versions(&scene);
        scene.clouds[1].dies_after(requests);
        let broken = scene.run(&["rotate", "--all", "--rewrap", "data"]);
        scene.clouds[1].revives();
        let resumed = scene.run(&["rotate", "--resume"]);
        match broken.code {
            // It died before anything was begun, or after all was done.
            0 => assert_eq!(resumed.code, 2, "{requests}: {resumed:?}"),
            _ if resumed.code == 2 => scene.run(&["rotate", "--all", "--rewrap", "data"]).ok().clear(),
            4 | 6 => drop(resumed.ok()),
            other => panic!("{requests}: exit {other}: {broken:?}"),
        }
        let after = versions(&scene);
        assert_eq!((before.len(), after.len()), (3, 3), "{requests}");
        assert!(
            before.is_disjoint(&after),
            "{requests}: not every key was rotated: {before:?} {after:?}"
        );
        for file in &files {
            let envelope = format!("{file}.ks1");
            let shown = scene.home.inspect(&envelope);
            let recipients = shown["recipients"].as_array().unwrap().iter();
            let under: BTreeSet<_> = recipients
                .map(|one| one["version"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(under, after, "{requests}: {envelope} is under an old version");
        }
        for left in 0..3 {
            scene.only(&[left]);
            scene.opens("data/3.txt.ks1", "data/3.txt");
        }
        scene.home.audit_is_intact();
    }
}

#[test]
fn a_listing_has_a_row_for_each_key_and_for_who_does_not_answer() {
    let scene = Scene::new();
    scene.configure("\n[policy]\nmax_age_days = 30\n");
    let text = scene.home.ok(&["key", "list"]);
    let titles = text.lines().next().unwrap();
    for title in [
        "NAME",
        "KEY",
        "VERSION",
        "ALGORITHM",
        "PROTECTION",
        "REGION",
        "STATE",
        "AGE",
        "ROTATION DUE",
        "POSTURE",
    ] {
        assert!(titles.contains(title), "{titles}");
    }
    let listed = scene.home.json(&["key", "list", "--provider", "second"]);
    let row = &listed[0];
    for (field, value) in [
        ("name", "of-second"),
        ("key", &scene.keys[1]),
        ("algorithm", "AES-256-GCM"),
        ("protection", "hsm"),
        ("region", "us-east-1"),
        ("state", "enabled"),
        ("posture", "hedged"),
    ] {
        assert_eq!(row[field], value, "{row}");
    }
    assert_eq!(row["age_days"], 0, "{row}");
    assert!(
        row["rotation_due"].is_string() && row["version"].as_str().unwrap().len() == 64,
        "{row}"
    );

    scene.only(&[0, 2]);
    let ran = scene.home.run(&["--json", "key", "list"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let rows = lines(&ran.stdout);
    let unreached: Vec<_> = rows.iter().filter(|row| row["error"].is_object()).collect();
    assert_eq!(unreached.len(), 1, "{rows:?}");
    assert_eq!(unreached[0]["provider"], "second");
    assert_eq!(unreached[0]["error"]["code"], "provider.Unavailable");
    assert!(
        rows.iter().any(|row| row["key"] == scene.keys[2].as_str()),
        "the others are listed"
    );
    let text = scene.home.run(&["key", "list"]);
    assert!(String::from_utf8(text.stdout).unwrap().contains("second: not listed"));
    scene.only(&[]);
    assert_eq!(scene.home.run(&["key", "list", "--provider", "second"]).code, 4);
}

#[test]
fn changes_tell_the_requests_that_they_took() {
    let scene = Scene::new();
    let made = scene
        .home
        .json(&["key", "create", "new", "--provider", "second"])
        .remove(0);
    let operations = |result: &serde_json::Value| -> Vec<_> {
        let requests = result["requests"].as_array().unwrap().iter();
        let told = requests.map(|request| {
            assert!(request["id"].as_str().unwrap().starts_with("fake-"), "{request}");
            request["operation"].as_str().unwrap().to_owned()
        });
        told.collect()
    };
    assert_eq!(operations(&made), ["CreateKey", "CreateAlias"]);
    let rotated = scene.home.json(&["rotate", "new"]).remove(0);
    assert!(operations(&rotated).contains(&"RotateKeyOnDemand".to_owned()));
    let id = rotated["requests"][0]["id"].as_str().unwrap();
    assert!(scene.home.ok(&["audit", "show", "--json", "-n", "2"]).contains(id));
    scene.clouds[1].dies_after(0);
    let failed = scene.run(&["key", "disable", "new"]);
    assert_eq!(failed.code, 4, "{failed:?}");
}
