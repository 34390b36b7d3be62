//! Requests and responses (KMIP 2.1, section 9).

use bytes::Bytes;
use zeroize::Zeroizing;

use super::credential::{Authentication, Nonce};
use super::payload::{Call, RequestPayload, ResponsePayload};
use crate::registry::{
    AsynchronousIndicator, AttestationType, BatchErrorContinuationOption, Operation, ResultReason, ResultStatus,
    tag::{
        self, ASYNCHRONOUS_INDICATOR, ATTESTATION_CAPABLE_INDICATOR, ATTESTATION_TYPE, AUTHENTICATION, BATCH_COUNT,
        BATCH_ERROR_CONTINUATION_OPTION, BATCH_ORDER_OPTION, CLIENT_CORRELATION_VALUE, CRITICALITY_INDICATOR,
        MAXIMUM_RESPONSE_SIZE, NONCE, PROTOCOL_VERSION, PROTOCOL_VERSION_MAJOR, PROTOCOL_VERSION_MINOR,
        SERVER_CORRELATION_VALUE, SERVER_HASHED_PASSWORD, TIME_STAMP, VENDOR_EXTENSION, VENDOR_IDENTIFICATION,
    },
};
use crate::ttlv::{DecodeError, EncodeError, Fault, Frame, Item, Limits, RawItem, Source, Tag, Writer};
use crate::value::{DateTime, Text};
use crate::version::ProtocolVersion;
use crate::wire::{Field, Unknown, Wire, accept_once, at, structures};

/// A message: a header and batch items.
#[derive(Debug)]
pub struct Message<H, I> {
    /// What holds for all items.
    pub header: H,
    /// One operation each.
    pub items: Vec<I>,
    /// Fields that this crate does not know.
    pub unknown: Unknown,
}

/// What a client sends.
pub type RequestMessage = Message<RequestHeader, RequestItem>;

/// What a server answers.
pub type ResponseMessage = Message<ResponseHeader, ResponseItem>;

impl RequestMessage {
    /// One operation.
    pub fn new<C: Call>(version: ProtocolVersion, call: C) -> Self {
        Self::batch(version, [call.into()])
    }

    /// Several operations; more than one get an identifier, as the specification wants.
    pub fn batch(version: ProtocolVersion, calls: impl IntoIterator<Item = RequestPayload>) -> Self {
        let mut items: Vec<_> = calls.into_iter().map(RequestItem::new).collect();
        if items.len() > 1 {
            for (number, item) in (0_u64..).zip(&mut items) {
                item.unique_batch_item_id = Some(Bytes::copy_from_slice(&number.to_be_bytes()));
            }
        }
        Self {
            header: RequestHeader::new(version),
            items,
            unknown: Unknown::default(),
        }
    }

    /// The version in the header of a request, to answer one whose rest does not read.
    pub fn version_of(frame: &Frame, limits: &Limits) -> Option<ProtocolVersion> {
        let source = Source::new(frame, limits);
        let mut fields = source.only().ok()?.children().ok()?;
        let header = fields.next().ok()??;
        let version = header.children().ok()?.next().ok()??;
        (version.tag() == PROTOCOL_VERSION).then(|| ProtocolVersion::decode(&version).ok())?
    }

    /// Reads a request. A payload that does not read makes its item [`RequestPayload::Invalid`], not the message.
    ///
    /// # Errors
    /// The message or a header is malformed.
    pub fn decode(frame: &Frame, limits: &Limits) -> Result<Self, DecodeError> {
        decode(tag::REQUEST_MESSAGE, frame, limits)
    }

    /// Writes the request in the form of the version in its header.
    ///
    /// # Errors
    /// A part is longer than TTLV allows.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        let mut out = Writer::new();
        self.encode_onto(&mut out);
        out.finish()
    }

    /// Writes the request behind what the buffer holds.
    pub fn encode_onto(&self, out: &mut Writer) {
        encode(self, tag::REQUEST_MESSAGE, self.header.protocol_version, out);
    }
}

