//! `kmsctl grant revoke`.

use std::fmt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use kms_core::audit::Action;
use kms_providers::durable::{self, Sites};
use kms_providers::grants::{GrantError, Register, Revocations, Statement};
use serde::Serialize;

use super::issuer;
use super::list::state;
use super::view::GrantView;
use crate::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::printable::hex;
use crate::session::Session;

/// Revoke grants
///
/// Puts them on the signed list of their tree, and tells the epoch to write data in from now on: the first that none of
/// them reaches. What was written before stays readable to whoever has its keys. Grants to others that end before that
/// epoch are named, because they have to be issued anew.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Revoke {
    /// Signature key of the issuer
    #[arg(long, value_name = "KEY")]
    issuer: String,
    /// Revoke all grants to this grantee
    #[arg(long, value_name = "TEXT", required_unless_present = "ids")]
    all_of: Option<String>,
    /// Write the signed list here as well, for readers elsewhere; overwrites an older one
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// Grants, by id
    #[arg(value_name = "GRANT")]
    ids: Vec<String>,
}

/// The result.
#[derive(Serialize)]
struct Revoked {
    tree: String,
    revoked: Vec<String>,
    /// Data is to be written in this epoch, or a later one.
    epoch: u16,
    sequence: u64,
    /// Valid grants that do not reach that epoch.
    to_renew: Vec<GrantView>,
}

impl Revoke {
    /// Runs the command.
    ///
    /// # Errors
    /// When a grant was not issued from this home, or the key is not that of their issuer.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        let register = Register::new(session.home().grants());
        let locked = register.lock()?;
        let known = register.grants()?;
        let grants = self.named(&known)?;
        let tree = grants[0].tree;
        let (issuer, key) = issuer(&session, &self.issuer).await?;
        let old = locked.revocations(tree, issuer.verifier())?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let list = old.with(grants.iter().copied(), now)?;
        let signing = async {
            let note = issuer.sign_list(&list).await?;
            locked.publish(&list, &note)?;
            Ok::<_, GrantError>(note)
        };
        let (note, _) = session.recorded_as(Action::Revoke, None, &[key], signing).await?;
        if let Some(path) = &self.list {
            let written = durable::publish(path, &note, true, &Sites::SIGNATURE);
            written.map_err(|error| Failure::io(path, &error))?;
        }
        app.out.say(&Revoked {
            tree: tree.to_string(),
            revoked: grants.iter().map(|grant| hex(&grant.id)).collect(),
            epoch: list.epoch(),
            sequence: list.sequence(),
            to_renew: to_renew(&known, &old, &list, now),
        });
        Ok(Exit::Done)
    }

    /// The grants that are meant, all of one tree.
    fn named<'k>(&self, known: &'k [Statement]) -> Result<Vec<&'k Statement>> {
        let mut grants = Vec::new();
        for id in &self.ids {
            let grant = known.iter().find(|grant| hex(&grant.id) == *id);
            grants.push(grant.ok_or_else(|| unknown(&format!("no grant `{id}` was issued from this home")))?);
        }
        if let Some(grantee) = &self.all_of {
            grants.extend(known.iter().filter(|grant| grant.grantee == *grantee));
        }
        let Some(first) = grants.first() else {
            return Err(unknown("nothing was granted to that grantee from this home"));
        };
        if grants.iter().any(|grant| grant.tree != first.tree) {
            return Err(Failure::usage(
                "the grants are of several trees",
                "revoke those of one tree at a time, by their ids",
            ));
        }
        Ok(grants)
    }
}

/// What was usable until now, and does not reach the new epoch.
fn to_renew(known: &[Statement], old: &Revocations, new: &Revocations, now: u64) -> Vec<GrantView> {
    let was_usable = |grant: &&Statement| grant.tree == new.tree() && state(grant, old, now) == "valid";
    let ends = |grant: &&Statement| state(grant, new, now) == "ended";
    known
        .iter()
        .filter(was_usable)
        .filter(ends)
        .map(GrantView::new)
        .collect()
}

fn unknown(message: &str) -> Failure {
    Failure::usage(message, "`kmsctl grant list` shows what was granted")
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} revoked; write data in epoch {} or later",
            crate::printable::count(self.revoked.len(), "grant"),
            self.epoch
        )?;
        for grant in &self.to_renew {
            write!(f, "\n  to issue anew: {grant}")?;
        }
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl grant revoke --issuer issuer 0123456789abcdef0123456789abcdef
  kmsctl grant revoke --issuer issuer --all-of analysts --list revoked.list";
