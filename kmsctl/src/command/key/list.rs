//! `kmsctl key list`.

use clap::Args;

use super::sweep;
use super::view::{KeyView, NameView};
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;
use crate::session::Session;

/// List the keys of all providers, and the configured names
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Only the keys of this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
}

impl List {
    /// Runs the command.
    ///
    /// # Errors
    /// When the home cannot be opened. A provider that does not answer is told, and counts in the exit.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let session = Session::open(app).await?;
        sweep(app, &session).await?;
        let (mut listed, mut failures) = (0, Vec::new());
        for (name, provider) in session.resolver().providers() {
            if self.provider.as_ref().is_some_and(|wanted| wanted != name.as_str()) {
                continue;
            }
            match provider.list().await {
                Ok(keys) => {
                    listed += 1;
                    keys.iter()
                        .for_each(|key| app.out.answer(&KeyView::new(name.as_str(), key)));
                }
                Err(error) => failures.push(app.out.fail_one(&error.into())),
            }
        }
        if self.provider.is_none() {
            for (name, key) in session.resolver().keys() {
                app.out.answer(&NameView::new(name.as_str(), key));
            }
        }
        Ok(Exit::of_many(listed, failures))
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl key list
  kmsctl key list --json | jq -r 'select(.state == \"disabled\") | .key'";
