//! The questions, their goals, and how what criterion measured stands to them.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One line of the table: a measurement, beside a peer's or against a rate.
struct Line {
    file: &'static str,
    what: &'static str,
    subject: &'static str,
    goal: Goal,
}

#[derive(Clone, Copy)]
enum Goal {
    /// At least so many times the speed of another measurement.
    Times(f64, &'static str),
    /// At least so many a second on one core.
    Rate(f64),
    /// No goal: how far a peer is, for the reader.
    Beside(&'static str),
    /// No goal, no peer.
    Shown,
}

/// Prints the lines of one bench file, as far as they were measured.
pub fn print(file: &str) {
    println!();
    for line in LINES.iter().filter(|line| line.file == file) {
        if let Some(standing) = line.standing() {
            println!("{standing}");
        }
    }
}

/// All lines that were measured, as a table in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| what | measured | beside | ratio | goal | |\n|---|---|---|---|---|---|\n");
    for standing in LINES.iter().filter_map(Line::standing) {
        table.push_str(&standing.row());
    }
    table
}

/// What was measured for a line.
struct Standing {
    what: &'static str,
    measured: Measured,
    peer: Option<(&'static str, Measured)>,
    goal: Goal,
}

impl Line {
    fn standing(&self) -> Option<Standing> {
        let peer = match self.goal {
            Goal::Times(_, peer) | Goal::Beside(peer) => Some((peer, Measured::read(peer)?)),
            Goal::Rate(_) | Goal::Shown => None,
        };
        Some(Standing {
            what: self.what,
            measured: Measured::read(self.subject)?,
            peer,
            goal: self.goal,
        })
    }
}

impl Standing {
    fn ratio(&self) -> Option<f64> {
        let (_, peer) = self.peer.as_ref()?;
        Some(self.measured.per_second() / peer.per_second())
    }

    fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::Times(least, _) => Some(self.ratio()? >= least),
            Goal::Rate(least) => Some(self.measured.per_second() >= least),
            Goal::Beside(_) | Goal::Shown => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let goal = match self.goal {
            Goal::Times(least, _) => format!("≥ {}", times(least)),
            Goal::Rate(least) => format!("≥ {}/s", quantity(least)),
            Goal::Beside(_) | Goal::Shown => String::new(),
        };
        let met = match self.is_met() {
            Some(true) => "met",
            Some(false) => "**short**",
            None => "",
        };
        [
            self.what.to_owned(),
            self.measured.to_string(),
            self.peer
                .as_ref()
                .map_or(String::new(), |(name, peer)| format!("{}: {peer}", function(name))),
            self.ratio().map_or(String::new(), times),
            goal,
            met.to_owned(),
        ]
    }

    fn row(&self) -> String {
        format!("| {} |\n", self.cells().join(" | "))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, measured, peer, ratio, goal, met] = self.cells();
        write!(out, "{what:<46} {measured:<24} {peer:<40} {ratio:>8}  {goal:<14} {met}")
    }
}

/// One criterion measurement: the sample that only a tenth of the samples were faster than. What disturbs a sample
/// only ever makes it slower, so on a busy machine the middle of the samples tells more about the neighbours.
struct Measured {
    /// Of one iteration.
    nanos: f64,
    /// In one iteration.
    work: Work,
}

#[derive(Clone, Copy)]
enum Work {
    Bytes(f64),
    Items(f64),
}

impl Measured {
    /// `id` is "group/function", as criterion names its folders.
    fn read(id: &str) -> Option<Self> {
        let folder = criterion_home().join(id).join("new");
        let (sample, benchmark) = (
            json(&folder.join("sample.json"))?,
            json(&folder.join("benchmark.json"))?,
        );
        let throughput = &benchmark["throughput"];
        let work = match (throughput["Bytes"].as_f64(), throughput["Elements"].as_f64()) {
            (Some(bytes), _) => Work::Bytes(bytes),
            (None, items) => Work::Items(items.unwrap_or(1.0)),
        };
        let times = numbers(&sample["times"])?.into_iter().zip(numbers(&sample["iters"])?);
        let mut nanos: Vec<f64> = times.map(|(time, iterations)| time / iterations).collect();
        nanos.sort_unstable_by(f64::total_cmp);
        Some(Self {
            nanos: *nanos.get(nanos.len() / 10)?,
            work,
        })
    }

