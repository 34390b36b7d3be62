//! What came out.

use std::fmt;

/// The outcome of a run of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    provider: String,
    results: Vec<(&'static str, Verdict, usize)>,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The provider does what it must.
    Passed,
    /// The provider cannot be asked for this.
    Skipped(&'static str),
    /// What it did in place of what it must.
    Failed(String),
}

impl Report {
    pub(super) fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            results: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, name: &'static str, verdict: Verdict, cases: usize) {
        self.results.push((name, verdict, cases));
    }

    /// Whether nothing failed, and something passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failed() == 0 && self.passed() > 0
    }

    /// Checks that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Passed))
    }

    /// Checks that were skipped.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Skipped(_)))
    }

    /// Checks that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// Each check by name, with its verdict and the number of cases that it tried.
    pub fn checks(&self) -> impl Iterator<Item = (&'static str, &Verdict, usize)> {
        self.results
            .iter()
            .map(|(name, verdict, cases)| (*name, verdict, *cases))
    }

    /// Cases that were tried, in all.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.results.iter().map(|(_, _, cases)| cases).sum()
    }

    fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.results.iter().filter(|(_, verdict, _)| wanted(verdict)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict, cases) in self.checks() {
            match verdict {
                Verdict::Passed => writeln!(f, "  passed   {name} ({cases} cases)")?,
                Verdict::Skipped(reason) => writeln!(f, "  SKIPPED  {name}: {reason}")?,
                Verdict::Failed(why) => writeln!(f, "  FAILED   {name}: {why}")?,
            }
        }
        write!(
            f,
            "conformance of {}: {} passed, {} skipped, {} failed; {} cases",
            self.provider,
            self.passed(),
            self.skipped(),
            self.failed(),
            self.cases(),
        )
    }
}
