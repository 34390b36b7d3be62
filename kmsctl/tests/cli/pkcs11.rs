//! Tokens from the command line, over SoftHSM 2.
#![allow(clippy::print_stdout, reason = "who reads the tests is told what was skipped")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Home, Ran, lines};

/// A home with a token, in whose environment alone the token's keys are found.
struct Lab {
    home: Home,
}

impl Lab {
    /// `None` where SoftHSM is not installed; the test's output says so.
    fn new() -> Option<Self> {
        if !Path::new(MODULE).exists() {
            println!("SKIPPED: no SoftHSM 2 here; apt install softhsm2");
            return None;
        }
        let lab = Self { home: Home::new() };
        let made = lab.run(&["pkcs11", "init", "lab"]);
        assert!(made.ok().contains("kmsctl key create NAME --provider lab"));
        Some(lab)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.home.command();
        command
            .env("HOME", self.home.path(""))
            .env("KEYSTRAND_SHIM", self.script_file());
        command.args(arguments).output().unwrap().into()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok()
    }

    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        lines(&ran.stdout)
    }

    fn script_file(&self) -> PathBuf {
        self.home.dir().join("shim")
    }

    /// What a module before the real one does from now on.
    fn script(&self, script: &str) {
        fs::write(self.script_file(), format!("real {MODULE}\n{script}\n")).unwrap();
    }

    /// Puts that module in the place of the real one.
    fn stand_in_between(&self) {
        self.script("");
        let config = self.home.dir().join("keystrand.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text.replace(MODULE, shim().to_str().unwrap())).unwrap();
    }

    fn versions(&self, key: &str) -> Vec<String> {
        let shown = self.json(&["key", "show", key]);
        let versions = shown.iter().find_map(|shown| shown["versions"].as_array()).unwrap();
        versions
            .iter()
            .map(|version| version["version"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn shim() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap();
    let name = format!(
        "{}keystrand_shim{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let places = [folder.join(&name), folder.parent().unwrap().join(&name)];
    places
        .into_iter()
        .find(|place| place.exists())
        .expect("cargo builds it with these tests")
}

#[test]
fn one_command_makes_a_token_to_try_things_out() {
    let Some(lab) = Lab::new() else { return };
    let pin_file = lab.home.dir().join("lab.pin");
    assert_eq!(fs::metadata(&pin_file).unwrap().permissions().mode() & 0o777, 0o600);
    let pin = fs::read_to_string(&pin_file).unwrap();
    assert!(
        !fs::read_to_string(lab.home.dir().join("keystrand.toml"))
            .unwrap()
            .contains(&pin)
    );

    lab.ok(&["key", "create", "payments", "--provider", "lab"]);
    lab.home.file("report.txt", "figures");
    lab.ok(&["encrypt", "--key", "payments", "report.txt"]);
    lab.ok(&["rotate", "payments", "--rewrap", "report.txt.ks1"]);
    lab.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(lab.home.read("back.txt"), b"figures");

    // The first version is not needed any more; one that is, is not destroyed.
    let versions = lab.versions("payments");
    let uri = "pkcs11:token=lab;object=payments;type=secret-key";
    let version = |n: usize| format!("{uri};id=ks1:{}", versions[n]);
    lab.ok(&["key", "disable", &version(0)]);
    lab.ok(&["key", "enable", &version(0)]);
    lab.ok(&["key", "destroy", &version(0)]);
    assert_ne!(lab.run(&["key", "destroy", uri]).code, 0);
    lab.ok(&["decrypt", "report.txt.ks1", "again.txt"]);

    let doctor = lab.ok(&["doctor"]);
    for said in ["aes-kwp works", "profile softhsm2", "token `lab`, serial", "in use"] {
        assert!(doctor.contains(said), "{said}\n{doctor}");
    }
    assert!(!doctor.contains(&pin));
    assert_ne!(
        lab.run(&["pkcs11", "init", "lab"]).code,
        0,
        "a second token under one name"
    );
    lab.home.audit_is_intact();
}

#[test]
fn material_is_brought_to_a_token() {
    let Some(lab) = Lab::new() else { return };
    lab.home.file("material", [0x5a; 32]);
    lab.ok(&["key", "import", "brought", "material", "--provider", "lab"]);
    lab.home.file("report.txt", "figures");
    lab.ok(&["encrypt", "--key", "brought", "report.txt"]);
    lab.ok(&["key", "import", "brought", "material", "--new-version"]);
    lab.ok(&["decrypt", "report.txt.ks1", "back.txt"]);
    assert_eq!(lab.versions("brought").len(), 2);
    assert!(lab.ok(&["key", "show", "brought"]).contains("imported"));
}

/// The new version is made, then the token goes away: what was rewrapped opens, what was not opens, and when the token
/// is back the run comes to its end without another rotation.
#[test]
fn a_token_that_goes_away_in_the_middle_of_a_rotation_loses_nothing() {
    let Some(lab) = Lab::new() else { return };
    lab.stand_in_between();
    lab.ok(&["key", "create", "payments", "--provider", "lab"]);
    for n in 0..6 {
        lab.home.file(&format!("d/{n}"), format!("figures {n}"));
    }
    lab.ok(&["encrypt", "--key", "payments", "d"]);
    // Two calls find out what the token can do; what follows wraps.
    lab.script("fault C_WrapKey device-removed always 2");
    let broken = lab.run(&["rotate", "payments", "--rewrap", "d"]);
    assert!(matches!(broken.code, 4 | 6), "{}: {}", broken.code, broken.stderr);
    assert_eq!(lab.versions("payments").len(), 2);

    // Back, but still not wrapping: everything opens.
    for n in 0..6 {
        lab.ok(&["decrypt", &format!("d/{n}.ks1"), &format!("back-{n}")]);
        assert_eq!(lab.home.read(&format!("back-{n}")), format!("figures {n}").as_bytes());
    }
    lab.script("fault * device-removed");
    assert_eq!(lab.run(&["decrypt", "d/0.ks1", "gone"]).code, 4);

    lab.script("");
    lab.ok(&["rotate", "--resume"]);
    assert_eq!(lab.versions("payments").len(), 2, "the resumed run rotated again");
    let dry = lab.run(&["rewrap", "d", "--dry-run"]);
    assert!(dry.ok().contains("0 would") || lab.ok(&["rewrap", "d"]).contains("6 already current"));
    for n in 0..6 {
        lab.ok(&["decrypt", "--force", &format!("d/{n}.ks1"), &format!("back-{n}")]);
    }
    lab.home.audit_is_intact();
}

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
