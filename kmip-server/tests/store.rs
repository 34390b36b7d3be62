//! The store on SQLite and on PostgreSQL: every test runs on both, PostgreSQL where it is installed.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

#[path = "store/locate.rs"]
mod locate;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/transactions.rs"]
mod transactions;

use std::path::PathBuf;

use kmip_server::store::{Lifecycle, Location, Object, Store, TenantId};
pub(crate) use postgres::Postgres;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A fresh database.
pub(crate) enum Database {
    /// A file in a folder that goes with it.
    Sqlite(TempDir),
    /// By its address.
    Postgres(String),
}

impl Database {
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Sqlite(folder) => Location::Sqlite(file(folder)),
            Self::Postgres(address) => Location::Postgres(Zeroizing::new(address.clone())),
        }
    }

    /// Where rows stand in files of their own.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Sqlite(folder) => vec![file(folder), file(folder).with_extension("db-wal")],
            Self::Postgres(_) => Vec::new(),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.location()).await.unwrap()
    }
}

/// A name that a URL has to escape.
fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("store % of a?key.db")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    match Postgres::start(folder.path()) {
        Some(server) => {
            locate::on_postgres(&server).await;
            transactions::on_postgres(&server).await;
        }
        None => println!("SKIPPED: PostgreSQL is not installed (apt install postgresql)"),
    }
}

/// Makes of each function that takes a [`Database`] a test on SQLite, and of all of them one on PostgreSQL: they share a
/// server, each with a database of its own.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::Database::Sqlite(tempfile::tempdir().unwrap())).await;
            })*
        }
        pub(crate) async fn on_postgres(server: &$crate::Postgres) {
            $(println!("{}", stringify!($name));
            $name($crate::Database::Postgres(server.fresh(stringify!($name)))).await;)*
        }
    };
}

pub(crate) async fn tenant(store: &Store) -> TenantId {
    let mut transaction = store.begin().await.unwrap();
    let tenant = transaction.add_tenant("acme").await.unwrap();
    transaction.commit().await.unwrap();
    tenant
}

pub(crate) fn object(uid: &str) -> Object {
    Object {
        uid: uid.into(),
        revision: 1,
        kind: 2,
        owner: "alice".into(),
        lifecycle: Lifecycle {
            state: Some(1),
            ..Lifecycle::default()
        },
        attributes: b"attributes".to_vec(),
        material: Some(b"sealed".to_vec()),
    }
}
