//! A token of its own for each test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use kms_core::audit::Clock;
use kms_core::crypto::CryptoBackend;
use kms_providers::pkcs11::{Pkcs11Provider, Pkcs11Settings};

/// A token, in the process that may use it.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) module: PathBuf,
    pub(crate) clock: Arc<TestClock>,
}

/// Software tokens that can be had here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SoftHsm,
    Kryoptic,
}

pub(crate) const LABEL: &str = "keystrand test";
pub(crate) const PIN: &str = "23424";
const SO_PIN: &str = "12345678";
const INSIDE: &str = "KEYSTRAND_TEST_TOKEN";

impl Scene {
    /// The token, in the process that was made for it; `None` in the one that made it, when that process has passed,
    /// and where the token is not installed.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        let module = kind.module()?;
        if let Some(folder) = std::env::var_os(INSIDE) {
            let clock = Arc::new(TestClock::default());
            return Some(Self {
                folder: folder.into(),
                module,
                clock,
            });
        }
        let folder = in_memory();
        kind.make(&module, folder.path());
        let test = std::thread::current().name().unwrap().to_owned();
        let mut again = kind.command(std::env::current_exe().unwrap(), folder.path());
        again.args([&test, "--exact", "--nocapture"]).env(INSIDE, folder.path());
        again.env("KEYSTRAND_SHIM", folder.path().join("shim"));
        let output = again.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        assert!(
            output.status.success(),
            "{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains("1 passed"), "{test} was not found in its own program");
        None
    }

    /// No token: one that stands elsewhere is tried.
    pub(crate) fn elsewhere() -> Self {
        Self {
            folder: PathBuf::new(),
            module: PathBuf::new(),
            clock: Arc::default(),
        }
    }

    /// Settings for this token through a module that stands before the real one, and does what `script` says.
    pub(crate) fn shimmed(&self, script: &str) -> Pkcs11Settings {
        self.script(script);
        self.settings_of(&shim())
    }

    /// What the module before the real one does from now on.
    pub(crate) fn script(&self, script: &str) {
        let text = format!("real {}\n{script}\n", self.module.display());
        let (whole, place) = (self.folder.join("shim.new"), self.folder.join("shim"));
        std::fs::write(&whole, text).unwrap();
        std::fs::rename(whole, place).unwrap();
    }

    pub(crate) fn settings(&self) -> Pkcs11Settings {
        self.settings_of(&self.module)
    }

    /// Settings for this token by way of another module.
    pub(crate) fn settings_of(&self, module: &Path) -> Pkcs11Settings {
        let mut settings = Pkcs11Settings::new(module, "pkcs11:token=keystrand%20test".parse().unwrap());
        settings.pin_file = Some(self.folder.join("pin"));
        settings
    }

    pub(crate) fn provider(&self) -> Pkcs11Provider {
        self.provider_with(self.settings())
    }

    pub(crate) fn provider_with(&self, settings: Pkcs11Settings) -> Pkcs11Provider {
        Pkcs11Provider::with_clock(settings, CryptoBackend::default(), self.clock.clone()).unwrap()
    }

    /// A program that sees the same token.
    pub(crate) fn command(&self, kind: Kind, program: impl Into<PathBuf>) -> Command {
        kind.command(program.into(), &self.folder)
    }
}

impl Kind {
    /// The module, where it is installed.
    fn module(self) -> Option<PathBuf> {
        let (places, advice) = match self {
            Self::SoftHsm => (softhsm_modules(), "apt install softhsm2"),
            Self::Kryoptic => (vec![kryoptic_module()], "make kryoptic"),
        };
        let found = places.into_iter().find(|place| place.exists());
        if found.is_none() {
            println!("SKIPPED: no {} here; {advice}", self.name());
        }
        found
    }

    fn name(self) -> &'static str {
        match self {
            Self::SoftHsm => "SoftHSM 2",
            Self::Kryoptic => "kryoptic",
        }
    }

    fn make(self, module: &Path, folder: &Path) {
        std::fs::write(folder.join("pin"), format!("{PIN}\n")).unwrap();
        match self {
            Self::SoftHsm => {
                std::fs::create_dir(folder.join("tokens")).unwrap();
                let tokens = folder.join("tokens");
                let text = format!(
                    "directories.tokendir = {}\nobjectstore.backend = file\n",
                    tokens.display()
                );
                std::fs::write(folder.join("softhsm2.conf"), text).unwrap();
                self.add_token(folder, LABEL);
            }
            Self::Kryoptic => {
                let database = folder.join("token.sql");
                let text = format!(
                    "[[slots]]\nslot = 42\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n",
                    database.display()
                );
                std::fs::write(folder.join("kryoptic.conf"), text).unwrap();
                let module = module.to_str().unwrap();
                let tool = |arguments: &[&str]| {
                    let mut tool = self.command("pkcs11-tool".into(), folder);
                    run(tool.args(["--module", module]).args(arguments));
                };
                tool(&["--slot", "42", "--init-token", "--label", LABEL, "--so-pin", SO_PIN]);
                let login = ["--login", "--login-type", "so", "--so-pin", SO_PIN];
                tool(&[&login[..], &["--init-pin", "--pin", PIN]].concat());
            }
        }
    }

    /// Another token of SoftHSM.
    pub(crate) fn add_token(self, folder: &Path, label: &str) {
        let mut tool = self.command("softhsm2-util".into(), folder);
        let token = [
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            SO_PIN,
            "--pin",
            PIN,
        ];
        run(tool.args(token));
    }

    fn command(self, program: PathBuf, folder: &Path) -> Command {
        let mut command = Command::new(program);
        match self {
            Self::SoftHsm => command.env("SOFTHSM2_CONF", folder.join("softhsm2.conf")),
            Self::Kryoptic => command.env("KRYOPTIC_CONF", folder.join("kryoptic.conf")),
        };
        command
    }
}

/// Software tokens make every change durable, which tests of this program have no use for.
fn in_memory() -> tempfile::TempDir {
    match Path::new("/dev/shm").is_dir() {
        true => tempfile::tempdir_in("/dev/shm").unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// Built beside this program, as a dependency of it.
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

fn softhsm_modules() -> Vec<PathBuf> {
    let folders = [
        "/usr/lib/softhsm",
        "/usr/lib64/pkcs11",
        "/usr/local/lib/softhsm",
        "/opt/homebrew/lib/softhsm",
    ];
    folders
        .iter()
        .map(|folder| Path::new(folder).join("libsofthsm2.so"))
        .collect()
}

fn kryoptic_module() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/kryoptic/release/libkryoptic_token.so");
    std::env::var_os("KEYSTRAND_TEST_KRYOPTIC").map_or(built, PathBuf::from)
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// A clock that tests may turn.
#[derive(Default)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
