//! An inventory of cryptography.
//!
//! **The promise.** Given paths, say which envelopes, certificates, keys and encrypted files lie there, what protects
//! them, how long that will hold, and what to do first; without any key, without reading more of a file than that
//! takes, and without being stopped by any file, however broken or hostile.
//!
//! **The layers**, from the bottom up:
//!
//! | layer | modules | knows |
//! |---|---|---|
//! | algorithms | [`Algorithm`] | one closed registry: names, OIDs, strength, posture |
//! | facts | [`Asset`] | what was read, and nothing that depends on a date or a policy |
//! | formats | `format` | one file a format: KS1, AWS Encryption SDK, X.509, PKCS#8, SSH, Parquet, age, JOSE … |
//! | judgement | [`Judge`], [`Verdict`] | exposure, weakness, what is due, one sentence of advice |
//! | walk | [`scan`] | files side by side, in bounded memory |
//! | keys | [`provider_keys`] | keys of providers as assets |
//! | reports | [`Report`], [`cbom`], [`html`] | totals, CycloneDX 1.6, a page for people |
//!
//! ```
//! use kms_scan::{Judge, Priority, Report, ScanOptions, Time, scan};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("key"), "age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n")?;
//!
//! let scanned = scan([folder.path()], &ScanOptions::default(), &|_| {});
//! let judge = Judge::at(Time::now());
//! let report = Report::new(scanned.assets.into_iter().map(|asset| judge.finding(asset)), scanned.tally, judge.now());
//! assert_eq!(report.findings[0].verdict.priority, Priority::Exposed);
//! # Ok::<(), std::io::Error>(())
//! ```

mod algorithm;
mod asset;
mod finding;
mod format;
mod judge;
mod keys;
pub mod limits;
mod report;
mod time;
mod walk;

pub use algorithm::{Algorithm, Primitive, Weakness};
pub use asset::{Asset, AssetKind, Place, Purpose, Recipient, Role, Used};
pub use finding::{Due, DueReason, Exposure, Finding, Priority, Verdict};
pub use format::recognise;
pub use judge::Judge;
pub use keys::provider_keys;
pub use report::{Report, Serial, Summary, Tally, cbom, html};
pub use time::Time;
pub use walk::{ScanOptions, Scanned, scan};
