//! Tickets, and requests that are answered later.

use bytes::Bytes;

use crate::model::{AsynchronousCorrelationValues, AsynchronousRequest, Operations, Rights, Ticket, UsageLimits};
use crate::registry::{
    CancellationResult,
    tag::{
        ASYNCHRONOUS_CORRELATION_VALUE, ASYNCHRONOUS_CORRELATION_VALUES, ASYNCHRONOUS_REQUEST, CANCELLATION_RESULT,
        LEASE_TIME, OPERATIONS, REQUEST_COUNT, RIGHTS, TICKET, USAGE_LIMITS,
    },
};
use crate::value::Interval;
use crate::wire::{at, structures};

structures! {
    /// Asks for a ticket; from 2.0.
    #[derive(Default)]
    LoginRequest {
        lease_time: Option<Interval> = at(LEASE_TIME),
        request_count: Option<i32> = at(REQUEST_COUNT),
        usage_limits: Option<UsageLimits> = at(USAGE_LIMITS),
    }

    /// The ticket.
    LoginResponse {
        ticket: Ticket = at(TICKET),
    }

    /// Asks for a ticket with fewer rights, to be given to someone else; from 2.0.
    #[derive(Default)]
    DelegatedLoginRequest {
        lease_time: Option<Interval> = at(LEASE_TIME),
        request_count: Option<i32> = at(REQUEST_COUNT),
        usage_limits: Option<UsageLimits> = at(USAGE_LIMITS),
        rights: Option<Rights> = at(RIGHTS),
    }

    /// The ticket.
    DelegatedLoginResponse {
        ticket: Ticket = at(TICKET),
    }

    /// Gives a ticket back; from 2.0.
    LogoutRequest {
        ticket: Ticket = at(TICKET),
    }

    /// It is worth nothing any more.
    #[derive(Default)]
    LogoutResponse {}

    /// Asks for an operation not to be performed.
    CancelRequest {
        asynchronous_correlation_value: Bytes = at(ASYNCHRONOUS_CORRELATION_VALUE),
    }

    /// What came of it.
    CancelResponse {
        asynchronous_correlation_value: Bytes = at(ASYNCHRONOUS_CORRELATION_VALUE),
        cancellation_result: CancellationResult = at(CANCELLATION_RESULT),
    }

    /// Asks whether an operation is done. The answer names that operation and has its payload.
    PollRequest {
        asynchronous_correlation_value: Bytes = at(ASYNCHRONOUS_CORRELATION_VALUE),
    }

    /// An answer that names Poll has no fields.
    #[derive(Default)]
    PollResponse {}

    /// Asks for an operation to be performed next; from 2.1.
    ProcessRequest {
        asynchronous_correlation_value: Bytes = at(ASYNCHRONOUS_CORRELATION_VALUE),
    }

    /// It will be.
    #[derive(Default)]
    ProcessResponse {}

    /// Asks which operations are under way; from 2.1.
    #[derive(Default)]
    QueryAsynchronousRequestsRequest {
        asynchronous_correlation_values: Option<AsynchronousCorrelationValues> = at(ASYNCHRONOUS_CORRELATION_VALUES),
        operations: Option<Operations> = at(OPERATIONS),
    }

    /// Those that are.
    #[derive(Default)]
    QueryAsynchronousRequestsResponse {
        asynchronous_request: Vec<AsynchronousRequest> = at(ASYNCHRONOUS_REQUEST),
    }
}
