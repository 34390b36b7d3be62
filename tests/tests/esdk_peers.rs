//! Messages of the AWS Encryption SDK between this implementation and AWS's own in Python and Java: each opens what
//! the other has sealed, in both committing suites, at several frame lengths, under raw AES and RSA keys.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use futures::executor::block_on;
use kms_core::crypto::CryptoBackend;
use kms_core::esdk::{Context, Keyring, Opener, RawAesKeyring, RawRsaKeyring, RsaPadding, Sealer, Suite};

#[test]
fn the_peer_in_python() {
    let python = [repository(".venv/bin/python"), "python3".into()]
        .into_iter()
        .find(|python| {
            let imported = Command::new(python).args(["-c", "import aws_encryption_sdk"]).output();
            imported.is_ok_and(|output| output.status.success())
        });
    let Some(python) = python else {
        println!(
            "SKIPPED {} exchanges with Python: no aws-encryption-sdk (`make test` installs it)",
            2 * cases().len()
        );
        return;
    };
    exchange("Python", |action, folder| {
        let mut command = Command::new(&python);
        command
            .arg(repository("tests/python/esdk/peer.py"))
            .arg(action)
            .arg(folder);
        command
    });
}

#[test]
fn the_peer_in_java() {
    let classpath = match java_classpath() {
        Ok(classpath) => classpath,
        Err(why) => {
            println!("SKIPPED {} exchanges with Java: {why}", 2 * cases().len());
            return;
        }
    };
    exchange("Java", |action, folder| {
        let mut command = Command::new("java");
        command.arg("-cp").arg(&classpath).arg("Peer").arg(action).arg(folder);
        command
    });
}

/// Both ways: what we seal opens there, what is sealed there opens here.
fn exchange(peer: &str, command: impl Fn(&str, &Path) -> Command) {
    let cases = cases();
    let ours = Folder::new(&cases);
    for case in &cases {
        let message = block_on(case.sealer(&ours).seal(&case.plaintext())).unwrap();
        fs::write(ours.path(&format!("{}.message", case.name())), message).unwrap();
    }
    expect_all(peer, &command("open", ours.0.path()).output().unwrap(), cases.len());

    let theirs = Folder::new(&cases);
    expect_all(peer, &command("seal", theirs.0.path()).output().unwrap(), cases.len());
    for case in &cases {
        let message = fs::read(theirs.path(&format!("{}.message", case.name()))).unwrap();
        let opener = Opener::new().keyring(case.keyring(&theirs)).require(case.context());
        let opened = block_on(opener.open(&message));
        let opened = opened.unwrap_or_else(|error| panic!("{peer}, {}: {error}", case.name()));
        assert!(*opened == case.plaintext(), "{peer}, {}", case.name());
    }
    println!(
        "esdk peer {peer}: {0} of our messages opened there, {0} of theirs here",
        cases.len()
    );
}

