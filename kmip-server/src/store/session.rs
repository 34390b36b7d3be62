//! What can be asked and changed. [`Reading`] and [`Transaction`] ask by the same functions.

use sqlx::any::AnyRow;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use super::group::Grouped;
use super::locate::{Found, Query};
use super::object::COLUMNS;
use super::{IndexEntry, Object, Result, StoreError, TenantId, TenantKey};

/// A connection to read by.
pub struct Reading {
    connection: PoolConnection<Any>,
}

/// A transaction. Dropped without [`commit`](Self::commit), it changes nothing. After an error it takes no more
/// statements (PostgreSQL refuses them): begin another one.
pub struct Transaction {
    kind: Kind,
}

enum Kind {
    Grouped(Grouped),
    Own(sqlx::Transaction<'static, Any>),
}

/// Both ask the same.
macro_rules! asking {
    ($asker:ty) => {
        impl $asker {
            /// The object of this identifier.
            ///
            /// # Errors
            /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
            pub async fn object(&mut self, tenant: TenantId, uid: &str) -> Result<Option<Object>> {
                object(self.connection()?, tenant, uid).await
            }

            /// The identifiers that a query finds, newest first.
            ///
            /// # Errors
            /// [`StoreError::Unavailable`].
            pub async fn locate(&mut self, tenant: TenantId, query: &Query) -> Result<Found> {
                query.run(self.connection()?, tenant).await
            }

            /// The tenant of this name.
            ///
            /// # Errors
            /// [`StoreError::Unavailable`].
            pub async fn tenant(&mut self, name: &str) -> Result<Option<TenantId>> {
                let found = sqlx::query("SELECT id FROM tenants WHERE name = $1")
                    .bind(name)
                    .fetch_optional(self.connection()?)
                    .await?;
                found.map(|row| Ok(TenantId(row.try_get("id")?))).transpose()
            }

            /// The tenant's keys, newest first.
            ///
            /// # Errors
            /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
            pub async fn tenant_keys(&mut self, tenant: TenantId) -> Result<Vec<TenantKey>> {
                let rows =
                    sqlx::query("SELECT version, envelope FROM tenant_keys WHERE tenant = $1 ORDER BY version DESC")
                        .bind(tenant.0)
                        .fetch_all(self.connection()?)
                        .await?;
                rows.iter().map(tenant_key).collect()
            }
        }
    };
}

asking!(Reading);
asking!(Transaction);

impl Reading {
    pub(super) fn new(connection: PoolConnection<Any>) -> Self {
        Self { connection }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "a transaction's may be gone, and both ask alike"
    )]
    fn connection(&mut self) -> Result<&mut AnyConnection> {
        Ok(&mut self.connection)
    }
}

impl Transaction {
    pub(super) fn grouped(grouped: Grouped) -> Self {
        Self {
            kind: Kind::Grouped(grouped),
        }
    }

    pub(super) fn own(own: sqlx::Transaction<'static, Any>) -> Self {
        Self { kind: Kind::Own(own) }
    }

    fn connection(&mut self) -> Result<&mut AnyConnection> {
        match &mut self.kind {
            Kind::Grouped(grouped) => grouped.connection(),
            Kind::Own(own) => Ok(own),
        }
    }

    /// Returns when every change is on disk.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] and [`StoreError::Unavailable`]: nothing was changed.
    pub async fn commit(self) -> Result<()> {
        match self.kind {
            Kind::Grouped(grouped) => grouped.commit().await,
            Kind::Own(own) => Ok(own.commit().await?),
        }
    }

    /// A new object, at revision 1, with what it is found by.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::Claimed`].
    pub async fn insert(&mut self, tenant: TenantId, object: &Object, entries: &[IndexEntry]) -> Result<()> {
        let insert = "INSERT INTO objects \
            (tenant, uid, revision, kind, owner, state, activates, deactivates, attributes, material) \
            VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)";
        sqlx::query(insert)
            .bind(tenant.0)
            .bind(&*object.uid)
            .bind(i64::from(object.kind))
            .bind(&*object.owner)
            .bind(object.lifecycle.state.map(i64::from))
            .bind(object.lifecycle.activates)
            .bind(object.lifecycle.deactivates)
            .bind(&*object.attributes)
            .bind(object.material.as_deref())
            .execute(self.connection()?)
            .await?;
        self.index(tenant, &object.uid, entries).await
    }

