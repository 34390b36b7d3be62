//! Fields to event. What is missing or not understood is an error and never a guess.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::event::{AttemptRecord, AuditEvent, HeaderMark, KeyUse, Outcome, Phase, SubjectRecord};
use super::super::id::{bytes_from_hex, from_hex};
use super::super::{Action, EventId, Principal, Reason, TraceContext};
use super::wire::{Actor, Call, Endpoint, Event, Header, Resource, Text};
use super::{
    DEK, ENVELOPE, HEX_VERSION, KEK, LOGICAL_KEY, OPERATIONS, PHASES, STATUS_FAILURE, STATUS_OTHER, STATUS_SUCCESS,
};
use crate::suite::{Kind, Suite};

impl Event<'_> {
    pub(super) fn read(self) -> Result<AuditEvent, Field> {
        let own = self.unmapped.keystrand;
        let phase = PHASES
            .iter()
            .find_map(|(phase, name)| (*name == own.phase).then_some(*phase))
            .ok_or("phase")?;
        let reason = read_reason(self.status_code, self.status_detail)?;
        let outcome = match (phase, self.status_id, reason) {
            (Phase::Intent, STATUS_OTHER, None) => None,
            (Phase::Outcome, STATUS_SUCCESS, None) => Some(Outcome::Success),
            (Phase::Outcome | Phase::Refusal, STATUS_FAILURE, Some(reason)) => Some(Outcome::Failure(reason)),
            // A refusal that succeeded, say: two tools would read such an entry differently.
            _ => return Err("status_id"),
        };
        let use_id = self
            .api
            .request
            .map(|request| EventId::parse(&request.uid).ok_or("api.request.uid"))
            .transpose()?;
        let mut subject = Resource::read(self.resources)?;
        subject.kind = own.kind.map(|name| read_kind(&name)).transpose()?;
        subject.suite = own
            .suite
            .map(|name| Suite::from_name(&name).ok_or("suite"))
            .transpose()?;
        subject.header = own.header.map(Header::read).transpose()?;
        Ok(AuditEvent {
            id: EventId::parse(&self.metadata.uid).ok_or("metadata.uid")?,
            unix_nanos: own.unix_nanos.parse().map_err(|_| "unix_nanos")?,
            phase,
            use_id,
            action: Action::from_name(&self.api.operation).ok_or("api.operation")?,
            principal: Arc::new(read_principal(self.actor, self.src_endpoint, self.dst_endpoint)),
            trace: read_trace(self.metadata.correlation_uid, own.span_id)?,
            subject,
            outcome,
            attempts: own.attempts.into_iter().map(Call::read).collect::<Result<_, _>>()?,
        })
    }
}

/// The name of a field that is missing or malformed.
type Field = &'static str;

impl Resource<'_> {
    fn read(resources: Vec<Self>) -> Result<SubjectRecord, Field> {
        let mut subject = SubjectRecord::default();
        for resource in resources {
            let uid = resource.uid.as_deref().unwrap_or_default();
            match resource.kind.as_ref() {
                KEK => subject.keys.push(read_key(uid.to_owned(), resource.version)?),
                LOGICAL_KEY => subject.key_name = resource.name.map(Cow::into_owned),
                ENVELOPE => subject.message_id = Some(from_hex(uid).ok_or("envelope id")?),
                DEK => subject.dek_id = Some(from_hex(uid).ok_or("data-key id")?),
                _ => return Err("resources.type"),
            }
        }
        Ok(subject)
    }
}

impl Header<'_> {
    fn read(self) -> Result<HeaderMark, Field> {
        let tag = from_hex(&self.tag).ok_or("header.tag")?;
        Ok(HeaderMark { seq: self.seq, tag })
    }
}

impl Call<'_> {
    fn read(self) -> Result<AttemptRecord, Field> {
        let operation = OPERATIONS
            .iter()
            .find_map(|(operation, name)| (*name == self.operation).then_some(*operation))
            .ok_or("attempts.operation")?;
        Ok(AttemptRecord {
            key: read_key(self.kek.into_owned(), self.version)?,
            operation,
            request_id: self.request_id.map(Cow::into_owned),
            region: self.region.map(Cow::into_owned),
            failure: read_reason(self.status_code, self.status_detail)?,
        })
    }
}

fn read_key(uri: String, version: Option<Text<'_>>) -> Result<KeyUse, Field> {
    let version = match version {
        None => None,
        Some(text) => Some(match text.strip_prefix(HEX_VERSION) {
            Some(hex) => bytes_from_hex(hex).ok_or("version")?,
            None => text.into_owned().into_bytes(),
        }),
    };
    Ok(KeyUse { uri, version })
}

fn read_reason(code: Option<Text<'_>>, detail: Option<Text<'_>>) -> Result<Option<Reason>, Field> {
    match (code, detail) {
        (None, None) => Ok(None),
        (Some(code), Some(detail)) => Ok(Some(Reason::read(code.into_owned(), detail.into_owned()))),
        _ => Err("status_code"),
    }
}

fn read_kind(name: &str) -> Result<Kind, Field> {
    const KINDS: [Kind; 3] = [Kind::Message, Kind::Ticket, Kind::SealedSecret];
    KINDS.into_iter().find(|kind| kind.name() == name).ok_or("kind")
}

fn read_principal(actor: Actor<'_>, source: Endpoint<'_>, destination: Option<Endpoint<'_>>) -> Principal {
    let user = actor.user.map(|user| (user.name, user.uid, user.domain));
    let (name, id, tenant) = user.unwrap_or_default();
    let process = actor.process.map(|process| (process.name, process.pid));
    let (process, pid) = process.unwrap_or_default();
    let host = destination.map_or(source.hostname, |destination| destination.hostname);
    Principal {
        name: name.map(Cow::into_owned),
        id: id.map(Cow::into_owned),
        tenant: tenant.map(Cow::into_owned),
        process: process.map(Cow::into_owned),
        pid,
        host: host.map(Cow::into_owned),
        peer: source.ip.map(Cow::into_owned),
    }
}

fn read_trace(trace_id: Option<Text<'_>>, span_id: Option<Text<'_>>) -> Result<Option<TraceContext>, Field> {
    let Some(trace_id) = trace_id else {
        return Ok(None);
    };
    Ok(Some(TraceContext {
        trace_id: from_hex(&trace_id).ok_or("metadata.correlation_uid")?,
        span_id: span_id.map(|id| from_hex(&id).ok_or("span_id")).transpose()?,
    }))
}