impl ResponseMessage {
    /// Reads a response.
    ///
    /// # Errors
    /// The message, a header or a payload is malformed.
    pub fn decode(frame: &Frame, limits: &Limits) -> Result<Self, DecodeError> {
        decode(tag::RESPONSE_MESSAGE, frame, limits)
    }

    /// Writes the response in the form of the version in its header.
    ///
    /// # Errors
    /// A part is longer than TTLV allows.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        let mut out = Writer::new();
        self.encode_onto(&mut out);
        out.finish()
    }

    /// Writes the response behind what the buffer holds.
    pub fn encode_onto(&self, out: &mut Writer) {
        encode(self, tag::RESPONSE_MESSAGE, self.header.protocol_version, out);
    }
}

structures! {
    /// What holds for all items of a request.
    RequestHeader {
        protocol_version: ProtocolVersion = at(PROTOCOL_VERSION),
        maximum_response_size: Option<i32> = at(MAXIMUM_RESPONSE_SIZE),
        client_correlation_value: Option<Text> = at(CLIENT_CORRELATION_VALUE).since(ProtocolVersion::V1_4),
        server_correlation_value: Option<Text> = at(SERVER_CORRELATION_VALUE).since(ProtocolVersion::V1_4),
        asynchronous_indicator: Option<AsynchronousIndicator> = at(ASYNCHRONOUS_INDICATOR),
        attestation_capable_indicator: Option<bool> = at(ATTESTATION_CAPABLE_INDICATOR).since(ProtocolVersion::V1_2),
        attestation_type: Vec<AttestationType> = at(ATTESTATION_TYPE).since(ProtocolVersion::V1_2),
        authentication: Option<Authentication> = at(AUTHENTICATION),
        /// Stop when it is left out.
        batch_error_continuation_option: Option<BatchErrorContinuationOption> = at(BATCH_ERROR_CONTINUATION_OPTION),
        /// When it is left out, false in 1.x and true in 2.x: [`RequestHeader::in_order`].
        batch_order_option: Option<bool> = at(BATCH_ORDER_OPTION),
        time_stamp: Option<DateTime> = at(TIME_STAMP),
        batch_count: BatchCount = at(BATCH_COUNT),
    }

    /// What holds for all items of a response.
    ResponseHeader {
        protocol_version: ProtocolVersion = at(PROTOCOL_VERSION),
        time_stamp: DateTime = at(TIME_STAMP),
        nonce: Option<Nonce> = at(NONCE).since(ProtocolVersion::V1_2),
        server_hashed_password: Option<Bytes> = at(SERVER_HASHED_PASSWORD).since(ProtocolVersion::V2_0),
        attestation_type: Vec<AttestationType> = at(ATTESTATION_TYPE).since(ProtocolVersion::V1_2),
        client_correlation_value: Option<Text> = at(CLIENT_CORRELATION_VALUE).since(ProtocolVersion::V1_4),
        server_correlation_value: Option<Text> = at(SERVER_CORRELATION_VALUE).since(ProtocolVersion::V1_4),
        batch_count: BatchCount = at(BATCH_COUNT),
    }

    /// What a vendor adds to an item.
    MessageExtension {
        vendor_identification: Text = at(VENDOR_IDENTIFICATION),
        /// Who does not understand a critical extension must not perform the operation.
        criticality_indicator: bool = at(CRITICALITY_INDICATOR),
        vendor_extension: RawItem = at(VENDOR_EXTENSION),
    }

    /// The fields of a version.
    #[allow(unreachable_pub, reason = "what the macro declares is public")]
    VersionFields {
        major: i32 = at(PROTOCOL_VERSION_MAJOR),
        minor: i32 = at(PROTOCOL_VERSION_MINOR),
    }
}

