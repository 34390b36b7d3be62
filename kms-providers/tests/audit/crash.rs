//! A writer killed at any moment: what it acknowledged is in the log, and the log goes on.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kms_core::AuditFault;
use kms_core::audit::{AuditEvent, AuditSink, AuditTrail};
use kms_providers::audit::{TlogSink, this_process};

use crate::scene::{Scene, busy, one_use, quiet};

/// Prints the id of each event when it is durable.
struct Announcing(Arc<TlogSink>);

impl AuditSink for Announcing {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditFault> {
        self.0.record(event)?;
        writeln!(std::io::stdout().lock(), "{ACKNOWLEDGED}{}", event.id).map_err(|_| AuditFault::Failed)
    }
}

/// A process that appends with four threads.
pub(crate) struct Child(std::process::Child);

impl Child {
    /// Starts one that records `uses` uses a thread, and signs and rotates often.
    pub(crate) fn start(scene: &Scene, uses: u64) -> Self {
        Self::start_as(scene, uses, "busy")
    }

    /// Starts one that neither signs nor rotates while it is at work.
    pub(crate) fn start_quiet(scene: &Scene, uses: u64) -> Self {
        Self::start_as(scene, uses, "quiet")
    }

    fn start_as(scene: &Scene, uses: u64, manner: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::child", "--exact", "--ignored", "--nocapture"])
            .env("KEYSTRAND_TEST_HOME", scene.home())
            .env("KEYSTRAND_TEST_USES", uses.to_string())
            .env("KEYSTRAND_TEST_MANNER", manner)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Waits for its end, and returns the ids that it announced.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let announced = self.announced();
        assert!(self.0.wait().unwrap().success());
        announced
    }

    fn kill_after(mut self, time: Duration) -> Vec<String> {
        let first = self.run(time);
        first.into_iter().chain(self.end()).collect()
    }

    /// Lets it work for a while from its first announcement on, which is returned.
    pub(crate) fn run(&mut self, time: Duration) -> Option<String> {
        let first = self.announced_one();
        thread::sleep(time);
        first
    }

    /// Makes it stand still with all its threads.
    pub(crate) fn stop(&self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
        while !self.stands_still() {
            thread::yield_now();
        }
    }

    /// Kills it, and returns the ids that it had announced.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.0.kill().unwrap();
        let announced = self.announced();
        assert!(!self.0.wait().unwrap().success(), "it was killed at work");
        announced
    }

    fn stands_still(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        let state = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("stat")).unwrap();
        threads
            .map(|thread| state(thread.unwrap()))
            .all(|state| state.contains(") T "))
    }

    fn announced(&mut self) -> Vec<String> {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        // The last line may be cut by the kill.
        let whole = |line: String| {
            line.split_once(ACKNOWLEDGED)
                .map(|(_, id)| id.to_owned())
                .filter(|id| id.len() == 36)
        };
        lines.map(Result::unwrap).filter_map(whole).collect()
    }

    /// Reads byte by byte up to the first announcement, so that nothing is buffered away from later reading.
    fn announced_one(&mut self) -> Option<String> {
        let mut line = String::new();
        for byte in std::io::Read::bytes(self.0.stdout.as_mut().unwrap()) {
            match byte.unwrap() {
                b'\n' => match line.split_once(ACKNOWLEDGED) {
                    Some((_, id)) => return Some(id.to_owned()),
                    None => line.clear(),
                },
                byte => line.push(byte.into()),
            }
        }
        None
    }
}

#[test]
#[ignore = "runs as the child process of other tests"]
fn child() {
    let home = std::env::var_os("KEYSTRAND_TEST_HOME").expect("started by another test");
    let uses: u64 = std::env::var("KEYSTRAND_TEST_USES").unwrap().parse().unwrap();
    let options = match std::env::var("KEYSTRAND_TEST_MANNER").unwrap().as_str() {
        "quiet" => quiet(),
        _ => busy(),
    };
    let sink = Scene::at(home.as_ref()).try_open(options).unwrap();
    let trail = AuditTrail::new(Arc::new(Announcing(sink)), this_process());
    thread::scope(|scope| {
        for thread in 0..4 {
            let trail = &trail;
            scope.spawn(move || {
                for n in 0..uses {
                    one_use(trail, thread * uses + n).unwrap();
                }
            });
        }
    });
}

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let scene = Scene::new();
    let mut acknowledged = HashSet::new();
    for round in 0_u64..20 {
        // Spread over the period of appends, publications and rotations.
        let time = Duration::from_micros(round * round * 1000 + round * 137);
        acknowledged.extend(Child::start(&scene, u64::MAX / 8).kill_after(time));

        let sink = scene.try_open(busy()).unwrap();
        drop(sink);
        let report = scene.verify();
        assert!(report.is_intact(), "round {round}: {report:?}");
        assert_eq!(report.unsigned, 0);
    }
    let recorded: HashSet<_> = scene
        .log()
        .entries(0)
        .map(|entry| entry.unwrap().event().unwrap().id.to_string())
        .collect();
    let lost: Vec<_> = acknowledged.difference(&recorded).collect();
    assert!(lost.is_empty(), "{lost:?}");
    println!(
        "20 kills: {} entries acknowledged, {} recorded, {} journal files, all intact",
        acknowledged.len(),
        recorded.len(),
        scene.journals().len()
    );
    assert!(acknowledged.len() > 100);
}

const ACKNOWLEDGED: &str = "acknowledged ";
