//! The examples of the profiles (KMIP Additional Message Encodings 1.0, 4.1 and 6.1), and what is no such text.

use crate::ttlv::{Fault, Frame, ItemType, Limits, Source};
use crate::version::ProtocolVersion;
use crate::{json, xml};

/// JSON and XML of one item, and its TTLV.
const SPELLINGS: &[(&str, &str, &str)] = &[
    (
        r#"{"tag":"ActivationDate","type":"DateTime","value":"2001-01-01T10:00:00+10:00"}"#,
        r#"<ActivationDate type="DateTime" value="2001-01-01T10:00:00+10:00"/>"#,
        "4200010900000008000000003a4fc880",
    ),
    (
        r#"{"value":"2001-01-01T00:00:00Z","type":"DateTime","tag":"0x420001"}"#,
        r#"<TTLV tag="0x420001" type="DateTime" value="2001-01-01T00:00:00Z"/>"#,
        "4200010900000008000000003a4fc880",
    ),
    (
        r#"{"tag":"0x54FFFF","name":"SomeExtension","type":"Integer","value":"0x00000001"}"#,
        r#"<TTLV tag="0x54FFFF" name="SomeExtension" type="Integer" value="1"/>"#,
        "54ffff02000000040000000100000000",
    ),
    (
        r#"{"tag":"BatchCount","type":"Integer","value":10}"#,
        r#"<BatchCount type="Integer" value="0x0000000A"></BatchCount>"#,
        "42000d02000000040000000a00000000",
    ),
    (
        r#"{"tag":"BatchCount","type":"Integer","value":"0xffffffff"}"#,
        r#"<BatchCount type="Integer" value="-1"/>"#,
        "42000d0200000004ffffffff00000000",
    ),
    (
        r#"{"tag":"CryptographicUsageMask","type":"Integer","value":"Encrypt|Decrypt|CertificateSign"}"#,
        r#"<CryptographicUsageMask type="Integer" value="Encrypt   Decrypt CertificateSign"/>"#,
        "42002c02000000040000100c00000000",
    ),
    (
        r#"{"tag":"CryptographicUsageMask","type":"Integer","value":"CertificateSign|0x0000000c"}"#,
        r#"<CryptographicUsageMask type="Integer" value="0x0000100c"/>"#,
        "42002c02000000040000100c00000000",
    ),
    (
        r#"{"tag":"0x540001","type":"LongInteger","value":-2}"#,
        r#"<TTLV tag="0x540001" type="LongInteger" value="0xfffffffffffffffe"/>"#,
        "5400010300000008fffffffffffffffe",
    ),
    (
        r#"{"tag":"UsageLimitsCount","type":"LongInteger","value":"0x1000000000000000"}"#,
        r#"<UsageLimitsCount type="LongInteger" value="1152921504606846976"/>"#,
        "42009603000000081000000000000000",
    ),
    (
        r#"{"tag":"X","type":"BigInteger","value":0}"#,
        r#"<X type="BigInteger" value="0000000000000000"/>"#,
        "42009f04000000080000000000000000",
    ),
    (
        r#"{"tag":"ObjectType","type":"Enumeration","value":2}"#,
        r#"<ObjectType type="Enumeration" value="SymmetricKey"/>"#,
        "42005705000000040000000200000000",
    ),
    (
        r#"{"tag":"ObjectType","type":"Enumeration","value":"0x80000001"}"#,
        r#"<ObjectType type="Enumeration" value="0x80000001"/>"#,
        "42005705000000048000000100000000",
    ),
    (
        r#"{"tag":"BatchOrderOption","type":"Boolean","value":"0x0000000000000001"}"#,
        r#"<BatchOrderOption type="Boolean" value="true"/>"#,
        "42001006000000080000000000000001",
    ),
    (
        r#"{"tag":"MACSignature","type":"ByteString","value":"C50F77"}"#,
        r#"<MACSignature type="ByteString" value="c50f77"/>"#,
        "42004d0800000003c50f770000000000",
    ),
    (
        r#"{"tag":"Offset","type":"Interval","value":"0x0000001b"}"#,
        r#"<Offset type="Interval" value="27"/>"#,
        "4200580a000000040000001b00000000",
    ),
    (
        r#"{"tag":"TimeStamp","type":"DateTimeExtended","value":"1970-01-01T00:00:01.5Z"}"#,
        r#"<TimeStamp type="DateTimeExtended" value="1500000"/>"#,
        "4200920b00000008000000000016e360",
    ),
    (
        "{\"tag\":\"Comment\",\"type\":\"TextString\",\"value\":\"<a>\\u0026 \\n\\\"\u{e9}\"}",
        "<Comment type=\"TextString\" value=\"&lt;a&gt;&#38; &#10;&quot;\u{e9}\"/>",
        "4200fd07000000093c613e26200a22c3a900000000000000",
    ),
];