impl RequestHeader {
    /// A header for this version.
    pub fn new(version: ProtocolVersion) -> Self {
        Self {
            protocol_version: version,
            maximum_response_size: None,
            client_correlation_value: None,
            server_correlation_value: None,
            asynchronous_indicator: None,
            attestation_capable_indicator: None,
            attestation_type: Vec::new(),
            authentication: None,
            batch_error_continuation_option: None,
            batch_order_option: None,
            time_stamp: None,
            batch_count: BatchCount::default(),
            unknown: Unknown::default(),
        }
    }

    /// Whether the items have to be performed in their order.
    pub fn in_order(&self) -> bool {
        self.batch_order_option.unwrap_or(!self.protocol_version.is_1x())
    }

    /// What to do after an item failed.
    pub fn on_error(&self) -> BatchErrorContinuationOption {
        self.batch_error_continuation_option
            .unwrap_or(BatchErrorContinuationOption::STOP)
    }
}

impl ResponseHeader {
    /// A header for this version.
    pub fn new(version: ProtocolVersion, time_stamp: DateTime) -> Self {
        Self {
            protocol_version: version,
            time_stamp,
            nonce: None,
            server_hashed_password: None,
            attestation_type: Vec::new(),
            client_correlation_value: None,
            server_correlation_value: None,
            batch_count: BatchCount::default(),
            unknown: Unknown::default(),
        }
    }
}

impl Wire for ProtocolVersion {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        VersionFields::decode(item).map(|fields| Self::new(fields.major, fields.minor))
    }

    fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
        let open = out.begin(tag);
        out.integer(PROTOCOL_VERSION_MAJOR, self.major);
        out.integer(PROTOCOL_VERSION_MINOR, self.minor);
        out.end(open);
    }
}

/// One operation that is asked for.
#[derive(Debug)]
pub struct RequestItem {
    /// Whether what comes of it ends with the batch; from 2.0.
    pub ephemeral: Option<bool>,
    /// What the response item is found by; required in a batch of several.
    pub unique_batch_item_id: Option<Bytes>,
    /// The operation and its fields.
    pub payload: RequestPayload,
    /// What vendors add; one in 1.x.
    pub message_extension: Vec<MessageExtension>,
    /// Fields of the item that this crate does not know.
    pub unknown: Unknown,
    /// The first field, at any depth, that this crate does not know. A server of the same version as the client answers
    /// `InvalidField` (KMIP 1.4, 11.1). It is not written.
    pub unknown_field: Option<Tag>,
}

impl RequestItem {
    /// An item without extensions.
    pub fn new(payload: RequestPayload) -> Self {
        Self {
            ephemeral: None,
            unique_batch_item_id: None,
            payload,
            message_extension: Vec::new(),
            unknown: Unknown::default(),
            unknown_field: None,
        }
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        self.payload.operation()
    }
}

impl Wire for RequestItem {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        let (mut operation, mut ephemeral, mut id, mut payload) = (None, None, None, None);
        let mut message_extension = Vec::new();
        let mut unknown = Unknown::default();
        item.source().take_unknown();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::OPERATION => accept_once(&mut operation, &field, Operation::decode)?,
                tag::EPHEMERAL => accept_once(&mut ephemeral, &field, Item::boolean)?,
                tag::UNIQUE_BATCH_ITEM_ID => accept_once(&mut id, &field, Item::bytes)?,
                tag::REQUEST_PAYLOAD => accept_once(&mut payload, &field, |field| Ok(*field))?,
                tag::MESSAGE_EXTENSION => message_extension.push(MessageExtension::decode(&field)?),
                _ => unknown.keep(&field)?,
            }
        }
        let operation = operation.ok_or_else(|| item.missing(tag::OPERATION))?;
        let payload: Item<'_> = payload.ok_or_else(|| item.missing(tag::REQUEST_PAYLOAD))?;
        Ok(Self {
            ephemeral,
            unique_batch_item_id: id,
            payload: RequestPayload::decode(operation, &payload)?,
            message_extension,
            unknown,
            unknown_field: item.source().take_unknown(),
        })
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        let open = out.begin(tag);
        self.operation().encode(tag::OPERATION, out, version);
        if !version.is_1x() {
            self.ephemeral.emit(tag::EPHEMERAL, out, version);
        }
        self.unique_batch_item_id.emit(tag::UNIQUE_BATCH_ITEM_ID, out, version);
        self.payload.encode(tag::REQUEST_PAYLOAD, out, version);
        self.message_extension.emit(tag::MESSAGE_EXTENSION, out, version);
        self.unknown.emit(out);
        out.end(open);
    }
}

