//! Tenants: each has its own objects, under keys of its own.

/// A tenant, by its number in this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TenantId(pub(super) i64);

/// A version of the key that a tenant's objects are sealed under, itself sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantKey {
    /// Its version, from 1.
    pub version: u32,
    /// The KS1 envelope.
    pub envelope: Vec<u8>,
}
