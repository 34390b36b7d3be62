//! Event to fields.

use super::super::event::{AttemptRecord, AuditEvent, Outcome, Phase, SubjectRecord};
use super::super::id::to_hex;
use super::super::principal::Principal;
use super::wire::{
    Actor, Api, Call, Endpoint, Event, Header, Keystrand, Metadata, Process, Product, Request, Resource, Text,
    Unmapped, User,
};
use super::{
    API_ACTIVITY, DEK, ENVELOPE, HEX_VERSION, INFORMATIONAL, KEK, LOGICAL_KEY, LOW, MEDIUM, OPERATIONS, PHASES,
    PRODUCT, STATUS_FAILURE, STATUS_OTHER, STATUS_SUCCESS,
};

impl<'a> Event<'a> {
    pub(super) fn write(event: &'a AuditEvent) -> Self {
        let failure = match &event.outcome {
            Some(Outcome::Failure(reason)) => Some(reason),
            _ => None,
        };
        let (severity_id, status_id) = match (event.phase, failure) {
            (Phase::Intent, _) => (INFORMATIONAL, STATUS_OTHER),
            (Phase::Outcome, None) => (INFORMATIONAL, STATUS_SUCCESS),
            (Phase::Outcome, Some(_)) => (LOW, STATUS_FAILURE),
            (Phase::Refusal, _) => (MEDIUM, STATUS_FAILURE),
        };
        let activity_id = event.action.activity();
        let (src_endpoint, dst_endpoint) = Endpoint::write(&event.principal);
        Self {
            metadata: Metadata::write(event),
            time: event.unix_nanos / 1_000_000,
            class_uid: API_ACTIVITY,
            category_uid: API_ACTIVITY / 1000,
            activity_id,
            type_uid: API_ACTIVITY * 100 + activity_id,
            severity_id,
            status_id,
            status: (status_id == STATUS_OTHER).then_some("Intent".into()),
            status_code: failure.map(|reason| reason.code().into()),
            status_detail: failure.map(|reason| reason.text().into()),
            actor: Actor::write(&event.principal),
            src_endpoint,
            dst_endpoint,
            api: Api {
                operation: event.action.name().into(),
                request: event.use_id.map(|id| Request {
                    uid: id.to_string().into(),
                }),
            },
            resources: Resource::write(&event.subject),
            unmapped: Unmapped {
                keystrand: Keystrand::write(event),
            },
        }
    }
}

impl<'a> Metadata<'a> {
    fn write(event: &'a AuditEvent) -> Self {
        Self {
            version: "1.8.0".into(),
            product: Product {
                name: PRODUCT.into(),
                vendor_name: PRODUCT.into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            uid: event.id.to_string().into(),
            correlation_uid: event.trace.map(|trace| to_hex(&trace.trace_id).into()),
        }
    }
}

impl<'a> Actor<'a> {
    fn write(principal: &'a Principal) -> Self {
        let user = User {
            name: text(principal.name.as_ref()),
            uid: text(principal.id.as_ref()),
            domain: text(principal.tenant.as_ref()),
        };
        let process = Process {
            name: text(principal.process.as_ref()),
            pid: principal.pid,
        };
        Self {
            app_name: PRODUCT.into(),
            user: (user.name.is_some() || user.uid.is_some() || user.domain.is_some()).then_some(user),
            process: (process.name.is_some() || process.pid.is_some()).then_some(process),
        }
    }
}

impl<'a> Endpoint<'a> {
    /// Source and destination. A local caller is its own source; the class requires one, so a principal of which no
    /// address is known has the product's name.
    fn write(principal: &'a Principal) -> (Self, Option<Self>) {
        let host = Self {
            hostname: text(principal.host.as_ref()),
            ip: None,
            svc_name: principal.host.is_none().then_some(PRODUCT.into()),
        };
        match &principal.peer {
            None => (host, None),
            Some(peer) => {
                let client = Self {
                    hostname: None,
                    ip: Some(peer.into()),
                    svc_name: None,
                };
                (client, Some(host))
            }
        }
    }
}

impl<'a> Resource<'a> {
    fn write(subject: &'a SubjectRecord) -> Vec<Self> {
        let of_kind = |kind: &'static str, uid| Self {
            kind: kind.into(),
            uid: Some(uid),
            name: None,
            version: None,
        };
        let keks = subject.keys.iter().map(|key| Self {
            version: key.version.as_deref().map(write_version),
            ..of_kind(KEK, key.uri.as_str().into())
        });
        let logical = subject.key_name.as_ref().map(|name| Self {
            uid: None,
            name: Some(name.into()),
            ..of_kind(LOGICAL_KEY, "".into())
        });
        let envelope = subject.message_id.map(|id| of_kind(ENVELOPE, to_hex(&id).into()));
        let dek = subject.dek_id.map(|id| of_kind(DEK, to_hex(&id).into()));
        keks.chain(logical).chain(envelope).chain(dek).collect()
    }
}

impl<'a> Keystrand<'a> {
    fn write(event: &'a AuditEvent) -> Self {
        let phase = PHASES.iter().find(|(phase, _)| *phase == event.phase);
        Self {
            phase: phase.map_or("", |(_, name)| name).into(),
            unix_nanos: event.unix_nanos.to_string().into(),
            span_id: event.trace.and_then(|trace| trace.span_id).map(|id| to_hex(&id).into()),
            kind: event.subject.kind.map(|kind| kind.name().into()),
            suite: event.subject.suite.map(|suite| suite.name().into()),
            header: event.subject.header.map(|header| Header {
                seq: header.seq,
                tag: to_hex(&header.tag).into(),
            }),
            attempts: event.attempts.iter().map(Call::write).collect(),
        }
    }
}

impl<'a> Call<'a> {
    fn write(attempt: &'a AttemptRecord) -> Self {
        let operation = OPERATIONS.iter().find(|(operation, _)| *operation == attempt.operation);
        Self {
            kek: attempt.key.uri.as_str().into(),
            version: attempt.key.version.as_deref().map(write_version),
            operation: operation.map_or("", |(_, name)| name).into(),
            request_id: text(attempt.request_id.as_ref()),
            region: text(attempt.region.as_ref()),
            status_code: attempt.failure.as_ref().map(|reason| reason.code().into()),
            status_detail: attempt.failure.as_ref().map(|reason| reason.text().into()),
        }
    }
}

fn text(value: Option<&String>) -> Option<Text<'_>> {
    value.map(Text::from)
}

/// Versions are bytes to us, though text with every known provider. What is not printable ASCII, or would be taken
/// for hexadecimal, is written as hexadecimal.
fn write_version(version: &[u8]) -> Text<'_> {
    let plain = version.iter().all(u8::is_ascii_graphic) && !version.starts_with(HEX_VERSION.as_bytes());
    match std::str::from_utf8(version) {
        Ok(text) if plain => text.into(),
        _ => format!("{HEX_VERSION}{}", to_hex(version)).into(),
    }
}
