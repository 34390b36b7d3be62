//! The serialized form: OCSF 1.8 *API Activity* (class 6003, category 6), the class that cloud audit logs of KMS calls
//! map to. *Datastore Activity* (6005) also knows encrypt and decrypt, but of records inside a data store, and has no
//! place for the API called. What OCSF has no field for stands in `unmapped.keystrand`.
//!
//! Every fact stands once, so that an event read back is the event written: `wire` is the shape, `write` and `read` are
//! each other's inverse.

mod read;
mod wire;
mod write;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::{AuditEvent, Phase};
use crate::error::KekOperation;

impl Serialize for AuditEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wire::Event::write(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuditEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = wire::Event::deserialize(deserializer)?;
        event
            .read()
            .map_err(|field| D::Error::custom(format_args!("{field} is missing or malformed")))
    }
}

const PRODUCT: &str = "Keystrand";
const API_ACTIVITY: u32 = 6003;
const INFORMATIONAL: u32 = 1;
const LOW: u32 = 2;
const MEDIUM: u32 = 3;
const STATUS_SUCCESS: u32 = 1;
const STATUS_FAILURE: u32 = 2;
const STATUS_OTHER: u32 = 99;
const KEK: &str = "kek";
const LOGICAL_KEY: &str = "logical-key";
const ENVELOPE: &str = "envelope";
const DEK: &str = "dek";
const HEX_VERSION: &str = "hex:";
const PHASES: [(Phase, &str); 3] = [
    (Phase::Intent, "intent"),
    (Phase::Outcome, "outcome"),
    (Phase::Refusal, "refusal"),
];
const OPERATIONS: [(KekOperation, &str); 4] = [
    (KekOperation::Wrap, "wrap"),
    (KekOperation::Unwrap, "unwrap"),
    (KekOperation::Describe, "describe"),
    (KekOperation::Lifecycle, "lifecycle"),
];