    /// The object as it is now, based on the revision that it says, and what it is found by from now on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the object has another revision or is gone; [`StoreError::Claimed`].
    pub async fn update(&mut self, tenant: TenantId, object: &Object, entries: &[IndexEntry]) -> Result<()> {
        let update = "UPDATE objects SET revision = revision + 1, owner = $4, state = $5, activates = $6, \
            deactivates = $7, attributes = $8, material = $9 WHERE tenant = $1 AND uid = $2 AND revision = $3";
        let changed = sqlx::query(update)
            .bind(tenant.0)
            .bind(&*object.uid)
            .bind(object.revision)
            .bind(&*object.owner)
            .bind(object.lifecycle.state.map(i64::from))
            .bind(object.lifecycle.activates)
            .bind(object.lifecycle.deactivates)
            .bind(&*object.attributes)
            .bind(object.material.as_deref())
            .execute(self.connection()?)
            .await?;
        if changed.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
        for clear in [
            "DELETE FROM index_entries WHERE tenant = $1 AND uid = $2",
            "DELETE FROM claims WHERE tenant = $1 AND uid = $2",
        ] {
            sqlx::query(clear)
                .bind(tenant.0)
                .bind(&*object.uid)
                .execute(self.connection()?)
                .await?;
        }
        self.index(tenant, &object.uid, entries).await
    }

    /// Removes an object without a trace.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove(&mut self, tenant: TenantId, uid: &str) -> Result<()> {
        let removed = sqlx::query("DELETE FROM objects WHERE tenant = $1 AND uid = $2")
            .bind(tenant.0)
            .bind(uid)
            .execute(self.connection()?)
            .await?;
        if removed.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::NotFound)
        }
    }

    /// A new tenant.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if one has this name.
    pub async fn add_tenant(&mut self, name: &str) -> Result<TenantId> {
        // Two servers may count to the same number: the primary key lets one of them through.
        let row =
            sqlx::query("INSERT INTO tenants (id, name) SELECT COALESCE(MAX(id), 0) + 1, $1 FROM tenants RETURNING id")
                .bind(name)
                .fetch_one(self.connection()?)
                .await?;
        Ok(TenantId(row.try_get("id")?))
    }

    /// Adds a version of a tenant's key, or replaces its envelope after a rewrap.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn put_tenant_key(&mut self, tenant: TenantId, key: &TenantKey) -> Result<()> {
        let put = "INSERT INTO tenant_keys (tenant, version, envelope) VALUES ($1, $2, $3) \
            ON CONFLICT (tenant, version) DO UPDATE SET envelope = excluded.envelope";
        sqlx::query(put)
            .bind(tenant.0)
            .bind(i64::from(key.version))
            .bind(&*key.envelope)
            .execute(self.connection()?)
            .await?;
        Ok(())
    }

    async fn index(&mut self, tenant: TenantId, uid: &str, entries: &[IndexEntry]) -> Result<()> {
        for some in entries.chunks(ROWS) {
            self.index_some(tenant, uid, some).await?;
        }
        for entry in entries.iter().filter(|entry| entry.unique) {
            let claimed = sqlx::query("INSERT INTO claims (tenant, value, uid) VALUES ($1, $2, $3)")
                .bind(tenant.0)
                .bind(entry.claim())
                .bind(uid)
                .execute(self.connection()?)
                .await;
            claimed.map_err(|error| match StoreError::from(error) {
                StoreError::Exists => StoreError::Claimed,
                other => other,
            })?;
        }
        Ok(())
    }

    async fn index_some(&mut self, tenant: TenantId, uid: &str, entries: &[IndexEntry]) -> Result<()> {
        let rows: Vec<_> = (0..entries.len())
            .map(|row| format!("($1, $2, ${}, ${}, ${})", 3 * row + 3, 3 * row + 4, 3 * row + 5))
            .collect();
        // An object may have the same value twice.
        let insert = format!(
            "INSERT INTO index_entries (tenant, uid, attribute, value, number) VALUES {} ON CONFLICT DO NOTHING",
            rows.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(insert)).bind(tenant.0).bind(uid);
        for entry in entries {
            query = query
                .bind(&*entry.attribute)
                .bind(entry.value.stored())
                .bind(entry.value.number());
        }
        query.execute(self.connection()?).await?;
        Ok(())
    }
}

/// Rows one statement inserts: a statement for each number up to it is prepared once a connection.
const ROWS: usize = 16;

async fn object(connection: &mut AnyConnection, tenant: TenantId, uid: &str) -> Result<Option<Object>> {
    let select = format!("SELECT {COLUMNS} FROM objects WHERE tenant = $1 AND uid = $2");
    let found = sqlx::query(AssertSqlSafe(select))
        .bind(tenant.0)
        .bind(uid)
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(Object::from_row).transpose()
}

fn tenant_key(row: &AnyRow) -> Result<TenantKey> {
    let version: i64 = row.try_get("version")?;
    Ok(TenantKey {
        version: u32::try_from(version).map_err(|_| StoreError::Corrupt("a key version"))?,
        envelope: row.try_get("envelope")?,
    })
}