/// What came of one operation.
#[derive(Debug)]
pub struct ResponseItem {
    /// The operation of the request item, if it had one that could be read.
    pub operation: Option<Operation>,
    /// That of the request item.
    pub unique_batch_item_id: Option<Bytes>,
    /// Success, failure, pending or undone.
    pub result_status: ResultStatus,
    /// Why it failed, as 2.1 would say; an older client is told what its version has.
    pub result_reason: Option<ResultReason>,
    /// For people.
    pub result_message: Option<Text>,
    /// What to poll for while it is pending.
    pub asynchronous_correlation_value: Option<Bytes>,
    /// The result.
    pub payload: Option<ResponsePayload>,
    /// What vendors add; one in 1.x.
    pub message_extension: Vec<MessageExtension>,
    /// Fields of the item that this crate does not know.
    pub unknown: Unknown,
}

impl ResponseItem {
    /// An operation that succeeded.
    pub fn success(payload: ResponsePayload) -> Self {
        Self {
            operation: Some(payload.operation()),
            payload: Some(payload),
            ..Self::status(ResultStatus::SUCCESS)
        }
    }

    /// An operation that failed.
    pub fn failure(operation: Option<Operation>, reason: ResultReason, message: &str) -> Self {
        Self {
            operation,
            result_reason: Some(reason),
            result_message: Some(message.into()),
            ..Self::status(ResultStatus::OPERATION_FAILED)
        }
    }

    /// An operation that goes on.
    pub fn pending(operation: Operation, correlation_value: Bytes) -> Self {
        Self {
            operation: Some(operation),
            asynchronous_correlation_value: Some(correlation_value),
            ..Self::status(ResultStatus::OPERATION_PENDING)
        }
    }

    fn status(result_status: ResultStatus) -> Self {
        Self {
            operation: None,
            unique_batch_item_id: None,
            result_status,
            result_reason: None,
            result_message: None,
            asynchronous_correlation_value: None,
            payload: None,
            message_extension: Vec::new(),
            unknown: Unknown::default(),
        }
    }
}

