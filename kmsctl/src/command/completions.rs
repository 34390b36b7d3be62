//! `kmsctl completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::App;
use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Result;

/// Write completions for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Runs the command.
    ///
    /// # Errors
    /// None.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "kmsctl", &mut script);
        app.out.bytes(&script);
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl completions bash > ~/.local/share/bash-completion/completions/kmsctl
  kmsctl completions zsh > ~/.zfunc/_kmsctl";
