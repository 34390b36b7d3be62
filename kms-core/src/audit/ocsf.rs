//! The serialized form: OCSF 1.8 *API Activity* (class 6003, category 6), the class that cloud audit logs of KMS calls
//! map to. *Datastore Activity* (6005) also knows encrypt and decrypt, but of records inside a data store, and has no
//! place for the API called. What OCSF has no field for stands in `unmapped.keystrand`.
//!
//! Every fact stands once, so that an event read back is the event written.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::{AttemptRecord, AuditEvent, HeaderMark, KeyUse, Outcome, Phase, SubjectRecord};
use super::id::{bytes_from_hex, from_hex, to_hex};
use super::{Action, EventId, Principal, Reason, TraceContext};
use crate::error::KekOperation;
use crate::suite::{Kind, Suite};

impl Serialize for AuditEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Event::write(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuditEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Event::deserialize(deserializer)?;
        event
            .read()
            .map_err(|field| D::Error::custom(format_args!("{field} is missing or malformed")))
    }
}

type Text<'a> = Cow<'a, str>;

#[derive(Serialize, Deserialize)]
struct Event<'a> {
    metadata: Metadata<'a>,
    /// Milliseconds since 1970.
    time: u64,
    class_uid: u32,
    category_uid: u32,
    activity_id: u32,
    type_uid: u32,
    severity_id: u32,
    status_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<Text<'a>>,
    actor: Actor<'a>,
    src_endpoint: Endpoint<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dst_endpoint: Option<Endpoint<'a>>,
    api: Api<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource<'a>>,
    unmapped: Unmapped<'a>,
}

#[derive(Serialize, Deserialize)]
struct Metadata<'a> {
    version: Text<'a>,
    product: Product<'a>,
    uid: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_uid: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Product<'a> {
    name: Text<'a>,
    vendor_name: Text<'a>,
    version: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Actor<'a> {
    app_name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Process<'a>>,
}

#[derive(Serialize, Deserialize)]
struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Process<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    svc_name: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Api<'a> {
    operation: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Request<'a> {
    /// Links an outcome to its intent: the id of the intent event, in both.
    uid: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Resource<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Unmapped<'a> {
    keystrand: Keystrand<'a>,
}

#[derive(Serialize, Deserialize)]
struct Keystrand<'a> {
    phase: Text<'a>,
    /// A string: JSON numbers are exact to 2^53 only.
    unix_nanos: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suite: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Call<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    seq: u64,
    tag: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Call<'a> {
    kek: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Text<'a>>,
    operation: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<Text<'a>>,
}

impl<'a> Event<'a> {
    fn write(event: &'a AuditEvent) -> Self {
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

    fn read(self) -> Result<AuditEvent, Field> {
        let own = self.unmapped.keystrand;
        let phase = PHASES
            .iter()
            .find_map(|(phase, name)| (*name == own.phase).then_some(*phase))
            .ok_or("phase")?;
        let outcome = match (phase, self.status_id) {
            (Phase::Intent, _) => None,
            (_, STATUS_SUCCESS) => Some(Outcome::Success),
            _ => Some(Outcome::Failure(
                read_reason(self.status_code, self.status_detail).ok_or("status_code")?,
            )),
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

impl Header<'_> {
    fn read(self) -> Result<HeaderMark, Field> {
        let tag = from_hex(&self.tag).ok_or("header.tag")?;
        Ok(HeaderMark { seq: self.seq, tag })
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
            failure: read_reason(self.status_code, self.status_detail),
        })
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

fn read_reason(code: Option<Text<'_>>, detail: Option<Text<'_>>) -> Option<Reason> {
    Some(Reason::read(code?.into_owned(), detail?.into_owned()))
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
