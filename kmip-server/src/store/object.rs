//! Objects as rows.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, StoreError};

/// An object as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its unique identifier, within its tenant.
    pub uid: String,
    /// How often it was written. The store counts; a change says which one it is based on.
    pub revision: i64,
    /// The number of its object type.
    pub kind: u32,
    /// Who made it.
    pub owner: String,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Its attributes, encoded by the caller.
    pub attributes: Vec<u8>,
    /// Its material, sealed by the caller; `None` once it is erased.
    pub material: Option<Vec<u8>>,
}

/// Where an object is in its life. Dates pass without anyone writing: the state that counts is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// The number of the state that was last written; `None` for objects that have none.
    pub state: Option<u32>,
    /// When a pre-active object becomes active, in seconds since 1970.
    pub activates: Option<i64>,
    /// When an active object becomes deactivated, in seconds since 1970.
    pub deactivates: Option<i64>,
}

impl Lifecycle {
    /// The state at `now`, in seconds since 1970 (KMIP 2.1, 4.57).
    pub fn state_at(&self, now: i64) -> Option<u32> {
        let passed = |date: Option<i64>| date.is_some_and(|date| date <= now);
        match self.state? {
            PRE_ACTIVE if passed(self.activates) && passed(self.deactivates) => Some(DEACTIVATED),
            PRE_ACTIVE if passed(self.activates) => Some(ACTIVE),
            ACTIVE if passed(self.deactivates) => Some(DEACTIVATED),
            state => Some(state),
        }
    }
}

/// [`Lifecycle::state_at`] as SQL; `$n` is the time.
pub(super) fn state_at(now: &str) -> String {
    format!(
        "CASE WHEN state = {PRE_ACTIVE} AND activates <= {now} AND deactivates <= {now} THEN {DEACTIVATED} \
         WHEN state = {PRE_ACTIVE} AND activates <= {now} THEN {ACTIVE} \
         WHEN state = {ACTIVE} AND deactivates <= {now} THEN {DEACTIVATED} ELSE state END"
    )
}

/// Values of the enumeration State.
const PRE_ACTIVE: u32 = 1;
const ACTIVE: u32 = 2;
const DEACTIVATED: u32 = 3;

/// What [`Object::from_row`] reads.
pub(super) const COLUMNS: &str = "uid, revision, kind, owner, state, activates, deactivates, attributes, material";

impl Object {
    pub(super) fn from_row(row: &AnyRow) -> Result<Self> {
        let state = match row.try_get::<Option<i64>, _>("state")? {
            Some(state) => Some(number(state)?),
            None => None,
        };
        Ok(Self {
            uid: row.try_get("uid")?,
            revision: row.try_get("revision")?,
            kind: number(row.try_get("kind")?)?,
            owner: row.try_get("owner")?,
            lifecycle: Lifecycle {
                state,
                activates: row.try_get("activates")?,
                deactivates: row.try_get("deactivates")?,
            },
            attributes: row.try_get("attributes")?,
            material: row.try_get("material")?,
        })
    }
}

fn number(stored: i64) -> Result<u32> {
    u32::try_from(stored).map_err(|_| StoreError::Corrupt("a number"))
}
