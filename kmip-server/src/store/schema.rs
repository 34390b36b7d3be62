//! The tables, by version, and what each connection is told first.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Executor, SqlSafeStr};

use super::Result;

/// Which database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// What a new connection is told.
#[derive(Clone, Copy)]
pub(super) struct Setup(&'static [&'static str]);

impl Setup {
    pub(super) async fn run(self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        for statement in self.0 {
            connection.execute(AssertSqlSafe(*statement)).await?;
        }
        Ok(())
    }
}

impl Dialect {
    pub(super) fn setup(self) -> Setup {
        Setup(match self {
            // FULL: a commit is on disk when it returns, in WAL mode too. Deleted rows are overwritten.
            Self::Sqlite => &[
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
                "PRAGMA foreign_keys = ON",
                "PRAGMA busy_timeout = 5000",
            ],
            Self::Postgres => &["SET lock_timeout = '5s'"],
        })
    }

    pub(super) async fn migrate(self, pool: &AnyPool) -> Result<()> {
        let first = match self {
            Self::Sqlite => include_str!("schema/sqlite.sql"),
            Self::Postgres => include_str!("schema/postgres.sql"),
        };
        let versions = [(1, "objects", first)];
        let migrations = versions.map(|(version, name, statements)| {
            Migration::new(
                version,
                name.into(),
                MigrationType::Simple,
                statements.into_sql_str(),
                false,
            )
        });
        Ok(Migrator::with_migrations(migrations.into()).run(pool).await?)
    }
}
