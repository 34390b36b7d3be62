//! One model, seven forms.

use bytes::Bytes;
use kmip::payload::{
    AddAttributeRequest, CreateRequest, CreateResponse, DecryptRequest, DeleteAttributeRequest, GetAttributesRequest,
    RequestPayload, ResponsePayload,
};
use kmip::registry::{
    AsynchronousIndicator, CryptographicAlgorithm, CryptographicUsageMask, DataReference, IdReference, NameType,
    ObjectType, Operation, ResultReason, tag,
};
use kmip::ttlv::{Frame, Limits};
use kmip::{
    Attribute, AttributeId, AttributeReference, Attributes, Call, Data, DateTime, Name, ProtocolVersion,
    RequestMessage, ResponseHeader, ResponseItem, ResponseMessage, UniqueIdentifier, Unknown, xml,
};

/// A key with a name, an attribute of a client, and one that only 1.1 and later have.
fn create() -> CreateRequest {
    let name = Name {
        name_value: "k".into(),
        name_type: NameType::UNINTERPRETED_TEXT_STRING,
        unknown: Unknown::default(),
    };
    CreateRequest {
        object_type: ObjectType::SYMMETRIC_KEY,
        attributes: Attributes::new()
            .with(Attribute::enumeration(CryptographicAlgorithm::AES))
            .with(Attribute::standard(tag::CRYPTOGRAPHIC_LENGTH, 256))
            .with(Attribute::mask(
                CryptographicUsageMask::ENCRYPT | CryptographicUsageMask::DECRYPT,
            ))
            .with(Attribute::standard(tag::NAME, name))
            .with(Attribute::standard(tag::FRESH, true))
            .with(Attribute::new(AttributeId::vendor("x", "ID"), "7")),
        protection_storage_masks: None,
        unknown: Unknown::default(),
    }
}

#[test]
fn a_key_is_made_in_the_form_of_each_version() {
    for version in ProtocolVersion::SUPPORTED {
        let text = payload(version, create());
        let is_1x = version < ProtocolVersion::V2_0;
        assert_eq!(
            text.contains("<TemplateAttribute><Attribute><AttributeName"),
            is_1x,
            "{version}: {text}"
        );
        assert_eq!(
            text.contains("<Attributes><CryptographicAlgorithm"),
            !is_1x,
            "{version}: {text}"
        );
        assert_eq!(text.contains("value=\"x-ID\""), is_1x, "{version}: {text}");
        let vendor =
            "<VendorIdentification type=\"TextString\" value=\"x\"/><AttributeName type=\"TextString\" value=\"ID\"/>";
        assert_eq!(text.contains(vendor), !is_1x, "{version}: {text}");
        assert_eq!(
            text.contains("Fresh"),
            version > ProtocolVersion::V1_0,
            "{version}: {text}"
        );
    }
}

#[test]
fn a_message_of_one_version_is_the_same_value_in_another() {
    for version in ProtocolVersion::SUPPORTED {
        let bytes = RequestMessage::new(version, create()).encode().unwrap();
        let request = RequestMessage::decode(&Frame::new(bytes), &Limits::DEFAULT).unwrap();
        let RequestPayload::Create(create) = &request.items[0].payload else {
            panic!("another operation")
        };
        let attributes = &create.attributes;
        assert_eq!(attributes.enumeration(), Some(CryptographicAlgorithm::AES));
        assert!(
            attributes
                .mask::<CryptographicUsageMask>()
                .unwrap()
                .contains(CryptographicUsageMask::DECRYPT)
        );
        let vendor = attributes.items.last().unwrap();
        assert_eq!(vendor.id, AttributeId::vendor("x", "ID"));
        assert_eq!(vendor.id.to_name().unwrap(), "x-ID");
    }
}

#[test]
fn attributes_are_named_by_the_version() {
    let request = || GetAttributesRequest {
        attribute_reference: vec![
            AttributeReference(AttributeId::Standard(tag::STATE)),
            AttributeReference(AttributeId::vendor("y", "v")),
            AttributeReference(AttributeId::Standard(tag::QUANTUM_SAFE)),
        ],
        ..GetAttributesRequest::default()
    };
    let old = payload(ProtocolVersion::V1_4, request());
    assert_eq!(
        old,
        "<RequestPayload><AttributeName type=\"TextString\" value=\"State\"/>\
         <AttributeName type=\"TextString\" value=\"y-v\"/></RequestPayload>"
    );
    let new = payload(ProtocolVersion::V2_0, request());
    assert_eq!(
        new,
        "<RequestPayload><AttributeReference type=\"Enumeration\" value=\"State\"/><AttributeReference>\
         <VendorIdentification type=\"TextString\" value=\"y\"/><AttributeName type=\"TextString\" value=\"v\"/>\
         </AttributeReference><AttributeReference type=\"Enumeration\" value=\"QuantumSafe\"/></RequestPayload>"
    );
}

