//! The commands: each file has the arguments of one, and what it does with them.

pub mod audit;
pub mod completions;
pub mod decrypt;
pub mod doctor;
pub mod encrypt;
pub mod fpe;
pub mod grant;
pub mod init;
pub mod inspect;
pub mod key;
pub mod man;
pub mod migrate;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod rewrap;
pub mod rotate;
pub mod scan;
pub mod sign;
pub mod verify;
pub mod view;

use crate::App;
use crate::args::Command;
use crate::exit::Exit;
use crate::failure::Result;

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// What stopped it. Failures of single files of several are told as they come, and count in the exit.
    pub async fn run(&self, app: &App) -> Result<Exit> {
        match self {
            Self::Init(command) => command.run(app).await,
            Self::Key(command) => command.run(app).await,
            Self::Encrypt(command) => command.run(app).await,
            Self::Decrypt(command) => command.run(app).await,
            Self::Inspect(command) => command.run(app).await,
            Self::Rotate(command) => command.run(app).await,
            Self::Rewrap(command) => command.run(app).await,
            Self::Migrate(command) => command.run(app).await,
            Self::Scan(command) => command.run(app).await,
            Self::Fpe(command) => command.run(app).await,
            Self::Sign(command) => command.run(app).await,
            Self::Verify(command) => command.run(app),
            Self::Grant(command) => command.run(app).await,
            Self::View(command) => command.run(app).await,
            Self::Audit(command) => command.run(app).await,
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(command) => command.run(app).await,
            Self::Doctor(command) => command.run(app).await,
            Self::Completions(command) => command.run(app).await,
            Self::Man(command) => command.run(app).await,
        }
    }
}
