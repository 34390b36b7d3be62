//! Activate, Revoke, Destroy, Archive, Recover; leases, usage, and Check.

use crate::model::{RevocationReason, UniqueIdentifier};
use crate::registry::{
    CryptographicUsageMask,
    tag::{
        COMPROMISE_OCCURRENCE_DATE, CRYPTOGRAPHIC_USAGE_MASK, LAST_CHANGE_DATE, LEASE_TIME, REVOCATION_REASON,
        UNIQUE_IDENTIFIER, USAGE_LIMITS_COUNT,
    },
};
use crate::value::{DateTime, Interval};
use crate::wire::{at, structures};

structures! {
    /// Asks for an object to become active now.
    #[derive(Default)]
    ActivateRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// The object is active.
    ActivateResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for an object to be used no longer.
    RevokeRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        revocation_reason: RevocationReason = at(REVOCATION_REASON),
        compromise_occurrence_date: Option<DateTime> = at(COMPROMISE_OCCURRENCE_DATE),
    }

    /// The object is revoked.
    RevokeResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for key material to be erased.
    #[derive(Default)]
    DestroyRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// It is erased.
    DestroyResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for an object to be put into the archive.
    #[derive(Default)]
    ArchiveRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// It is in the archive.
    ArchiveResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for an object from the archive.
    #[derive(Default)]
    RecoverRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// It is out of the archive.
    RecoverResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks for how long an object may be used before asking again.
    #[derive(Default)]
    ObtainLeaseRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
    }

    /// The lease.
    ObtainLeaseResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
        lease_time: Interval = at(LEASE_TIME),
        last_change_date: DateTime = at(LAST_CHANGE_DATE),
    }

    /// Asks for a part of what a key may still protect.
    GetUsageAllocationRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        usage_limits_count: i64 = at(USAGE_LIMITS_COUNT),
    }

    /// It is allotted.
    GetUsageAllocationResponse {
        unique_identifier: UniqueIdentifier = at(UNIQUE_IDENTIFIER),
    }

    /// Asks whether a key may be used so.
    #[derive(Default)]
    CheckRequest {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        usage_limits_count: Option<i64> = at(USAGE_LIMITS_COUNT),
        cryptographic_usage_mask: Option<CryptographicUsageMask> = at(CRYPTOGRAPHIC_USAGE_MASK),
        lease_time: Option<Interval> = at(LEASE_TIME),
    }

    /// What of it is not allowed, with what would be.
    #[derive(Default)]
    CheckResponse {
        unique_identifier: Option<UniqueIdentifier> = at(UNIQUE_IDENTIFIER),
        usage_limits_count: Option<i64> = at(USAGE_LIMITS_COUNT),
        cryptographic_usage_mask: Option<CryptographicUsageMask> = at(CRYPTOGRAPHIC_USAGE_MASK),
        lease_time: Option<Interval> = at(LEASE_TIME),
    }
}
