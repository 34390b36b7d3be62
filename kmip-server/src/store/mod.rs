//! Where objects outlive the process: SQLite for one server, PostgreSQL for several on one store.
//!
//! **The promise.** What [`Transaction::commit`] returned is on disk. A transaction that was dropped, or whose process
//! was killed, left nothing. Two transactions never overwrite each other's object: the second gets
//! [`StoreError::Conflict`] and may try again.
//!
//! **The layers**, from the bottom up: `schema` (tables, by version), `group` (many transactions of SQLite in one
//! synchronisation of the file), [`Transaction`] and [`Reading`] (what can be asked and changed), [`Query`] (Locate).
//! Both databases get the same statements; they differ in their schema and in how a transaction begins and ends.
//!
//! The store knows no KMIP: an object is a row with encoded attributes and sealed material, and what it can be found
//! by are [`IndexEntry`]s that its caller made of the attributes.

mod error;
mod group;
mod index;
mod locate;
mod location;
mod object;
mod schema;
mod session;
mod tenant;

use std::time::Duration;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

pub use error::StoreError;
pub use index::{IndexEntry, IndexValue};
pub use locate::{Condition, Found, Query};
pub use location::Location;
pub use object::{Lifecycle, Object};
pub use session::{Reading, Transaction};
pub use tenant::{TenantId, TenantKey};

use group::Group;
use schema::Dialect;

/// Result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A database of objects. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Store {
    /// Connections to read by and, with PostgreSQL, to write by.
    pool: AnyPool,
    /// SQLite has one writer.
    writer: Option<Group>,
}

impl Store {
    /// Opens the database, and makes or brings up to date its tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be reached or opened, [`StoreError::Schema`] if a newer release made it.
    pub async fn open(location: &Location) -> Result<Self> {
        sqlx::any::install_default_drivers();
        location.prepare()?;
        let url = location.url();
        let dialect = location.dialect();
        let setup = dialect.setup();
        let pool = AnyPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| Box::pin(async move { setup.run(connection).await }))
            .connect(url.expose())
            .await?;
        let writer = match dialect {
            Dialect::Postgres => None,
            Dialect::Sqlite => Some(Group::new(pool.acquire().await?.detach())),
        };
        dialect.migrate(&pool).await?;
        Ok(Self { pool, writer })
    }

    /// Begins to read. Reads see what was committed before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if no connection is to be had in time.
    pub async fn read(&self) -> Result<Reading> {
        Ok(Reading::new(self.pool.acquire().await?))
    }

    /// Begins to write. With SQLite it has every other writer wait: do slow work before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be written.
    pub async fn begin(&self) -> Result<Transaction> {
        match &self.writer {
            Some(writer) => Ok(Transaction::grouped(writer.begin().await?)),
            None => Ok(Transaction::own(self.pool.begin().await?)),
        }
    }

    /// Moves what was erased out of SQLite's write-ahead log, where its old pages stay until then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be written.
    pub async fn scrub(&self) -> Result<()> {
        match &self.writer {
            Some(writer) => writer.truncate_log().await,
            None => Ok(()),
        }
    }

    /// Closes every connection, after what is under way.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        self.pool.close().await;
    }
}

/// Connections to read by.
const READERS: u32 = 16;
/// How long a caller waits for one.
const PATIENCE: Duration = Duration::from_secs(5);