#[test]
fn one_attribute_is_changed_in_the_form_of_each_version() {
    let add = || AddAttributeRequest {
        unique_identifier: None,
        new_attribute: Attribute::standard(tag::CONTACT_INFORMATION, "me"),
        unknown: Unknown::default(),
    };
    assert!(payload(ProtocolVersion::V1_0, add()).starts_with("<RequestPayload><Attribute><AttributeName"));
    assert!(payload(ProtocolVersion::V2_1, add()).starts_with("<RequestPayload><NewAttribute><ContactInformation"));
    let delete = || DeleteAttributeRequest {
        attribute_reference: Some(AttributeReference(AttributeId::Standard(tag::NAME))),
        attribute_index: Some(2),
        ..DeleteAttributeRequest::default()
    };
    assert!(payload(ProtocolVersion::V1_0, delete()).contains("AttributeIndex"));
    assert!(!payload(ProtocolVersion::V2_1, delete()).contains("AttributeIndex"));
}

#[test]
fn filters_are_found_wherever_a_client_puts_them() {
    let filter = "<Attribute><AttributeName type=\"TextString\" value=\"x-a\"/>\
                  <AttributeValue type=\"TextString\" value=\"b\"/></Attribute>";
    for (minor, payload) in [
        (0, filter.to_owned()),
        (4, format!("<TemplateAttribute>{filter}</TemplateAttribute>")),
        (4, format!("<Attributes>{filter}</Attributes>")),
    ] {
        let request = request(
            minor,
            &format!("<Operation type=\"Enumeration\" value=\"Locate\"/><RequestPayload>{payload}</RequestPayload>"),
        );
        let RequestPayload::Locate(locate) = &request.items[0].payload else {
            panic!("another operation")
        };
        assert_eq!(
            locate.attributes.items[0].id,
            AttributeId::vendor("x", "a"),
            "{payload}"
        );
    }
}

#[test]
fn what_an_old_version_lacks_is_left_out() {
    let decrypt = || DecryptRequest {
        unique_identifier: Some(UniqueIdentifier::Reference(IdReference::ID_PLACEHOLDER)),
        data: Some(Data::Reference(DataReference::ENCRYPT)),
        authenticated_encryption_tag: Some(Bytes::from_static(&[1])),
        ..DecryptRequest::default()
    };
    assert_eq!(payload(ProtocolVersion::V1_2, decrypt()), "<RequestPayload/>");
    assert_eq!(
        payload(ProtocolVersion::V2_0, decrypt()),
        "<RequestPayload><UniqueIdentifier type=\"Enumeration\" value=\"IDPlaceholder\"/>\
         <Data type=\"Enumeration\" value=\"Encrypt\"/>\
         <AuthenticatedEncryptionTag type=\"ByteString\" value=\"01\"/></RequestPayload>"
    );
    let mut message = RequestMessage::new(ProtocolVersion::V1_4, decrypt());
    message.header.asynchronous_indicator = Some(AsynchronousIndicator::OPTIONAL);
    assert!(text(&message.encode().unwrap(), ProtocolVersion::V1_4).contains("AsynchronousIndicator type=\"Boolean\""));
}

#[test]
fn a_reason_is_told_as_the_version_has_it() {
    let reason = |version| {
        let item = ResponseItem::failure(
            Some(Operation::GET),
            ResultReason::WRONG_KEY_LIFECYCLE_STATE,
            "not active",
        );
        let bytes = respond(version, item).encode().unwrap();
        let response = ResponseMessage::decode(&Frame::new(bytes), &Limits::DEFAULT).unwrap();
        response.items[0].result_reason.unwrap()
    };
    assert_eq!(reason(ProtocolVersion::V1_2), ResultReason::PERMISSION_DENIED);
    assert_eq!(reason(ProtocolVersion::V2_1), ResultReason::WRONG_KEY_LIFECYCLE_STATE);
}

#[test]
fn answers_of_2x_have_no_templates() {
    let created = |version| {
        let created = CreateResponse {
            object_type: ObjectType::SYMMETRIC_KEY,
            unique_identifier: "1".into(),
            attributes: Some(Attributes::new().with(Attribute::standard(tag::CRYPTOGRAPHIC_LENGTH, 256))),
            unknown: Unknown::default(),
        };
        let message = respond(version, ResponseItem::success(ResponsePayload::from(created)));
        text(&message.encode().unwrap(), version)
    };
    assert!(created(ProtocolVersion::V1_4).contains("TemplateAttribute"));
    assert!(!created(ProtocolVersion::V2_0).contains("CryptographicLength"));
}