impl Wire for ResponseItem {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        let (mut operation, mut id, mut status, mut reason) = (None, None, None, None);
        let (mut message, mut correlation, mut payload) = (None, None, None);
        let mut message_extension = Vec::new();
        let mut unknown = Unknown::default();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::OPERATION => accept_once(&mut operation, &field, Operation::decode)?,
                tag::UNIQUE_BATCH_ITEM_ID => accept_once(&mut id, &field, Item::bytes)?,
                tag::RESULT_STATUS => accept_once(&mut status, &field, ResultStatus::decode)?,
                tag::RESULT_REASON => accept_once(&mut reason, &field, ResultReason::decode)?,
                tag::RESULT_MESSAGE => accept_once(&mut message, &field, Item::text)?,
                tag::ASYNCHRONOUS_CORRELATION_VALUE => accept_once(&mut correlation, &field, Item::bytes)?,
                tag::RESPONSE_PAYLOAD => accept_once(&mut payload, &field, |field| Ok(*field))?,
                tag::MESSAGE_EXTENSION => message_extension.push(MessageExtension::decode(&field)?),
                _ => unknown.keep(&field)?,
            }
        }
        let payload: Option<Item<'_>> = payload;
        Ok(Self {
            operation,
            unique_batch_item_id: id,
            result_status: status.ok_or_else(|| item.missing(tag::RESULT_STATUS))?,
            result_reason: reason,
            result_message: message,
            asynchronous_correlation_value: correlation,
            payload: payload
                .map(|payload| ResponsePayload::decode(operation, &payload))
                .transpose()?,
            message_extension,
            unknown,
        })
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        let open = out.begin(tag);
        self.operation.emit(tag::OPERATION, out, version);
        self.unique_batch_item_id.emit(tag::UNIQUE_BATCH_ITEM_ID, out, version);
        self.result_status.encode(tag::RESULT_STATUS, out, version);
        self.result_reason.emit(tag::RESULT_REASON, out, version);
        self.result_message.emit(tag::RESULT_MESSAGE, out, version);
        self.asynchronous_correlation_value
            .emit(tag::ASYNCHRONOUS_CORRELATION_VALUE, out, version);
        self.payload.emit(tag::RESPONSE_PAYLOAD, out, version);
        self.message_extension.emit(tag::MESSAGE_EXTENSION, out, version);
        self.unknown.emit(out);
        out.end(open);
    }
}

/// A payload that is well-formed TTLV and not what its operation has.
#[derive(Debug)]
pub struct Invalid {
    /// The operation.
    pub operation: Operation,
    /// What is wrong: `InvalidMessage` for the item.
    pub error: DecodeError,
    /// The payload as it came.
    pub payload: RawItem,
}

/// How many items follow. It is counted when a message is written, whatever stands here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchCount(pub i32);

impl Wire for BatchCount {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        item.integer().map(Self)
    }

    fn encode(&self, tag: Tag, out: &mut Writer, _: ProtocolVersion) {
        out.integer(tag, out.batch_count());
    }
}

/// What requests and responses have in common.
trait Header: Wire {
    const TAG: Tag;

    fn batch_count(&self) -> BatchCount;
}

impl Header for RequestHeader {
    const TAG: Tag = tag::REQUEST_HEADER;

    fn batch_count(&self) -> BatchCount {
        self.batch_count
    }
}

impl Header for ResponseHeader {
    const TAG: Tag = tag::RESPONSE_HEADER;

    fn batch_count(&self) -> BatchCount {
        self.batch_count
    }
}

fn decode<H: Header, I: Wire>(tag: Tag, frame: &Frame, limits: &Limits) -> Result<Message<H, I>, DecodeError> {
    let source = Source::new(frame, limits);
    let message = source.only()?;
    if message.tag() != tag {
        return Err(message.error(Fault::WrongMessage));
    }
    let mut header = None;
    let mut items = Vec::new();
    let mut unknown = Unknown::default();
    let mut fields = message.children()?;
    while let Some(field) = fields.next()? {
        match field.tag() {
            tag if tag == H::TAG => accept_once(&mut header, &field, H::decode)?,
            tag::BATCH_ITEM => items.push(I::decode(&field)?),
            _ => unknown.keep(&field)?,
        }
    }
    let header: H = header.ok_or_else(|| message.missing(H::TAG))?;
    if usize::try_from(header.batch_count().0) != Ok(items.len()) {
        return Err(message.error(Fault::WrongBatchCount));
    }
    Ok(Message { header, items, unknown })
}

fn encode<H: Header, I: Wire>(message: &Message<H, I>, tag: Tag, version: ProtocolVersion, out: &mut Writer) {
    // What calls itself older than KMIP has the oldest form.
    let version = version.max(ProtocolVersion::V1_0);
    let open = out.begin(tag);
    out.count_batch(message.items.len());
    message.header.encode(H::TAG, out, version);
    for item in &message.items {
        item.encode(tag::BATCH_ITEM, out, version);
    }
    message.unknown.emit(out);
    out.end(open);
}
