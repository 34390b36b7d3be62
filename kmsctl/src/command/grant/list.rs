//! `kmsctl grant list`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use kms_core::akd::TreeId;
use kms_providers::grants::{GrantError, Register, Revocations, Statement};
use serde::Serialize;

use super::view::GrantView;
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;
use crate::home::Home;

/// List what was granted from this home
///
/// A grant is `valid`, `ended` (data is written in later epochs now), `expired` or `revoked`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Only grants to this grantee
    #[arg(long, value_name = "TEXT")]
    grantee: Option<String>,
}

/// A grant and how it stands.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    grant: GrantView,
    state: &'static str,
}

impl List {
    /// Runs the command.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn run(&self, app: &App) -> Result<Exit> {
        let register = Register::new(Home::locate(&app.globals)?.grants());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut lists = BTreeMap::new();
        for statement in register.grants()? {
            if self.grantee.as_ref().is_some_and(|wanted| *wanted != statement.grantee) {
                continue;
            }
            let list = list_of(&register, &mut lists, statement.tree)?;
            app.out.answer(&Listed {
                grant: GrantView::new(&statement),
                state: state(&statement, list, now),
            });
        }
        Ok(Exit::Done)
    }
}

fn list_of<'l>(
    register: &Register,
    lists: &'l mut BTreeMap<TreeId, Revocations>,
    tree: TreeId,
) -> std::result::Result<&'l Revocations, GrantError> {
    Ok(match lists.entry(tree) {
        std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::btree_map::Entry::Vacant(place) => place.insert(register.revocations(tree)?),
    })
}

pub(super) fn state(statement: &Statement, list: &Revocations, now: u64) -> &'static str {
    match list.has(statement.tree, &statement.id) {
        true => "revoked",
        false if now > statement.not_after => "expired",
        false if statement.epochs.1 < list.epoch() => "ended",
        false => "valid",
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {}", self.state, self.grant)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl grant list
  kmsctl grant list --grantee analysts
  kmsctl grant list --json | jq -r 'select(.state == \"valid\") | .grant'";
