//! `kmsctl man`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::App;
use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Write the man pages
///
/// Without a folder, the page of kmsctl itself goes to stdout.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Man {
    /// Folder for one page a command; it is made where it is missing
    dir: Option<PathBuf>,
}

impl Man {
    /// Runs the command.
    ///
    /// # Errors
    /// When a page cannot be written.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        let Some(dir) = &self.dir else {
            let mut page = Vec::new();
            Page::new(Cli::command())
                .render(&mut page)
                .map_err(|error| Failure::io("-".as_ref(), &error))?;
            app.out.bytes(&page);
            return Ok(Exit::Done);
        };
        let written = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
        written.map_err(|error| Failure::io(dir, &error))?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl man | man -l -
  kmsctl man /usr/local/share/man/man1";