/// Batch order, and what to do after an error, have defaults; the first depends on the version.
#[test]
fn headers_know_their_defaults() {
    let header = |version| RequestMessage::new(version, create()).header;
    assert!(!header(ProtocolVersion::V1_4).in_order());
    assert!(header(ProtocolVersion::V2_0).in_order());
    assert_eq!(
        header(ProtocolVersion::V1_0).on_error(),
        kmip::registry::BatchErrorContinuationOption::STOP
    );
}

#[test]
fn an_unknown_operation_is_its_items_own_matter() {
    let request = request(
        4,
        "<Operation type=\"Enumeration\" value=\"0x80000007\"/><RequestPayload><Name type=\"TextString\" value=\"a\"/></RequestPayload>",
    );
    assert_eq!(request.items[0].operation(), Operation(0x8000_0007));
    assert!(matches!(request.items[0].payload, RequestPayload::Unknown(..)));
}

#[test]
fn a_payload_that_does_not_read_is_its_items_own_matter() {
    let request = request(
        4,
        "<Operation type=\"Enumeration\" value=\"Create\"/><RequestPayload><ObjectType type=\"Integer\" value=\"2\"/></RequestPayload>",
    );
    let RequestPayload::Invalid(invalid) = &request.items[0].payload else {
        panic!("it reads")
    };
    assert_eq!(
        invalid.error.to_string(),
        "item ObjectType at byte 104: it has a type that this field cannot have"
    );
    let bytes = request.encode().unwrap();
    assert!(
        text(&bytes, ProtocolVersion::V1_4).contains("ObjectType type=\"Integer\""),
        "it is written as it came"
    );
}

#[test]
fn an_unknown_field_is_kept_and_told() {
    let request = request(
        4,
        "<Operation type=\"Enumeration\" value=\"Get\"/><RequestPayload><UniqueIdentifier type=\"TextString\" value=\"1\"/>\
         <TTLV tag=\"0x540001\" type=\"Integer\" value=\"7\"/></RequestPayload>",
    );
    assert_eq!(request.items[0].unknown_field.unwrap().number(), 0x0054_0001);
    assert!(text(&request.encode().unwrap(), ProtocolVersion::V1_4).contains("tag=\"0x540001\""));
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let request = request(
        4,
        "<Operation type=\"Enumeration\" value=\"Get\"/><RequestPayload><UniqueIdentifier type=\"TextString\" value=\"1\"/>\
         <UniqueIdentifier type=\"TextString\" value=\"2\"/></RequestPayload>",
    );
    assert!(matches!(request.items[0].payload, RequestPayload::Invalid(_)));
}

#[test]
fn the_version_is_known_even_where_nothing_else_reads() {
    let text = "<RequestMessage><RequestHeader><ProtocolVersion><ProtocolVersionMajor type=\"Integer\" value=\"9\"/>\
                <ProtocolVersionMinor type=\"Integer\" value=\"1\"/></ProtocolVersion></RequestHeader></RequestMessage>";
    let frame = xml::read(text, &Limits::DEFAULT).unwrap();
    assert!(RequestMessage::decode(&frame, &Limits::DEFAULT).is_err());
    assert_eq!(
        RequestMessage::version_of(&frame, &Limits::DEFAULT),
        Some(ProtocolVersion::new(9, 1))
    );
}

fn request(minor: i32, item: &str) -> RequestMessage {
    let text = format!(
        "<RequestMessage><RequestHeader><ProtocolVersion><ProtocolVersionMajor type=\"Integer\" value=\"1\"/>\
         <ProtocolVersionMinor type=\"Integer\" value=\"{minor}\"/></ProtocolVersion>\
         <BatchCount type=\"Integer\" value=\"1\"/></RequestHeader><BatchItem>{item}</BatchItem></RequestMessage>"
    );
    RequestMessage::decode(&xml::read(&text, &Limits::DEFAULT).unwrap(), &Limits::DEFAULT).unwrap()
}

fn respond(version: ProtocolVersion, item: ResponseItem) -> ResponseMessage {
    ResponseMessage {
        header: ResponseHeader::new(version, DateTime(0)),
        items: vec![item],
        unknown: Unknown::default(),
    }
}

fn text(bytes: &[u8], version: ProtocolVersion) -> String {
    xml::write(&Frame::from(bytes), version, &Limits::DEFAULT)
        .unwrap()
        .to_string()
}

/// The payload of a request with this operation, in XML.
fn payload(version: ProtocolVersion, call: impl Call) -> String {
    let text = text(&RequestMessage::new(version, call).encode().unwrap(), version);
    let from = text.find("<RequestPayload").unwrap();
    text[from..text.find("</BatchItem>").unwrap()].to_owned()
}
