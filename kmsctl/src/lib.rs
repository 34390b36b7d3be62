//! The operator's command line.
//!
//! ```text
//! args        the tree of commands; help, man pages and completions come from it
//! command     one file a command: its arguments and its run
//! session     an open home: configured keys, keystore, audit trail
//! sealing     from several logical keys to one sealer
//! home        where things stand on disk
//! jobs        which file becomes which
//! campaign    work over many envelopes, and taking it up again
//! envelope    what can be said of an envelope without a key
//! asked       a passphrase that is asked for when an envelope needs it
//! passphrase  from file or terminal, never from the command line
//! output      results and failures, for people or as JSON
//! failure     what went wrong, whose fault it is, what to do next
//! exit        the exit codes, and the one table from errors to codes
//! ```
//!
//! A command is a value that [`args::Cli`] parses and that runs against an [`App`]. Each use of a KEK goes through the
//! audit trail of the session; a home without audit log works only if its configuration says so.

pub mod args;
pub mod asked;
pub mod campaign;
pub mod command;
pub mod envelope;
pub mod exit;
pub mod failure;
pub mod home;
pub mod jobs;
pub mod output;
pub mod passphrase;
pub mod printable;
pub mod progress;
pub mod sealing;
pub mod session;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Globals};
use exit::Exit;
use failure::Failure;
use output::{Format, Output};

/// What a command runs against.
pub struct App {
    /// What all commands take.
    pub globals: Globals,
    /// The voice.
    pub out: Output,
    /// Whether other processes of this user are kept from this one's memory.
    pub hardened: bool,
}

/// Runs one command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>, hardened: bool) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return not_a_command(&error, &arguments),
    };
    let format = if cli.globals.json { Format::Json } else { Format::Text };
    let app = App {
        out: Output::new(format, cli.globals.quiet),
        globals: cli.globals,
        hardened,
    };
    if !hardened {
        app.out
            .warn("other processes of this user may read the memory of this one; see `kmsctl doctor`");
    }
    let exit = futures::executor::block_on(cli.command.run(&app)).unwrap_or_else(|failure| app.out.fail_one(&failure));
    match app.out.finish() {
        Ok(()) => exit,
        Err(failure) => exit.max(app.out.fail_one(&failure)),
    }
}

/// Help and version go to stdout and are no failure; everything else is usage.
fn not_a_command(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let format = match arguments.iter().any(|argument| argument == "--json") {
        true => Format::Json,
        false => Format::Text,
    };
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that closed the pipe has seen enough.
        let _ = error.print();
        return Exit::Done;
    }
    if format == Format::Text {
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Output::new(format, false).fail(&Failure::usage(message, "see --help"));
    }
    Exit::Usage
}
