//! The tables, looked at from outside.

use super::*;
use crate::version::ProtocolVersion;

#[test]
fn tables_are_in_order_and_names_are_unique() {
    assert!(tag_rows().is_sorted_by_key(|row| row.tag));
    assert!(attribute_rules().is_sorted_by_key(|rule| rule.tag));
    for row in tag_rows() {
        assert_eq!(tag_named(row.name), Some(row.tag), "{}", row.name);
        assert_eq!(tag_name(row.tag), Some(row.name));
    }
}

#[test]
fn the_registry_has_what_the_specifications_count() {
    assert_eq!(tag_rows().len(), 371);
    let tags = |version| tag_rows().iter().filter(|row| row.span.contains(version)).count();
    assert_eq!(
        [
            tags(ProtocolVersion::V1_0),
            tags(ProtocolVersion::V1_4),
            tags(ProtocolVersion::V2_1)
        ],
        [161, 292, 354]
    );
    let attributes = |version| attribute_rules().iter().filter(|rule| rule.is_in(version)).count();
    // Vendor attributes have no tag of their own and no row.
    assert_eq!(
        [
            attributes(ProtocolVersion::V1_0),
            attributes(ProtocolVersion::V1_4),
            attributes(ProtocolVersion::V2_1)
        ],
        [33, 51, 85]
    );
}

#[test]
fn names_that_changed_are_read_in_both_forms_and_written_by_version() {
    let table = enum_table(tag::MASK_GENERATOR_HASHING_ALGORITHM).unwrap();
    let sha3 = table.by_name("SHA_3_256").unwrap();
    assert_eq!(sha3.number, HashingAlgorithm::SHA3_256.0);
    assert_eq!(table.by_name("SHA3_256").unwrap().number, sha3.number);
    assert_eq!(sha3.name_in(ProtocolVersion::V1_4), "SHA_3_256");
    assert_eq!(sha3.name_in(ProtocolVersion::V2_0), "SHA3_256");
}

#[test]
fn every_reason_has_a_form_in_every_version() {
    for value in ResultReason::TABLE.values {
        for version in ProtocolVersion::SUPPORTED {
            let reason = ResultReason(value.number).in_version(version);
            let listed = ResultReason::TABLE.by_number(reason.0).unwrap();
            assert!(
                listed.span.contains(version),
                "{} in {version} is {}",
                value.name,
                listed.name
            );
        }
    }
}

#[test]
fn a_key_that_is_not_active_is_told_by_version() {
    let reason = ResultReason::WRONG_KEY_LIFECYCLE_STATE;
    assert_eq!(
        reason.in_version(ProtocolVersion::V1_2),
        ResultReason::PERMISSION_DENIED
    );
    assert_eq!(reason.in_version(ProtocolVersion::V2_0), reason);
    assert_eq!(
        ResultReason::NOT_EXTRACTABLE.in_version(ProtocolVersion::V1_0),
        ResultReason::PERMISSION_DENIED
    );
    assert_eq!(
        ResultReason(0x8000_0001).in_version(ProtocolVersion::V1_0),
        ResultReason(0x8000_0001)
    );
}

#[test]
fn rules_follow_the_major_version() {
    let state = attribute_rule(tag::STATE).unwrap();
    let rules = state.rules(ProtocolVersion::V1_2).unwrap();
    assert!(!rules.applies_to.contains(ObjectType::OPAQUE_OBJECT));
    assert!(
        state
            .rules(ProtocolVersion::V2_1)
            .unwrap()
            .applies_to
            .contains(ObjectType::OPAQUE_OBJECT)
    );
    let date = attribute_rule(tag::ACTIVATION_DATE).unwrap();
    assert_eq!(
        date.rules(ProtocolVersion::V1_0).unwrap().modifiable_by_client,
        Condition::When(Fact::StatePreActive)
    );
    assert!(!attribute_rule(tag::FRESH).unwrap().is_in(ProtocolVersion::V1_0));
}