#[test]
fn the_examples_of_the_profiles_are_read_and_written() {
    for (json_text, xml_text, hex) in SPELLINGS {
        let expected = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        let from_json = json::read(json_text, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{json_text}: {error}"));
        let from_xml = xml::read(xml_text, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{xml_text}: {error}"));
        assert_eq!(from_json.as_bytes(), expected, "{json_text}");
        assert_eq!(from_xml.as_bytes(), expected, "{xml_text}");
        let version = ProtocolVersion::V2_1;
        let text = json::write(&from_json, version, &Limits::DEFAULT).unwrap();
        assert_eq!(
            json::read(&text, &Limits::DEFAULT).unwrap().as_bytes(),
            expected,
            "{}",
            text.as_str()
        );
        let text = xml::write(&from_json, version, &Limits::DEFAULT).unwrap();
        assert_eq!(
            xml::read(&text, &Limits::DEFAULT).unwrap().as_bytes(),
            expected,
            "{}",
            text.as_str()
        );
    }
}

#[test]
fn a_value_of_an_attribute_has_the_names_of_the_attribute() {
    let text = r#"<Attribute>
        <AttributeName type="TextString" value="Cryptographic Usage Mask"/>
        <AttributeValue type="Integer" value="Encrypt Decrypt"/>
    </Attribute>"#;
    let frame = xml::read(text, &Limits::DEFAULT).unwrap();
    let version = ProtocolVersion::V1_4;
    let written = json::write(&frame, version, &Limits::DEFAULT).unwrap();
    assert!(written.contains("\"Encrypt|Decrypt\""), "{}", written.as_str());
    let text = text.replace("Cryptographic Usage Mask", "x-mask");
    assert_eq!(
        xml::read(&text, &Limits::DEFAULT).unwrap_err().fault,
        Fault::UnknownName
    );
}

#[test]
fn names_are_those_of_the_version() {
    let text = r#"<HashingAlgorithm type="Enumeration" value="SHA3_256"/>"#;
    let frame = xml::read(text, &Limits::DEFAULT).unwrap();
    let in_version = |version| xml::write(&frame, version, &Limits::DEFAULT).unwrap();
    assert!(in_version(ProtocolVersion::V1_4).contains("SHA_3_256"));
    assert!(in_version(ProtocolVersion::V2_0).contains("SHA3_256"));
}

#[test]
fn what_is_no_text_of_kmip_is_refused() {
    for (text, fault) in [
        ("", Fault::NotText),
        ("<", Fault::NotText),
        ("<Attributes>", Fault::NotText),
        ("<Attributes></Attribute>", Fault::NotText),
        ("<Attributes/><Attributes/>", Fault::Trailing),
        ("<Attributes/>x", Fault::NotText),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><Attributes/>", Fault::NotText),
        ("<Name type=\"TextString\" value=\"&b;\"/>", Fault::NotText),
        ("<Attributes>x</Attributes>", Fault::NotText),
        ("<Attributes>&lt;</Attributes>", Fault::NotText),
        ("<NoSuchTag/>", Fault::UnknownName),
        ("<TTLV/>", Fault::UnknownName),
        ("<TTLV tag=\"0x430001\"/>", Fault::UnknownName),
        ("<Name type=\"Text\" value=\"a\"/>", Fault::UnknownType),
        ("<Name type=\"TextString\"/>", Fault::NotAValue),
        ("<Name type=\"TextString\" value=\"a\"><Name/></Name>", Fault::NotText),
        (
            "<ObjectType type=\"Enumeration\" value=\"Symmetric\"/>",
            Fault::UnknownName,
        ),
        ("<ObjectType type=\"Enumeration\" value=\"-1\"/>", Fault::NotAValue),
        ("<ObjectType type=\"Enumeration\" value=\"0x+1\"/>", Fault::UnknownName),
        ("<BatchCount type=\"Integer\" value=\"2147483648\"/>", Fault::NotAValue),
        (
            "<BatchCount type=\"Integer\" value=\"0x000000001\"/>",
            Fault::UnknownName,
        ),
        ("<Offset type=\"Interval\" value=\"-1\"/>", Fault::NotAValue),
        ("<X type=\"BigInteger\" value=\"00\"/>", Fault::WrongLength),
        ("<X type=\"BigInteger\" value=\"\"/>", Fault::WrongLength),
        ("<Data type=\"ByteString\" value=\"0\"/>", Fault::NotAValue),
        ("<Data type=\"ByteString\" value=\"0g\"/>", Fault::NotAValue),
        ("<Fresh type=\"Boolean\" value=\"yes\"/>", Fault::NotAValue),
    ] {
        assert_eq!(xml::read(text, &Limits::DEFAULT).unwrap_err().fault, fault, "{text}");
    }
    for (text, fault) in [
        ("", Fault::NotText),
        ("[]", Fault::NotText),
        ("{}", Fault::NotText),
        ("{\"tag\":\"Attributes\"} x", Fault::NotText),
        ("{\"tag\":\"NoSuchTag\"}", Fault::UnknownName),
        ("{\"tag\":\"Attributes\",\"value\":{}}", Fault::NotText),
        ("{\"tag\":\"Attributes\",\"value\":[1]}", Fault::NotText),
        (
            "{\"tag\":\"Attributes\",\"value\":[{\"tag\":\"Nope\"}]}",
            Fault::UnknownName,
        ),
        (
            "{\"tag\":\"Name\",\"type\":\"TextString\",\"value\":1}",
            Fault::NotAValue,
        ),
        ("{\"tag\":\"Name\",\"type\":\"TextString\"}", Fault::NotAValue),
        ("{\"tag\":\"Fresh\",\"type\":\"Boolean\",\"value\":1}", Fault::NotAValue),
        (
            "{\"tag\":\"BatchCount\",\"type\":\"Integer\",\"value\":1.5}",
            Fault::NotAValue,
        ),
        (
            "{\"tag\":\"BatchCount\",\"type\":\"Integer\",\"value\":true}",
            Fault::NotAValue,
        ),
    ] {
        assert_eq!(json::read(text, &Limits::DEFAULT).unwrap_err().fault, fault, "{text}");
    }
}

#[test]
fn a_control_character_has_a_form_in_json_only() {
    let frame = json::read(
        "{\"tag\":\"Comment\",\"type\":\"TextString\",\"value\":\"\\u0001\"}",
        &Limits::DEFAULT,
    )
    .unwrap();
    let version = ProtocolVersion::V2_1;
    let text = json::write(&frame, version, &Limits::DEFAULT).unwrap();
    assert_eq!(
        json::read(&text, &Limits::DEFAULT).unwrap().as_bytes(),
        frame.as_bytes()
    );
    assert_eq!(
        xml::write(&frame, version, &Limits::DEFAULT).unwrap_err().fault,
        Fault::NotAValue
    );
}

#[test]
fn an_empty_structure_has_three_spellings() {
    let empty = |frame: Frame| {
        let source = Source::new(&frame, &Limits::DEFAULT);
        let item = source.only().unwrap();
        item.kind() == ItemType::Structure && item.children().unwrap().is_at_end()
    };
    for text in [
        "<Attributes/>",
        "<Attributes></Attributes>",
        "<?xml version=\"1.0\"?><!-- a --> <Attributes> </Attributes>",
    ] {
        assert!(empty(xml::read(text, &Limits::DEFAULT).unwrap()), "{text}");
    }
    for text in [
        "{\"tag\":\"Attributes\"}",
        "{\"tag\":\"Attributes\",\"value\":null}",
        "{\"tag\":\"Attributes\",\"type\":\"Structure\",\"value\":[]}",
    ] {
        assert!(empty(json::read(text, &Limits::DEFAULT).unwrap()), "{text}");
    }
}

#[test]
fn text_is_capped_at_its_edge() {
    let text = "<Attributes/>";
    let limits = |text| Limits {
        text,
        ..Limits::DEFAULT
    };
    assert!(xml::read(text, &limits(text.len())).is_ok());
    assert_eq!(
        xml::read(text, &limits(text.len() - 1)).unwrap_err().fault,
        Fault::TextTooLong
    );
    let nested = |depth: usize| ("<Attributes>".repeat(depth) + &"</Attributes>".repeat(depth), depth);
    let as_json = |depth: usize| "{\"tag\":\"Attributes\",\"value\":[".repeat(depth) + &"]}".repeat(depth);
    let (at, depth) = nested(Limits::DEFAULT.depth);
    assert!(xml::read(&at, &Limits::DEFAULT).is_ok());
    assert!(json::read(&as_json(depth), &Limits::DEFAULT).is_ok());
    assert_eq!(
        xml::read(&nested(depth + 1).0, &Limits::DEFAULT).unwrap_err().fault,
        Fault::TooDeep
    );
    assert_eq!(
        json::read(&as_json(depth + 1), &Limits::DEFAULT).unwrap_err().fault,
        Fault::TooDeep
    );
    let frame = Limits {
        frame: 16,
        ..Limits::DEFAULT
    };
    assert!(xml::read("<Data type=\"ByteString\" value=\"0102030405060708\"/>", &frame).is_ok());
    let over = xml::read("<Data type=\"ByteString\" value=\"010203040506070809\"/>", &frame);
    assert_eq!(over.unwrap_err().fault, Fault::FrameTooLong);
}
