//! `kmsctl completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

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
    #[expect(clippy::unused_async, reason = "commands have one shape")]
    pub async fn run(&self, out: &Output) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "kmsctl", &mut script);
        out.bytes(&script);
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl completions bash > ~/.local/share/bash-completion/completions/kmsctl
  kmsctl completions zsh > ~/.zfunc/_kmsctl";
