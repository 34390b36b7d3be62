//! Endpoints of a region.

use crate::cloud::{Endpoint, EndpointFault};

/// The endpoint of KMS in a region.
pub(super) fn endpoint(region: &str, fips: bool) -> Result<Endpoint, EndpointFault> {
    let service = if fips { "kms-fips" } else { "kms" };
    Endpoint::parse(&format!("https://{service}.{region}.{}", dns_suffix(region)))
}

/// A region's name is a label of a host name, so nothing else may be in it.
pub(super) fn is_region(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    matches!(text.len(), 1..=REGION_LEN) && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// The domain of the partition that a region is in.
fn dns_suffix(region: &str) -> &'static str {
    let of = PARTITIONS.iter().find(|(start, _)| region.starts_with(start));
    of.map_or("amazonaws.com", |(_, suffix)| suffix)
}

const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eusc-", "amazonaws.eu"),
];
const REGION_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_domain() {
        for (region, fips, host) in [
            ("eu-west-1", false, "kms.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", true, "kms-fips.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", false, "kms.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", false, "kms.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(endpoint(region, fips).unwrap().host(), host);
        }
    }

    #[test]
    fn a_region_is_one_label() {
        assert!(is_region("ap-southeast-4"));
        for bad in [
            "",
            "-a",
            "a-",
            "eu.west",
            "eu-west-1.evil.example/",
            "EU-WEST-1",
            &"a".repeat(33),
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
