CREATE TABLE tenants (
    id BIGINT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE
);

-- The key of a tenant's objects, by version: each a KS1 envelope under a logical key of the configuration.
CREATE TABLE tenant_keys (
    tenant BIGINT NOT NULL REFERENCES tenants (id),
    version BIGINT NOT NULL,
    envelope BLOB NOT NULL,
    PRIMARY KEY (tenant, version)
) WITHOUT ROWID;

CREATE TABLE objects (
    tenant BIGINT NOT NULL REFERENCES tenants (id),
    uid TEXT NOT NULL,
    -- Order of creation. Without AUTOINCREMENT the number of a deleted object would come back.
    sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    revision BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    owner TEXT NOT NULL,
    state BIGINT,
    activates BIGINT,
    deactivates BIGINT,
    attributes BLOB NOT NULL,
    material BLOB,
    UNIQUE (tenant, uid)
);
CREATE INDEX objects_by_kind ON objects (tenant, kind, sequence);

-- What Locate finds objects by.
CREATE TABLE index_entries (
    tenant BIGINT NOT NULL,
    uid TEXT NOT NULL,
    attribute TEXT NOT NULL,
    value BLOB NOT NULL,
    number BIGINT,
    PRIMARY KEY (tenant, uid, attribute, value),
    FOREIGN KEY (tenant, uid) REFERENCES objects (tenant, uid) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX index_entries_by_value ON index_entries (tenant, attribute, value);
CREATE INDEX index_entries_by_number ON index_entries (tenant, attribute, number) WHERE number IS NOT NULL;

-- Values that one object of a tenant has at most, such as names.
CREATE TABLE claims (
    tenant BIGINT NOT NULL,
    value BLOB NOT NULL,
    uid TEXT NOT NULL,
    PRIMARY KEY (tenant, value),
    FOREIGN KEY (tenant, uid) REFERENCES objects (tenant, uid) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX claims_by_object ON claims (tenant, uid);
