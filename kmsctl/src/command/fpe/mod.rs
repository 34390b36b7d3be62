//! `kmsctl fpe`: values to tokens and back, by lines or in columns of CSV. No value stands on a command line.
//!
//! ```text
//! run        encrypt and decrypt: from arguments to a job
//! job        a key, a template and tweaks at work on columns
//! lines      one value a line
//! table      a column of CSV
//! sink       where results go
//! templates  data types and alphabets
//! ```

mod job;
mod lines;
mod run;
mod sink;
mod table;
mod templates;

use clap::Subcommand;

use crate::App;
use crate::exit::Exit;
use crate::failure::Result;

/// Format-preserving tokens: values that keep their look
#[derive(Debug, Subcommand)]
pub enum Fpe {
    /// Turn values into tokens
    Encrypt(run::Encrypt),
    /// Turn tokens back into values
    Decrypt(run::Decrypt),
    /// Show values with what is encrypted masked; needs no key
    Mask(run::Mask),
    /// List data types and alphabets, or check a template
    Templates(templates::Templates),
}

impl Fpe {
    /// Runs the command.
    ///
    /// # Errors
    /// When key, template or files are at fault; of values, the first that has no token, unless told otherwise.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Encrypt(command) => command.run(app).await,
            Self::Decrypt(command) => command.run(app).await,
            Self::Mask(command) => command.run(app),
            Self::Templates(command) => command.run(app),
        }
    }
}