#[track_caller]
fn expect_all(peer: &str, output: &Output, cases: usize) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complete = said.lines().last() == Some(&*format!("{cases} passed, 0 failed"));
    assert!(
        output.status.success() && complete,
        "{peer}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

struct Case {
    suite: Suite,
    frame: u32,
    length: usize,
    key: &'static str,
    pairs: &'static [(&'static str, &'static str)],
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for suite in [Suite::Committing, Suite::CommittingSigned] {
        for (frame, lengths) in [
            // The least that the peer in Python writes.
            (128, &[0, 127, 128, 600][..]),
            (4096, &[1, 4096, 10_000]),
            (65_536, &[0, 200_001]),
        ] {
            for &length in lengths {
                for (key, pairs) in [
                    ("aes-256", &[("tenant", "t-17"), ("größe", "大")][..]),
                    ("aes-128", &[]),
                    ("rsa", &[("purpose", "backup")]),
                ] {
                    cases.push(Case {
                        suite,
                        frame,
                        length,
                        key,
                        pairs,
                    });
                }
            }
        }
    }
    cases
}

impl Case {
    fn name(&self) -> String {
        format!("{:04x}-{}-{}-{}", self.suite.id(), self.frame, self.length, self.key)
    }

    fn plaintext(&self) -> Vec<u8> {
        let byte = |at: usize| u8::try_from((at * 31 + at / 253) % 256).unwrap();
        (0..self.length).map(byte).collect()
    }

    fn context(&self) -> Context {
        Context::from_pairs(self.pairs.iter().copied()).unwrap()
    }

    fn keyring(&self, folder: &Folder) -> Arc<dyn Keyring> {
        if self.key == "rsa" {
            let pem = fs::read(folder.path("rsa.pem")).unwrap();
            return Arc::new(RawRsaKeyring::private("peer", "rsa", RsaPadding::OaepSha256, &pem).unwrap());
        }
        let key = fs::read(folder.path(self.key)).unwrap();
        Arc::new(RawAesKeyring::new(CryptoBackend::default(), "peer", self.key, &key).unwrap())
    }

    fn sealer(&self, folder: &Folder) -> Sealer {
        Sealer::new(CryptoBackend::default())
            .suite(self.suite)
            .frame_len(self.frame)
            .context(self.context())
            .keyring(self.keyring(folder))
    }

    fn line(&self) -> String {
        let mut context = String::new();
        for (key, value) in self.pairs {
            write!(context, "{key}={value},").unwrap();
        }
        format!(
            "{}\t{:04x}\t{}\t{}\t{context}\n",
            self.name(),
            self.suite.id(),
            self.frame,
            self.key
        )
    }
}

/// Keys, plaintexts and the list of cases.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(cases: &[Case]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("aes-128"), [3; 16]).unwrap();
        fs::write(folder.path("aes-256"), [5; 32]).unwrap();
        fs::copy(repository("kms-core/tests/esdk/keys/rsa.pem"), folder.path("rsa.pem")).unwrap();
        let lines: String = cases.iter().map(Case::line).collect();
        fs::write(folder.path("cases.tsv"), lines).unwrap();
        for case in cases {
            fs::write(folder.path(&format!("{}.plain", case.name())), case.plaintext()).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Compiles the peer; what it needs stands in Maven's cache after the first time.
fn java_classpath() -> Result<String, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("esdk-java");
    let (source, listed) = (
        repository("tests/java/esdk/src/main/java/Peer.java"),
        target.join("classpath"),
    );
    let classes = target.join("classes");
    fs::create_dir_all(&classes).map_err(|error| error.to_string())?;
    let dependencies = match dependencies(&listed) {
        Some(known) => known,
        None => resolve(&listed)?,
    };
    let compiled = Command::new("javac")
        .args(["-d".as_ref(), classes.as_os_str()])
        .args(["-cp", &dependencies])
        .arg(source)
        .output()
        .map_err(|_| "no JDK".to_owned())?;
    if !compiled.status.success() {
        return Err(format!(
            "the peer does not compile: {}",
            String::from_utf8_lossy(&compiled.stderr)
        ));
    }
    Ok(format!("{}:{dependencies}", classes.display()))
}

/// The dependencies of an earlier run, if all of them are still there.
fn dependencies(listed: &Path) -> Option<String> {
    let pom = fs::metadata(repository("tests/java/esdk/pom.xml"))
        .ok()?
        .modified()
        .ok()?;
    let text = fs::read_to_string(listed).ok()?;
    let is_younger = fs::metadata(listed).ok()?.modified().ok()? > pom;
    let all_there = text.trim().split(':').all(|path| Path::new(path).is_file());
    (is_younger && all_there).then(|| text.trim().to_owned())
}

fn resolve(listed: &Path) -> Result<String, String> {
    let maven = |offline: &[&str]| {
        Command::new("mvn")
            .args(["-q", "-B", "dependency:build-classpath", "-f"])
            .arg(repository("tests/java/esdk/pom.xml"))
            .arg(format!("-Dmdep.outputFile={}", listed.display()))
            .args(offline)
            .output()
    };
    match maven(&["-o"]) {
        Err(_) => return Err("no Maven".to_owned()),
        Ok(output) if output.status.success() => {}
        Ok(_) => match maven(&[]) {
            Ok(output) if output.status.success() => {}
            _ => return Err("Maven could not get aws-encryption-sdk-java".to_owned()),
        },
    }
    let text = fs::read_to_string(listed).map_err(|error| error.to_string())?;
    Ok(text.trim().to_owned())
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
