//! What to do: a file that the test rewrites while the module is in use.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// One line of the script that makes a function misbehave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    function: String,
    pub(crate) what: String,
    left: Option<u32>,
    /// So many calls go well before it begins.
    spared: u32,
}

static KEPT: Mutex<(String, Vec<Fault>)> = Mutex::new((String::new(), Vec::new()));

/// What `function` is to do now, if anything but its work. Counts it.
pub(crate) fn fault(function: &str) -> Option<String> {
    let text = text();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.0 != text {
        *kept = (text.clone(), text.lines().filter_map(parse).collect());
    }
    let is_meant = |fault: &&mut Fault| fault.function == function || fault.function == "*";
    let fault = kept.1.iter_mut().filter(is_meant).find(|fault| fault.left != Some(0))?;
    if fault.spared > 0 {
        fault.spared -= 1;
        return None;
    }
    if let Some(left) = &mut fault.left {
        *left -= 1;
    }
    Some(fault.what.clone())
}

/// The module behind this one.
pub(crate) fn real() -> Option<PathBuf> {
    let text = text();
    let line = text.lines().find_map(|line| line.strip_prefix("real "))?;
    Some(PathBuf::from(line.trim()))
}

/// Whether the rules of AWS CloudHSM hold.
pub(crate) fn is_cloudhsm() -> bool {
    text().lines().any(|line| line == "cloudhsm")
}

fn text() -> String {
    let path = std::env::var_os("KEYSTRAND_SHIM").unwrap_or_default();
    std::fs::read_to_string(path).unwrap_or_default()
}

fn parse(line: &str) -> Option<Fault> {
    let mut words = line.strip_prefix("fault ")?.split_whitespace();
    Some(Fault {
        function: words.next()?.to_owned(),
        what: words.next()?.to_owned(),
        left: words.next().and_then(|left| left.parse().ok()),
        spared: words.next().and_then(|spared| spared.parse().ok()).unwrap_or(0),
    })
}