    /// Bytes or items.
    fn per_second(&self) -> f64 {
        let (Work::Bytes(work) | Work::Items(work)) = self.work;
        work / self.nanos * 1e9
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = quantity(self.per_second());
        match self.work {
            Work::Bytes(_) => write!(out, "{rate}B/s"),
            Work::Items(items) => write!(out, "{rate}/s ({})", duration(self.nanos / items)),
        }
    }
}

fn numbers(array: &Value) -> Option<Vec<f64>> {
    array.as_array()?.iter().map(Value::as_f64).collect()
}

fn criterion_home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/criterion")
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn function(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Three digits and a prefix.
fn quantity(value: f64) -> String {
    match value {
        1e9.. => format!("{} G", digits(value / 1e9)),
        1e6.. => format!("{} M", digits(value / 1e6)),
        1e3.. => format!("{} k", digits(value / 1e3)),
        _ => digits(value),
    }
}

fn duration(nanos: f64) -> String {
    match nanos {
        1e9.. => format!("{} s", digits(nanos / 1e9)),
        1e6.. => format!("{} ms", digits(nanos / 1e6)),
        1e3.. => format!("{} µs", digits(nanos / 1e3)),
        _ => format!("{} ns", digits(nanos)),
    }
}

fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

fn digits(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

const fn line(file: &'static str, what: &'static str, subject: &'static str, goal: Goal) -> Line {
    Line {
        file,
        what,
        subject,
        goal,
    }
}

use Goal::{Beside, Rate, Shown, Times};

const LINES: &[Line] = &[
    line(
        "kmip",
        "KMIP: read an answer to Get",
        "kmip-read-get/keystrand",
        Beside("kmip-read-get/kmip-protocol"),
    ),
    line(
        "kmip",
        "KMIP: write an answer to Get",
        "kmip-write-get/keystrand",
        Shown,
    ),
    line(
        "fpe",
        "FF1, 16 digits, AES-256, batched",
        "ff1-16-digits/keystrand-batch",
        Times(100.0, "ff1-16-digits/fpe-crate"),
    ),
    line(
        "fpe",
        "FF1, 16 digits, AES-256, one",
        "ff1-16-digits/keystrand",
        Times(8.0, "ff1-16-digits/fpe-crate"),
    ),
    line(
        "fpe",
        "16 digits as text, a column to a column, one tweak",
        "text-16-digits/keystrand-column-tweak",
        Times(50.0, "text-16-digits/fpe-crate"),
    ),
    line(
        "fpe",
        "16 digits as text, a tweak for each row",
        "text-16-digits/keystrand-row-tweaks",
        Beside("text-16-digits/fpe-crate"),
    ),
    line(
        "fpe",
        "FF1, 32 digits, batched",
        "ff1-32-digits/keystrand-batch",
        Beside("ff1-32-digits/fpe-crate"),
    ),
    line(
        "fpe",
        "FF1, 20 symbols of 62, batched",
        "ff1-20-of-62/keystrand-batch",
        Beside("ff1-20-of-62/fpe-crate"),
    ),
    line(
        "fpe",
        "FF1, 50 symbols of 62, batched",
        "ff1-50-of-62/keystrand-batch",
        Beside("ff1-50-of-62/fpe-crate"),
    ),
    line("fpe", "card numbers, Luhn kept, a tweak each", "types/pan-luhn", Shown),
    line("fpe", "e-mail addresses, a tweak each", "types/email", Shown),
    line("fpe", "IBAN, a tweak each", "types/iban", Shown),
    line("fpe", "dates, a tweak each", "types/date", Shown),
    line(
        "payload",
        "seal 16 KiB",
        "seal-16KiB/keystrand",
        Beside("seal-16KiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "seal 1 MiB",
        "seal-1MiB/keystrand",
        Beside("seal-1MiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "seal 64 MiB",
        "seal-64MiB/keystrand",
        Beside("seal-64MiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "seal 1 GiB",
        "seal-1GiB/keystrand",
        Times(0.95, "seal-1GiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "seal 1 GiB",
        "seal-1GiB/keystrand",
        Times(6.0, "seal-1GiB/tink"),
    ),
    line("payload", "seal 1 GiB", "seal-1GiB/keystrand", Beside("seal-1GiB/age")),
    line(
        "payload",
        "open 16 KiB",
        "open-16KiB/keystrand",
        Beside("open-16KiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "open 1 MiB",
        "open-1MiB/keystrand",
        Beside("open-1MiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "open 64 MiB",
        "open-64MiB/keystrand",
        Beside("open-64MiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "open 1 GiB",
        "open-1GiB/keystrand",
        Times(0.95, "open-1GiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "open 1 GiB",
        "open-1GiB/keystrand",
        Times(6.0, "open-1GiB/tink"),
    ),
    line("payload", "open 1 GiB", "open-1GiB/keystrand", Beside("open-1GiB/age")),
    line(
        "payload",
        "seal 1 GiB, rustcrypto",
        "seal-1GiB/keystrand-rustcrypto",
        Beside("seal-1GiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "open 1 GiB, rustcrypto",
        "open-1GiB/keystrand-rustcrypto",
        Beside("open-1GiB/bare-aws-lc"),
    ),
    line(
        "payload",
        "seal 16 KiB, whole envelope, fresh data key",
        "envelope-16KiB/seal-keystrand",
        Beside("envelope-16KiB/seal-aws-esdk"),
    ),
    line(
        "payload",
        "seal 1 GiB, fresh memory",
        "envelope-1GiB/seal-keystrand",
        Times(20.0, "envelope-1GiB/seal-aws-esdk"),
    ),
    line(
        "payload",
        "open 1 GiB, fresh memory",
        "envelope-1GiB/open-keystrand",
        Times(20.0, "envelope-1GiB/open-aws-esdk"),
    ),
    line(
        "small",
        "seal 100 B, data key in hand",
        "seal-100B/keystrand-data-key",
        Rate(150e3),
    ),
    line(
        "small",
        "seal 100 B, data-key cache",
        "seal-100B/keystrand-cache",
        Rate(150e3),
    ),
    line(
        "small",
        "seal 100 B, data-key cache",
        "seal-100B/keystrand-cache",
        Beside("seal-100B/aws-esdk"),
    ),
    line(
        "small",
        "seal 100 B, data-key cache",
        "seal-100B/keystrand-cache",
        Beside("seal-100B/age-x25519"),
    ),
    line(
        "small",
        "seal 100 B, fresh data key",
        "seal-100B/keystrand-fresh-data-key",
        Shown,
    ),
    line(
        "small",
        "open 100 B, cache",
        "open-100B/keystrand-cache",
        Beside("open-100B/aws-esdk"),
    ),
    line(
        "small",
        "open 100 B, cache",
        "open-100B/keystrand-cache",
        Beside("open-100B/age-x25519"),
    ),
    line("small", "open 100 B, local key", "open-100B/keystrand-local-key", Shown),
    line(
        "small",
        "seal 100 B, data-key cache, rustcrypto",
        "seal-100B/keystrand-rustcrypto-cache",
        Shown,
    ),
    line(
        "small",
        "open 100 B, cache, rustcrypto",
        "open-100B/keystrand-rustcrypto-cache",
        Shown,
    ),
    line(
        "kem",
        "X-Wing encapsulate",
        "kem-x-wing-aws-lc/encapsulate",
        Times(1.0 / 1.15, "kem-x-wing-bare/encapsulate"),
    ),
    line(
        "kem",
        "X-Wing decapsulate",
        "kem-x-wing-aws-lc/decapsulate",
        Times(1.0 / 1.15, "kem-x-wing-bare/decapsulate"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE X-Wing",
        "kem-x-wing-aws-lc/wrap",
        Times(1.0 / 1.15, "kem-x-wing-bare/encapsulate"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE X-Wing",
        "kem-x-wing-aws-lc/unwrap",
        Times(1.0 / 1.15, "kem-x-wing-bare/decapsulate"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE X-Wing",
        "kem-x-wing-aws-lc/wrap",
        Beside("kem-x-wing-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE X-Wing",
        "kem-x-wing-aws-lc/unwrap",
        Beside("kem-x-wing-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE MLKEM768-P256",
        "kem-mlkem768-p256-aws-lc/wrap",
        Beside("kem-mlkem768-p256-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE MLKEM768-P256",
        "kem-mlkem768-p256-aws-lc/unwrap",
        Beside("kem-mlkem768-p256-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE MLKEM1024-P384",
        "kem-mlkem1024-p384-aws-lc/wrap",
        Beside("kem-mlkem1024-p384-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE MLKEM1024-P384",
        "kem-mlkem1024-p384-aws-lc/unwrap",
        Beside("kem-mlkem1024-p384-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE ML-KEM-768",
        "kem-ml-kem-768-aws-lc/wrap",
        Beside("kem-ml-kem-768-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE ML-KEM-768",
        "kem-ml-kem-768-aws-lc/unwrap",
        Beside("kem-ml-kem-768-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE ML-KEM-1024",
        "kem-ml-kem-1024-aws-lc/wrap",
        Beside("kem-ml-kem-1024-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE ML-KEM-1024",
        "kem-ml-kem-1024-aws-lc/unwrap",
        Beside("kem-ml-kem-1024-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE X25519",
        "kem-x25519-aws-lc/wrap",
        Beside("kem-x25519-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE X25519",
        "kem-x25519-aws-lc/unwrap",
        Beside("kem-x25519-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE P-256",
        "kem-p256-aws-lc/wrap",
        Beside("kem-p256-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE P-256",
        "kem-p256-aws-lc/unwrap",
        Beside("kem-p256-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "wrap 32 B, HPKE P-384",
        "kem-p384-aws-lc/wrap",
        Beside("kem-p384-rustcrypto/wrap"),
    ),
    line(
        "kem",
        "unwrap 32 B, HPKE P-384",
        "kem-p384-aws-lc/unwrap",
        Beside("kem-p384-rustcrypto/unwrap"),
    ),
    line(
        "kem",
        "sign, ML-DSA-65 and Ed25519",
        "sign-mldsa65-ed25519-aws-lc/sign",
        Beside("sign-mldsa65-ed25519-rustcrypto/sign"),
    ),
    line(
        "kem",
        "verify, ML-DSA-65 and Ed25519",
        "sign-mldsa65-ed25519-aws-lc/verify",
        Beside("sign-mldsa65-ed25519-rustcrypto/verify"),
    ),
    line(
        "kem",
        "sign, ML-DSA-65",
        "sign-ml-dsa-65-aws-lc/sign",
        Beside("sign-ml-dsa-65-rustcrypto/sign"),
    ),
    line(
        "kem",
        "verify, ML-DSA-65",
        "sign-ml-dsa-65-aws-lc/verify",
        Beside("sign-ml-dsa-65-rustcrypto/verify"),
    ),
    line(
        "kem",
        "sign, Ed25519",
        "sign-ed25519-aws-lc/sign",
        Beside("sign-ed25519-rustcrypto/sign"),
    ),
    line(
        "kem",
        "verify, Ed25519",
        "sign-ed25519-aws-lc/verify",
        Beside("sign-ed25519-rustcrypto/verify"),
    ),
    line("rewrap", "rewrap, one recipient", "rewrap/one-recipient", Rate(100e3)),
    line(
        "rewrap",
        "rewrap, read back and compared",
        "rewrap/one-recipient-verified",
        Shown,
    ),
    line(
        "rewrap",
        "look at a header that is current",
        "rewrap/already-current",
        Shown,
    ),
    line(
        "rewrap",
        "rewrap one of any of 3",
        "rewrap/one-of-any-of-3",
        Rate(100e3),
    ),
    line("rewrap", "rewrap all of any of 3", "rewrap/all-of-any-of-3", Shown),
    line("rewrap", "move one share of 2 of 3", "rewrap/quorum-share-move", Shown),
    line(
        "rewrap",
        "rewrap in front of 1 TiB",
        "rewrap-behind-payload/1TiB",
        Times(0.95, "rewrap-behind-payload/1MiB"),
    ),
    line(
        "rewrap",
        "rewrap in front of 1 MiB",
        "rewrap-behind-payload/1MiB",
        Beside("rewrap-instead/aws-esdk-1MiB"),
    ),
    line(
        "rewrap",
        "rewrap in front of 100 B",
        "rewrap-behind-payload/100B",
        Beside("rewrap-instead/aws-esdk-100B"),
    ),
    line(
        "cloud",
        "unwrap at a cloud's stand-in, both ends",
        "cloud-unwrap/provider",
        Beside("cloud-unwrap/bare-http"),
    ),
    line(
        "cloud",
        "open, the first of two clouds silent for 0.5 s (time on the wall)",
        "cloud-failover/one-slow-hedged",
        Beside("cloud-failover/one-slow-unhedged"),
    ),
    line("cloud", "the same, both answer", "cloud-failover/both-answer", Shown),
];
